#include "engine/journal/internal/anchor_keeper.h"

#include <chrono>
#include <mutex>
#include <utility>

#include "base/status.h"

namespace tally::internal {

AnchorKeeper::AnchorKeeper(AnchorFile file, int64_t interval_ns, std::function<absl::Status()> sync)
    : sync_(std::move(sync)),
      interval_ns_(interval_ns),
      file_(std::move(file)),
      thread_([this] { Run(); }) {}

AnchorKeeper::~AnchorKeeper() { Stop().IgnoreError(); }

void AnchorKeeper::Publish(const Anchor& anchor) {
  MutexLock lock(&mutex_);
  latest_ = anchor;
}

absl::Status AnchorKeeper::status() {
  MutexLock lock(&mutex_);
  return status_;
}

absl::Status AnchorKeeper::Stop() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
  }
  stop_condition_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
  }
  return status();
}

// std::unique_lock is opaque to the thread-safety analysis.
void AnchorKeeper::Run() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  const std::chrono::nanoseconds interval(interval_ns_);
  for (bool stopping = false; !stopping;) {
    {
      std::unique_lock<std::mutex> lock(mutex_.native());
      stopping = stop_condition_.wait_for(
          lock, interval, [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_; });
    }
    WriteLatest();
  }
}

void AnchorKeeper::WriteLatest() {
  Anchor anchor;
  {
    MutexLock lock(&mutex_);
    anchor = latest_;
  }
  if (anchor.sequence == written_ || failed()) {
    return;
  }
  // The order matters: the anchor may only tell of what is durable.
  absl::Status result = sync_ ? sync_() : absl::OkStatus();
  if (result.ok()) {
    result = file_.Write(anchor);
  }
  if (result.ok()) {
    written_ = anchor.sequence;
    return;
  }
  MutexLock lock(&mutex_);
  status_ = Annotate(result, "writing the journal's anchor");
  failed_.store(true, std::memory_order_release);  // Pairs with the acquire in failed().
}

}  // namespace tally::internal
