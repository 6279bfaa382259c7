#pragma once

// What the relayer keeps in its store, as JSON so that an operator can read it.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "settlement/netting/netting_window.h"
#include "settlement/netting/settlement_batch.h"
#include "settlement/netting/vault.h"
#include "settlement/relayer/key_value_store.h"

namespace tally::settlement {

enum class JobKind : uint8_t {
  kSettle = 1,
  kFinalizeWithdrawals = 2,
  kRejectWithdrawals = 3,
  kCancel = 4,  // Nothing but a nonce used up, so that the transactions behind it can be mined.
};

// The life of a transaction; each state is in the store before the relayer acts on it.
//
//   kSealed -> kAssigned -> kAttempted -> kBroadcast -> kPooled -> kMined -> kSafe -> kFinal ->
//   kDone
//      ^        (nonce)      (signed)         ^  ^----lost--'        |         |   (known to the
//      |                                      '-------- reorg -------+---------'        engine)
//      '-- nonce used up by another transaction, or by a failed one of this job
//
// A nonce is released only by a mined transaction that has it. What a restart finds in kAttempted,
// kBroadcast or kPooled is the same to it: a signed transaction that nodes may have or not.
enum class JobState : uint8_t {
  kSealed = 1,
  kAssigned = 2,
  kAttempted = 3,  // At least one signed attempt is stored.
  kBroadcast = 4,  // A node took one, or may have.
  kPooled = 5,     // A node says that it has one.
  kMined = 6,
  kSafe = 7,  // Half way to final.
  kFinal = 8,
  kDone = 9,
};

// One signed transaction of a job. All attempts of a job share its nonce: at most one is mined.
struct Attempt {
  uint64_t tip_wei = 0;
  uint64_t fee_cap_wei = 0;
  Bytes raw;
  Hash32 hash{};
};

struct Job {
  uint64_t id = 0;  // From 1, contiguous: the order in which jobs must execute.
  JobKind kind = JobKind::kSettle;
  JobState state = JobState::kSealed;
  SettlementBatch batch;            // Of kSettle.
  std::vector<AccountId> excluded;  // Accounts whose trades were taken out of the batch.
  TradeId last_trade{};      // Of kSettle, with trade_count: what was traded in the batch's events.
  uint32_t trade_count = 0;  // 0: not known.
  std::vector<uint64_t> withdrawals;  // Indices, of the other kinds.
  uint64_t gas_limit = 0;
  int64_t deadline_ns = 0;  // When it should be in a block; 0: not said.
  Address lane{};           // Whose nonce, from kAssigned on. Zero in old records: the operator's.
  uint64_t nonce = 0;       // From kAssigned on.
  std::vector<Attempt> attempts;
  std::vector<Hash32> abandoned;  // Attempts of earlier nonces, for the record.
  Hash32 failed_transaction{};    // The last attempt that failed on chain; zero: none did.
  // From kMined on. A zero transaction: executed by one that this store does not know.
  uint64_t mined_block = 0;
  Hash32 mined_block_hash{};
  Hash32 mined_transaction{};
};

// Holds a nonce that no mined transaction has used up yet.
inline bool IsLive(const Job& job) {
  return job.state >= JobState::kAssigned && job.state <= JobState::kPooled;
}
std::string_view JobKindName(JobKind kind);
std::string DescribeJob(const Job& job);  // "batch 7 (events 90 to 120)"

// What a batch should have moved and did not, because its vault refused an account in it.
struct Owed {
  uint64_t batch = 0;
  AccountId account{};  // Whom the vault refused.
  Bytes data;           // Encoded entries.
  // The trades, and the events of the batch they are in.
  uint64_t first_event = 0;
  uint64_t last_event = 0;
  std::vector<TradeId> trades;
};

struct Identity {
  uint64_t chain_id = 0;
  Address vault;
  friend bool operator==(const Identity&, const Identity&) = default;
};

// The position in the event log, and everything that follows from the events before it.
struct Checkpoint {
  uint64_t last_event = 0;  // Read and accounted for.
  VaultHead head;           // After the last sealed batch.
  uint64_t next_job = 1;
  uint64_t deposits_done = 0;     // Last index that the engine took.
  uint64_t withdraws_done = 0;    // Last index that the engine answered.
  uint64_t batches_reported = 0;  // Last batch that the engine knows to be settled.
  InstrumentTerms terms;
};

// How far the chain is read.
struct ScanPosition {
  uint64_t next_block = 0;
  Hash32 last_hash{};  // Of block next_block - 1; zero before the first scan.
  uint64_t deposits_seen = 0;
  uint64_t withdraws_seen = 0;
};

// Typed access to the store. Every Save is one durable write. Thread safety: one thread.
class RelayerStore {
 public:
  struct Contents {
    std::optional<Identity> identity;
    std::optional<Checkpoint> checkpoint;
    std::optional<ScanPosition> scan;
    std::map<uint64_t, VaultTransfer> deposits;   // Not yet known to be in the engine.
    std::map<uint64_t, VaultTransfer> withdraws;  // Likewise.
    std::map<uint64_t, Job> jobs;                 // Not yet done.
    std::map<std::pair<uint64_t, AccountId>, Owed> owed;
    std::set<uint64_t> held;  // Withdrawals that the vault refused.
  };

  explicit RelayerStore(KeyValueStore* store) : store_(store) {}

  KeyValueStore* raw() { return store_; }

  // kDataLoss if a record cannot be understood.
  absl::StatusOr<Contents> Load();
  absl::Status SaveStart(const Identity& identity, const Checkpoint& checkpoint,
                         const ScanPosition& scan);
  // Also forgets the transfers that the checkpoint makes obsolete, and takes along what else
  // belongs to the same events (`with`).
  absl::Status SaveCheckpoint(const Checkpoint& checkpoint, const std::vector<Job>& new_jobs,
                              const std::vector<VaultTransfer>& obsolete, StoreWrite with = {});
  absl::Status SaveScan(const ScanPosition& scan, const std::vector<VaultTransfer>& transfers);
  // A job in state kDone moves to the history.
  absl::Status SaveJob(const Job& job) { return SaveJobs({&job}); }
  absl::Status SaveJobs(const std::vector<const Job*>& jobs);

 private:
  KeyValueStore* const store_;
};

// Rows of what is owed and held back, for a write together with what made it so.
void AppendOwed(const Owed& owed, StoreWrite* write);
void AppendSettled(const Owed& owed, StoreWrite* write);  // Nothing is owed any more.
void AppendHeld(uint64_t withdrawal, StoreWrite* write);
void AppendRelease(uint64_t withdrawal, StoreWrite* write);

}  // namespace tally::settlement
