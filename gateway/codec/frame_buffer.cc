#include "gateway/codec/frame_buffer.h"

#include <cstring>

#include "base/assert.h"

namespace tally::gateway {
namespace {

constexpr std::size_t kPrefixBytes = 4;
constexpr uint32_t kFrameBytesMin = 8;  // Root offset and identifier.

static_assert(FrameBuffer::kBytes >= 2 * (kClientFrameBytesMax + kPrefixBytes));

}  // namespace

FrameBuffer::FrameBuffer() : buffer_(kBytes) {}

std::span<uint8_t> FrameBuffer::WritableSpace() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (buffer_.size() - end_ < kClientFrameBytesMax + kPrefixBytes) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  return {buffer_.data() + end_, buffer_.size() - end_};
}

void FrameBuffer::Commit(std::size_t count) {
  CHECK(count <= buffer_.size() - end_);
  end_ += count;
}

FrameBuffer::Result FrameBuffer::Next(std::span<const uint8_t>* frame) {
  const std::size_t available = end_ - begin_;
  if (available < kPrefixBytes) {
    return Result::kNeedMore;
  }
  uint32_t length = 0;
  std::memcpy(&length, buffer_.data() + begin_, kPrefixBytes);
  if (length > kClientFrameBytesMax) {
    return Result::kTooLarge;
  }
  if (length < kFrameBytesMin) {
    return Result::kTooSmall;
  }
  if (available < kPrefixBytes + length) {
    return Result::kNeedMore;
  }
  // Copied, because the fields of a frame must lie at their own alignment and frames follow each
  // other at any address.
  std::memcpy(frame_.data(), buffer_.data() + begin_, kPrefixBytes + length);
  *frame = {frame_.data(), kPrefixBytes + length};
  begin_ += kPrefixBytes + length;
  return Result::kFrame;
}

}  // namespace tally::gateway
