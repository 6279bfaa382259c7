#pragma once

// A fixed array of which few elements are ever used: it costs address space until then.

#include <cstddef>
#include <cstdint>
#include <sys/mman.h>
#include <type_traits>

#include "base/assert.h"

namespace tally::internal {

// Thread safety: none; one thread at a time. Elements start out as zero bytes.
template <typename Element>
class ColdArray {
  static_assert(std::is_trivial_v<Element>);

 public:
  explicit ColdArray(uint32_t size) : size_bytes_(std::size_t{size} * sizeof(Element)) {
    // In small pages: elements in use are far apart.
    void* memory =
        mmap(nullptr, size_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    elements_ = static_cast<Element*>(memory);
  }
  ~ColdArray() { static_cast<void>(munmap(elements_, size_bytes_)); }
  ColdArray(const ColdArray&) = delete;
  ColdArray& operator=(const ColdArray&) = delete;

  Element& operator[](uint32_t index) { return elements_[index]; }
  const Element& operator[](uint32_t index) const { return elements_[index]; }

 private:
  Element* elements_;
  std::size_t size_bytes_;
};

}  // namespace tally::internal
