#include "engine/ring/event_fd_signal.h"

#include <cerrno>
#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/status.h"

namespace tally {

absl::StatusOr<std::unique_ptr<EventFdSignal>> EventFdSignal::Open() {
  const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) {
    return ErrnoStatus("eventfd", "ring signal");
  }
  return std::unique_ptr<EventFdSignal>(new EventFdSignal(fd));
}

EventFdSignal::~EventFdSignal() { close(fd_); }

void EventFdSignal::Clear() {
  uint64_t count = 0;
  ssize_t size = 0;
  do {
    size = read(fd_, &count, sizeof(count));
  } while (size < 0 && errno == EINTR);
}

void EventFdSignal::Write() {
  // Relaxed: the exchange only elects one writer; the data is ordered by what was stored before.
  if (!armed_.exchange(false, std::memory_order_relaxed)) {
    return;
  }
  const uint64_t one = 1;
  ssize_t size = 0;
  do {
    size = write(fd_, &one, sizeof(one));
  } while (size < 0 && errno == EINTR);
  // The count cannot overflow: the consumer clears it at each arming.
  CHECK(size == static_cast<ssize_t>(sizeof(one)));
}

}  // namespace tally
