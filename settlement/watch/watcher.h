#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "base/clock.h"
#include "settlement/chain/rpc_chain_client.h"
#include "settlement/chain/signer.h"
#include "settlement/engine_link.h"
#include "settlement/relayer/call_sender.h"
#include "settlement/relayer/court.h"
#include "settlement/relayer/relayer_config.h"
#include "settlement/watch/batch_follower.h"

namespace tally::settlement {

struct WatcherConfig {
  uint64_t chain_id = 0;
  Address vault;
  uint64_t start_block = 0;
  uint64_t confirmations = 1;
  std::set<AccountId> accounts;  // Empty: every account.
  // How long the event log may lag behind a settlement before the watcher takes it for withheld.
  uint64_t patience_s = 600;
  uint64_t fee_cap_wei_max = 500'000'000'000;
  LogSink log = [](LogLevel, std::string_view) {};
};

// What a watcher found wrong with an account in a batch.
struct Finding {
  ChallengeKey key;
  std::string reason;
  bool is_debit = false;  // It can be challenged.
};

// Derives every batch that can still be challenged from the public event log and the signed orders
// in it, compares it with what the operator settled, and challenges each debit that they do not
// explain. The judge is the court's own verifier, asked with the best evidence there is: a debit is
// challenged if and only if the operator could not justify it from public data.
//
// Keeps nothing on disk: after a restart it reads everything again.
//
// Thread safety: one thread.
class Watcher {
 public:
  // `signer` pays for challenges and their bonds; null: the watcher only reports.
  struct Dependencies {
    RpcChainClient* chain;
    EventSource* events;
    Signer* signer;
    const Clock* clock;
  };

  Watcher(const WatcherConfig& config, const Dependencies& dependencies);

  // kFailedPrecondition if the vault has no court.
  absl::Status Start();
  // One round: batches settled since the last one, challenges under way. Transient trouble is
  // returned and the next round goes on where this one stopped.
  absl::Status Step();

  // Everything settled was looked at, and no challenge is on its way to the chain.
  bool caught_up() const { return caught_up_; }
  uint64_t last_batch() const { return last_batch_; }
  uint64_t debits_judged() const { return judged_count_; }
  const std::vector<Finding>& findings() const { return findings_; }

 private:
  struct Contest {
    Bytes call;
    bool is_overfill = false;  // Needs no bond, and halts the vault at once.
  };
  // What an order has traded, up to the last batch that has it.
  struct Executed {
    unsigned __int128 end = 0;
    uint64_t batch = 0;
  };

  absl::Status ReadBatches();
  absl::Status Inspect(const FollowedBatch& batch);
  absl::Status InspectAccount(const FollowedBatch& batch, AccountId account);
  absl::Status InspectExecutions(const FollowedBatch& batch);
  absl::StatusOr<BatchProof> ProofOf(uint64_t batch);
  bool Find(const ChallengeKey& key, std::string reason, bool is_debit);
  void FindDebit(const FollowedBatch& batch, AccountId account, std::string reason,
                 bool is_challengeable);
  absl::Status ForgetFinal();
  absl::Status DriveContests();
  absl::StatusOr<bool> DriveContest(const ChallengeKey& key, Contest* contest, const Uint256& bond);
  absl::StatusOr<bool> MustWait();

  const WatcherConfig config_;
  const Dependencies dependencies_;
  CourtReader reader_;
  BatchFollower follower_;
  std::optional<CallSender> sender_;
  Address court_;
  std::optional<FollowedBatch> current_;  // Being inspected; a failed round repeats it.
  std::map<ChallengeKey, Contest> contests_;
  std::map<Hash32, Executed> executed_;    // By hash of the signed order.
  std::map<uint64_t, BatchProof> recent_;  // Of batches that are not final.
  std::vector<Finding> findings_;
  uint64_t last_batch_ = 0;
  uint64_t judged_count_ = 0;
  bool caught_up_ = false;
};

}  // namespace tally::settlement
