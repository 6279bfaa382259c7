#include "gateway/fix/writer.h"

#include <array>
#include <charconv>
#include <cstring>

#include "gateway/fix/message.h"
#include "gateway/fix/values.h"

namespace tally::gateway::fix {
namespace {

constexpr std::string_view kBegin =
    "8=FIX.4.4\x01"
    "9=";
constexpr std::size_t kLengthBytesMax = 12;
constexpr std::size_t kTrailerBytes = 7;  // 10=nnn and its end.

uint8_t* Append(std::string_view text, uint8_t* at) {
  if (!text.empty()) {  // It may be nowhere then.
    std::memcpy(at, text.data(), text.size());
  }
  return at + text.size();
}

}  // namespace

FieldWriter& FieldWriter::Add(int32_t tag, std::string_view value) {
  if (value.empty()) {
    return *this;
  }
  std::array<char, 12> number;
  char* const end = std::to_chars(number.data(), number.data() + number.size(), tag).ptr;
  *end = '=';
  const std::size_t tag_bytes = static_cast<std::size_t>(end + 1 - number.data());
  // Grown once, then filled: three appends cost more than the copies.
  const std::size_t begin = text_->size();
  text_->resize(begin + tag_bytes + value.size() + 1);
  char* const at = text_->data() + begin;
  std::memcpy(at, number.data(), tag_bytes);
  std::memcpy(at + tag_bytes, value.data(), value.size());
  at[tag_bytes + value.size()] = kSoh;
  return *this;
}

FieldWriter& FieldWriter::Number(int32_t tag, int64_t value) {
  std::array<char, 24> text;
  const char* const end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return Add(tag, std::string_view(text.data(), static_cast<std::size_t>(end - text.data())));
}

FieldWriter& FieldWriter::Count(int32_t tag, uint64_t value) {
  std::array<char, 24> text;
  const char* const end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return Add(tag, std::string_view(text.data(), static_cast<std::size_t>(end - text.data())));
}

void AppendMessage(const MessageHeader& header, std::string_view body, std::vector<uint8_t>* out) {
  thread_local std::string head;
  head.clear();
  FieldWriter writer(&head);
  writer.Add(tag::kMsgType, header.type).Count(tag::kMsgSeqNum, header.sequence);
  if (header.original_time_ns != 0) {
    writer.Add(tag::kPossDupFlag, 'Y');
  }
  writer.Add(tag::kSenderCompID, header.sender)
      .Add(tag::kSendingTime, UtcText(header.sending_time_ns).view())
      .Add(tag::kTargetCompID, header.target);
  if (header.original_time_ns != 0) {
    writer.Add(tag::kOrigSendingTime, UtcText(header.original_time_ns).view());
  }
  head.append(header.routing);

  std::array<char, kLengthBytesMax> length;
  char* const length_end = std::to_chars(length.data(), length.data() + length.size(),
                                         static_cast<uint32_t>(head.size() + body.size()))
                               .ptr;
  *length_end = kSoh;
  const std::string_view front(length.data(),
                               static_cast<std::size_t>(length_end + 1 - length.data()));
  const std::size_t begin = out->size();
  out->resize(begin + kBegin.size() + front.size() + head.size() + body.size() + kTrailerBytes);
  uint8_t* at = Append(kBegin, out->data() + begin);
  at = Append(front, at);
  at = Append(head, at);
  at = Append(body, at);
  const uint8_t* const start = out->data() + begin;
  const uint32_t sum =
      Checksum({reinterpret_cast<const char*>(start), static_cast<std::size_t>(at - start)});
  const std::array<char, kTrailerBytes> trailer = {'1',
                                                   '0',
                                                   '=',
                                                   static_cast<char>('0' + sum / 100),
                                                   static_cast<char>('0' + sum / 10 % 10),
                                                   static_cast<char>('0' + sum % 10),
                                                   kSoh};
  Append({trailer.data(), trailer.size()}, at);
}

}  // namespace tally::gateway::fix
