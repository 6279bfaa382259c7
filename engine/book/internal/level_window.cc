#include "engine/book/internal/level_window.h"

#include <bit>

namespace tally::internal {

WindowPool::WindowPool(uint32_t count, uint32_t size, bool prefault) : count_(count), size_(size) {
  if (count_ == 0) {
    return;
  }
  CHECK(size >= LevelWindow::kSizeMin && size <= LevelWindow::kSizeMax &&
        std::has_single_bit(size));
  pages_.emplace(stride_bytes() * count, prefault);
}

}  // namespace tally::internal
