#pragma once

#include <algorithm>
#include <cstdint>

#include "base/assert.h"

namespace tally::gateway {

// Allows `rate_per_second` on average and `burst` at once. Exact: the level is kept in billionths
// of a token. Thread safety: none. Cost: a few ns.
class TokenBucket {
 public:
  TokenBucket(uint32_t rate_per_second, uint32_t burst)
      : rate_(rate_per_second), capacity_(int64_t{burst} * kToken), level_(capacity_) {
    CHECK(rate_per_second > 0 && burst > 0);
  }

  // Takes `count` tokens, or none. `now_ns` is monotonic.
  bool Take(int64_t now_ns, uint32_t count = 1) {
    Refill(now_ns);
    if (level_ < int64_t{count} * kToken) {
      return false;
    }
    level_ -= int64_t{count} * kToken;
    return true;
  }

  // Until the next token is there, rounded up to a millisecond.
  uint32_t wait_ms() const {
    const int64_t missing = std::max<int64_t>(0, kToken - level_);
    const int64_t wait_ns = (missing + rate_ - 1) / rate_;
    return static_cast<uint32_t>((wait_ns + 999'999) / 1'000'000);
  }

 private:
  static constexpr int64_t kToken = 1'000'000'000;

  void Refill(int64_t now_ns) {
    const int64_t elapsed = now_ns - last_ns_;
    last_ns_ = now_ns;
    // A full bucket takes capacity / rate ns; longer idle times would overflow the product.
    if (elapsed >= (capacity_ - level_) / rate_ + 1) {
      level_ = capacity_;
    } else if (elapsed > 0) {
      level_ += elapsed * rate_;
    }
  }

  int64_t rate_;
  int64_t capacity_;
  int64_t level_;
  int64_t last_ns_ = 0;
};

}  // namespace tally::gateway
