#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <type_traits>

#include "base/assert.h"
#include "base/types.h"
#include "engine/core/core.h"

namespace tally::core::internal {

// Collects the fields of the canonical state into pieces that are worth a call of the sink.
// Thread safety: none; for the duration of one SerializeState(). Whoever made one flushes it.
class StateWriter {
 public:
  explicit StateWriter(StateSink& sink) : sink_(sink) {}

  void Bytes(const void* data, std::size_t size_bytes) {
    if (size_bytes > buffer_.size() - used_) {
      Flush();
    }
    CHECK(size_bytes <= buffer_.size());
    std::memcpy(&buffer_[used_], data, size_bytes);
    used_ += size_bytes;
  }

  // Integers and scoped enums in their own width, structs never.
  template <typename T>
  requires std::is_integral_v<T> || std::is_enum_v<T>
  void Put(T value) { Bytes(&value, sizeof(value)); }
  void Put(Quanta value) { Put(value.value); }
  void Put(PriceTicks value) { Put(value.value); }
  void Put(QuantityLots value) { Put(value.value); }
  void Put(bool) = delete;

  void Flush() {
    sink_.Append(buffer_.data(), used_);
    used_ = 0;
  }

 private:
  StateSink& sink_;
  std::size_t used_ = 0;
  std::array<unsigned char, 16384> buffer_;
};

}  // namespace tally::core::internal
