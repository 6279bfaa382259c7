#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "settlement/chain/signer.h"
#include "settlement/signing/signing_policy.h"

namespace tally::settlement {

// The one place where the policy is enforced: stands between whoever wants a signature and whatever
// signs. What is refused is an alarm, and is never signed. What is signed was counted, durably,
// before.
//
// Thread safety: one thread.
class PolicySigner final : public Signer {
 public:
  struct Dependencies {
    Signer* signer;
    const Clock* clock;
    std::function<void(std::string_view)> alarm;
    // Keeps the ledger's text; not set: it is forgotten with the process.
    std::function<absl::Status(const std::string& ledger)> save = {};
  };

  PolicySigner(SigningRules rules, Dependencies dependencies)
      : policy_(std::move(rules)), dependencies_(std::move(dependencies)) {}

  // What `save` was given last. kDataLoss if it is damaged.
  absl::Status Restore(std::string_view ledger) { return policy_.ledger().Restore(ledger); }

  const Address& address() const override { return dependencies_.signer->address(); }
  // Besides the signer's own failures those of SigningPolicy::Check.
  absl::StatusOr<SignedTransaction> Sign(const Transaction& transaction) override;

  uint64_t refused_count() const { return refused_count_; }

 private:
  void Alarm(const Transaction& transaction, const absl::Status& refused, int64_t now_ns);

  SigningPolicy policy_;
  const Dependencies dependencies_;
  uint64_t refused_count_ = 0;
  std::string alarm_;  // The last one, and when: repeated once a minute.
  int64_t alarm_at_ns_ = 0;
};

}  // namespace tally::settlement
