#include "settlement/signing/policy_signer.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "base/status.h"

namespace tally::settlement {
namespace {

constexpr int64_t kRepeatNs = 60'000'000'000;

}  // namespace

absl::StatusOr<SignedTransaction> PolicySigner::Sign(const Transaction& transaction) {
  const int64_t now_ns = dependencies_.clock->NowNs();
  const absl::Status allowed = policy_.Check(transaction, now_ns);
  if (!allowed.ok()) {
    ++refused_count_;
    Alarm(transaction, allowed, now_ns);
    return allowed;
  }
  policy_.Record(transaction, now_ns);
  if (dependencies_.save != nullptr) {
    RETURN_IF_ERROR(dependencies_.save(policy_.ledger().ToText()));
  }
  return dependencies_.signer->Sign(transaction);
}

void PolicySigner::Alarm(const Transaction& transaction, const absl::Status& refused,
                         int64_t now_ns) {
  std::string text = absl::StrCat("ALARM: transaction ", transaction.nonce, " of ", Hex(address()),
                                  " is ", refused.message());
  const bool is_repeated = text == alarm_ && now_ns - alarm_at_ns_ < kRepeatNs;
  if (!is_repeated) {
    dependencies_.alarm(text);
    alarm_ = std::move(text);
    alarm_at_ns_ = now_ns;
  }
}

}  // namespace tally::settlement
