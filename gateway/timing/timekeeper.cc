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

}  // namespace

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
      Command& command = waiting_.emplace_back(MakeCommand(CommandType::kSetPhase));
      command.instrument = entry.instrument;
      command.set_phase.phase = entry.phase;
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
    if (!engine_->TryPublish(MakeCommand(CommandType::kTimer))) {
      return now_ns + kRetryNs;
    }
    asked_deadline_ns_ = deadline_ns;
    asked_ns_ = now_ns;
  }
  return asked_ns_ + kRepeatNs;
}

}  // namespace tally::gateway
