#include "settlement/relayer/transfer_feed.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "base/status.h"

namespace tally::settlement {
namespace {

Command CommandFor(const VaultTransfer& transfer, uint64_t chain_id) {
  Command command =
      MakeCommand(transfer.kind == VaultTransfer::Kind::kDeposit ? CommandType::kDeposit
                                                                 : CommandType::kWithdraw);
  command.account = transfer.account;
  command.chain_transfer = {.index = transfer.index,
                            .chain_id = chain_id,
                            .amount = transfer.amount,
                            .transaction_hash = transfer.transaction_hash.bytes,
                            .log_index = transfer.log_index,
                            .asset = transfer.asset,
                            .reserved = {}};
  return command;
}

}  // namespace

TransferFeed::TransferFeed(const RelayerConfig* config, RelayerStore* store, ChainClient* chain,
                           EngineLink* engine, const Clock* clock)
    : config_(*config), store_(store), chain_(chain), engine_(engine), clock_(clock) {}

void TransferFeed::Restore(const RelayerStore::Contents& contents) {
  scan_ = contents.scan.value_or(ScanPosition{.next_block = config_.start_block});
  pending_.clear();
  for (const auto* transfers : {&contents.deposits, &contents.withdraws}) {
    for (const auto& [index, transfer] : *transfers) {
      pending_[{transfer.block_number, transfer.log_index}] = transfer;
    }
  }
}

absl::Status TransferFeed::Scan(uint64_t final_number, const Checkpoint& position) {
  while (scan_.next_block <= final_number) {
    RETURN_IF_ERROR(CheckContinuity());
    const uint64_t last = std::min(final_number, scan_.next_block + config_.scan_blocks_max - 1);
    ASSIGN_OR_RETURN(std::vector<ChainLog> logs, chain_->Logs({.address = config_.vault,
                                                               .topics = VaultTransferTopics(),
                                                               .from_block = scan_.next_block,
                                                               .to_block = last}));
    ASSIGN_OR_RETURN(std::optional<BlockInfo> block, chain_->BlockByNumber(last));
    if (!block.has_value()) {
      return MakeChainStatus(ChainError::kTransport,
                             absl::StrCat("the node has no block ", last, " yet"));
    }
    ScanPosition scan = scan_;
    std::vector<VaultTransfer> fresh;
    RETURN_IF_ERROR(AddLogs(logs, position, &scan, &fresh));
    scan.next_block = last + 1;
    scan.last_hash = block->hash;
    RETURN_IF_ERROR(store_->SaveScan(scan, fresh));
    scan_ = scan;
    for (const VaultTransfer& transfer : fresh) {
      pending_[{transfer.block_number, transfer.log_index}] = transfer;
    }
  }
  return absl::OkStatus();
}

absl::Status TransferFeed::CheckContinuity() {
  if (scan_.last_hash == Hash32()) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(std::optional<BlockInfo> block, chain_->BlockByNumber(scan_.next_block - 1));
  if (!block.has_value()) {
    return MakeChainStatus(ChainError::kTransport,
                           absl::StrCat("the node lost block ", scan_.next_block - 1));
  }
  if (block->hash != scan_.last_hash) {
    return absl::DataLossError(absl::StrCat(
        "block ", scan_.next_block - 1, " was taken for final but has been replaced: deposits ",
        "already credited may be gone. Compare the vault with the engine, then raise "
        "'confirmations' (now ",
        config_.confirmations, ")"));
  }
  return absl::OkStatus();
}

absl::Status TransferFeed::AddLogs(const std::vector<ChainLog>& logs, const Checkpoint& position,
                                   ScanPosition* scan, std::vector<VaultTransfer>* fresh) {
  for (const ChainLog& log : logs) {
    ASSIGN_OR_RETURN(VaultTransfer transfer, ParseVaultTransfer(log));
    const bool is_deposit = transfer.kind == VaultTransfer::Kind::kDeposit;
    uint64_t* const seen = is_deposit ? &scan->deposits_seen : &scan->withdraws_seen;
    if (transfer.index <= *seen) {
      continue;  // After a step back.
    }
    if (transfer.index != *seen + 1) {
      // Some nodes answer log queries before they have indexed the blocks: step back, ask again.
      scan_.next_block -= std::min(scan_.next_block - config_.start_block, config_.scan_blocks_max);
      scan_.last_hash = {};
      return MakeChainStatus(
          ChainError::kTransport,
          absl::StrCat("the node's logs skip ", is_deposit ? "deposit " : "withdrawal ", *seen + 1,
                       ": the next one is ", transfer.index, " in block ", transfer.block_number));
    }
    *seen = transfer.index;
    const uint64_t done = is_deposit ? position.deposits_done : position.withdraws_done;
    if (transfer.index > done) {
      fresh->push_back(transfer);
    }
  }
  return absl::OkStatus();
}

void TransferFeed::DropDone(const Checkpoint& position) {
  const std::pair done(position.deposits_done, position.withdraws_done);
  if (done == done_) {
    return;
  }
  done_ = done;
  progress_at_ns_ = clock_->NowNs();
  std::erase_if(pending_, [&](const auto& item) {
    const VaultTransfer& transfer = item.second;
    return transfer.index <=
           (transfer.kind == VaultTransfer::Kind::kDeposit ? done.first : done.second);
  });
}

absl::Status TransferFeed::Submit(const Checkpoint& position) {
  DropDone(position);
  deposits_sent_ = std::max(deposits_sent_, position.deposits_done);
  withdraws_sent_ = std::max(withdraws_sent_, position.withdraws_done);
  if (clock_->NowNs() - progress_at_ns_ >= config_.resubmit_ns) {
    deposits_sent_ = position.deposits_done;
    withdraws_sent_ = position.withdraws_done;
  }
  std::size_t in_flight = 0;
  for (const auto& [place, transfer] : pending_) {
    if (++in_flight > config_.transfers_in_flight_max) {
      break;
    }
    uint64_t* const sent =
        transfer.kind == VaultTransfer::Kind::kDeposit ? &deposits_sent_ : &withdraws_sent_;
    if (transfer.index <= *sent) {
      continue;
    }
    RETURN_IF_ERROR(engine_->Submit(CommandFor(transfer, config_.chain_id)));
    *sent = transfer.index;
    progress_at_ns_ = clock_->NowNs();
  }
  return absl::OkStatus();
}

}  // namespace tally::settlement
