#include "gateway/codec/body_decoder.h"

namespace tally::gateway {
namespace {

using wire::ErrorCode;

// Every enum of the wire has the numbers of ours.
static_assert(static_cast<int>(wire::Side::BUY) == static_cast<int>(tally::Side::kBuy));
static_assert(static_cast<int>(wire::TimeInForce::DAY) == static_cast<int>(TimeInForce::kDay));
static_assert(static_cast<int>(wire::OrderType::PEGGED) == static_cast<int>(OrderType::kPegged));
static_assert(static_cast<int>(wire::SelfTradePrevention::DECREMENT_AND_CANCEL) ==
              static_cast<int>(SelfTradePrevention::kDecrementAndCancel));
static_assert(static_cast<int>(wire::TriggerSource::BEST_PRICE) ==
              static_cast<int>(TriggerSource::kBestPrice));
static_assert(static_cast<int>(wire::PegReference::MID) == static_cast<int>(PegReference::kMid));
static_assert(static_cast<int>(wire::TrailUnit::BASIS_POINTS) ==
              static_cast<int>(TrailUnit::kBasisPoints));
static_assert(static_cast<int>(wire::Contingency::OTOCO) == static_cast<int>(Contingency::kOtoco));
static_assert(static_cast<int>(wire::MassCancelScope::ACCOUNT) ==
              static_cast<int>(MassCancelScope::kAccount));
static_assert(static_cast<int>(wire::OrderFlag::POST_ONLY) == kOrderFlagPostOnly);
static_assert(static_cast<int>(wire::OrderFlag::SLIDE) == kOrderFlagSlide);
static_assert(static_cast<int>(wire::OrderFlag::HIDDEN) == kOrderFlagHidden);
static_assert(static_cast<int>(wire::OrderFlag::ALL_OR_NONE) == kOrderFlagAllOrNone);
static_assert(static_cast<int>(wire::OrderFlag::REDUCE_ONLY) == kOrderFlagReduceOnly);

constexpr uint8_t kQuoteFlagsKnown = kOrderFlagPostOnly | kOrderFlagSlide;

bool ValidSide(wire::Side side) { return side == wire::Side::BUY || side == wire::Side::SELL; }

bool ValidSelfTradePrevention(wire::SelfTradePrevention value) {
  return InRange(value, wire::SelfTradePrevention::NONE,
                 wire::SelfTradePrevention::DECREMENT_AND_CANCEL);
}

// The ones that NewOrder has.
bool ValidPlainTimeInForce(wire::TimeInForce value) {
  return value == wire::TimeInForce::GTC || value == wire::TimeInForce::IOC ||
         value == wire::TimeInForce::FOK;
}

bool ValidTimeInForce(wire::TimeInForce value) {
  return ValidPlainTimeInForce(value) || value == wire::TimeInForce::AT_THE_OPEN ||
         value == wire::TimeInForce::GTD || value == wire::TimeInForce::AT_THE_CLOSE ||
         value == wire::TimeInForce::DAY;
}

bool ValidEnums(const wire::NewOrderFull& body) {
  return ValidSide(body.side()) && ValidTimeInForce(body.time_in_force()) &&
         InRange(body.order_type(), wire::OrderType::MARKET, wire::OrderType::PEGGED) &&
         ValidSelfTradePrevention(body.self_trade_prevention()) &&
         (body.flags() & ~kOrderFlagsKnown) == 0 &&
         InRange(body.trigger(), wire::TriggerSource::NONE, wire::TriggerSource::BEST_PRICE) &&
         InRange(body.peg(), wire::PegReference::NONE, wire::PegReference::MID) &&
         InRange(body.trail_unit(), wire::TrailUnit::NONE, wire::TrailUnit::BASIS_POINTS) &&
         InRange(body.contingency(), wire::Contingency::NONE, wire::Contingency::OTOCO);
}

// What a message and its full form have in common.
template <typename Body>
Command PlainOrderOf(const Body& body) {
  Command command = MakeCommand(CommandType::kNewOrder);
  command.instrument = InstrumentId{body.instrument()};
  command.new_order = MakeOrder(
      {.client_order_id = ClientOrderId{body.client_order_id()},
       .price = {body.price()},
       .quantity = {body.quantity()},
       .side = static_cast<Side>(body.side()),
       .type = static_cast<OrderType>(body.order_type()),
       .time_in_force = static_cast<TimeInForce>(body.time_in_force()),
       .self_trade_prevention = static_cast<SelfTradePrevention>(body.self_trade_prevention()),
       .flags = body.flags()});
  return command;
}

template <typename Body>
Command PlainReplaceOf(const Body& body) {
  Command command = MakeCommand(CommandType::kReplaceOrder);
  command.replace_order = {
      .target = {OrderId{body.order_id()}, ClientOrderId{body.client_order_id()}},
      .new_client_order_id = ClientOrderId{body.new_client_order_id()},
      .price = {body.price()},
      .quantity = {body.quantity()},
      .display_quantity = {},
      .stop_price = {}};
  return command;
}

template <typename Body>
ErrorCode DecodePlainMassCancel(const Body& body, Command* command) {
  if (!InRange(body.scope(), wire::MassCancelScope::SESSION, wire::MassCancelScope::ACCOUNT) ||
      !InRange(body.side(), wire::Side::NONE, wire::Side::SELL) || !AllZero(body.reserved())) {
    return ErrorCode::BAD_VALUE;
  }
  *command = MakeCommand(CommandType::kMassCancel);
  command->instrument = InstrumentId{body.instrument()};
  command->mass_cancel = {.scope = static_cast<MassCancelScope>(body.scope()),
                          .trigger = MassCancelTrigger::kRequest,
                          .side = static_cast<uint8_t>(body.side()),
                          .quotes_only = 0,
                          .maker_group = 0,
                          .reserved = {}};
  return ErrorCode::OK;
}

}  // namespace

ErrorCode DecodeNewOrder(const wire::NewOrder& body, Command* command) {
  if (!ValidSide(body.side()) || !ValidPlainTimeInForce(body.time_in_force()) ||
      !InRange(body.order_type(), wire::OrderType::MARKET, wire::OrderType::LIMIT) ||
      !ValidSelfTradePrevention(body.self_trade_prevention()) ||
      (body.flags() & ~kOrderFlagPostOnly) != 0 || !AllZero(body.reserved())) {
    return ErrorCode::BAD_VALUE;
  }
  *command = PlainOrderOf(body);
  return ErrorCode::OK;
}

ErrorCode DecodeNewOrderFull(const wire::NewOrderFull& body, Command* command) {
  if (!ValidEnums(body)) {
    return ErrorCode::BAD_VALUE;
  }
  *command = PlainOrderOf(body);
  NewOrderCommand& order = command->new_order;
  order.trigger = static_cast<TriggerSource>(body.trigger());
  order.peg = static_cast<PegReference>(body.peg());
  order.trail_unit = static_cast<TrailUnit>(body.trail_unit());
  order.display_quantity = {body.display_quantity()};
  order.min_quantity = {body.min_quantity()};
  order.stop_price = {body.stop_price()};
  order.expire_time_ns = body.expire_time_ns();
  order.offset = body.offset();
  order.slippage_ticks = body.slippage_ticks();
  order.algorithm_id = body.algorithm_id();
  order.group_id = body.group_id();
  order.maker_group = body.maker_group();
  order.contingency = static_cast<Contingency>(body.contingency());
  order.group_leg = body.group_leg();
  return ErrorCode::OK;
}

ErrorCode DecodeReplace(const wire::Replace& body, Command* command) {
  *command = PlainReplaceOf(body);
  return ErrorCode::OK;
}

ErrorCode DecodeReplaceFull(const wire::ReplaceFull& body, Command* command) {
  *command = PlainReplaceOf(body);
  command->replace_order.display_quantity = {body.display_quantity()};
  command->replace_order.stop_price = {body.stop_price()};
  return ErrorCode::OK;
}

ErrorCode DecodeMassCancel(const wire::MassCancel& body, Command* command) {
  return DecodePlainMassCancel(body, command);
}

ErrorCode DecodeMassCancelFull(const wire::MassCancelFull& body, Command* command) {
  if (body.quotes_only() > 1) {
    return ErrorCode::BAD_VALUE;
  }
  const ErrorCode error = DecodePlainMassCancel(body, command);
  if (error == ErrorCode::OK) {
    command->mass_cancel.quotes_only = body.quotes_only();
    command->mass_cancel.maker_group = body.maker_group();
  }
  return error;
}

ErrorCode DecodeQuote(const wire::Quote& body, Command* command) {
  if (!ValidSelfTradePrevention(body.self_trade_prevention()) ||
      (body.flags() & ~kQuoteFlagsKnown) != 0 || !AllZero(body.reserved())) {
    return ErrorCode::BAD_VALUE;
  }
  *command = MakeCommand(CommandType::kQuote);
  command->instrument = InstrumentId{body.instrument()};
  command->quote = {
      .client_order_id = ClientOrderId{body.client_order_id()},
      .bid_price = {body.bid_price()},
      .bid_quantity = {body.bid_quantity()},
      .ask_price = {body.ask_price()},
      .ask_quantity = {body.ask_quantity()},
      .algorithm_id = body.algorithm_id(),
      .entry = body.entry(),
      .maker_group = body.maker_group(),
      .self_trade_prevention = static_cast<SelfTradePrevention>(body.self_trade_prevention()),
      .flags = body.flags(),
      .reserved = {}};
  return ErrorCode::OK;
}

ErrorCode DecodeResetProtection(const wire::ResetProtection& body, Command* command) {
  *command = MakeCommand(CommandType::kResetProtection);
  command->reset_protection = {.maker_group = body.maker_group(), .reserved = {}};
  return AllZero(body.reserved()) ? ErrorCode::OK : ErrorCode::BAD_VALUE;
}

ErrorCode DecodeSignOrder(const wire::SignOrder& body, Command* command) {
  if (!ValidSide(body.side()) || !AllZero(body.reserved())) {
    return ErrorCode::BAD_VALUE;
  }
  *command = MakeCommand(CommandType::kSignOrder);
  command->instrument = InstrumentId{body.instrument()};
  command->sign_order = {.client_order_id = ClientOrderId{body.client_order_id()},
                         .nonce = body.nonce(),
                         .expiry_s = body.expiry_s(),
                         .max_fee_hundredths_bp = body.max_fee_hundredths_bp(),
                         .signature = Copy(body.signature())};
  return ErrorCode::OK;
}

ErrorCode DecodeOrderReference(CommandType type, OrderReference target, Command* command) {
  *command = MakeCommand(type);
  // cancel_order and order_query have the same layout.
  static_assert(sizeof(CancelOrderCommand) == sizeof(OrderQueryCommand));
  command->cancel_order = {.target = target};
  return ErrorCode::OK;
}

}  // namespace tally::gateway
