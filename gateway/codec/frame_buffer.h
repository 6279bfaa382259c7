#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gateway/codec/client_message.h"

namespace tally::gateway {

// Cuts the bytes of one connection into frames. The length is checked as soon as its four bytes are
// there, so that a connection never holds more than this fixed buffer.
//
// Thread safety: none. Memory: kBytes + one frame, fixed.
class FrameBuffer {
 public:
  static constexpr std::size_t kBytes = 16 * 1024;

  FrameBuffer();

  // Where to read to. Never empty after Next() returned kNeedMore.
  std::span<uint8_t> WritableSpace();
  // `count` bytes were written there.
  void Commit(std::size_t count);

  enum class Result { kFrame, kNeedMore, kTooLarge, kTooSmall };
  // The next whole frame, prefix included, at an address that is a multiple of 8; valid until the
  // next call. After kTooLarge and kTooSmall the stream has no frames any more.
  Result Next(std::span<const uint8_t>* frame);

  // Bytes of a frame that has begun.
  std::size_t partial_bytes() const { return end_ - begin_; }

 private:
  std::vector<uint8_t> buffer_;
  std::size_t begin_ = 0;  // First byte not yet returned.
  std::size_t end_ = 0;    // Behind the last byte read.
  alignas(8) std::array<uint8_t, kClientFrameBytesMax + 4> frame_;
};

}  // namespace tally::gateway
