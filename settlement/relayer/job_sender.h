#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "settlement/chain/signer.h"
#include "settlement/engine_link.h"
#include "settlement/fees/fee_offer.h"
#include "settlement/netting/vault.h"
#include "settlement/relayer/lanes.h"
#include "settlement/relayer/records.h"
#include "settlement/relayer/relayer_config.h"

namespace tally::settlement {

// Brings jobs onto the chain exactly once, from one account or several (lanes).
//
// Every step is stored before it is taken, so that a restart continues where the last process
// stopped: at worst it sends the same bytes again. The nonce of a job is derived from the chain and
// the stored jobs, never counted. What makes a job execute at most once is the vault (batch id and
// parent, status of a withdrawal); what makes it execute at least once is that it stays here until
// its effect is in a final block.
//
// Batches execute in order, so all that are on their way are on one lane. A withdrawal waits for
// the batches before it, on their lane behind them or, when they are mined, on any: so it need not
// wait for later ones. Work on a lane that cannot pay, is refused by the vault or is not mined
// though it pays well moves to another lane, and what remains of it there is replaced by a filler:
// should the old transaction be mined after all, the vault takes one of the two.
//
// A nonce that no stored transaction fills, below one that does (a reorganisation can lose a
// transaction that this store does not have), is used up by a filler: a job that pays itself
// nothing.
//
// Thread safety: one thread.
// Invariants: no two jobs or fillers hold the same nonce of a lane; at most jobs_in_flight_max jobs
// of a lane are assigned and not mined.
class JobSender {
 public:
  struct Dependencies {
    RelayerStore* store;
    ChainClient* chain;
    EngineLink* engine;
    Signer* signer;
    const Clock* clock;
    std::vector<Signer*> senders{};  // Further lanes.
  };

  JobSender(const RelayerConfig* config, const Dependencies& dependencies);

  // kFailedPrecondition if a job is on a lane that is not there any more.
  absl::Status Restore(std::map<uint64_t, Job> jobs);
  void Add(Job job);

  // Numbers of blocks; the newest that count as safe and as final.
  struct Heads {
    uint64_t latest = 0;
    Hash32 latest_hash{};
    uint64_t safe = 0;
    uint64_t final = 0;
  };
  // Moves every job as far as it goes now.
  //   kFailedPrecondition  the vault refuses a job for good; the message says which and why
  absl::Status Step(const Heads& heads);
  // Tells the engine about settled batches, and retires jobs that it knows.
  absl::Status Report(uint64_t batches_reported);

  // What the vault keeps refusing because of one account or one withdrawal: to be taken out of the
  // job, which waits for that.
  struct Refusal {
    uint64_t job = 0;
    VaultCulprit culprit;
    std::string text;
  };
  std::optional<Refusal> TakeRefusal() { return std::exchange(refusal_, std::nullopt); }
  // Jobs with other content, durable already.
  void Replace(std::vector<Job> jobs);

  const std::map<uint64_t, Job>& jobs() const { return jobs_; }
  std::size_t unsettled_count() const;                          // Jobs that are not final.
  using Fillers = std::map<std::pair<Address, uint64_t>, Job>;  // By lane and nonce.
  const Fillers& fillers() const { return fillers_; }

 private:
  // What need not survive a restart.
  struct Progress {
    int64_t sent_at_ns = 0;     // Last broadcast; 0 if none by this process.
    int64_t live_since_ns = 0;  // First broadcast of any attempt by this process.
    int64_t attempt_at_ns = 0;  // When the newest attempt was first broadcast by this process.
    int nonce_taken_polls = 0;
    int unknown_polls = 0;          // In a row in which no node knew any attempt.
    int gone_polls = 0;             // In a row in which a mined transaction had no receipt.
    int refusals = 0;               // In a row by simulation.
    int64_t refused_at_ns = 0;      // The first of them, 0 if none.
    uint64_t refused_at_block = 0;  // Likewise.
    int failures = 0;               // On chain.
    int64_t paused_until_ns = 0;
    bool must_bump = false;
  };
  struct View {
    Heads heads;
    bool predecessors_mined = true;  // The batches before the job.
    Address batch_lane{};            // Of those of them that are live; zero if none is.
  };

  absl::Status StepJobs(View view);
  // Fillers (job_attempts.cc).
  absl::Status FillNonceGap(Lane* lane);
  absl::Status StepFillers(const View& view);
  bool HasNonce(const Lane& lane, uint64_t nonce) const;
  uint64_t NextNonce(const Lane& lane) const;

  // Lanes (job_lanes.cc).
  uint64_t InFlight(const Lane& lane) const;
  Lane* ChooseLane(const Job& job, const View& view);
  Lane* LaneOf(const Job& job);
  absl::Status DrainLanes();
  absl::Status Drain(const Lane& lane);
  absl::Status MoveAway(Job* job);
  void NoteStuck(const Job& job);
  absl::Status NoteNoFunds(const Job& job, const absl::Status& status);
  absl::Status NoteRefused(const Job& job, Lane* lane, std::string_view text);

  absl::Status Advance(Job* job, const View& view);

  // What the vault says (job_checks.cc).
  absl::Status Assign(Job* job, const View& view);
  absl::Status CheckBatch(Job* job, const View& view, bool* may_assign);
  absl::StatusOr<WithdrawalStatus> StatusOf(uint64_t index);
  absl::Status CheckWithdrawals(Job* job, const View& view, bool* may_assign);
  absl::Status Simulate(const Job& job, const View& view, Lane* lane, bool* may_assign);
  absl::Status Refuse(const Job& job, const View& view, const VaultCulprit& culprit,
                      std::string_view text);
  absl::Status Believe(const Job& job, std::string_view text);
  absl::Status Adopt(Job* job, const View& view);
  absl::Status CheckMined(Job* job, const View& view);
  absl::Status CheckReceiptGone(Job* job);
  absl::Status CheckAdopted(Job* job, const View& view);
  absl::Status Ripen(Job* job, const View& view);

  // Attempts (job_attempts.cc).
  uint64_t BlocksLeft(const Job& job) const;
  absl::Status AddAttempt(Job* job);
  absl::Status Sign(Job* job, const FeeOffer& offer);
  absl::Status Broadcast(Job* job);
  absl::Status Track(Job* job);
  absl::Status TrackReceipt(Job* job, const Attempt& attempt, const Receipt& receipt);
  absl::Status TrackPools(Job* job);
  absl::Status Resend(Job* job);
  absl::Status CountFailure(Job* job, const Attempt& attempt, const Receipt& receipt);
  // Back to kSealed: the nonce is gone, the work remains. A filler is done then.
  absl::Status Unassign(Job* job, std::string_view why);
  absl::Status SetState(Job* job, JobState state);
  Bytes Calldata(const Job& job) const;

  const RelayerConfig& config_;
  const Dependencies dependencies_;
  VaultReader vault_;
  Lanes lanes_;
  std::map<uint64_t, Job> jobs_;
  Fillers fillers_;
  std::map<uint64_t, Progress> progress_;  // By job id.
  std::optional<Refusal> refusal_;
  uint64_t reported_ = 0;  // Last batch submitted to the engine by this process.
  int64_t reported_at_ns_ = 0;
};

// The node, the engine or the price of gas may be better later.
bool IsTransient(const absl::Status& status);

// A job that pays its own lane nothing and uses a nonce up.
Job MakeFiller(const Address& lane, uint64_t nonce);

}  // namespace tally::settlement
