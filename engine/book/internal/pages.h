#pragma once

// Zeroed memory straight from the operating system.

#include <cstddef>

namespace tally::internal {

// Owns `size_bytes` of zeroed memory. Pages are allocated when first touched, so a large range
// costs address space until it is used; with `prefault` all are, so that no command ever waits for
// one.
//
// Thread safety: none.
class Pages {
 public:
  explicit Pages(std::size_t size_bytes, bool prefault = false);
  ~Pages();
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  std::byte* data() const { return data_; }
  std::size_t size_bytes() const { return size_bytes_; }

 private:
  std::byte* data_;
  std::size_t size_bytes_;
};

}  // namespace tally::internal
