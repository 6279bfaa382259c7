#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <thread>

#include "absl/status/status.h"

#include "base/mutex.h"
#include "engine/journal/internal/anchor_file.h"

namespace tally::internal {

// Lets the anchor file follow the journal from a thread of its own, so that no frame waits for it.
//
// Thread safety: Publish, failed and Stop from the journal's writer thread.
class AnchorKeeper {
 public:
  // `sync`, if any, makes the journal durable; it runs before each anchor is written.
  AnchorKeeper(AnchorFile file, int64_t interval_ns, std::function<absl::Status()> sync);
  ~AnchorKeeper();
  AnchorKeeper(const AnchorKeeper&) = delete;
  AnchorKeeper& operator=(const AnchorKeeper&) = delete;

  // The journal has grown to here. About 20 ns: the lock is contended 20 times a second at most.
  void Publish(const Anchor& anchor);

  // Whether the anchor, or the sync before it, has failed: the disk is not to be trusted.
  bool failed() const { return failed_.load(std::memory_order_acquire); }
  // The failure, once failed(); OK before.
  absl::Status status();

  // Writes the last anchor and ends the thread. Returns status().
  absl::Status Stop();

 private:
  void Run();
  void WriteLatest();

  const std::function<absl::Status()> sync_;
  const int64_t interval_ns_;
  AnchorFile file_;  // Used by the thread only.
  CommandSequence written_{};

  Mutex mutex_;
  std::condition_variable stop_condition_;
  Anchor latest_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  // Written by the thread after status_, read by the journal's writer before each frame.
  std::atomic<bool> failed_ = false;
  std::thread thread_;
};

}  // namespace tally::internal
