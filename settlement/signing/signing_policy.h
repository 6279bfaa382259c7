#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "settlement/chain/transaction.h"
#include "settlement/signing/spend_ledger.h"

namespace tally::settlement {

// What a key may pay, at most: every signature is counted at its worst price, gas_limit times
// max_fee_per_gas and the value on top, and of several for one nonce only the dearest.
struct SigningLimits {
  uint64_t fee_cap_wei_max = 500'000'000'000;
  uint64_t gas_limit_max = 16'777'216;  // Of one transaction: EIP-7825.
  uint64_t transaction_gwei_max = 2'000'000'000;
  uint64_t hour_gwei_max = 100'000'000'000;
  uint64_t day_gwei_max = 500'000'000'000;
};

// A call that may be signed.
struct CallRule {
  Address to;
  std::string function;  // Its signature, e.g. "settle(uint64)".
};

struct SigningRules {
  uint64_t chain_id = 0;
  Address account;  // The key's own: it may use a nonce up by sending itself nothing.
  std::vector<CallRule> calls;
  SigningLimits limits;
};

// Which calls the operator's key makes, and which the justifier's. Both know the vault only: its
// court is the first contract that it creates.
std::vector<CallRule> OperatorCalls(const Address& vault);
std::vector<CallRule> JustifierCalls(const Address& vault);
Address CourtOf(const Address& vault);

// Decides what a key signs: a relayer that is taken over or mistaken gets no signature that moves
// anything but gas money, and of that not more than the limits allow. Pure but for the ledger.
//
// Thread safety: one thread.
class SigningPolicy {
 public:
  explicit SigningPolicy(SigningRules rules);

  // Whether it may be signed now. The message names the rule.
  //   kPermissionDenied   never: another chain, contract, function, a value, absurd gas
  //   kResourceExhausted  not at this price or not now: above a limit
  absl::Status Check(const Transaction& transaction, int64_t now_ns) const;
  // Counts it; before it is signed.
  void Record(const Transaction& transaction, int64_t now_ns);

  SpendLedger& ledger() { return ledger_; }
  const SigningRules& rules() const { return rules_; }

 private:
  absl::Status CheckCall(const Transaction& transaction) const;
  absl::Status CheckPrice(const Transaction& transaction, int64_t now_ns) const;

  const SigningRules rules_;
  std::vector<Bytes> selectors_;  // Of rules_.calls.
  SpendLedger ledger_;
};

}  // namespace tally::settlement
