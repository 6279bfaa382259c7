#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <type_traits>

#include "base/assert.h"

namespace tally::core::internal {

// A fixed array of zero bytes whose pages are committed when first touched: capacity costs address
// space, not memory. T must be valid when all its bytes are zero.
template <typename T>
requires std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>
class ZeroedArray {
 public:
  explicit ZeroedArray(std::size_t size) : size_(size) {
    // calloc aligns to 16 only, so there is room to move the first row up to where T belongs.
    std::size_t space = size * sizeof(T) + alignof(T);
    memory_.reset(std::calloc(1, space));
    CHECK(memory_ != nullptr);
    void* first = memory_.get();
    CHECK(std::align(alignof(T), size * sizeof(T), first, space) != nullptr);
    rows_ = static_cast<T*>(first);
  }

  T& operator[](std::size_t index) {
    DCHECK(index < size_);
    return rows_[index];
  }
  const T& operator[](std::size_t index) const {
    DCHECK(index < size_);
    return rows_[index];
  }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };

  std::size_t size_;
  std::unique_ptr<void, Free> memory_;
  T* rows_;
};

}  // namespace tally::core::internal
