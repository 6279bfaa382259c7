#include "gateway/fix/message.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "gateway/fix/values.h"

namespace tally::gateway::fix {
namespace {

constexpr std::string_view kChecksumTag = "10=";
constexpr std::string_view kChecksumField =
    "\x01"
    "10=";
constexpr std::string_view kFirst = "8=FIX.";
constexpr std::size_t kBeginStringBytesMax = 32;

// Digits of a tag; anything else (and more than fit) is garbled. A minus is let through, so that
// the reject can name the tag.
bool ParseTag(const char*& at, const char* end, int32_t* tag) {
  const bool negative = at != end && *at == '-';
  if (negative) {
    ++at;
  }
  const char* const first = at;
  int32_t value = 0;
  while (at != end && *at >= '0' && *at <= '9') {
    if (at - first >= 9) {
      return false;
    }
    value = value * 10 + (*at - '0');
    ++at;
  }
  if (at == first || at == end || *at != '=') {
    return false;
  }
  ++at;
  *tag = negative ? -value : value;
  return true;
}

// The separator that ends the field at `at`; `end` if there is none. Eight bytes at a time: a byte
// of `other` is zero where the text has a separator, and the lowest bit set of `found` is that of
// the first such byte.
const char* FindSoh(const char* at, const char* end) {
  constexpr uint64_t kOnes = 0x0101'0101'0101'0101;
  static_assert(kSoh == 1 && std::endian::native == std::endian::little);
  for (; end - at >= 8; at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, at, sizeof(word));
    const uint64_t other = word ^ kOnes;
    const uint64_t found = (other - kOnes) & ~other & (kOnes << 7);
    if (found != 0) {
      return at + std::countr_zero(found) / 8;
    }
  }
  while (at != end && *at != kSoh) {
    ++at;
  }
  return at;
}

// The end of a field that is as long as the one before it says, whatever bytes it has.
const char* EndOfData(const char* at, const char* end, std::string_view length_text) {
  uint32_t length = 0;
  if (!ParseNumber(length_text, &length) || length >= static_cast<std::size_t>(end - at) ||
      at[length] != kSoh) {
    return nullptr;
  }
  return at + length;
}

bool IsDigits(std::string_view text) {
  for (const char c : text) {
    if (c < '0' || c > '9') {
      return false;
    }
  }
  return !text.empty();
}

}  // namespace

bool Message::Parse(std::string_view bytes) {
  for (const Field& field : fields()) {
    position_[field.ordinal] = 0;
  }
  count_ = 0;
  bytes_ = bytes;
  if (bytes.size() > kMessageBytesMax || !Split() || !IsWhole()) {
    return false;
  }
  type_ = value(fields_[2]);
  return true;
}

bool Message::Split() {
  const char* const begin = bytes_.data();
  const char* const end = begin + bytes_.size();
  for (const char* at = begin; at != end; ++at) {
    int32_t number = 0;
    if (count_ == kMessageFieldsMax || !ParseTag(at, end, &number)) {
      return false;
    }
    const uint16_t ordinal = OrdinalOf(number);
    const char* const value_begin = at;
    if (number == kRawDataTag && count_ != 0) {
      at = EndOfData(at, end, value(fields_[count_ - 1]));
      if (at == nullptr) {
        return false;
      }
    } else {
      at = FindSoh(at, end);
      if (at == end) {
        return false;
      }
    }
    fields_[count_++] = {.tag = number,
                         .ordinal = ordinal,
                         .length = static_cast<uint16_t>(at - value_begin),
                         .offset = static_cast<uint32_t>(value_begin - begin)};
    if (ordinal != 0 && position_[ordinal] == 0) {
      position_[ordinal] = static_cast<uint16_t>(count_);
    }
  }
  return true;
}

void Message::Extract(const Message& whole, std::span<const Field> entry) {
  for (const Field& field : fields()) {
    position_[field.ordinal] = 0;
  }
  count_ = 0;
  bytes_ = whole.bytes_;
  type_ = whole.type_;
  const auto add = [this](const Field& field) {
    if (field.ordinal != 0 && position_[field.ordinal] == 0 && count_ < kMessageFieldsMax) {
      fields_[count_++] = field;
      position_[field.ordinal] = static_cast<uint16_t>(count_);
    }
  };
  std::for_each(entry.begin(), entry.end(), add);
  for (const int32_t tag : {tag::kMsgSeqNum, tag::kSendingTime, tag::kOrigSendingTime}) {
    if (const uint16_t position = whole.position_[OrdinalOf(tag)]; position != 0) {
      add(whole.fields_[position - 1]);
    }
  }
}

namespace {

// Behind the entry of the group that begins at `begin`, with the groups in it.
std::size_t EndOfEntry(std::span<const Field> fields, std::size_t begin, const GroupRule& group) {
  std::size_t at = begin + 1;
  while (at < fields.size() && group.members.Has(fields[at].ordinal) &&
         fields[at].ordinal != group.first) {
    const GroupRule* const inner = FindGroup(group, fields[at].ordinal);
    ++at;
    while (inner != nullptr && at < fields.size() && fields[at].ordinal == inner->first) {
      at = EndOfEntry(fields, at, *inner);
    }
  }
  return at;
}

}  // namespace

