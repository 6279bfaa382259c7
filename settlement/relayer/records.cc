#include "settlement/relayer/records.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include <nlohmann/json.hpp>

#include "base/assert.h"
#include "base/status.h"

namespace tally::settlement {
namespace {

using nlohmann::json;

// 2: states between sealed and done have been refined, see StateFrom().
constexpr int kRecordSchema = 2;
constexpr char kIdentityKey[] = "identity";
constexpr char kCheckpointKey[] = "checkpoint";
constexpr char kScanKey[] = "scan";
constexpr char kDepositPrefix[] = "deposit/";
constexpr char kWithdrawPrefix[] = "withdraw/";
constexpr char kJobPrefix[] = "job/";
constexpr char kDonePrefix[] = "done/";
constexpr char kOwedPrefix[] = "owed/";
constexpr char kHeldPrefix[] = "held/";

// Zero-padded, so that keys sort as numbers.
std::string NumberedKey(const char* prefix, uint64_t number) {
  std::string digits = std::to_string(number);
  return prefix + std::string(20 - digits.size(), '0') + digits;
}

std::string TransferKey(const VaultTransfer& transfer) {
  return NumberedKey(
      transfer.kind == VaultTransfer::Kind::kDeposit ? kDepositPrefix : kWithdrawPrefix,
      transfer.index);
}

// Reads fields and remembers the first that is missing or of the wrong type, so that decoders read
// like the records.
class FieldReader {
 public:
  explicit FieldReader(const json& object) : object_(object) {}

  uint64_t U64(const char* name) {
    const json* field = Find(name);
    if (field == nullptr || !field->is_number_unsigned()) {
      return Bad(name), 0;
    }
    return field->get<uint64_t>();
  }
  int64_t I64(const char* name) {
    const json* field = Find(name);
    if (field == nullptr || !field->is_number_integer()) {
      return Bad(name), 0;
    }
    return field->get<int64_t>();
  }
  Bytes Binary(const char* name) {
    const json* field = Find(name);
    auto bytes = field != nullptr && field->is_string()
                     ? ParseHex(field->get<std::string>())
                     : absl::StatusOr<Bytes>(absl::DataLossError(name));
    return bytes.ok() ? *std::move(bytes) : (Bad(name), Bytes());
  }
  Hash32 Hash(const char* name) {
    const auto hash = ParseHash(Hex(Binary(name)));
    return hash.ok() ? *hash : (Bad(name), Hash32());
  }
  const json& Array(const char* name) {
    static const json kEmpty = json::array();
    const json* field = Find(name);
    return field != nullptr && field->is_array() ? *field : (Bad(name), kEmpty);
  }
  // Of fields that older records lack.
  Address OptionalAddress(const char* name) {
    if (Find(name) == nullptr) {
      return {};
    }
    const auto address = ParseAddress(Hex(Binary(name)));
    return address.ok() ? *address : (Bad(name), Address());
  }
  int64_t OptionalI64(const char* name) { return Find(name) == nullptr ? 0 : I64(name); }
  uint64_t OptionalU64(const char* name) { return Find(name) == nullptr ? 0 : U64(name); }
  Hash32 OptionalHash(const char* name) { return Find(name) == nullptr ? Hash32() : Hash(name); }
  const json& OptionalArray(const char* name) {
    static const json kEmpty = json::array();
    return Find(name) == nullptr ? kEmpty : Array(name);
  }
  const json& Object(const char* name) {
    static const json kEmpty = json::object();
    const json* field = Find(name);
    return field != nullptr && field->is_object() ? *field : (Bad(name), kEmpty);
  }
  void Bad(const char* name) {
    if (bad_.empty()) {
      bad_ = name;
    }
  }
  void Merge(const FieldReader& inner) {
    if (bad_.empty()) {
      bad_ = inner.bad_;
    }
  }
  absl::Status Result(std::string_view key) const {
    return bad_.empty() ? absl::OkStatus()
                        : absl::DataLossError(
                              absl::StrCat("store record ", ToAbsl(key), ": bad field ", bad_));
  }

