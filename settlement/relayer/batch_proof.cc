#include "settlement/relayer/batch_proof.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "base/status.h"
#include "settlement/relayer/order_archive.h"

namespace tally::settlement {
namespace {

constexpr uint8_t kProofSchema = 1;

void AppendHash(std::string* out, const Hash32& hash) {
  out->append(hash.bytes.begin(), hash.bytes.end());
}

void AppendExecution(std::string* out, const Execution& execution) {
  AppendRecord(out, Raw(execution.account), 4);
  AppendHash(out, execution.order_hash);
  AppendRecord128(out, execution.base);
  AppendRecord128(out, execution.quote);
  AppendRecord128(out, static_cast<unsigned __int128>(execution.fee));
  AppendRecord128(out, execution.cum_before);
}

Execution ReadExecution(RecordReader* in) {
  Execution execution;
  execution.account = AccountId{static_cast<uint32_t>(in->U64(4))};
  execution.order_hash = in->Hash();
  execution.base = in->U128();
  execution.quote = in->U128();
  execution.fee = static_cast<__int128>(in->U128());
  execution.cum_before = in->U128();
  return execution;
}

void AppendWord(Bytes* out, uint64_t value) { AppendBigEndian(out, value, kWordBytes); }

// SignedExecution: five words of Execution, ten of Order, then where signature and proof begin.
Bytes EncodeRow(const BatchProof::Row& row, const std::vector<Hash32>& proof) {
  constexpr std::size_t kHeadWords = 5 + kOrderWords + 2;
  constexpr std::size_t kSignatureWords = 1 + 2;
  Bytes out;
  AppendExecutionWords(&out, row.execution);
  AppendOrderWords(&out, row.order);
  AppendWord(&out, kHeadWords * kWordBytes);
  AppendWord(&out, (kHeadWords + kSignatureWords) * kWordBytes);
  AppendWord(&out, row.order.signature.size());
  AppendBytes(&out, row.order.signature);
  AppendWord(&out, proof.size());
  for (const Hash32& sibling : proof) {
    AppendBytes(&out, View(sibling));
  }
  return out;
}

}  // namespace

void AppendExecutionWords(Bytes* out, const Execution& execution) {
  AppendBytes(out, View(execution.order_hash));
  AppendUint96Word(out, execution.base);
  AppendUint96Word(out, execution.quote);
  AppendInt96Word(out, execution.fee);
  AppendUint96Word(out, execution.cum_before);
}

BatchProof MakeProof(const SettlementBatch& batch, const BatchExecutions& executions,
                     std::vector<Hash32> leaves) {
  CHECK(leaves.size() == executions.rows.size());
  BatchProof proof{.batch = batch, .leaves = std::move(leaves), .rows = {}};
  for (std::size_t i = 0; i < executions.rows.size(); ++i) {
    const BatchExecutions::Row& row = executions.rows[i];
    if (row.signed_order >= 0) {
      proof.rows.push_back(
          {.leaf = static_cast<uint32_t>(i),
           .execution = row.execution,
           .order = executions.orders[static_cast<std::size_t>(row.signed_order)]});
    }
  }
  return proof;
}

std::string EncodeProof(const BatchProof& proof) {
  std::string out;
  AppendRecord(&out, kProofSchema, 1);
  AppendHash(&out, proof.batch.parent);
  AppendRecord(&out, proof.batch.id);
  AppendRecord(&out, proof.batch.first_event);
  AppendRecord(&out, proof.batch.last_event);
  AppendRecord(&out, proof.batch.previous_engine_time_ns);
  AppendRecord(&out, proof.batch.engine_time_ns);
  AppendHash(&out, proof.batch.exec_root);
  AppendRecord(&out, proof.batch.data.size(), 4);
  out.append(proof.batch.data.begin(), proof.batch.data.end());
  AppendRecord(&out, proof.leaves.size(), 4);
  for (const Hash32& leaf : proof.leaves) {
    AppendHash(&out, leaf);
  }
  AppendRecord(&out, proof.rows.size(), 4);
  for (const BatchProof::Row& row : proof.rows) {
    AppendRecord(&out, row.leaf, 4);
    AppendExecution(&out, row.execution);
    AppendOrderRecord(&out, row.order);
  }
  return out;
}

absl::StatusOr<BatchProof> DecodeProof(std::string_view record) {
  RecordReader in(record);
  BatchProof proof;
  const bool is_known = in.U64(1) == kProofSchema;
  proof.batch.parent = in.Hash();
  proof.batch.id = in.U64();
  proof.batch.first_event = in.U64();
  proof.batch.last_event = in.U64();
  proof.batch.previous_engine_time_ns = in.U64();
  proof.batch.engine_time_ns = in.U64();
  proof.batch.exec_root = in.Hash();
  for (uint64_t left = in.U64(4); left > 0 && in.ok(); --left) {
    proof.batch.data.push_back(static_cast<uint8_t>(in.U64(1)));
  }
  for (uint64_t left = in.U64(4); left > 0 && in.ok(); --left) {
    proof.leaves.push_back(in.Hash());
  }
  for (uint64_t left = in.U64(4); left > 0 && in.ok(); --left) {
    BatchProof::Row& row = proof.rows.emplace_back();
    row.leaf = static_cast<uint32_t>(in.U64(4));
    row.execution = ReadExecution(&in);
    row.order = in.Order();
    if (row.leaf >= proof.leaves.size()) {
      return absl::DataLossError("store record of a batch's proof names a leaf it does not have");
    }
  }
  if (!is_known || !in.ok() || !in.at_end()) {
    return absl::DataLossError("store record of a batch's proof is damaged");
  }
  return proof;
}

std::string ProofKey(uint64_t batch) {
  std::string key = kProofPrefix;
  AppendRecord(&key, batch);  // Big endian: keys sort as numbers.
  return key;
}

void AppendProof(const BatchProof& proof, StoreWrite* write) {
  write->puts.emplace_back(ProofKey(proof.batch.id), EncodeProof(proof));
}

absl::StatusOr<BatchProof> LoadProof(KeyValueStore* store, uint64_t batch) {
  absl::StatusOr<BatchProof> proof =
      absl::NotFoundError(absl::StrCat("the store has no proof of batch ", batch));
  RETURN_IF_ERROR(store->Visit(ProofKey(batch), [&](std::string_view, std::string_view value) {
    proof = DecodeProof(value);
    return absl::OkStatus();
  }));
  return proof;
}

AccountEntries EntriesOf(const SettlementBatch& batch, AccountId account) {
  constexpr uint8_t kCosignedBit = 0x80;  // Of the pair.
  AccountEntries found;
  for (std::size_t at = 0; at + kBatchEntryBytes <= batch.data.size(); at += kBatchEntryBytes) {
    const ByteView entry = ByteView(batch.data).subspan(at, kBatchEntryBytes);
    const uint32_t owner = uint32_t{entry[0]} << 24 | uint32_t{entry[1]} << 16 |
                           uint32_t{entry[2]} << 8 | uint32_t{entry[3]};
    if (owner != Raw(account)) {
      continue;
    }
    if (found.packed.empty()) {
      found.first = at / kBatchEntryBytes;
    }
    AppendBytes(&found.packed, entry);
    found.is_cosigned = found.is_cosigned || (entry[4] & kCosignedBit) != 0;
    // The signs of the two deltas.
    found.is_debited = found.is_debited || entry[6] >= 0x80 || entry[17] >= 0x80;
  }
  return found;
}

bool ExecutionsExplain(const BatchProof& proof, AccountId account) {
  const auto entries = DecodeEntries(EntriesOf(proof.batch, account).packed);
  if (!entries.ok()) {
    return false;
  }
  std::map<AssetId, __int128> left;
  for (const NettedEntry& entry : *entries) {
    const auto even = static_cast<uint16_t>(2 * Raw(entry.pair));
    left[AssetId{even}] += entry.even;
    left[AssetId{static_cast<uint16_t>(even + 1)}] += entry.odd;
  }
  for (const BatchProof::Row& row : proof.rows) {
    if (row.execution.account != account) {
      continue;
    }
    const auto base = static_cast<__int128>(row.execution.base);
    const auto quote = static_cast<__int128>(row.execution.quote);
    const bool is_buy = row.order.side == Side::kBuy;
    left[row.order.base] -= is_buy ? base : -base;
    left[row.order.quote] -= (is_buy ? -quote : quote) - row.execution.fee;
  }
  for (const auto& [asset, quanta] : left) {
    if (quanta != 0) {
      return false;
    }
  }
  return true;
}

Bytes EncodeEvidence(const BatchProof& proof, AccountId account) {
  const ExecutionTree tree(proof.leaves);
  std::vector<Bytes> rows;
  for (const BatchProof::Row& row : proof.rows) {
    if (row.execution.account == account) {
      rows.push_back(EncodeRow(row, tree.ProofOf(row.leaf)));
    }
  }
  Bytes out;
  AppendWord(&out, kWordBytes);  // Where the array begins.
  AppendWord(&out, rows.size());
  std::size_t offset = rows.size() * kWordBytes;
  for (const Bytes& row : rows) {
    AppendWord(&out, offset);
    offset += row.size();
  }
  for (const Bytes& row : rows) {
    AppendBytes(&out, row);
  }
  return out;
}

}  // namespace tally::settlement
