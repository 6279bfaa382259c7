#pragma once

#include <cstdint>
#include <span>

#include "base/types.h"
#include "settlement/chain/bytes.h"
#include "settlement/netting/netting_window.h"

namespace tally::settlement {

inline constexpr std::size_t kBatchEntryBytes = 28;
inline constexpr std::size_t kBatchEntriesMax = 4096;  // The vault's limit.

// Where the vault stands, or will stand after the last sealed batch.
struct VaultHead {
  uint64_t next_batch = 1;
  uint64_t last_event = 0;
  uint64_t engine_time_ns = 0;
  Hash32 chain{};  // genesis before the first batch
  friend bool operator==(const VaultHead&, const VaultHead&) = default;
};

// A sealed batch: never changes again, and can execute on `parent` only. See
// docs/formats/settlement.md.
struct SettlementBatch {
  Hash32 parent{};
  uint64_t id = 0;
  uint64_t first_event = 0;
  uint64_t last_event = 0;
  uint64_t previous_engine_time_ns = 0;  // Of the batch before; 0 for the first.
  uint64_t engine_time_ns = 0;
  Hash32 exec_root{};  // Of the executions netted here (netting/executions.h); zero without any.
  Bytes data;          // Encoded entries.

  std::size_t entry_count() const { return data.size() / kBatchEntryBytes; }
};

// chain_0 of a vault.
Hash32 VaultGenesis(uint64_t chain_id, const Address& vault);

Bytes EncodeEntries(std::span<const NettedEntry> entries);
// kInvalidArgument unless whole entries in ascending order.
absl::StatusOr<std::vector<NettedEntry>> DecodeEntries(ByteView data);

SettlementBatch SealBatch(const VaultHead& head, std::span<const NettedEntry> entries,
                          EventSequence last_event, int64_t engine_time_ns,
                          const Hash32& exec_root = {});
// Hash of the chain of batches that ends with this one.
Hash32 ChainAfter(const SettlementBatch& batch);
VaultHead HeadAfter(const SettlementBatch& batch);

}  // namespace tally::settlement
