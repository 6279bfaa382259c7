#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "base/types.h"
#include "settlement/netting/executions.h"
#include "settlement/netting/settlement_batch.h"
#include "settlement/relayer/key_value_store.h"

namespace tally::settlement {

// All that is needed to explain a settled batch to the vault's court: the batch, the leaves it
// committed to, and the signed orders with their executions. Unsigned orders leave only their leaf:
// nobody can be asked to explain them.
struct BatchProof {
  struct Row {
    uint32_t leaf = 0;  // Index into `leaves`.
    Execution execution;
    SignedOrder order;
  };
  SettlementBatch batch;
  std::vector<Hash32> leaves;
  std::vector<Row> rows;  // Ascending by (account, order hash).
};

BatchProof MakeProof(const SettlementBatch& batch, const BatchExecutions& executions,
                     std::vector<Hash32> leaves);

// A record of the store. kDataLoss if it cannot be understood.
std::string EncodeProof(const BatchProof& proof);
absl::StatusOr<BatchProof> DecodeProof(std::string_view record);

// The store's rows of proofs: one for each batch that is not final on the vault.
void AppendProof(const BatchProof& proof, StoreWrite* write);
std::string ProofKey(uint64_t batch);
inline constexpr char kProofPrefix[] = "proof/";
// kNotFound if the store has none (any more).
absl::StatusOr<BatchProof> LoadProof(KeyValueStore* store, uint64_t batch);

// The account's packed entries in the batch (empty if it has none) and the position of the first.
struct AccountEntries {
  Bytes packed;
  uint64_t first = 0;
  bool is_debited = false;  // Some delta is negative.
  bool is_cosigned = false;
};
AccountEntries EntriesOf(const SettlementBatch& batch, AccountId account);

// Whether the signed executions add up to the account's entries. False: no evidence can explain
// them.
bool ExecutionsExplain(const BatchProof& proof, AccountId account);

// The contracts' Execution: five words.
void AppendExecutionWords(Bytes* out, const Execution& execution);

// abi.encode(SignedExecution[]) of the account's executions: what the court's verifier judges.
Bytes EncodeEvidence(const BatchProof& proof, AccountId account);

}  // namespace tally::settlement
