#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/ring/wait_strategy.h"

namespace tally {

// How often a consumer that spins, or yields, looks at a cursor. Each look takes the line of the
// cursor from the producer, which costs both more than writing an entry does: a consumer that is
// faster than its producer ends up fetching single entries at the speed of the interconnect. This
// one waits a little between looks while entries come densely, and not at all otherwise.
//
// Dense means that a pause found at least kDenseEntries new ones, i.e. above 10 to 40 M entries/s.
// To find out, one wait in kProbeEvery (up to kProbeEveryMax while the answer is no) starts with
// such a pause.
//
// Thread safety: none; the consumer's own.
//
// Cost: an entry is seen up to kPauses spins (1-4 us on x86-64) later than without, in a dense
// flow only.
class ConsumerPace {
 public:
  // Before a wait for more. True if the flow may be dense: then comes Found.
  bool Pause() {
    if (until_probe_ > 0) {
      --until_probe_;
      return false;
    }
    paused_ = last_count_ < kLargeBatch;
    if (paused_) {
      for (int i = 0; i < kPauses; ++i) {
        WaitStrategy::Relax();
      }
    }
    return true;
  }

  // What there was after the pause.
  void Found(int64_t count) {
    last_count_ = count;
    if (count >= kDenseEntries) {
      probe_every_ = kProbeEvery;
    } else if (paused_) {
      until_probe_ = probe_every_;
      probe_every_ = std::min(2 * probe_every_, kProbeEveryMax);
    }
  }

 private:
  static constexpr int kPauses = 64;
  static constexpr int64_t kDenseEntries = 32;
  // Handling that many took longer than a pause, so the next one is left out.
  static constexpr int64_t kLargeBatch = 4096;
  static constexpr int32_t kProbeEvery = 64;
  static constexpr int32_t kProbeEveryMax = 4096;

  int32_t until_probe_ = kProbeEvery;  // 0: the flow is dense, or nobody knows.
  int32_t probe_every_ = kProbeEvery;
  int64_t last_count_ = 0;
  bool paused_ = false;
};

}  // namespace tally
