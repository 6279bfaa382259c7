#include "engine/book/internal/pages.h"

#include <cstring>
#include <sys/mman.h>

#include "base/assert.h"

namespace tally::internal {

Pages::Pages(std::size_t size_bytes, bool prefault) : size_bytes_(size_bytes) {
  CHECK(size_bytes > 0);
  void* memory =
      mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  // Records are touched at random: with 4 KiB pages every second touch is also a TLB miss. A
  // refusal only costs speed.
  static_cast<void>(madvise(memory, size_bytes, MADV_HUGEPAGE));
  if (prefault) {
    std::memset(memory, 0, size_bytes);
  }
  data_ = static_cast<std::byte*>(memory);
}

Pages::~Pages() { static_cast<void>(munmap(data_, size_bytes_)); }

}  // namespace tally::internal
