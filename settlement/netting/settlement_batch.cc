#include "settlement/netting/settlement_batch.h"

#include <algorithm>

#include "base/assert.h"
#include "settlement/chain/abi.h"
#include "settlement/chain/keccak.h"

namespace tally::settlement {
namespace {

constexpr std::size_t kDeltaBytes = 11;  // i88
constexpr __int128 kDeltaMax = (static_cast<__int128>(1) << 87) - 1;

void AppendDelta(Bytes* out, __int128 delta) {
  CHECK(delta <= kDeltaMax && delta >= -kDeltaMax - 1);
  for (std::size_t i = kDeltaBytes; i-- > 0;) {
    out->push_back(static_cast<uint8_t>(static_cast<unsigned __int128>(delta) >> (8 * i)));
  }
}

__int128 ReadDelta(ByteView bytes) {
  unsigned __int128 value = bytes[0] >= 0x80 ? ~static_cast<unsigned __int128>(0) : 0;
  for (uint8_t byte : bytes) {
    value = value << 8 | byte;
  }
  return static_cast<__int128>(value);
}

}  // namespace

Hash32 VaultGenesis(uint64_t chain_id, const Address& vault) {
  return Keccak256(AbiEncoder()
                       .Add(Keccak256(View("tallystick.vault.v1")))
                       .Add(chain_id)
                       .Add(vault)
                       .Arguments());
}

Bytes EncodeEntries(std::span<const NettedEntry> entries) {
  Bytes data;
  data.reserve(entries.size() * kBatchEntryBytes);
  for (const NettedEntry& entry : entries) {
    AppendBigEndian(&data, Raw(entry.account), 4);
    AppendBigEndian(&data, Raw(entry.pair), 2);
    AppendDelta(&data, entry.even);
    AppendDelta(&data, entry.odd);
  }
  return data;
}

absl::StatusOr<std::vector<NettedEntry>> DecodeEntries(ByteView data) {
  if (data.size() % kBatchEntryBytes != 0) {
    return absl::InvalidArgumentError("batch data is not a whole number of entries");
  }
  std::vector<NettedEntry> entries;
  for (std::size_t at = 0; at < data.size(); at += kBatchEntryBytes) {
    const ByteView bytes = data.subspan(at, kBatchEntryBytes);
    NettedEntry entry;
    entry.account =
        static_cast<AccountId>(bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3]);
    entry.pair = static_cast<PairId>(bytes[4] << 8 | bytes[5]);
    entry.even = ReadDelta(bytes.subspan(6, kDeltaBytes));
    entry.odd = ReadDelta(bytes.subspan(6 + kDeltaBytes, kDeltaBytes));
    if (!entries.empty() && std::pair(entry.account, entry.pair) <=
                                std::pair(entries.back().account, entries.back().pair)) {
      return absl::InvalidArgumentError("batch entries are not in ascending order");
    }
    entries.push_back(entry);
  }
  return entries;
}

SettlementBatch SealBatch(const VaultHead& head, std::span<const NettedEntry> entries,
                          EventSequence last_event, int64_t engine_time_ns,
                          const Hash32& exec_root) {
  CHECK(entries.size() <= kBatchEntriesMax);
  CHECK(Raw(last_event) > head.last_event);
  const auto time_ns = static_cast<uint64_t>(std::max<int64_t>(engine_time_ns, 0));
  CHECK(time_ns >= head.engine_time_ns);
  return {.parent = head.chain,
          .id = head.next_batch,
          .first_event = head.last_event + 1,
          .last_event = Raw(last_event),
          .previous_engine_time_ns = head.engine_time_ns,
          .engine_time_ns = time_ns,
          .exec_root = exec_root,
          .data = EncodeEntries(entries)};
}

Hash32 ChainAfter(const SettlementBatch& batch) {
  return Keccak256(AbiEncoder()
                       .Add(batch.parent)
                       .Add(batch.id)
                       .Add(batch.first_event)
                       .Add(batch.last_event)
                       .Add(batch.previous_engine_time_ns)
                       .Add(batch.engine_time_ns)
                       .Add(batch.exec_root)
                       .Add(Keccak256(batch.data))
                       .Arguments());
}

VaultHead HeadAfter(const SettlementBatch& batch) {
  return {.next_batch = batch.id + 1,
          .last_event = batch.last_event,
          .engine_time_ns = batch.engine_time_ns,
          .chain = ChainAfter(batch)};
}

}  // namespace tally::settlement
