#pragma once

#include "engine/core/internal/context.h"
#include "engine/core/internal/order_request.h"
#include "engine/reject_reason.h"

namespace tally::core::internal {

// Everything that can be said of a new order without its book, in the order of precedence of
// reject_reason.h, up to and including kInsufficientBalance. Fills what OrderRequest leaves open;
// changes nothing else. After kNone, EnterNew() takes the order.
RejectReason Admit(const Context& context, OrderRequest& request);

// The worst price of an order with slippage_ticks, measured from `reference`: within the prices of
// the instrument.
PriceTicks LimitFrom(PriceTicks reference, const NewOrderCommand& order, PriceTicks price_max);

// Checks that an order shares with its replacement and with quotes.
RejectReason CheckAccount(const Context& context, AccountId account);
RejectReason CheckClientOrderId(const Context& context, ClientOrderId id);

}  // namespace tally::core::internal