 private:
  const json* Find(const char* name) const {
    const auto found = object_.is_object() ? object_.find(name) : object_.end();
    return object_.is_object() && found != object_.end() ? &*found : nullptr;
  }

  const json& object_;
  std::string bad_;
};

json ToJson(const VaultTransfer& transfer) {
  return {{"kind", static_cast<int>(transfer.kind)},
          {"index", transfer.index},
          {"account", Raw(transfer.account)},
          {"asset", Raw(transfer.asset)},
          {"amount", transfer.amount.value},
          {"block", transfer.block_number},
          {"transaction", Hex(transfer.transaction_hash)},
          {"log_index", transfer.log_index}};
}

VaultTransfer TransferFrom(FieldReader& in) {
  VaultTransfer transfer;
  transfer.kind = static_cast<VaultTransfer::Kind>(in.U64("kind"));
  transfer.index = in.U64("index");
  transfer.account = static_cast<AccountId>(in.U64("account"));
  transfer.asset = static_cast<AssetId>(in.U64("asset"));
  transfer.amount.value = in.I64("amount");
  transfer.block_number = in.U64("block");
  transfer.transaction_hash = in.Hash("transaction");
  transfer.log_index = static_cast<uint32_t>(in.U64("log_index"));
  return transfer;
}

json ToJson(const SettlementBatch& batch) {
  return {{"parent", Hex(batch.parent)},
          {"id", batch.id},
          {"first_event", batch.first_event},
          {"last_event", batch.last_event},
          {"previous_engine_time_ns", batch.previous_engine_time_ns},
          {"engine_time_ns", batch.engine_time_ns},
          {"exec_root", Hex(batch.exec_root)},
          {"data", Hex(batch.data)}};
}

SettlementBatch BatchFrom(FieldReader& in) {
  return {.parent = in.Hash("parent"),
          .id = in.U64("id"),
          .first_event = in.U64("first_event"),
          .last_event = in.U64("last_event"),
          .previous_engine_time_ns = in.U64("previous_engine_time_ns"),
          .engine_time_ns = in.U64("engine_time_ns"),
          .exec_root = in.Hash("exec_root"),
          .data = in.Binary("data")};
}

json ToJson(const Job& job) {
  json attempts = json::array();
  for (const Attempt& attempt : job.attempts) {
    attempts.push_back({{"tip_wei", attempt.tip_wei},
                        {"fee_cap_wei", attempt.fee_cap_wei},
                        {"raw", Hex(attempt.raw)},
                        {"hash", Hex(attempt.hash)}});
  }
  json abandoned = json::array();
  for (const Hash32& hash : job.abandoned) {
    abandoned.push_back({{"hash", Hex(hash)}});
  }
  json object = {{"schema", kRecordSchema},
                 {"id", job.id},
                 {"kind", static_cast<int>(job.kind)},
                 {"state", static_cast<int>(job.state)},
                 {"withdrawals", job.withdrawals},
                 {"gas_limit", job.gas_limit},
                 {"deadline_ns", job.deadline_ns},
                 {"lane", Hex(job.lane)},
                 {"nonce", job.nonce},
                 {"attempts", attempts},
                 {"abandoned", abandoned},
                 {"mined_block", job.mined_block},
                 {"mined_block_hash", Hex(job.mined_block_hash)},
                 {"mined_transaction", Hex(job.mined_transaction)}};
  if (job.kind == JobKind::kSettle) {
    object["batch"] = ToJson(job.batch);
    json excluded = json::array();
    for (AccountId account : job.excluded) {
      excluded.push_back({{"account", Raw(account)}});
    }
    object["excluded"] = excluded;
    object["last_trade"] = Raw(job.last_trade);
    object["trade_count"] = job.trade_count;
    object["failed_transaction"] = Hex(job.failed_transaction);
  }
  return object;
}

JobState StateFrom(uint64_t schema, uint64_t state) {
  constexpr JobState kOfSchema1[] = {JobState::kSealed, JobState::kAssigned, JobState::kAttempted,
                                     JobState::kMined,  JobState::kFinal,    JobState::kDone};
  if (schema == 1 && state >= 1 && state <= std::size(kOfSchema1)) {
    return kOfSchema1[state - 1];
  }
  return static_cast<JobState>(state);
}

Job JobFrom(FieldReader& in) {
  Job job;
  job.id = in.U64("id");
  job.kind = static_cast<JobKind>(in.U64("kind"));
  job.state = StateFrom(in.U64("schema"), in.U64("state"));
  if (job.state < JobState::kSealed || job.state > JobState::kDone) {
    in.Bad("state");
  }
  job.gas_limit = in.U64("gas_limit");
  job.deadline_ns = in.OptionalI64("deadline_ns");
  job.lane = in.OptionalAddress("lane");
  job.nonce = in.U64("nonce");
  job.mined_block = in.U64("mined_block");
  job.mined_block_hash = in.Hash("mined_block_hash");
  job.mined_transaction = in.Hash("mined_transaction");
  job.failed_transaction = in.OptionalHash("failed_transaction");
  job.last_trade = static_cast<TradeId>(in.OptionalU64("last_trade"));
  job.trade_count = static_cast<uint32_t>(in.OptionalU64("trade_count"));
  for (const json& index : in.Array("withdrawals")) {
    if (!index.is_number_unsigned()) {
      in.Bad("withdrawals");
      break;
    }
    job.withdrawals.push_back(index.get<uint64_t>());
  }
  for (const json& item : in.Array("attempts")) {
    FieldReader inner(item);
    job.attempts.push_back({.tip_wei = inner.U64("tip_wei"),
                            .fee_cap_wei = inner.U64("fee_cap_wei"),
                            .raw = inner.Binary("raw"),
                            .hash = inner.Hash("hash")});
    in.Merge(inner);
  }
  for (const json& item : in.Array("abandoned")) {
    FieldReader inner(item);
    job.abandoned.push_back(inner.Hash("hash"));
    in.Merge(inner);
  }
  if (job.kind == JobKind::kSettle) {
    FieldReader inner(in.Object("batch"));
    job.batch = BatchFrom(inner);
    in.Merge(inner);
    for (const json& item : in.OptionalArray("excluded")) {
      FieldReader account(item);
      job.excluded.push_back(static_cast<AccountId>(account.U64("account")));
      in.Merge(account);
    }
  }
  return job;
}

json ToJson(const VaultHead& head) {
  return {{"next_batch", head.next_batch},
          {"last_event", head.last_event},
          {"engine_time_ns", head.engine_time_ns},
          {"chain", Hex(head.chain)}};
}

json ToJson(const Checkpoint& checkpoint) {
  json terms = json::array();
  for (const auto& [instrument, term] : checkpoint.terms) {
    terms.push_back({{"instrument", Raw(instrument)},
                     {"tick_quanta", term.tick_quanta.value},
                     {"lot_quanta", term.lot_quanta.value},
                     {"fee_account", Raw(term.fee_account)},
                     {"base_asset", Raw(term.base_asset)},
                     {"quote_asset", Raw(term.quote_asset)}});
  }
  return {{"schema", kRecordSchema},
          {"last_event", checkpoint.last_event},
          {"head", ToJson(checkpoint.head)},
          {"next_job", checkpoint.next_job},
          {"deposits_done", checkpoint.deposits_done},
          {"withdraws_done", checkpoint.withdraws_done},
          {"batches_reported", checkpoint.batches_reported},
          {"instruments", terms}};
}

Checkpoint CheckpointFrom(FieldReader& in) {
  Checkpoint checkpoint;
  checkpoint.last_event = in.U64("last_event");
  FieldReader head(in.Object("head"));
  checkpoint.head = {.next_batch = head.U64("next_batch"),
                     .last_event = head.U64("last_event"),
                     .engine_time_ns = head.U64("engine_time_ns"),
                     .chain = head.Hash("chain")};
  in.Merge(head);
  checkpoint.next_job = in.U64("next_job");
  checkpoint.deposits_done = in.U64("deposits_done");
  checkpoint.withdraws_done = in.U64("withdraws_done");
  checkpoint.batches_reported = in.U64("batches_reported");
  for (const json& item : in.Array("instruments")) {
    FieldReader inner(item);
    InstrumentDefinedEvent& term =
        checkpoint.terms[static_cast<InstrumentId>(inner.U64("instrument"))];
    term.tick_quanta.value = inner.I64("tick_quanta");
    term.lot_quanta.value = inner.I64("lot_quanta");
    term.fee_account = static_cast<AccountId>(inner.U64("fee_account"));
    term.base_asset = static_cast<AssetId>(inner.U64("base_asset"));
    term.quote_asset = static_cast<AssetId>(inner.U64("quote_asset"));
    in.Merge(inner);
  }
  return checkpoint;
}

json ToJson(const ScanPosition& scan) {
  return {{"next_block", scan.next_block},
          {"last_hash", Hex(scan.last_hash)},
          {"deposits_seen", scan.deposits_seen},
          {"withdraws_seen", scan.withdraws_seen}};
}

ScanPosition ScanFrom(FieldReader& in) {
  return {.next_block = in.U64("next_block"),
          .last_hash = in.Hash("last_hash"),
          .deposits_seen = in.U64("deposits_seen"),
          .withdraws_seen = in.U64("withdraws_seen")};
}

Identity IdentityFrom(FieldReader& in) {
  Identity identity{.chain_id = in.U64("chain_id"), .vault = {}};
  const auto vault = ParseAddress(Hex(in.Binary("vault")));
  if (vault.ok()) {
    identity.vault = *vault;
  } else {
    in.Bad("vault");
  }
  return identity;
}

std::string OwedKey(const Owed& owed) {
  return NumberedKey(kOwedPrefix, owed.batch) + "/" + std::to_string(Raw(owed.account));
}

// Records of older versions lack the trades.
Owed OwedFrom(FieldReader& in) {
  Owed owed{.batch = in.U64("batch"),
            .account = static_cast<AccountId>(in.U64("account")),
            .data = in.Binary("data"),
            .first_event = in.OptionalU64("first_event"),
            .last_event = in.OptionalU64("last_event"),
            .trades = {}};
  for (const json& item : in.OptionalArray("trades")) {
    FieldReader trade(item);
    owed.trades.push_back(static_cast<TradeId>(trade.U64("id")));
    in.Merge(trade);
  }
  return owed;
}

absl::Status LoadRecord(std::string_view key, std::string_view value,
                        RelayerStore::Contents* contents) {
  const json object = json::parse(value, nullptr, /*allow_exceptions=*/false);
  FieldReader in(object);
  if (key == kIdentityKey) {
    contents->identity = IdentityFrom(in);
  } else if (key == kCheckpointKey) {
    contents->checkpoint = CheckpointFrom(in);
  } else if (key == kScanKey) {
    contents->scan = ScanFrom(in);
  } else if (key.starts_with(kDepositPrefix) || key.starts_with(kWithdrawPrefix)) {
    const VaultTransfer transfer = TransferFrom(in);
    (key.starts_with(kDepositPrefix) ? contents->deposits : contents->withdraws)[transfer.index] =
        transfer;
  } else if (key.starts_with(kJobPrefix)) {
    Job job = JobFrom(in);
    const uint64_t id = job.id;
    contents->jobs[id] = std::move(job);
  } else if (key.starts_with(kOwedPrefix)) {
    Owed owed = OwedFrom(in);
    const std::pair place(owed.batch, owed.account);
    contents->owed[place] = std::move(owed);
  } else if (key.starts_with(kHeldPrefix)) {
    contents->held.insert(in.U64("withdrawal"));
  }
  return in.Result(key);
}

}  // namespace

void AppendOwed(const Owed& owed, StoreWrite* write) {
  json trades = json::array();
  for (const TradeId trade : owed.trades) {
    trades.push_back({{"id", Raw(trade)}});
  }
  const json object = {{"schema", kRecordSchema},
                       {"batch", owed.batch},
                       {"account", Raw(owed.account)},
                       {"data", Hex(owed.data)},
                       {"first_event", owed.first_event},
                       {"last_event", owed.last_event},
                       {"trades", trades}};
  write->puts.emplace_back(OwedKey(owed), object.dump());
}

void AppendSettled(const Owed& owed, StoreWrite* write) { write->deletes.push_back(OwedKey(owed)); }

void AppendHeld(uint64_t withdrawal, StoreWrite* write) {
  const json object = {{"schema", kRecordSchema}, {"withdrawal", withdrawal}};
  write->puts.emplace_back(NumberedKey(kHeldPrefix, withdrawal), object.dump());
}

void AppendRelease(uint64_t withdrawal, StoreWrite* write) {
  write->deletes.push_back(NumberedKey(kHeldPrefix, withdrawal));
}

std::string_view JobKindName(JobKind kind) {
  switch (kind) {
    case JobKind::kSettle:
      return "settle";
    case JobKind::kFinalizeWithdrawals:
      return "finalize withdrawals";
    case JobKind::kRejectWithdrawals:
      return "reject withdrawals";
    case JobKind::kCancel:
      return "cancel";
  }
  return "unknown";
}

std::string DescribeJob(const Job& job) {
  if (job.kind == JobKind::kSettle) {
    return absl::StrCat("batch ", job.batch.id, " (events ", job.batch.first_event, " to ",
                        job.batch.last_event, ")");
  }
  if (job.kind == JobKind::kCancel) {
    return absl::StrCat("filler of nonce ", job.nonce);
  }
  const uint64_t first = job.withdrawals.empty() ? 0 : job.withdrawals.front();
  const uint64_t last = job.withdrawals.empty() ? 0 : job.withdrawals.back();
  return absl::StrCat(ToAbsl(JobKindName(job.kind)), " ", first,
                      last == first ? std::string() : absl::StrCat(" to ", last));
}

absl::StatusOr<RelayerStore::Contents> RelayerStore::Load() {
  Contents contents;
  for (const char* prefix : {kIdentityKey, kCheckpointKey, kScanKey, kDepositPrefix,
                             kWithdrawPrefix, kJobPrefix, kOwedPrefix, kHeldPrefix}) {
    RETURN_IF_ERROR(store_->Visit(prefix, [&](std::string_view key, std::string_view value) {
      return LoadRecord(key, value, &contents);
    }));
  }
  return contents;
}

absl::Status RelayerStore::SaveStart(const Identity& identity, const Checkpoint& checkpoint,
                                     const ScanPosition& scan) {
  const json object = {
      {"schema", kRecordSchema}, {"chain_id", identity.chain_id}, {"vault", Hex(identity.vault)}};
  return store_->Write({.puts = {{kIdentityKey, object.dump()},
                                 {kCheckpointKey, ToJson(checkpoint).dump()},
                                 {kScanKey, ToJson(scan).dump()}},
                        .deletes = {}});
}

absl::Status RelayerStore::SaveCheckpoint(const Checkpoint& checkpoint,
                                          const std::vector<Job>& new_jobs,
                                          const std::vector<VaultTransfer>& obsolete,
                                          StoreWrite write) {
  for (const VaultTransfer& transfer : obsolete) {
    write.deletes.push_back(TransferKey(transfer));
  }
  for (const Job& job : new_jobs) {
    write.puts.emplace_back(NumberedKey(kJobPrefix, job.id), ToJson(job).dump());
  }
  write.puts.emplace_back(kCheckpointKey, ToJson(checkpoint).dump());
  return store_->Write(write);
}

absl::Status RelayerStore::SaveScan(const ScanPosition& scan,
                                    const std::vector<VaultTransfer>& transfers) {
  StoreWrite write;
  for (const VaultTransfer& transfer : transfers) {
    write.puts.emplace_back(TransferKey(transfer), ToJson(transfer).dump());
  }
  write.puts.emplace_back(kScanKey, ToJson(scan).dump());
  return store_->Write(write);
}

absl::Status RelayerStore::SaveJobs(const std::vector<const Job*>& jobs) {
  StoreWrite write;
  for (const Job* job : jobs) {
    const bool is_done = job->state == JobState::kDone;
    if (is_done) {
      write.deletes.push_back(NumberedKey(kJobPrefix, job->id));
    }
    write.puts.emplace_back(NumberedKey(is_done ? kDonePrefix : kJobPrefix, job->id),
                            ToJson(*job).dump());
  }
  return store_->Write(write);
}

}  // namespace tally::settlement
