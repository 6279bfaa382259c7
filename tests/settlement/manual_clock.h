#pragma once

#include "base/clock.h"

namespace tally::settlement {

class ManualClock final : public Clock {
 public:
  int64_t NowNs() const override { return now_ns_; }
  void Advance(int64_t ns) { now_ns_ += ns; }

 private:
  int64_t now_ns_ = 1'000'000'000'000;
};

}  // namespace tally::settlement
