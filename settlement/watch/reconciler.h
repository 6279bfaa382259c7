#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "base/types.h"
#include "settlement/watch/batch_follower.h"

namespace tally::settlement {

// A balance that is not what the engine's fills and the vault's own deposits and withdrawals make
// of it.
struct Difference {
  AccountId account{};
  AssetId asset{};
  __int128 expected = 0;  // Quanta.
  __int128 on_chain = 0;
  // The first batch whose entries for this account and asset are not the event log's; 0: none is.
  uint64_t first_batch = 0;
};

std::string DescribeDifference(const Difference& difference);

struct Reconciliation {
  uint64_t block_number = 0;
  uint64_t last_batch = 0;  // Newest one at that block.
  uint64_t last_event = 0;  // Of it: the last settled fill is at or before it.
  std::size_t balances_compared = 0;
  std::vector<Difference> differences;
  // Anything else that is not as it must be: a deposit that the engine credited otherwise, a batch
  // that the event log does not explain, a halted vault.
  std::vector<std::string> problems;

  bool agrees() const { return differences.empty() && problems.empty(); }
};

// Compares the engine's ledger as of the last settled fill with the vault's balances, every account
// and asset, to the quantum. Both sides at one block, so that nothing under way can make a
// difference. Each call goes on where the last one stopped: continuous use costs the new batches,
// and the balances.
//
// Thread safety: one thread. Memory: one entry for each (account, asset) and for each deposit that
// only one side knows.
class Reconciler {
 public:
  struct Options {
    uint64_t chain_id = 0;
    Address vault;
    uint64_t start_block = 0;
    uint64_t confirmations = 1;
    uint64_t scan_blocks_max = 2'000;
    std::size_t calls_per_request = 200;
  };

  Reconciler(const Options& options, RpcChainClient* chain, EventSource* events);

  //   kUnavailable         the event log does not reach the last settled batch yet
  //   kFailedPrecondition  the chain was reorganised deeper than `confirmations`: begin anew
  absl::StatusOr<Reconciliation> Check();

 private:
  using Place = std::pair<AccountId, AssetId>;
  struct Transfer {
    Place place;
    __int128 quanta = 0;
    friend bool operator==(const Transfer&, const Transfer&) = default;
  };

  absl::Status ReadBatches(uint64_t block_number);
  absl::Status ReadTransfers(uint64_t block_number);
  absl::Status AddTransfer(const ChainLog& log);
  void AddEvent(const Event& event);
  void AddBatch(const FollowedBatch& batch);
  void MatchDeposit(uint64_t index, const Transfer& transfer, std::map<uint64_t, Transfer>* mine,
                    std::map<uint64_t, Transfer>* other);
  absl::Status CompareBalances(uint64_t block_number, Reconciliation* result);
  absl::StatusOr<bool> IsHalted(uint64_t block_number);

  const Options options_;
  RpcChainClient* const chain_;
  BatchFollower follower_;
  uint64_t next_block_ = 0;
  uint64_t last_event_ = 0;
  std::map<Place, __int128> expected_;
  std::map<Place, uint64_t> suspicious_;          // First batch with another delta.
  std::map<uint64_t, Transfer> engine_deposits_;  // Not yet seen on the other side.
  std::map<uint64_t, Transfer> chain_deposits_;
  std::set<uint64_t> pending_withdrawals_;
  std::map<uint64_t, __int128> fees_paid_;  // Of withdrawals that are paid in the same transaction.
  std::vector<std::string> problems_;
};

}  // namespace tally::settlement
