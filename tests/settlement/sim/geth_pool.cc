#include "tests/settlement/sim/geth_pool.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace tally::settlement {
namespace {

absl::Status Refuse(std::string_view message) {
  return MakeChainStatus(ClassifyRpcError(-32000, message), message);
}

}  // namespace

Uint256 GethPool::CostOf(const Transaction& transaction) {
  return Uint256(transaction.gas_limit) * transaction.fee_cap_wei + transaction.value_wei;
}

uint64_t GethPool::FirstGap(const Account& account) {
  uint64_t nonce = account.state_nonce;
  while (account.by_nonce.count(nonce) > 0) {
    ++nonce;
  }
  return nonce;
}

absl::Status GethPool::Add(const DecodedTransaction& sent, std::size_t size_bytes,
                           const SenderState& state, int64_t now_ns) {
  const Transaction& transaction = sent.transaction;
  if (Has(sent.hash)) {
    return Refuse("already known");
  }
  if (size_bytes > limits_.transaction_bytes_max) {
    return Refuse(absl::StrCat("oversized data: transaction size ", size_bytes, ", limit ",
                               limits_.transaction_bytes_max));
  }
  if (transaction.gas_limit > limits_.gas_limit_max) {
    return Refuse(absl::StrCat("transaction gas limit too high (cap: ", limits_.gas_limit_max,
                               ", tx: ", transaction.gas_limit, ")"));
  }
  if (transaction.tip_wei < limits_.tip_wei_min) {
    return Refuse("transaction underpriced: gas tip cap below the minimum");
  }
  if (transaction.nonce < state.nonce) {
    return Refuse(
        absl::StrCat("nonce too low: next nonce ", state.nonce, ", tx nonce ", transaction.nonce));
  }
  Account& account = accounts_[sent.sender];
  account.state_nonce = state.nonce;
  Uint256 spent = CostOf(transaction);
  for (const auto& [nonce, other] : account.by_nonce) {
    spent += nonce == transaction.nonce ? Uint256(0) : CostOf(other.transaction);
  }
  if (spent > state.balance_wei) {
    return Refuse("insufficient funds for gas * price + value: balance too low");
  }
  const auto held = account.by_nonce.find(transaction.nonce);
  if (held != account.by_nonce.end()) {
    const Transaction& old = held->second.transaction;
    const uint64_t percent = 100 + limits_.price_bump_percent;
    const bool is_higher =
        transaction.fee_cap_wei > old.fee_cap_wei && transaction.tip_wei > old.tip_wei;
    if (!is_higher || Uint256(transaction.fee_cap_wei) < Uint256(old.fee_cap_wei) * percent / 100 ||
        Uint256(transaction.tip_wei) < Uint256(old.tip_wei) * percent / 100) {
      return Refuse("replacement transaction underpriced");
    }
  }
  account.by_nonce[transaction.nonce] = sent;
  account.heard_at_ns = now_ns;
  CapQueue(&account);
  return absl::OkStatus();
}

void GethPool::CapQueue(Account* account) {
  const uint64_t gap = FirstGap(*account);
  const auto queued = static_cast<std::size_t>(
      std::distance(account->by_nonce.upper_bound(gap), account->by_nonce.end()));
  for (std::size_t i = limits_.account_queue; i < queued; ++i) {
    account->by_nonce.erase(std::prev(account->by_nonce.end()));
  }
}

void GethPool::Reset(const StateOf& state_of, int64_t now_ns) {
  for (auto& [address, account] : accounts_) {
    const SenderState state = state_of(address);
    const uint64_t gap_before = FirstGap(account);
    account.state_nonce = state.nonce;
    account.by_nonce.erase(account.by_nonce.begin(), account.by_nonce.lower_bound(state.nonce));
    std::erase_if(account.by_nonce, [&](const auto& item) {
      return CostOf(item.second.transaction) > state.balance_wei;
    });
    if (FirstGap(account) > gap_before) {
      account.heard_at_ns = now_ns;
    }
    CapQueue(&account);
  }
}

void GethPool::Expire(int64_t now_ns) {
  for (auto& [address, account] : accounts_) {
    if (now_ns - account.heard_at_ns > limits_.lifetime_ns) {
      account.by_nonce.erase(account.by_nonce.upper_bound(FirstGap(account)),
                             account.by_nonce.end());
    }
  }
}

void GethPool::Truncate(const StateOf& state_of) {
  for (auto& [address, account] : accounts_) {
    account.state_nonce = state_of(address).nonce;
    account.by_nonce.erase(
        account.by_nonce.lower_bound(account.state_nonce + limits_.account_slots),
        account.by_nonce.end());
  }
}

void GethPool::Drop(const Hash32& hash) {
  for (auto& [address, account] : accounts_) {
    std::erase_if(account.by_nonce, [&](const auto& item) { return item.second.hash == hash; });
  }
}

std::vector<DecodedTransaction> GethPool::Executable(const Address& address, uint64_t nonce) const {
  std::vector<DecodedTransaction> result;
  const auto account = accounts_.find(address);
  if (account == accounts_.end()) {
    return result;
  }
  for (auto at = account->second.by_nonce.find(nonce);
       at != account->second.by_nonce.end() && at->first == nonce; ++at, ++nonce) {
    result.push_back(at->second);
  }
  return result;
}

std::vector<DecodedTransaction> GethPool::All() const {
  std::vector<DecodedTransaction> result;
  for (const auto& [address, account] : accounts_) {
    for (const auto& [nonce, sent] : account.by_nonce) {
      result.push_back(sent);
    }
  }
  return result;
}

bool GethPool::Has(const Hash32& hash) const {
  for (const auto& [address, account] : accounts_) {
    for (const auto& [nonce, sent] : account.by_nonce) {
      if (sent.hash == hash) {
        return true;
      }
    }
  }
  return false;
}

std::size_t GethPool::size() const {
  std::size_t count = 0;
  for (const auto& [address, account] : accounts_) {
    count += account.by_nonce.size();
  }
  return count;
}

}  // namespace tally::settlement
