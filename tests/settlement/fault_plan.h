#pragma once

#include <cstdint>
#include <limits>
#include <random>

#include "absl/status/status.h"

namespace tally::settlement {

// Decides where a simulated process dies and which messages are lost. Every operation with an
// effect outside the process asks twice: before its effect and after it.
class FaultPlan {
 public:
  // Dies at the `operation`th question, counted from 0.
  void CrashAt(uint64_t operation) { crash_at_ = operation; }
  void Disarm() {
    crash_at_ = std::numeric_limits<uint64_t>::max();
    crash_chance_ = 0;
    loss_chance_ = 0;
  }
  // Chances per operation in 1/10000.
  void Randomize(uint64_t seed, uint32_t crash_chance, uint32_t loss_chance) {
    random_.seed(seed);
    crash_chance_ = crash_chance;
    loss_chance_ = loss_chance;
  }

  // The process that died is replaced by a new one.
  void Restart() { crashed_ = false; }
  bool crashed() const { return crashed_; }
  uint64_t operation_count() const { return count_; }

  // kCancelled if the process is dead, which no relayer takes for transient.
  absl::Status Check() {
    if (!crashed_ && (count_++ == crash_at_ || Chance(crash_chance_))) {
      crashed_ = true;
    }
    return crashed_ ? absl::CancelledError("crash") : absl::OkStatus();
  }
  bool LoseMessage() { return Chance(loss_chance_); }

 private:
  bool Chance(uint32_t chance) { return chance != 0 && random_() % 10'000 < chance; }

  uint64_t crash_at_ = std::numeric_limits<uint64_t>::max();
  uint64_t count_ = 0;
  bool crashed_ = false;
  uint32_t crash_chance_ = 0;
  uint32_t loss_chance_ = 0;
  std::mt19937_64 random_;
};

}  // namespace tally::settlement
