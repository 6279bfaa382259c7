#include "settlement/relayer/job_sender.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "base/status.h"
#include "settlement/relayer/batch_reporter.h"

namespace tally::settlement {

namespace {

std::vector<Signer*> AllSigners(const JobSender::Dependencies& dependencies) {
  std::vector<Signer*> signers = {dependencies.signer};
  signers.insert(signers.end(), dependencies.senders.begin(), dependencies.senders.end());
  return signers;
}

}  // namespace

bool IsTransient(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kUnknown:
      return true;
    default:
      return false;
  }
}

JobSender::JobSender(const RelayerConfig* config, const Dependencies& dependencies)
    : config_(*config),
      dependencies_(dependencies),
      vault_(dependencies.chain, config->vault),
      lanes_(config, AllSigners(dependencies), dependencies.clock) {}

absl::Status JobSender::Restore(std::map<uint64_t, Job> jobs) {
  jobs_.clear();
  fillers_.clear();
  progress_.clear();
  refusal_.reset();
  while (!jobs.empty()) {
    auto node = jobs.extract(jobs.begin());
    Job& job = node.mapped();
    if (job.lane == Address()) {
      job.lane = lanes_.first().address();
    }
    const bool has_nonce = job.state >= JobState::kAssigned && job.state < JobState::kFinal;
    if (has_nonce && lanes_.Find(job.lane) == nullptr) {
      return absl::FailedPreconditionError(absl::StrCat(
          DescribeJob(job), " is on its way from sender ", Hex(job.lane),
          ", which is not configured any more: put it back until its transactions are done"));
    }
    if (job.kind == JobKind::kCancel) {
      fillers_.emplace(std::pair(job.lane, job.nonce), std::move(job));
    } else {
      jobs_.insert(std::move(node));
    }
  }
  return absl::OkStatus();
}

void JobSender::Add(Job job) {
  CHECK(jobs_.empty() || job.id > jobs_.rbegin()->first);
  const uint64_t id = job.id;
  jobs_.emplace(id, std::move(job));
}

void JobSender::Replace(std::vector<Job> jobs) {
  for (Job& job : jobs) {
    Progress& progress = progress_[job.id];
    progress.refusals = 0;
    progress.refused_at_ns = 0;
    progress.must_bump = IsLive(job);  // What was sent has the old content.
    const uint64_t id = job.id;
    jobs_.insert_or_assign(id, std::move(job));
  }
}

std::size_t JobSender::unsettled_count() const {
  return static_cast<std::size_t>(std::count_if(jobs_.begin(), jobs_.end(), [](const auto& item) {
    return item.second.state < JobState::kFinal;
  }));
}

absl::Status JobSender::Step(const Heads& heads) {
  if (jobs_.empty() && fillers_.empty()) {
    return absl::OkStatus();
  }
  vault_.set_block(heads.latest_hash);
  RETURN_IF_ERROR(lanes_.ReadNonces(dependencies_.chain));
  for (Lane& lane : lanes_.all()) {
    RETURN_IF_ERROR(FillNonceGap(&lane));
  }
  RETURN_IF_ERROR(DrainLanes());
  // What one job has to wait for does not stop the others: they may be on other lanes.
  const View view{.heads = heads};
  absl::Status trouble = StepFillers(view);
  if (trouble.ok() || IsTransient(trouble)) {
    absl::Status status = StepJobs(view);
    trouble = status.ok() || (!trouble.ok() && IsTransient(status)) ? trouble : status;
  }
  return trouble;
}

absl::Status JobSender::StepJobs(View view) {
  // Batches get their nonces in order. What holds one is always followed up, even behind a job that
  // waits: others may wait for its nonce.
  bool batches_assigned = true;
  absl::Status trouble;
  for (auto& [id, job] : jobs_) {
    const bool may_assign = batches_assigned || job.kind == JobKind::kRejectWithdrawals;
    if (job.state < JobState::kFinal && (job.state != JobState::kSealed || may_assign)) {
      absl::Status status = Advance(&job, view);
      if (!status.ok() && !IsTransient(status)) {
        return status;
      }
      trouble.Update(status);
    }
    if (job.kind == JobKind::kSettle) {
      batches_assigned = batches_assigned && job.state != JobState::kSealed;
      view.predecessors_mined = view.predecessors_mined && job.state >= JobState::kMined;
      view.batch_lane = IsLive(job) ? job.lane : view.batch_lane;
    }
  }
  return trouble;
}

absl::Status JobSender::Advance(Job* job, const View& view) {
  if (job->state == JobState::kSealed) {
    RETURN_IF_ERROR(Assign(job, view));
  }
  switch (job->state) {
    case JobState::kSealed:
    case JobState::kFinal:
    case JobState::kDone:
      return absl::OkStatus();
    case JobState::kAssigned:
      RETURN_IF_ERROR(AddAttempt(job));
      return Broadcast(job);
    case JobState::kAttempted:
    case JobState::kBroadcast:
    case JobState::kPooled:
      return Track(job);
    case JobState::kMined:
    case JobState::kSafe:
      return job->mined_transaction == Hash32() ? CheckAdopted(job, view) : CheckMined(job, view);
  }
  return absl::OkStatus();
}

absl::Status JobSender::SetState(Job* job, JobState state) {
  job->state = state;
  return dependencies_.store->SaveJob(*job);
}

Bytes JobSender::Calldata(const Job& job) const {
  switch (job.kind) {
    case JobKind::kSettle:
      return EncodeSettle(job.batch);
    case JobKind::kFinalizeWithdrawals:
      return EncodeFinalizeWithdrawals(job.withdrawals);
    case JobKind::kRejectWithdrawals:
      return EncodeRejectWithdrawals(job.withdrawals);
    case JobKind::kCancel:
      return {};
  }
  return {};
}

absl::Status JobSender::Report(uint64_t batches_reported) {
  const int64_t now_ns = dependencies_.clock->NowNs();
  if (batches_reported >= reported_ || now_ns - reported_at_ns_ >= config_.resubmit_ns) {
    reported_ = batches_reported;
  }
  while (!jobs_.empty()) {
    Job& job = jobs_.begin()->second;
    const bool is_known = job.kind != JobKind::kSettle || job.batch.id <= batches_reported;
    if (job.state != JobState::kFinal || !is_known) {
      break;
    }
    RETURN_IF_ERROR(SetState(&job, JobState::kDone));
    progress_.erase(job.id);
    jobs_.erase(jobs_.begin());
  }
  for (const auto& [id, job] : jobs_) {
    if (job.state != JobState::kFinal) {
      break;
    }
    if (job.kind != JobKind::kSettle || job.batch.id <= reported_) {
      continue;
    }
    Command command = MakeCommand(CommandType::kBatchStatus);
    command.batch_status = BatchStatusOf(job);
    RETURN_IF_ERROR(dependencies_.engine->Submit(command));
    reported_ = job.batch.id;
    reported_at_ns_ = now_ns;
  }
  return absl::OkStatus();
}

}  // namespace tally::settlement
