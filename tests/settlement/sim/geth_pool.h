#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "settlement/chain/chain_error.h"
#include "settlement/chain/transaction.h"

namespace tally::settlement {

struct SenderState {
  uint64_t nonce = 0;
  Uint256 balance_wei = 0;
};

struct PoolLimits {
  uint64_t price_bump_percent = 10;
  std::size_t account_slots = 16;  // Executable ones an account keeps when the pool is crowded.
  std::size_t account_queue = 64;  // Behind a gap.
  int64_t lifetime_ns = 3 * 3600 * int64_t{1'000'000'000};  // Behind a gap, without news.
  std::size_t transaction_bytes_max = 128 * 1024;
  uint64_t gas_limit_max = 16'777'216;  // EIP-7825.
  uint64_t tip_wei_min = 1;
};

// The transaction pool of one node, by the rules of geth (core/txpool/legacypool) for what a sender
// of plain transactions can see: replacement, gaps, slots, lifetimes, funds. Messages are geth's.
//
// Thread safety: one thread.
class GethPool {
 public:
  using StateOf = std::function<SenderState(const Address& account)>;

  explicit GethPool(PoolLimits limits = {}) : limits_(limits) {}

  absl::Status Add(const DecodedTransaction& sent, std::size_t size_bytes, const SenderState& state,
                   int64_t now_ns);
  // After a new head: forgets what is mined or no longer payable.
  void Reset(const StateOf& state_of, int64_t now_ns);
  // Drops what waited behind a gap for too long.
  void Expire(int64_t now_ns);
  // A full pool keeps only account_slots executable transactions of an account, the lowest nonces.
  void Truncate(const StateOf& state_of);
  void Clear() { accounts_.clear(); }
  void Drop(const Hash32& hash);

  // The executable ones of an account: without a gap from its nonce on.
  std::vector<DecodedTransaction> Executable(const Address& account, uint64_t nonce) const;
  std::vector<DecodedTransaction> All() const;
  bool Has(const Hash32& hash) const;
  std::size_t size() const;

 private:
  struct Account {
    std::map<uint64_t, DecodedTransaction> by_nonce;
    uint64_t state_nonce = 0;
    int64_t heard_at_ns = 0;  // Of the last addition or promotion.
  };

  static Uint256 CostOf(const Transaction& transaction);
  static uint64_t FirstGap(const Account& account);  // The first nonce that is missing.
  void CapQueue(Account* account);

  const PoolLimits limits_;
  std::map<Address, Account> accounts_;
};

}  // namespace tally::settlement
