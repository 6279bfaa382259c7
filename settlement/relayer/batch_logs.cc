#include "settlement/relayer/batch_logs.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "settlement/chain/abi.h"

namespace tally::settlement {

Hash32 BatchTopic() { return EventTopic("Batch(uint64,uint64,uint64,uint64,bytes32,bytes32)"); }

absl::StatusOr<BatchLog> ParseBatchLog(const ChainLog& log) {
  if (log.topics.size() != 2 || log.topics[0] != BatchTopic()) {
    return absl::DataLossError("not a Batch log of the vault");
  }
  BatchLog batch;
  const AbiReader data(log.data);
  ASSIGN_OR_RETURN(batch.id, AbiReader(View(log.topics[1])).Word64(0));
  ASSIGN_OR_RETURN(batch.first_event, data.Word64(0));
  ASSIGN_OR_RETURN(batch.last_event, data.Word64(1));
  ASSIGN_OR_RETURN(batch.engine_time_ns, data.Word64(2));
  ASSIGN_OR_RETURN(batch.exec_root, data.WordHash(3));
  ASSIGN_OR_RETURN(batch.chain, data.WordHash(4));
  batch.block_number = log.block_number;
  batch.transaction_hash = log.transaction_hash;
  return batch;
}

SettlementBatch HeaderOf(const BatchLog& log, const BatchLog& before) {
  return {.parent = before.chain,
          .id = log.id,
          .first_event = log.first_event,
          .last_event = log.last_event,
          .previous_engine_time_ns = before.engine_time_ns,
          .engine_time_ns = log.engine_time_ns,
          .exec_root = log.exec_root,
          .data = {}};
}

absl::StatusOr<SettlementBatch> FindBatchHeader(ChainClient* chain, const RelayerConfig& config,
                                                uint64_t id) {
  ASSIGN_OR_RETURN(BlockInfo latest, chain->BlockByTag(BlockTag::kLatest));
  BatchLog before;
  before.chain = VaultGenesis(config.chain_id, config.vault);
  for (uint64_t from = config.start_block; from <= latest.number; from += config.scan_blocks_max) {
    ASSIGN_OR_RETURN(
        std::vector<ChainLog> logs,
        chain->Logs({.address = config.vault,
                     .topics = {BatchTopic()},
                     .from_block = from,
                     .to_block = std::min(latest.number, from + config.scan_blocks_max - 1)}));
    for (const ChainLog& log : logs) {
      ASSIGN_OR_RETURN(BatchLog batch, ParseBatchLog(log));
      if (batch.id == id) {
        return HeaderOf(batch, before);
      }
      before = batch;
    }
  }
  return absl::NotFoundError(absl::StrCat("the chain has no log of batch ", id));
}

}  // namespace tally::settlement
