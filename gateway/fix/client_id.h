#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "base/assert.h"

namespace tally::gateway::fix {

// The name that a client gives: a ClOrdID, QuoteID or ListID. In place, so that the record of an
// order is one piece of memory.
class ClientId {
 public:
  static constexpr std::size_t kBytesMax = 36;

  ClientId() = default;
  // Requires at most kBytesMax bytes.
  explicit ClientId(std::string_view text) : size_(static_cast<uint8_t>(text.size())) {
    CHECK(text.size() <= kBytesMax);
    std::copy(text.begin(), text.end(), bytes_.begin());
  }
  operator std::string_view() const { return {bytes_.data(), size_}; }

  bool empty() const { return size_ == 0; }
  const char* data() const { return bytes_.data(); }
  std::size_t size() const { return size_; }

 private:
  uint8_t size_ = 0;
  std::array<char, kBytesMax> bytes_{};
};

}  // namespace tally::gateway::fix
