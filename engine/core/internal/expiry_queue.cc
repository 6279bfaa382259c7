#include "engine/core/internal/expiry_queue.h"

#include "base/assert.h"

namespace tally::core::internal {

void ExpiryQueue::Put(uint32_t place, const Entry& entry) {
  entries_[place] = entry;
  places_[Raw(entry.handle)] = place + 1;
}

void ExpiryQueue::SiftUp(uint32_t place, const Entry& entry) {
  while (place > 0) {
    const uint32_t parent = (place - 1) / kChildren;
    if (!(entry < entries_[parent])) {
      break;
    }
    Put(place, entries_[parent]);
    place = parent;
  }
  Put(place, entry);
}

void ExpiryQueue::SiftDown(uint32_t place, const Entry& entry) {
  for (;;) {
    const uint32_t first = place * kChildren + 1;
    if (first >= count_) {
      break;
    }
    uint32_t least = first;
    for (uint32_t child = first + 1; child < first + kChildren && child < count_; ++child) {
      if (entries_[child] < entries_[least]) {
        least = child;
      }
    }
    if (!(entries_[least] < entry)) {
      break;
    }
    Put(place, entries_[least]);
    place = least;
  }
  Put(place, entry);
}

void ExpiryQueue::Insert(const Entry& entry) {
  CHECK(places_[Raw(entry.handle)] == 0);
  SiftUp(count_++, entry);
}

void ExpiryQueue::Remove(OrderHandle handle) {
  const uint32_t place = places_[Raw(handle)] - 1;
  CHECK(place < count_);
  places_[Raw(handle)] = 0;
  const Entry last = entries_[--count_];
  if (place == count_) {
    return;
  }
  // The last one takes the free place, from where it may have to go either way.
  if (place > 0 && last < entries_[(place - 1) / kChildren]) {
    SiftUp(place, last);
  } else {
    SiftDown(place, last);
  }
}

}  // namespace tally::core::internal
