#include "gateway/timing/timekeeper.h"

#include <algorithm>
#include <limits>

namespace tally::gateway {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
// A full input ring is tried again after this.
constexpr int64_t kRetryNs = 1'000'000;
// One kTimer does a bounded amount of work. If its deadline has not moved after this, the next.
constexpr int64_t kRepeatNs = 5'000'000;
// A phase enters the journal sooner than this after its time. What is older than this and not there
// was not in the schedule then.
constexpr int64_t kLateNs = 60'000'000'000;

}  // namespace

Timekeeper::Timekeeper(EngineLink* engine, PhaseSchedule schedule, const RecoveredState& recovered)
    : engine_(engine), schedule_(std::move(schedule)), schedule_done_ns_(recovered.time_ns) {
  for (const RecoveredBook& book : recovered.books) {
    if (book.scheduled_ns == 0) {
      continue;
    }
    const int64_t after_ns = std::max(book.scheduled_ns, recovered.time_ns - kLateNs);
    for (const ScheduledPhase& entry : schedule_.Due(after_ns, recovered.time_ns)) {
      if (entry.instrument == book.instrument) {
        Await(entry);
      }
    }
  }
}

void Timekeeper::Await(const ScheduledPhase& entry) {
  Command& command = waiting_.emplace_back(MakeCommand(CommandType::kSetPhase));
  command.instrument = entry.instrument;
  command.set_phase.phase = entry.phase;
  command.set_phase.flags = kSetPhaseFlagBounded | kSetPhaseFlagScheduled;
}

int64_t Timekeeper::Run(int64_t now_ns) {
  const int64_t schedule_ns = RunSchedule(now_ns);  // First: what it begins may be due to end.
  const int64_t next_ns = std::min(schedule_ns, RunTimer(now_ns));
  return next_ns == kNever ? 0 : next_ns;
}

int64_t Timekeeper::RunSchedule(int64_t now_ns) {
  if (schedule_.empty()) {
    return kNever;
  }
  if (next_scheduled_ns_ < 0) {
    next_scheduled_ns_ = schedule_.NextAfter(schedule_done_ns_);
  }
  if (next_scheduled_ns_ <= now_ns) {
    for (const ScheduledPhase& entry : schedule_.Due(schedule_done_ns_, now_ns)) {
      Await(entry);
    }
    schedule_done_ns_ = now_ns;
    next_scheduled_ns_ = schedule_.NextAfter(now_ns);
  }
  while (!waiting_.empty()) {
    if (!engine_->TryPublish(waiting_.front())) {
      return now_ns + kRetryNs;
    }
    waiting_.pop_front();
  }
  return next_scheduled_ns_;
}

int64_t Timekeeper::RunTimer(int64_t now_ns) {
  const int64_t deadline_ns = engine_->next_deadline_ns();
  if (deadline_ns == 0) {
    return kNever;
  }
  if (deadline_ns > now_ns) {
    return deadline_ns;
  }
  const bool asked = deadline_ns == asked_deadline_ns_ && now_ns - asked_ns_ < kRepeatNs;
  if (!asked) {
    Command timer = MakeCommand(CommandType::kTimer);
    timer.timer.bounded = 1;
    if (!engine_->TryPublish(timer)) {
      return now_ns + kRetryNs;
    }
    asked_deadline_ns_ = deadline_ns;
    asked_ns_ = now_ns;
  }
  return asked_ns_ + kRepeatNs;
}

}  // namespace tally::gateway
