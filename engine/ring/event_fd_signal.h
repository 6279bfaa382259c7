#pragma once

#include <atomic>
#include <memory>

#include "absl/status/statusor.h"

#include "base/cache_line.h"

namespace tally {

// Lets a consumer that lives in an event loop sleep on a file descriptor: it takes all there is,
// arms, looks again, and returns to the loop; whoever makes something available signals. The
// descriptor is written only when armed, at most once per arming.
//
// Thread safety: one consumer arms, any thread signals.
//
// Cost: Signal is one load of a shared line when not armed, a write (about 1 us) when armed; Arm is
// one read of the descriptor.
class alignas(kFalseSharingBytes) EventFdSignal {
 public:
  // kResourceExhausted: no file descriptors left.
  static absl::StatusOr<std::unique_ptr<EventFdSignal>> Open();
  ~EventFdSignal();
  EventFdSignal(const EventFdSignal&) = delete;
  EventFdSignal& operator=(const EventFdSignal&) = delete;

  // Non-blocking; readable after a Signal that followed an Arm.
  int fd() const { return fd_; }

  // Clears the descriptor and arms. False if ready() (sequentially consistent loads) turns out to
  // be true already: then there is something to take, and nothing is armed.
  template <typename Ready>
  bool Arm(Ready ready) {
    Clear();
    // Sequentially consistent: pairs with the load in Signal. Either Signal sees the flag or
    // ready() sees what was stored before it.
    armed_.store(true, std::memory_order_seq_cst);
    if (ready()) {
      armed_.store(false, std::memory_order_relaxed);
      return false;
    }
    return true;
  }

  // Comes after a sequentially consistent store of what ready() looks at.
  void Signal() {
    // Sequentially consistent: pairs with the store in Arm.
    if (armed_.load(std::memory_order_seq_cst)) {
      Write();
    }
  }

 private:
  explicit EventFdSignal(int fd) : fd_(fd) {}
  void Clear();
  void Write();

  const int fd_;
  std::atomic<bool> armed_{false};  // Set by the consumer, cleared by the first signaller.
};

}  // namespace tally
