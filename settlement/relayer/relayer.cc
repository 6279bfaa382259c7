#include "settlement/relayer/relayer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "base/status.h"
#include "settlement/chain/abi.h"

namespace tally::settlement {
namespace {

constexpr std::string_view kBatchEvent = "Batch(uint64,uint64,uint64,uint64,bytes32,bytes32)";

std::string RejectionText(const EngineLink::Rejection& rejection) {
  return absl::StrCat("the engine rejected ",
                      rejection.type == CommandType::kDeposit    ? "deposit "
                      : rejection.type == CommandType::kWithdraw ? "withdrawal "
                                                                 : "settled batch ",
                      rejection.index, ": ", ToAbsl(RejectReasonName(rejection.reason)));
}

}  // namespace

Relayer::Relayer(const RelayerConfig& config, const Dependencies& dependencies)
    : config_(config),
      dependencies_(dependencies),
      store_(dependencies.store),
      vault_(dependencies.chain, config.vault),
      batcher_(&config_, &store_, dependencies.events, dependencies.clock),
      transfers_(&config_, &store_, dependencies.chain, dependencies.engine, dependencies.clock),
      sender_(&config_, {.store = &store_,
                         .chain = dependencies.chain,
                         .engine = dependencies.engine,
                         .key = dependencies.key,
                         .clock = dependencies.clock}) {
  CHECK(config_.batch_entries_max >= NettingWindow::kTradeEntriesMax);
  CHECK(config_.batch_entries_max <= kBatchEntriesMax);
  CHECK(config_.withdrawals_per_call_max > 0 && config_.jobs_in_flight_max > 0);
}

bool Relayer::IsTransient(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kUnknown:
      return true;
    default:
      return false;
  }
}

absl::Status Relayer::Start() {
  ASSIGN_OR_RETURN(uint64_t chain_id, dependencies_.chain->ChainId());
  if (chain_id != config_.chain_id) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the node is on chain ", chain_id, ", the configuration says ", config_.chain_id));
  }
  ASSIGN_OR_RETURN(Bytes code, dependencies_.chain->Code(config_.vault));
  if (code.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("there is no contract at the vault's address ", Hex(config_.vault)));
  }
  ASSIGN_OR_RETURN(Address vault_operator, vault_.Operator());
  if (vault_operator != dependencies_.key->address()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the key belongs to ", Hex(dependencies_.key->address()),
                     " but the vault's operator is ", Hex(vault_operator)));
  }
  ASSIGN_OR_RETURN(VaultHead head, vault_.Head());
  ASSIGN_OR_RETURN(RelayerStore::Contents contents, store_.Load());
  if (!contents.identity.has_value()) {
    RETURN_IF_ERROR(StartFresh(head));
    ASSIGN_OR_RETURN(contents, store_.Load());
  }
  const Identity expected{.chain_id = config_.chain_id, .vault = config_.vault};
  if (contents.identity != expected || !contents.checkpoint.has_value()) {
    return absl::FailedPreconditionError(
        "the relayer's store belongs to another vault or chain; give it a directory of its own");
  }
  RETURN_IF_ERROR(CheckHead(contents, head));
  batcher_.Restore(*contents.checkpoint);
  transfers_.Restore(contents);
  sender_.Restore(std::move(contents.jobs));
  return absl::OkStatus();
}

absl::Status Relayer::StartFresh(const VaultHead& head) {
  Checkpoint checkpoint;
  checkpoint.head = head;
  std::vector<Job> jobs;
  RETURN_IF_ERROR(AdoptSettledBatches(head, &jobs));
  checkpoint.next_job = jobs.size() + 1;
  if (!jobs.empty()) {
    // The jobs first: without an identity, a start that was cut short begins anew.
    RETURN_IF_ERROR(store_.SaveCheckpoint(checkpoint, jobs, {}));
  }
  return store_.SaveStart({.chain_id = config_.chain_id, .vault = config_.vault}, checkpoint,
                          {.next_block = config_.start_block});
}

