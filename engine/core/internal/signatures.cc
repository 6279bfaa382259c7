#include "engine/core/internal/signatures.h"

#include <algorithm>

#include "engine/core/internal/lifetime.h"
#include "engine/core/internal/order_checks.h"

namespace tally::core::internal {
namespace {

RejectReason CheckAuthorization(const Context& context) {
  if (RejectReason reason = CheckAccount(context, context.command.account);
      reason != RejectReason::kNone) {
    return reason;
  }
  return context.command.flags == kCommandFlagSignatureValid ? RejectReason::kNone
                                                             : RejectReason::kBadSignature;
}

RejectReason UseNonce(const Context& context) {
  NonceWindow& nonces = context.state.nonces[Raw(context.command.account)];
  return nonces.Use(context.command.sign_order.nonce) ? RejectReason::kNone
                                                      : RejectReason::kNonceUsed;
}

void PublishSigned(const Context& context) {
  const Command& command = context.command;
  const SignOrderCommand& sign = command.sign_order;
  Event event = MakeEvent(EventType::kOrderSigned);
  event.session = command.session;
  event.account = command.account;
  event.client_sequence = command.client_sequence;
  event.client_order_id = sign.client_order_id;
  event.order_signed = {.nonce = sign.nonce,
                        .expiry_s = sign.expiry_s,
                        .max_fee_hundredths_bp = sign.max_fee_hundredths_bp,
                        .signature_r = {},
                        .reserved = {}};
  std::copy_n(sign.signature.begin(), 32, event.order_signed.signature_r.begin());
  context.emit.Publish(event);
  event.type = EventType::kOrderSignature;
  event.payload = {};
  std::copy_n(sign.signature.begin() + 32, 32, event.order_signature.signature_vs.begin());
  context.emit.Publish(event);
}

}  // namespace

void HandleSignOrder(Context context) {
  const Command& command = context.command;
  RejectReason reason = CheckAuthorization(context);
  if (reason == RejectReason::kNone) {
    reason = UseNonce(context);
  }
  if (reason != RejectReason::kNone) {
    context.emit.Reject(EventType::kCommandRejected, reason);
    return;
  }
  const SignOrderCommand& sign = command.sign_order;
  context.state.authorizations[Raw(command.session)] = {
      .client_sequence = command.client_sequence,
      .client_order_id = sign.client_order_id,
      .expiry_s = sign.expiry_s,
      .max_fee_hundredths_bp = sign.max_fee_hundredths_bp};
  PublishSigned(context);
}

RejectReason CheckSignature(const Context& context, AccountId account, ClientOrderId id,
                            SignedTerms* terms) {
  const Command& command = context.command;
  if (command.flags == 0) [[likely]] {
    return context.state.accounts[account].must_sign ? RejectReason::kSignatureRequired
                                                     : RejectReason::kNone;
  }
  if ((command.flags & ~kCommandFlagSignedSell) != kCommandFlagSignatureValid) {
    return RejectReason::kBadSignature;
  }
  const Authorization& authorization = context.state.authorizations[Raw(command.session)];
  if (authorization.client_sequence == 0 ||
      authorization.client_sequence + 1 != command.client_sequence ||
      authorization.client_order_id != id || authorization.expiry_s == 0) {
    return RejectReason::kSignatureRequired;
  }
  *terms = {.expiry_s = authorization.expiry_s,
            .max_fee_hundredths_bp = authorization.max_fee_hundredths_bp};
  return RejectReason::kNone;
}

RejectReason CheckSignedTarget(const Context& context, OrderHandle target,
                               const SignedTerms& terms) {
  if (!terms.present()) {
    return RejectReason::kNone;
  }
  const bool sell = (context.command.flags & kCommandFlagSignedSell) != 0;
  const bool same = context.command.instrument == context.state.orders[target].instrument &&
                    context.state.pool.side(target) == (sell ? Side::kSell : Side::kBuy);
  return same ? RejectReason::kNone : RejectReason::kBadSignature;
}

void Resign(State& state, OrderHandle handle, const SignedTerms& terms) {
  OrderRecord& record = state.orders[handle];
  if (!terms.present() && (record.flags & kRecordSigned) == 0) [[likely]] {
    return;
  }
  if ((record.flags & kRecordHasDetail) == 0) {
    const OrderView view = state.pool.View(handle);
    OrderDetail& detail = state.orders.detail(handle);
    detail = {};
    detail.limit = view.price;
    detail.type = OrderType::kLimit;
    detail.time_in_force = TimeInForce::kGtc;
    detail.flags = view.post_only ? kOrderFlagPostOnly : uint8_t{0};
    record.flags |= kRecordHasDetail;
  }
  SetSignedTerms(state, handle, terms);
}

void PutNonces(const State& state, StateWriter& out) {
  constexpr uint32_t kNonceRow = uint32_t{1} << 31;  // Tells the rows from those of sessions.
  for (uint32_t account = 1; account <= state.accounts.capacity(); ++account) {
    if (state.accounts.Find(AccountId{account}) == nullptr) {
      continue;
    }
    const std::span<const uint64_t> remembered = state.nonces[account].remembered();
    if (remembered.empty()) {
      continue;
    }
    out.Put(account | kNonceRow);
    out.Put(static_cast<uint32_t>(remembered.size()));
    for (const uint64_t nonce : remembered) {
      out.Put(nonce);
    }
  }
}

void PutAuthorizations(const State& state, StateWriter& out) {
  for (uint32_t row = 1; row <= state.sessions.count(); ++row) {
    const Authorization& authorization = state.authorizations[row];
    if (authorization.client_sequence == 0 ||
        authorization.client_sequence != state.sessions[SessionIndex{row}].last_client_sequence) {
      continue;
    }
    out.Put(row);
    out.Put(authorization.expiry_s);
    out.Put(authorization.client_order_id);
    out.Put(uint64_t{authorization.max_fee_hundredths_bp});
  }
}

}  // namespace tally::core::internal
