#include "settlement/signing/signing_policy.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "settlement/chain/abi.h"

namespace tally::settlement {
namespace {

constexpr uint64_t kWeiPerGwei = 1'000'000'000;
constexpr uint64_t kTransferGas = 21'000;
// What a contract's first own contract is created with, EIP-161.
constexpr uint64_t kFirstContractNonce = 1;

absl::Status Refused(std::string_view why) {
  return absl::PermissionDeniedError(absl::StrCat("not signed: ", ToAbsl(why)));
}

absl::Status TooDear(std::string_view what, uint64_t asked, uint64_t limit) {
  return absl::ResourceExhaustedError(
      absl::StrCat("not signed: ", ToAbsl(what), " ", asked, " is above the limit of ", limit));
}

// The most that it can cost, in gwei, rounded up.
uint64_t WorstGwei(const Transaction& transaction) {
  const Uint256 wei =
      Uint256(transaction.gas_limit) * transaction.fee_cap_wei + transaction.value_wei;
  const Uint256 gwei = wei / kWeiPerGwei + (wei % kWeiPerGwei != 0 ? 1 : 0);
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max() / 4;
  return gwei > kMax ? kMax : static_cast<uint64_t>(gwei);
}

}  // namespace

std::vector<CallRule> OperatorCalls(const Address& vault) {
  return {{vault, "settle((bytes32,uint64,uint64,uint64,uint64,uint64,bytes32),bytes)"},
          {vault, "finalizeWithdrawals(uint64[])"},
          {vault, "rejectWithdrawals(uint64[])"}};
}

std::vector<CallRule> JustifierCalls(const Address& vault) {
  return {{CourtOf(vault),
           "justify((bytes32,uint64,uint64,uint64,uint64,uint64,bytes32),bytes32,uint32,bytes,"
           "bytes)"}};
}

Address CourtOf(const Address& vault) { return ContractAddress(vault, kFirstContractNonce); }

SigningPolicy::SigningPolicy(SigningRules rules) : rules_(std::move(rules)) {
  for (const CallRule& call : rules_.calls) {
    selectors_.push_back(Selector(call.function));
  }
}

absl::Status SigningPolicy::Check(const Transaction& transaction, int64_t now_ns) const {
  if (transaction.chain_id != rules_.chain_id) {
    return Refused(
        absl::StrCat("it is for chain ", transaction.chain_id, ", not ", rules_.chain_id));
  }
  RETURN_IF_ERROR(CheckCall(transaction));
  return CheckPrice(transaction, now_ns);
}

absl::Status SigningPolicy::CheckCall(const Transaction& transaction) const {
  if (!transaction.to.has_value()) {
    return Refused("it creates a contract");
  }
  if (transaction.value_wei != 0) {
    return Refused("it sends ether");
  }
  const std::string to = Hex(*transaction.to);
  if (*transaction.to == rules_.account) {
    return transaction.data.empty() && transaction.gas_limit <= kTransferGas
               ? absl::OkStatus()
               : Refused("a transaction to itself must be empty");
  }
  bool knows_contract = false;
  for (std::size_t i = 0; i < selectors_.size(); ++i) {
    if (rules_.calls[i].to != *transaction.to) {
      continue;
    }
    knows_contract = true;
    if (transaction.data.size() >= selectors_[i].size() &&
        std::equal(selectors_[i].begin(), selectors_[i].end(), transaction.data.begin())) {
      return absl::OkStatus();
    }
  }
  if (!knows_contract) {
    return Refused(absl::StrCat("it goes to ", to, ", which this key has no business with"));
  }
  const std::size_t size_bytes = std::min<std::size_t>(4, transaction.data.size());
  return Refused(absl::StrCat("function ", Hex(ByteView(transaction.data).first(size_bytes)),
                              " of ", to, " is not allowed"));
}

absl::Status SigningPolicy::CheckPrice(const Transaction& transaction, int64_t now_ns) const {
  const SigningLimits& limits = rules_.limits;
  if (transaction.gas_limit > limits.gas_limit_max) {
    return Refused(absl::StrCat("its gas limit of ", transaction.gas_limit, " is above ",
                                limits.gas_limit_max));
  }
  if (transaction.tip_wei > transaction.fee_cap_wei) {
    return Refused("its tip is above its fee cap");
  }
  if (transaction.fee_cap_wei > limits.fee_cap_wei_max) {
    return TooDear("a fee cap in wei per gas of", transaction.fee_cap_wei, limits.fee_cap_wei_max);
  }
  const uint64_t gwei = WorstGwei(transaction);
  if (gwei > limits.transaction_gwei_max) {
    return TooDear("a worst price in gwei of", gwei, limits.transaction_gwei_max);
  }
  const uint64_t more = ledger_.Increase(transaction.nonce, gwei);
  const uint64_t hour = ledger_.HourGwei(now_ns) + more;
  if (more > 0 && hour > limits.hour_gwei_max) {
    return TooDear("what the last hour may cost, in gwei:", hour, limits.hour_gwei_max);
  }
  const uint64_t day = ledger_.DayGwei(now_ns) + more;
  if (more > 0 && day > limits.day_gwei_max) {
    return TooDear("what the last day may cost, in gwei:", day, limits.day_gwei_max);
  }
  return absl::OkStatus();
}

void SigningPolicy::Record(const Transaction& transaction, int64_t now_ns) {
  ledger_.Record(transaction.nonce, WorstGwei(transaction), now_ns);
}

}  // namespace tally::settlement
