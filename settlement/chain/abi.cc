#include "settlement/chain/abi.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "settlement/chain/keccak.h"

namespace tally::settlement {
namespace {

void PadToWord(Bytes* bytes) {
  bytes->resize((bytes->size() + kWordBytes - 1) / kWordBytes * kWordBytes, 0);
}

Bytes WordBytes(uint64_t value) {
  Bytes bytes;
  AppendBigEndian(&bytes, value, kWordBytes);
  return bytes;
}

bool HasSelector(ByteView data, std::string_view signature) {
  const Bytes selector = Selector(signature);
  return data.size() >= 4 && std::equal(selector.begin(), selector.end(), data.begin());
}

}  // namespace

Bytes Selector(std::string_view signature) {
  const Hash32 hash = Keccak256(View(signature));
  return {hash.bytes.begin(), hash.bytes.begin() + 4};
}

Hash32 EventTopic(std::string_view signature) { return Keccak256(View(signature)); }

AbiEncoder& AbiEncoder::Add(const Uint256& value) { return Add(ToWord(value)); }

AbiEncoder& AbiEncoder::Add(const Address& address) {
  Hash32 word;
  std::copy(address.bytes.begin(), address.bytes.end(), word.bytes.begin() + 12);
  return Add(word);
}

AbiEncoder& AbiEncoder::Add(const Hash32& word) {
  slots_.push_back({.word = word, .tail = {}, .is_dynamic = false});
  return *this;
}

AbiEncoder& AbiEncoder::AddBytes(ByteView bytes) {
  Bytes tail = WordBytes(bytes.size());
  AppendBytes(&tail, bytes);
  PadToWord(&tail);
  slots_.push_back({.word = {}, .tail = std::move(tail), .is_dynamic = true});
  return *this;
}

AbiEncoder& AbiEncoder::AddArray(std::span<const uint64_t> items) {
  Bytes tail = WordBytes(items.size());
  for (uint64_t item : items) {
    AppendBigEndian(&tail, item, kWordBytes);
  }
  slots_.push_back({.word = {}, .tail = std::move(tail), .is_dynamic = true});
  return *this;
}

Bytes AbiEncoder::Arguments() const {
  Bytes head;
  Bytes tail;
  const std::size_t head_bytes = slots_.size() * kWordBytes;
  for (const Slot& slot : slots_) {
    if (slot.is_dynamic) {
      AppendBigEndian(&head, head_bytes + tail.size(), kWordBytes);
      AppendBytes(&tail, slot.tail);
    } else {
      AppendBytes(&head, View(slot.word));
    }
  }
  AppendBytes(&head, tail);
  return head;
}

Bytes AbiEncoder::Call(std::string_view signature) const {
  Bytes call = Selector(signature);
  AppendBytes(&call, Arguments());
  return call;
}

absl::StatusOr<Hash32> AbiReader::WordHash(std::size_t index) const {
  if (!HasWord(index)) {
    return absl::DataLossError(
        absl::StrCat("contract data has ", data_.size(), " bytes, word ", index, " is missing"));
  }
  Hash32 word;
  std::copy_n(data_.begin() + static_cast<std::ptrdiff_t>(index * kWordBytes), kWordBytes,
              word.bytes.begin());
  return word;
}

absl::StatusOr<Uint256> AbiReader::Word(std::size_t index) const {
  ASSIGN_OR_RETURN(Hash32 word, WordHash(index));
  return FromBigEndian(View(word));
}

absl::StatusOr<uint64_t> AbiReader::Word64(std::size_t index) const {
  ASSIGN_OR_RETURN(Uint256 value, Word(index));
  if (value > std::numeric_limits<uint64_t>::max()) {
    return absl::DataLossError(absl::StrCat("contract data: word ", index, " exceeds 64 bits"));
  }
  return static_cast<uint64_t>(value);
}

absl::StatusOr<Address> AbiReader::WordAddress(std::size_t index) const {
  ASSIGN_OR_RETURN(Hash32 word, WordHash(index));
  Address address;
  std::copy(word.bytes.begin() + 12, word.bytes.end(), address.bytes.begin());
  return address;
}

std::string DescribeRevert(ByteView data) {
  if (data.empty()) {
    return "reverted without data";
  }
  if (HasSelector(data, "Error(string)")) {
    const AbiReader reader(data.subspan(4));
    const auto size_bytes = reader.Word64(1);
    if (size_bytes.ok() && *size_bytes <= data.size() - 4 - 64) {
      return std::string(reinterpret_cast<const char*>(data.data()) + 4 + 64, *size_bytes);
    }
  }
  if (HasSelector(data, "Panic(uint256)")) {
    const auto code = AbiReader(data.subspan(4)).Word64(0);
    return absl::StrCat("panic ", code.ok() ? *code : 0);
  }
  return "reverted with " + Hex(data);
}

}  // namespace tally::settlement
