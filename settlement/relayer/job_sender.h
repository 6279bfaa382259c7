#pragma once

#include <map>
#include <vector>

#include "base/clock.h"
#include "settlement/chain/private_key.h"
#include "settlement/engine_link.h"
#include "settlement/netting/vault.h"
#include "settlement/relayer/records.h"
#include "settlement/relayer/relayer_config.h"

namespace tally::settlement {

// Brings jobs onto the chain, in order and exactly once, from one account.
//
// Every step is stored before it is taken, so that a restart continues where the last process
// stopped: at worst it sends the same bytes again. The nonce of a job is derived from the chain and
// the stored jobs, never counted. What makes a job execute at most once is the vault (batch id and
// parent, status of a withdrawal); what makes it execute at least once is that it stays here until
// its effect is in a final block.
//
// Thread safety: one thread.
// Invariants: no two jobs hold the same nonce; at most jobs_in_flight_max jobs are assigned and not
// mined.
class JobSender {
 public:
  struct Dependencies {
    RelayerStore* store;
    ChainClient* chain;
    EngineLink* engine;
    const PrivateKey* key;
    const Clock* clock;
  };

  JobSender(const RelayerConfig* config, const Dependencies& dependencies);

  void Restore(std::map<uint64_t, Job> jobs);
  void Add(Job job);

  // Moves every job as far as it goes now. `final_number`: the newest block that counts as final.
  //   kFailedPrecondition  the vault refuses a job for good; the message says which and why
  absl::Status Step(uint64_t latest_number, uint64_t final_number);
  // Tells the engine about settled batches, and retires jobs that it knows.
  absl::Status Report(uint64_t batches_reported);

  const std::map<uint64_t, Job>& jobs() const { return jobs_; }

 private:
  // What need not survive a restart.
  struct Progress {
    int64_t sent_at_ns = 0;     // Last broadcast; 0 if none by this process.
    int64_t attempt_at_ns = 0;  // When the newest attempt was first broadcast by this process.
    int nonce_taken_polls = 0;
    int failures = 0;
    bool must_bump = false;
  };
  struct View {
    uint64_t nonce;  // Of the account, in the latest block.
    uint64_t latest_number;
    uint64_t final_number;
    bool predecessors_mined;
  };

  absl::Status CloseNonceGap(uint64_t nonce);
  absl::Status Advance(Job* job, const View& view);

  absl::Status Assign(Job* job, const View& view);
  absl::Status CheckBatch(Job* job, const View& view, bool* may_assign);
  absl::Status CheckWithdrawals(Job* job, const View& view, bool* may_assign);
  absl::Status Simulate(const Job& job, bool* may_assign);
  absl::Status Adopt(Job* job, const View& view);

  absl::Status AddAttempt(Job* job);
  absl::Status Broadcast(Job* job);
  absl::Status Track(Job* job, const View& view);
  absl::Status Resend(Job* job);
  absl::Status CheckMined(Job* job, const View& view);
  absl::Status CheckAdopted(Job* job, const View& view);
  // Back to kSealed: the nonce is gone, the work remains.
  absl::Status Unassign(Job* job, std::string_view why);
  absl::Status SetState(Job* job, JobState state);

  uint64_t NextNonce(uint64_t chain_nonce) const;
  Bytes Calldata(const Job& job) const;

  const RelayerConfig& config_;
  const Dependencies dependencies_;
  VaultReader vault_;
  std::map<uint64_t, Job> jobs_;
  std::map<uint64_t, Progress> progress_;
  int gap_polls_ = 0;
  uint64_t reported_ = 0;  // Last batch submitted to the engine by this process.
  int64_t reported_at_ns_ = 0;
};

}  // namespace tally::settlement
