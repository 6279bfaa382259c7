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
                      : rejection.type == CommandType::kDispute  ? "the dispute about batch "
                                                                 : "the status of batch ",
                      rejection.index, ": ", ToAbsl(RejectReasonName(rejection.reason)));
}

}  // namespace

Relayer::Relayer(const RelayerConfig& config, const Dependencies& dependencies)
    : config_(config),
      dependencies_(dependencies),
      store_(dependencies.store),
      vault_(dependencies.chain, config.vault),
      fees_(WindowBlocks(config.timing)),
      batcher_(&config_, &store_, dependencies.events, dependencies.clock, &fees_),
      transfers_(&config_, &store_, dependencies.chain, dependencies.engine, dependencies.clock),
      sender_(&config_, {.store = &store_,
                         .chain = dependencies.chain,
                         .engine = dependencies.engine,
                         .signer = dependencies.signer,
                         .clock = dependencies.clock,
                         .senders = dependencies.senders}),
      justifier_(&config_, {.store = dependencies.store,
                            .chain = dependencies.chain,
                            .events = dependencies.events,
                            .signer = dependencies.justifier,
                            .clock = dependencies.clock}),
      quarantine_(&config_, {.store = &store_,
                             .chain = dependencies.chain,
                             .events = dependencies.events,
                             .batcher = &batcher_,
                             .sender = &sender_,
                             .signer = dependencies.signer,
                             .clock = dependencies.clock}),
      reporter_(dependencies.engine),
      disputes_(&config_, {.engine = dependencies.engine,
                           .events = dependencies.events,
                           .clock = dependencies.clock}),
      runway_(&config_, dependencies.chain, dependencies.clock) {
  CHECK(config_.batch_entries_max >= NettingWindow::kTradeEntriesMax);
  CHECK(config_.batch_entries_max <= kBatchEntriesMax);
  CHECK(config_.withdrawals_per_call_max > 0 && config_.jobs_in_flight_max > 0);
  runway_.Watch(dependencies.signer->address(), "operator");
  if (dependencies.justifier != nullptr) {
    runway_.Watch(dependencies.justifier->address(), "justifier");
  }
  for (const Signer* const sender : dependencies.senders) {
    runway_.Watch(sender->address(), "sender");
  }
}

bool Relayer::IsTransient(const absl::Status& status) { return settlement::IsTransient(status); }

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
  if (vault_operator != dependencies_.signer->address()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the key belongs to ", Hex(dependencies_.signer->address()),
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
  RETURN_IF_ERROR(batcher_.Restore(*contents.checkpoint));
  RETURN_IF_ERROR(justifier_.Restore(head.next_batch));
  transfers_.Restore(contents);
  quarantine_.Restore(contents);
  return sender_.Restore(std::move(contents.jobs));
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

absl::StatusOr<JobSender::Heads> Relayer::Heads() {
  ASSIGN_OR_RETURN(BlockInfo block, dependencies_.chain->BlockByTag(BlockTag::kLatest));
  JobSender::Heads heads{.latest = block.number, .latest_hash = block.hash, .safe = 0, .final = 0};
  if (config_.confirmations > 0) {
    heads.safe = block.number - std::min(block.number, (config_.confirmations + 1) / 2);
    heads.final = block.number - std::min(block.number, config_.confirmations);
    return heads;
  }
  ASSIGN_OR_RETURN(BlockInfo safe, dependencies_.chain->BlockByTag(BlockTag::kSafe));
  ASSIGN_OR_RETURN(BlockInfo final_block, dependencies_.chain->BlockByTag(BlockTag::kFinalized));
  heads.safe = safe.number;
  heads.final = final_block.number;
  return heads;
}

// For the batcher's next round: once for each new head.
absl::Status Relayer::ReadFees(uint64_t latest) {
  if (config_.timing.deadline_blocks == 0 || (latest == fees_read_at_ && fees_.size() > 0)) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const FeeHistory history,
                   dependencies_.chain->BaseFees(fees_.MissingAt(latest)));
  fees_.Add(history);
  fees_read_at_ = latest;
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
  // While the chain does not keep up, the backlog waits in the event log and not in memory.
  absl::Status read =
      sender_.unsettled_count() < config_.jobs_queued_max ? batcher_.Read(&jobs) : absl::OkStatus();
  for (Job& job : jobs) {
    sender_.Add(std::move(job));
  }
  if (!keep_going(read)) {
    return read;
  }
  ASSIGN_OR_RETURN(JobSender::Heads heads, Heads());
  runway_.Step();
  // Challenges first: they have a deadline, and nothing below may keep them waiting.
  absl::Status status = justifier_.Step(heads.latest, heads.final);
  if (!keep_going(status)) {
    return status;
  }
  status = ReadFees(heads.latest);
  if (keep_going(status)) {
    status = transfers_.Scan(heads.final, batcher_.position());
  }
  if (keep_going(status)) {
    status = transfers_.Submit(batcher_.position());
  }
  if (keep_going(status)) {
    status = sender_.Step(heads);
  }
  if (keep_going(status)) {
    status = quarantine_.Step();
  }
  if (keep_going(status)) {
    status = ReportToEngine();
  }
  if (!keep_going(status)) {
    return status;
  }
  return trouble;
}

absl::Status Relayer::ReportToEngine() {
  const uint64_t reported = batcher_.position().batches_reported;
  RETURN_IF_ERROR(sender_.Report(reported));
  RETURN_IF_ERROR(reporter_.Step(sender_.jobs(), reported));
  RETURN_IF_ERROR(quarantine_.Forget(batcher_.disputes()));
  return disputes_.Step(quarantine_.owed(), batcher_.disputes());
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
  return !batcher_.has_open_work() && sender_.jobs().empty() && sender_.fillers().empty() &&
         transfers_.pending_count() == 0 && disputes_.idle();
}

}  // namespace tally::settlement
