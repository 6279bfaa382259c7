#include "settlement/relayer/call_sender.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/status.h"

namespace tally::settlement {
namespace {

constexpr uint64_t kTipWeiMin = 1'000'000'000;
// A pool takes a replacement that pays a tenth more; an eighth is above every rounding.
constexpr uint64_t kBumpDivisor = 8;

}  // namespace

absl::Status CallSender::Step() {
  ASSIGN_OR_RETURN(nonce_, chain_->Nonce(signer_->address()));
  std::erase_if(calls_, [&](const auto& item) { return item.second.transaction.nonce < nonce_; });
  const int64_t now_ns = clock_->NowNs();
  for (auto& [name, call] : calls_) {
    if (now_ns - call.priced_at_ns >= options_.bump_ns) {
      absl::Status priced = Price(&call);
      if (!priced.ok() && !Signer::MayPass(priced)) {
        return priced;
      }
      RETURN_IF_ERROR(Broadcast(name, &call));
    } else if (now_ns - call.sent_at_ns >= options_.rebroadcast_ns) {
      RETURN_IF_ERROR(Broadcast(name, &call));
    }
  }
  return absl::OkStatus();
}

absl::Status CallSender::Send(const std::string& name, const Target& target) {
  if (calls_.contains(name)) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(uint64_t gas, chain_->EstimateGas({.from = signer_->address(),
                                                      .to = target.to,
                                                      .data = target.data,
                                                      .value_wei = target.value_wei}));
  Call call;
  call.transaction.chain_id = options_.chain_id;
  call.transaction.nonce = nonce_;
  for (const auto& [other, sent] : calls_) {
    call.transaction.nonce = std::max(call.transaction.nonce, sent.transaction.nonce + 1);
  }
  call.transaction.gas_limit = gas + gas / 4;
  call.transaction.to = target.to;
  call.transaction.value_wei = target.value_wei;
  call.transaction.data = target.data;
  RETURN_IF_ERROR(Price(&call));
  Call& stored = calls_[name] = std::move(call);
  return Broadcast(name, &stored);
}

// The first price is already a high one: what is sent here has a deadline.
absl::Status CallSender::Price(Call* call) {
  ASSIGN_OR_RETURN(FeeQuote fees, chain_->Fees());
  call->priced_at_ns = clock_->NowNs();
  Transaction transaction = call->transaction;
  const auto above = [](uint64_t last, uint64_t wanted) {
    return last == 0 ? wanted : std::max(wanted, last + last / kBumpDivisor + 1);
  };
  const uint64_t tip = above(transaction.tip_wei, std::max(2 * fees.tip_wei, kTipWeiMin));
  const uint64_t cap = above(transaction.fee_cap_wei, 3 * fees.base_fee_wei + tip);
  if (transaction.fee_cap_wei == 0 || cap <= options_.fee_cap_wei_max) {
    transaction.fee_cap_wei = std::min(cap, options_.fee_cap_wei_max);
    transaction.tip_wei = std::min(tip, transaction.fee_cap_wei);
    ASSIGN_OR_RETURN(call->encoded, signer_->Sign(transaction));
    call->transaction = std::move(transaction);
  }
  return absl::OkStatus();
}

absl::Status CallSender::Broadcast(const std::string& name, Call* call) {
  call->sent_at_ns = clock_->NowNs();
  const absl::StatusOr<Hash32> sent = chain_->SendRawTransaction(call->encoded.raw);
  switch (ChainErrorOf(sent.status())) {
    case ChainError::kNone:
    case ChainError::kAlreadyKnown:
    case ChainError::kNonceLow:   // Mined: the next Step sees it.
    case ChainError::kNonceHigh:  // Another of these calls is missing; it is sent again too.
    case ChainError::kTransport:
    case ChainError::kMissingBlock:
    case ChainError::kPoolFull:
      return absl::OkStatus();
    case ChainError::kUnderpriced:
    case ChainError::kReplaceUnderpriced:
      call->priced_at_ns = clock_->NowNs() - options_.bump_ns;  // At the next Step.
      return absl::OkStatus();
    case ChainError::kFunds: {
      const std::string text = absl::StrCat(name, ": ", Hex(signer_->address()),
                                            " cannot pay for it: ", sent.status().message());
      calls_.erase(name);
      return absl::ResourceExhaustedError(text);
    }
    case ChainError::kTooLarge:
    case ChainError::kRevert:
    case ChainError::kFeeCapExceeded:
    case ChainError::kChainMismatch:
    case ChainError::kOther:
      break;
  }
  absl::Status status = Annotate(sent.status(), name);
  calls_.erase(name);
  return status;
}

}  // namespace tally::settlement
