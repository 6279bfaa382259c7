#include "settlement/chain/rlp.h"

#include "base/status.h"

namespace tally::settlement {
namespace {

constexpr uint8_t kStringOffset = 0x80;
constexpr uint8_t kListOffset = 0xc0;
constexpr std::size_t kShortMax = 55;

Bytes WithHeader(ByteView payload, uint8_t offset) {
  Bytes out;
  if (payload.size() <= kShortMax) {
    out.push_back(static_cast<uint8_t>(offset + payload.size()));
  } else {
    const Bytes length = ToMinimalBytes(Uint256(payload.size()));
    out.push_back(static_cast<uint8_t>(offset + kShortMax + length.size()));
    AppendBytes(&out, length);
  }
  AppendBytes(&out, payload);
  return out;
}

struct Item {
  bool is_list = false;
  std::size_t header_bytes = 0;
  std::size_t payload_bytes = 0;
};

absl::StatusOr<Item> ReadHeader(ByteView in) {
  if (in.empty()) {
    return absl::InvalidArgumentError("RLP: cut short");
  }
  const uint8_t first = in[0];
  if (first < kStringOffset) {
    return Item{.is_list = false, .header_bytes = 0, .payload_bytes = 1};
  }
  Item item{.is_list = first >= kListOffset, .header_bytes = 1, .payload_bytes = 0};
  const std::size_t code = first - (item.is_list ? kListOffset : kStringOffset);
  if (code <= kShortMax) {
    item.payload_bytes = code;
  } else {
    const std::size_t length_bytes = code - kShortMax;
    if (in.size() < 1 + length_bytes || in[1] == 0) {
      return absl::InvalidArgumentError("RLP: bad length");
    }
    item.header_bytes += length_bytes;
    for (std::size_t i = 1; i <= length_bytes; ++i) {
      item.payload_bytes = item.payload_bytes << 8 | in[i];
    }
  }
  if (item.payload_bytes > in.size() - item.header_bytes) {
    return absl::InvalidArgumentError("RLP: cut short");
  }
  return item;
}

}  // namespace

Bytes RlpString(ByteView bytes) {
  if (bytes.size() == 1 && bytes[0] < kStringOffset) {
    return {bytes[0]};
  }
  return WithHeader(bytes, kStringOffset);
}

Bytes RlpInteger(const Uint256& value) { return RlpString(ToMinimalBytes(value)); }

Bytes RlpList(ByteView payload) { return WithHeader(payload, kListOffset); }

absl::StatusOr<std::vector<Bytes>> RlpDecodeList(ByteView encoded) {
  ASSIGN_OR_RETURN(Item list, ReadHeader(encoded));
  if (!list.is_list || list.header_bytes + list.payload_bytes != encoded.size()) {
    return absl::InvalidArgumentError("RLP: not one list");
  }
  std::vector<Bytes> items;
  ByteView rest = encoded.subspan(list.header_bytes);
  while (!rest.empty()) {
    ASSIGN_OR_RETURN(Item item, ReadHeader(rest));
    const std::size_t start = item.is_list ? 0 : item.header_bytes;
    const std::size_t end = item.header_bytes + item.payload_bytes;
    items.emplace_back(rest.begin() + static_cast<std::ptrdiff_t>(start),
                       rest.begin() + static_cast<std::ptrdiff_t>(end));
    rest = rest.subspan(end);
  }
  return items;
}

}  // namespace tally::settlement
