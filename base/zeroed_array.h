#pragma once

// A fixed array of zero bytes whose pages are committed when first touched.

#include <cstddef>
#include <cstdint>
#include <sys/mman.h>
#include <type_traits>

#include "base/assert.h"

namespace tally {

// How the rows in use lie: kSparse where few ever are, far from one another.
enum class RowUse : uint8_t { kDense, kSparse };

// Capacity costs address space, not memory. T must be valid when all its bytes are zero.
//
// Thread safety: none. Memory: whole pages; a kDense array asks for huge ones: its rows are touched
// at random, and with 4 KiB pages every second touch is also a TLB miss. A refusal only costs
// speed.
template <typename T>
requires std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>
class ZeroedArray {
 public:
  explicit ZeroedArray(std::size_t size, RowUse use = RowUse::kDense) : size_(size) {
    CHECK(size > 0);
    void* const memory =
        mmap(nullptr, size_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    if (use == RowUse::kDense) {
      static_cast<void>(madvise(memory, size_bytes(), MADV_HUGEPAGE));
    }
    rows_ = static_cast<T*>(memory);
  }
  ~ZeroedArray() { static_cast<void>(munmap(rows_, size_bytes())); }
  ZeroedArray(const ZeroedArray&) = delete;
  ZeroedArray& operator=(const ZeroedArray&) = delete;

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
  std::size_t size_bytes() const { return size_ * sizeof(T); }

  std::size_t size_;
  T* rows_;
};

}  // namespace tally
