#include "engine/book/internal/level_window.h"

#include <bit>
#include <sys/mman.h>

namespace tally::internal {

WindowPool::WindowPool(uint32_t count, uint32_t size) : count_(count), size_(size) {
  if (count_ == 0) {
    return;
  }
  CHECK(size >= LevelWindow::kSizeMin && size <= LevelWindow::kSizeMax &&
        std::has_single_bit(size));
  const std::size_t size_bytes = stride_bytes() * count;
  void* memory =
      mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  memory_ = static_cast<std::byte*>(memory);
}

WindowPool::~WindowPool() {
  if (memory_ != nullptr) {
    static_cast<void>(munmap(memory_, stride_bytes() * count_));
  }
}

}  // namespace tally::internal
