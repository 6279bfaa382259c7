#pragma once

#include <string_view>

#include "engine/command.h"
#include "gateway/fix/instruments.h"
#include "gateway/fix/message.h"

namespace tally::gateway::fix {

// What an order has if its message does not say.
struct OrderDefaults {
  SelfTradePrevention self_trade_prevention = SelfTradePrevention::kCancelNewest;
  uint32_t slippage_ticks = 0;  // Of a market order without a price.
};

// A NewOrderSingle as the core's command, or why it is none: OrdRejReason (103) and Text (58).
struct DecodedOrder {
  NewOrderCommand order{};
  char time_in_force = '0';  // As in FIX.
  int reason = 0;
  std::string_view refusal;  // Empty: it is an order.
};
DecodedOrder DecodeNewOrder(const Message& message, const FixInstrument& instrument,
                            const OrderDefaults& defaults);

struct DecodedReplace {
  ReplaceOrderCommand replace{};
  std::string_view refusal;
};
DecodedReplace DecodeReplace(const Message& message, const FixInstrument& instrument);

}  // namespace tally::gateway::fix
