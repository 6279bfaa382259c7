#pragma once

#include <map>
#include <optional>

#include "absl/status/status.h"

#include "base/clock.h"
#include "settlement/chain/chain_client.h"
#include "settlement/chain/signer.h"
#include "settlement/engine_link.h"
#include "settlement/relayer/call_sender.h"
#include "settlement/relayer/court.h"
#include "settlement/relayer/key_value_store.h"
#include "settlement/relayer/relayer_config.h"

namespace tally::settlement {

// Answers challenges: sees them on the chain, explains the account's debit with the proof that was
// stored when the batch was sealed (or is derived again from the event log), and sends the answer
// from a key of its own, so that no settlement is ever in its way. Anyone may justify; the bond of
// a false challenger goes to the vault's operator.
//
// Everything it must know is on the chain or in the event log. The store has the proofs, kept until
// the vault calls their batch final, and how far the chain was read.
//
// Thread safety: one thread.
class Justifier {
 public:
  struct Dependencies {
    KeyValueStore* store;
    ChainClient* chain;
    EventSource* events;
    Signer* signer;  // Null: challenges are only reported.
    const Clock* clock;
  };

  Justifier(const RelayerConfig* config, const Dependencies& dependencies);

  // Loads the store. `next_batch`: the vault's. kDataLoss if a record cannot be understood.
  absl::Status Restore(uint64_t next_batch);
  // One round. Without a court at the vault there is nothing to do. What cannot be answered is
  // logged as an error, again and again: it needs a human before the deadline.
  absl::Status Step(uint64_t latest_number, uint64_t final_number);

  std::size_t open_count() const { return open_.size(); }
  uint64_t justified_count() const { return justified_count_; }

 private:
  struct Open {
    Challenge challenge;
    uint64_t seen_block = 0;             // Newest block that has its log.
    std::optional<uint64_t> done_block;  // Latest block when it was first seen not open.
    int64_t failed_at_ns = 0;            // Of the last attempt that could not be made; 0 if none.
  };

  absl::Status Scan(uint64_t latest_number, uint64_t final_number);
  absl::Status Advance(Open* open, uint64_t latest_number, uint64_t final_number, bool* is_done);
  absl::Status Answer(const ChallengeKey& key);
  absl::StatusOr<BatchProof> ProofOf(uint64_t batch);
  absl::Status Prune();
  void Report(Open* open, const absl::Status& status);

  const RelayerConfig& config_;
  const Dependencies dependencies_;
  CourtReader reader_;
  std::optional<CallSender> sender_;
  std::optional<Address> court_;
  bool has_no_court_ = false;
  uint64_t next_block_ = 0;
  std::map<ChallengeKey, Open> open_;
  uint64_t oldest_proof_ = 1;  // No proof before it is in the store.
  int64_t pruned_at_ns_ = 0;
  uint64_t justified_count_ = 0;
};

// The proof of a settled batch, from the event log alone: entries and root are those that the log
// gives, whatever the batch on chain has. kNotFound if the log does not reach that far. Cost: reads
// the log from its beginning.
absl::StatusOr<BatchProof> DeriveProof(EventSource* events, const OrderDomain& domain,
                                       const SettlementBatch& header);

}  // namespace tally::settlement
