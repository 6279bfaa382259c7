#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace tally::gateway {

// The unsent bytes of one connection: what the socket is writing, and behind it what is appended
// meanwhile. Both are whole frames, so that everything that waits goes out in one write.
//
// Thread safety: none. Memory: bounded by its owner, who checks bytes() after appending.
class SendQueue {
 public:
  // To append whole frames to.
  std::vector<uint8_t>* Tail(int64_t now_ns) {
    if (tail_.empty()) {
      tail_since_ns_ = now_ns;
    }
    return &tail_;
  }

  // The bytes to write next; empty if there is nothing. Stable until Written.
  std::span<const uint8_t> Front() {
    if (written_ == front_.size()) {
      front_.clear();
      written_ = 0;
      if (front_.capacity() > kKeepBytes) {
        front_.shrink_to_fit();
      }
      std::swap(front_, tail_);
      front_since_ns_ = tail_since_ns_;
    }
    return std::span<const uint8_t>(front_).subspan(written_);
  }
  void Written(std::size_t count) { written_ += count; }

  // Drops the frames of which no byte is being written.
  void DropTail() { tail_.clear(); }

  std::size_t bytes() const { return front_.size() - written_ + tail_.size(); }
  bool empty() const { return bytes() == 0; }
  // How long the oldest unsent byte has waited.
  int64_t age_ns(int64_t now_ns) const {
    if (written_ < front_.size()) {
      return now_ns - front_since_ns_;
    }
    return tail_.empty() ? 0 : now_ns - tail_since_ns_;
  }

 private:
  // A buffer that a burst made larger than this is given back.
  static constexpr std::size_t kKeepBytes = 1024 * 1024;

  std::vector<uint8_t> front_;
  std::vector<uint8_t> tail_;
  std::size_t written_ = 0;  // Of front_.
  int64_t front_since_ns_ = 0;
  int64_t tail_since_ns_ = 0;
};

}  // namespace tally::gateway