// A store that was lost may have settled batches without the engine knowing: they become jobs that
// only wait for finality and for the engine.
absl::Status Relayer::AdoptSettledBatches(const VaultHead& head, std::vector<Job>* jobs) {
  if (head.next_batch == 1) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(BlockInfo latest, dependencies_.chain->BlockByTag(BlockTag::kLatest));
  for (uint64_t from = config_.start_block; from <= latest.number;
       from += config_.scan_blocks_max) {
    ASSIGN_OR_RETURN(
        std::vector<ChainLog> logs,
        dependencies_.chain->Logs(
            {.address = config_.vault,
             .topics = {EventTopic(kBatchEvent)},
             .from_block = from,
             .to_block = std::min(latest.number, from + config_.scan_blocks_max - 1)}));
    for (const ChainLog& log : logs) {
      ASSIGN_OR_RETURN(
          uint64_t id,
          AbiReader(log.topics.size() == 2 ? View(log.topics[1]) : ByteView()).Word64(0));
      if (id >= head.next_batch) {
        continue;  // Settled since the head was read: by whom, CheckHead will ask.
      }
      const AbiReader data(log.data);
      Job job;
      job.id = jobs->size() + 1;
      job.state = JobState::kMined;
      job.batch.id = id;
      ASSIGN_OR_RETURN(job.batch.first_event, data.Word64(0));
      ASSIGN_OR_RETURN(job.batch.last_event, data.Word64(1));
      job.mined_block = log.block_number;
      job.mined_transaction = log.transaction_hash;
      jobs->push_back(std::move(job));
    }
  }
  if (jobs->size() + 1 != head.next_batch) {
    return MakeChainStatus(ChainError::kTransport,
                           absl::StrCat("the node's logs show ", jobs->size(), " batches of ",
                                        head.next_batch - 1, "; is 'start_block' too late?"));
  }
  return absl::OkStatus();
}

absl::Status Relayer::CheckHead(const RelayerStore::Contents& contents, const VaultHead& head) {
  const VaultHead& sealed = contents.checkpoint->head;
  if (head.next_batch > sealed.next_batch) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the vault has settled batch ", head.next_batch - 1, " but this store sealed only up to ",
        sealed.next_batch - 1, ": it is an old copy, or another relayer settles this vault. Stop ",
        "the other one, or start with an empty store"));
  }
  if (head.next_batch == sealed.next_batch && head.chain != sealed.chain) {
    return absl::FailedPreconditionError(
        "the vault settled other batches than this store sealed: another relayer settles this "
        "vault");
  }
  return absl::OkStatus();
}

absl::Status Relayer::FinalNumber(uint64_t* latest, uint64_t* final_number) {
  ASSIGN_OR_RETURN(BlockInfo block, dependencies_.chain->BlockByTag(BlockTag::kLatest));
  *latest = block.number;
  if (config_.confirmations > 0) {
    *final_number = block.number - std::min(block.number, config_.confirmations);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(BlockInfo final_block, dependencies_.chain->BlockByTag(BlockTag::kFinalized));
  *final_number = final_block.number;
  return absl::OkStatus();
}

void Relayer::PollEngine() {
  for (const EngineLink::Rejection& rejection : dependencies_.engine->Poll()) {
    config_.log(LogLevel::kError, RejectionText(rejection));
  }
}

absl::Status Relayer::Step() {
  absl::Status trouble;
  const auto keep_going = [&](const absl::Status& status) {
    trouble.Update(status);
    return status.ok() || IsTransient(status);
  };
  PollEngine();
  std::vector<Job> jobs;
  absl::Status read = batcher_.Read(&jobs);
  for (Job& job : jobs) {
    sender_.Add(std::move(job));
  }
  if (!keep_going(read)) {
    return read;
  }
  uint64_t latest = 0;
  uint64_t final_number = 0;
  RETURN_IF_ERROR(FinalNumber(&latest, &final_number));
  absl::Status status = transfers_.Scan(final_number, batcher_.position());
  if (keep_going(status)) {
    status = transfers_.Submit(batcher_.position());
  }
  if (keep_going(status)) {
    status = sender_.Step(latest, final_number);
  }
  if (keep_going(status)) {
    status = sender_.Report(batcher_.position().batches_reported);
  }
  if (!keep_going(status)) {
    return status;
  }
  return trouble;
}

absl::Status Relayer::Flush() {
  std::vector<Job> jobs;
  absl::Status status = batcher_.Flush(&jobs);
  for (Job& job : jobs) {
    sender_.Add(std::move(job));
  }
  return status;
}

bool Relayer::idle() const {
  return !batcher_.has_open_work() && sender_.jobs().empty() && transfers_.pending_count() == 0;
}

}  // namespace tally::settlement
