// Which lane of JobSender gets a job, and when the jobs of a lane move to another one.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "base/status.h"
#include "settlement/relayer/job_sender.h"

namespace tally::settlement {

uint64_t JobSender::InFlight(const Lane& lane) const {
  return static_cast<uint64_t>(std::count_if(jobs_.begin(), jobs_.end(), [&](const auto& item) {
    return IsLive(item.second) && item.second.lane == lane.address();
  }));
}

Lane* JobSender::LaneOf(const Job& job) {
  Lane* const lane = lanes_.Find(job.lane);
  CHECK(lane != nullptr);
  return lane;
}

// Batches follow those on their way, otherwise they take the first lane. What need not wait for
// them takes the emptiest, the last of several: there it is out of their way.
Lane* JobSender::ChooseLane(const Job& job, const View& view) {
  const bool follows = view.batch_lane != Address() &&
                       (job.kind == JobKind::kSettle ||
                        (job.kind == JobKind::kFinalizeWithdrawals && !view.predecessors_mined));
  Lane* chosen = nullptr;
  uint64_t chosen_count = config_.jobs_in_flight_max;
  for (Lane& lane : lanes_.all()) {
    const uint64_t count = InFlight(lane);
    if (!lanes_.IsUsable(lane) || count >= config_.jobs_in_flight_max ||
        (follows && lane.address() != view.batch_lane)) {
      continue;
    }
    if (job.kind == JobKind::kSettle ? chosen == nullptr : count <= chosen_count) {
      chosen = &lane;
      chosen_count = count;
    }
  }
  return chosen;
}

absl::Status JobSender::DrainLanes() {
  for (Lane& lane : lanes_.all()) {
    if (lanes_.IsUsable(lane)) {
      lane.has_no_funds = false;
    } else if (lanes_.HasUsable()) {
      RETURN_IF_ERROR(Drain(lane));
    }
  }
  return absl::OkStatus();
}

absl::Status JobSender::Drain(const Lane& lane) {
  for (auto& [id, job] : jobs_) {
    if (IsLive(job) && job.lane == lane.address()) {
      RETURN_IF_ERROR(MoveAway(&job));
    }
  }
  return absl::OkStatus();
}

// The job is free and its nonce has a filler, in one write: neither can be there without the other.
// Any of its transactions may still be mined; the filler knows them and is done then, and the job
// finds the vault where it wants to have it.
absl::Status JobSender::MoveAway(Job* job) {
  if (job->attempts.empty()) {
    return Unassign(job, "its sender is out of service");  // Nothing has the nonce.
  }
  Job filler = MakeFiller(job->lane, job->nonce);
  filler.state = JobState::kAttempted;
  filler.attempts = job->attempts;
  for (const Attempt& attempt : job->attempts) {
    job->abandoned.push_back(attempt.hash);
  }
  job->attempts.clear();
  job->mined_transaction = {};
  job->state = JobState::kSealed;
  RETURN_IF_ERROR(dependencies_.store->SaveJobs({job, &filler}));
  config_.log(LogLevel::kWarning, absl::StrCat(DescribeJob(*job), " moves to another sender"));
  Progress& progress = progress_[job->id];
  progress = Progress{.failures = progress.failures, .paused_until_ns = progress.paused_until_ns};
  progress_[filler.id].must_bump = true;  // The filler's own transaction, above the others.
  const std::pair place(filler.lane, filler.nonce);
  fillers_.insert_or_assign(place, std::move(filler));
  return absl::OkStatus();
}

// The price is good, so it is what is sent from this account that does not get through.
void JobSender::NoteStuck(const Job& job) {
  const int64_t since_ns = progress_[job.id].live_since_ns;
  const bool is_long =
      since_ns != 0 && dependencies_.clock->NowNs() - since_ns >= config_.lane_stuck_ns;
  if (is_long && job.kind != JobKind::kCancel) {
    lanes_.SendAway(LaneOf(job), config_.lane_stuck_ns, "gets nothing into a block");
  }
}

absl::Status JobSender::NoteNoFunds(const Job& job, const absl::Status& status) {
  Lane* const lane = LaneOf(job);
  lanes_.SendAway(lane, config_.lane_retry_ns, "cannot pay for gas");
  lane->has_no_funds = !lanes_.IsUsable(*lane);
  if (lane->has_no_funds && lanes_.HasUsable()) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("sender ", Hex(lane->address()), " cannot pay for gas: ", status.message()));
}

// Others may be short of funds for a while; only if the vault takes none of them is it a surprise.
absl::Status JobSender::NoteRefused(const Job& job, Lane* lane, std::string_view text) {
  lane->is_refused = true;
  if (lanes_.AllRefused()) {
    return Believe(job, text);
  }
  lanes_.SendAway(lane, config_.lane_retry_ns, "is not one of the vault's senders");
  return lanes_.HasUsable() ? absl::OkStatus() : absl::UnavailableError(ToAbsl(text));
}

}  // namespace tally::settlement
