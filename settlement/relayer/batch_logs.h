#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

#include "settlement/chain/chain_client.h"
#include "settlement/netting/settlement_batch.h"
#include "settlement/relayer/relayer_config.h"

namespace tally::settlement {

// The Batch log of a settlement: everything about a batch but its entries.
struct BatchLog {
  uint64_t id = 0;
  uint64_t first_event = 0;
  uint64_t last_event = 0;
  uint64_t engine_time_ns = 0;
  Hash32 exec_root{};
  Hash32 chain{};  // After the batch.
  uint64_t block_number = 0;
  Hash32 transaction_hash{};
};

Hash32 BatchTopic();
absl::StatusOr<BatchLog> ParseBatchLog(const ChainLog& log);

// The header of batch `id`, from the logs of the vault; no entries. kNotFound if it is not settled.
// Cost: reads the logs from the vault's first block on.
absl::StatusOr<SettlementBatch> FindBatchHeader(ChainClient* chain, const RelayerConfig& config,
                                                uint64_t id);

// The header that `log` stands for, after the batch that `before` stands for (a default BatchLog
// with the genesis as its chain before the first one).
SettlementBatch HeaderOf(const BatchLog& log, const BatchLog& before);

}  // namespace tally::settlement
