#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tally::core::internal {

// The order nonces of an account: each counts once, so that a signed order is executed once. The
// largest ones are remembered; one that is not above the smallest of them counts as used. The
// sessions of an account may therefore sign side by side, kRemembered orders apart at most (as
// Hyperliquid does it, which remembers 100).
//
// Valid when all its bytes are zero. Cost: a search of, and a move within, 512 bytes.
class NonceWindow {
 public:
  static constexpr std::size_t kRemembered = 63;

  // Whether the nonce was not used before; it is now. 0 is never good.
  bool Use(uint64_t nonce) {
    uint64_t* const begin = largest_.data();
    uint64_t* const end = begin + count_;
    uint64_t* const at = std::lower_bound(begin, end, nonce);
    if (nonce == 0 || (at != end && *at == nonce) || (count_ == kRemembered && at == begin)) {
      return false;
    }
    if (count_ == kRemembered) {
      std::move(begin + 1, at, begin);
      *(at - 1) = nonce;
    } else {
      std::move_backward(at, end, end + 1);
      *at = nonce;
      ++count_;
    }
    return true;
  }

  // Ascending.
  std::span<const uint64_t> remembered() const { return {largest_.data(), count_}; }

 private:
  uint64_t count_;
  std::array<uint64_t, kRemembered> largest_;
};

}  // namespace tally::core::internal
