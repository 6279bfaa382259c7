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
  explicit ZeroedArray(std::size_t size)
      : size_(size), rows_(static_cast<T*>(std::calloc(size, sizeof(T)))) {
    CHECK(rows_ != nullptr);
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
  std::unique_ptr<T[], Free> rows_;
};

}  // namespace tally::core::internal