std::vector<std::span<const Field>> EntriesOf(std::span<const Field> fields,
                                              const GroupRule& group) {
  std::vector<std::span<const Field>> entries;
  const auto count = std::find_if(fields.begin(), fields.end(),
                                  [&](const Field& field) { return field.ordinal == group.count; });
  std::size_t at = static_cast<std::size_t>(count - fields.begin()) + 1;
  while (at < fields.size() && fields[at].ordinal == group.first) {
    const std::size_t end = EndOfEntry(fields, at, group);
    entries.push_back(fields.subspan(at, end - at));
    at = end;
  }
  return entries;
}

// Begins with 8, 9 and 35, ends with 10, and is as long as it says with the sum that it says.
bool Message::IsWhole() const {
  if (count_ < 4 || fields_[0].tag != 8 || fields_[1].tag != 9 || fields_[2].tag != 35 ||
      fields_[count_ - 1].tag != 10) {
    return false;
  }
  const std::size_t body = fields_[1].offset + fields_[1].length + 1U;
  const std::size_t trailer = fields_[count_ - 1].offset - kChecksumTag.size();
  const std::string_view checksum = value(fields_[count_ - 1]);
  uint32_t length = 0;
  uint32_t expected = 0;
  if (!ParseNumber(value(fields_[1]), &length) || length != trailer - body ||
      checksum.size() != 3 || !ParseNumber(checksum, &expected)) {
    return false;
  }
  return expected == Checksum(bytes_.substr(0, trailer));
}

uint32_t Checksum(std::string_view bytes) {
  // Eight bytes at a time into four sums of 16 bits, which a run cannot overflow.
  constexpr uint64_t kEveryOther = 0x00ff'00ff'00ff'00ff;
  constexpr uint64_t kEverySecondLane = 0x0000'ffff'0000'ffff;
  constexpr std::size_t kRunBytes = 8 * (UINT16_MAX / (2 * UINT8_MAX));
  uint64_t sum = 0;
  std::size_t i = 0;
  while (bytes.size() - i >= 8) {
    uint64_t lanes = 0;
    for (const std::size_t end = i + std::min(kRunBytes, (bytes.size() - i) / 8 * 8); i != end;
         i += 8) {
      uint64_t word = 0;
      std::memcpy(&word, bytes.data() + i, sizeof(word));
      lanes += (word & kEveryOther) + ((word >> 8) & kEveryOther);
    }
    const uint64_t pairs = (lanes & kEverySecondLane) + ((lanes >> 16) & kEverySecondLane);
    sum += (pairs & UINT32_MAX) + (pairs >> 32);
  }
  for (; i < bytes.size(); ++i) {
    sum += static_cast<uint8_t>(bytes[i]);
  }
  return static_cast<uint32_t>(sum % 256);
}

Framer::Result Framer::Next(std::string_view bytes, std::string_view* message,
                            std::size_t* consumed) {
  const std::size_t begin = bytes.find(kFirst);
  if (begin == std::string_view::npos) {
    // The last bytes may be the first of the next message.
    *consumed = bytes.size() - std::min(bytes.size(), kFirst.size() - 1);
    return Result::kNeedMore;
  }
  *consumed = begin;
  bytes.remove_prefix(begin);
  std::size_t body_end = 0;
  if (const Result result = FindBodyEnd(bytes, &body_end); result != Result::kMessage) {
    return result;
  }
  const std::size_t checksum = bytes.find(kChecksumField, body_end);
  const std::size_t end = checksum == std::string_view::npos
                              ? std::string_view::npos
                              : bytes.find(kSoh, checksum + kChecksumField.size());
  if (end == std::string_view::npos) {
    return bytes.size() >= kMessageBytesMax ? Result::kTooLarge : Result::kNeedMore;
  }
  *message = bytes.substr(0, end + 1);
  *consumed = begin + end + 1;
  return Result::kMessage;
}

// Where the last byte of the body is according to BodyLength. Without one that is a number the
// message is garbled and ends at its first CheckSum.
Framer::Result Framer::FindBodyEnd(std::string_view bytes, std::size_t* body_end) {
  const std::size_t first = bytes.find(kSoh);
  if (first == std::string_view::npos) {
    return bytes.size() > kBeginStringBytesMax ? Result::kTooLarge : Result::kNeedMore;
  }
  const std::size_t second = bytes.find(kSoh, first + 1);
  if (second == std::string_view::npos) {
    return bytes.size() > kMessageBytesMax ? Result::kTooLarge : Result::kNeedMore;
  }
  const std::string_view field = bytes.substr(first + 1, second - first - 1);
  *body_end = first;
  if (field.starts_with("9=") && IsDigits(field.substr(2))) {
    uint32_t length = 0;
    if (!ParseNumber(field.substr(2), &length) || length > kMessageBytesMax) {
      return Result::kTooLarge;
    }
    *body_end = second + length;
  }
  return Result::kMessage;
}

}  // namespace tally::gateway::fix
