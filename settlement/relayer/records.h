#pragma once

// What the relayer keeps in its store, as JSON so that an operator can read it.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "settlement/netting/netting_window.h"
#include "settlement/netting/settlement_batch.h"
#include "settlement/netting/vault.h"
#include "settlement/relayer/key_value_store.h"

namespace tally::settlement {

enum class JobKind : uint8_t { kSettle = 1, kFinalizeWithdrawals = 2, kRejectWithdrawals = 3 };

// The life of a call to the vault; each state is in the store before the relayer acts on it.
//
//   kSealed -> kAssigned -> kSent -> kMined -> kConfirmed -> kDone
//      ^           (nonce)   |  ^      |   (final)     (known to the engine)
//      '-- nonce taken ------'  '------'  reorg
enum class JobState : uint8_t {
  kSealed = 1,
  kAssigned = 2,
  kSent = 3,  // At least one signed attempt is stored; whether it was broadcast does not matter.
  kMined = 4,
  kConfirmed = 5,
  kDone = 6,
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
  SettlementBatch batch;              // Of kSettle.
  std::vector<uint64_t> withdrawals;  // Indices, of the other kinds.
  uint64_t gas_limit = 0;
  uint64_t nonce = 0;  // From kAssigned on.
  std::vector<Attempt> attempts;
  std::vector<Hash32> abandoned;  // Attempts of earlier nonces, for the record.
  // From kMined on. A zero transaction: executed by one that this store does not know.
  uint64_t mined_block = 0;
  Hash32 mined_block_hash{};
  Hash32 mined_transaction{};
};

std::string_view JobKindName(JobKind kind);
std::string DescribeJob(const Job& job);  // "batch 7 (events 90 to 120)"

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
  };

  explicit RelayerStore(KeyValueStore* store) : store_(store) {}

  // kDataLoss if a record cannot be understood.
  absl::StatusOr<Contents> Load();
  absl::Status SaveStart(const Identity& identity, const Checkpoint& checkpoint,
                         const ScanPosition& scan);
  // Also forgets the transfers that the checkpoint makes obsolete.
  absl::Status SaveCheckpoint(const Checkpoint& checkpoint, const std::vector<Job>& new_jobs,
                              const std::vector<VaultTransfer>& obsolete);
  absl::Status SaveScan(const ScanPosition& scan, const std::vector<VaultTransfer>& transfers);
  // A job in state kDone moves to the history.
  absl::Status SaveJob(const Job& job);

 private:
  KeyValueStore* const store_;
};

}  // namespace tally::settlement
