#include "gateway/codec/event_body.h"

#include <array>

#include "gateway/codec/frame_encoder.h"

namespace tally::gateway {
namespace {

static_assert(static_cast<int>(wire::CancelReason::VENUE) ==
              static_cast<int>(CancelReason::kVenue));
static_assert(static_cast<int>(wire::Liquidity::AUCTION) == static_cast<int>(Liquidity::kAuction));
static_assert(static_cast<int>(wire::OrderStatus::PARTIALLY_FILLED) ==
              static_cast<int>(OrderStatus::kPartiallyFilled));
static_assert(static_cast<int>(wire::TradingPhase::BATCH_AUCTION) ==
              static_cast<int>(TradingPhase::kBatchAuction));
static_assert(static_cast<int>(wire::PhaseReason::EXTENSION) ==
              static_cast<int>(PhaseReason::kExtension));
static_assert(static_cast<int>(wire::RestateReason::SLIDE) ==
              static_cast<int>(RestateReason::kSlide));
static_assert(static_cast<int>(wire::BookAction::REMOVE) == static_cast<int>(BookAction::kRemove));

wire::Side WireSide(const Event& event) { return static_cast<wire::Side>(event.side); }

wire::ErrorCode WireCode(RejectReason reason) { return static_cast<wire::ErrorCode>(Raw(reason)); }

wire::TradingPhase WirePhase(TradingPhase phase) { return static_cast<wire::TradingPhase>(phase); }

}  // namespace

wire::Accepted MakeAccepted(const Event& event) {
  const OrderAcceptedEvent& e = event.accepted;
  return {Raw(event.client_order_id),
          Raw(event.order_id),
          e.price.value,
          e.quantity.value,
          event.timestamp_ns,
          Raw(event.instrument),
          WireSide(event),
          static_cast<wire::OrderType>(e.order_type),
          static_cast<wire::TimeInForce>(e.time_in_force),
          e.order_flags};
}

wire::Rejected MakeRejected(const Event& event) {
  return {Raw(event.client_order_id),      event.timestamp_ns,         Raw(event.instrument),
          WireCode(event.rejected.reason), wire::Outcome::NOT_APPLIED, WireSide(event)};
}

wire::Fill MakeFill(const Event& event) {
  const OrderFilledEvent& e = event.filled;
  return {Raw(event.client_order_id),
          Raw(event.order_id),
          Raw(e.trade_id),
          Raw(event.sequence),
          e.price.value,
          e.quantity.value,
          e.leaves.value,
          e.cumulative.value,
          e.fee.value,
          event.timestamp_ns,
          Raw(event.instrument),
          WireSide(event),
          static_cast<wire::Liquidity>(e.liquidity)};
}

wire::Canceled MakeCanceled(const Event& event) {
  const OrderCanceledEvent& e = event.canceled;
  return {Raw(event.client_order_id),
          Raw(event.order_id),
          e.canceled.value,
          e.leaves.value,
          e.cumulative.value,
          event.timestamp_ns,
          Raw(event.instrument),
          WireSide(event),
          static_cast<wire::CancelReason>(e.reason)};
}

wire::Replaced MakeReplaced(const Event& event) {
  const OrderReplacedEvent& e = event.replaced;
  return {Raw(event.client_order_id),
          Raw(e.original_client_order_id),
          Raw(event.order_id),
          e.price.value,
          e.quantity.value,
          e.leaves.value,
          event.timestamp_ns,
          Raw(event.instrument),
          WireSide(event),
          e.kept_priority};
}

wire::CancelReject MakeCancelReject(const Event& event) {
  return {Raw(event.client_order_id),
          Raw(event.order_id),
          event.timestamp_ns,
          ToMessageType(event.rejected.rejected_type),
          WireCode(event.rejected.reason),
          wire::Outcome::NOT_APPLIED};
}

wire::OrderState MakeOrderState(const Event& event) {
  const OrderStateEvent& e = event.order_state;
  return {Raw(event.client_order_id),
          Raw(event.order_id),
          e.price.value,
          e.quantity.value,
          e.leaves.value,
          e.cumulative.value,
          event.timestamp_ns,
          Raw(event.instrument),
          WireSide(event),
          static_cast<wire::OrderStatus>(e.status)};
}

wire::CommandRejected MakeCommandRejected(const Event& event) {
  return {event.timestamp_ns, ToMessageType(event.rejected.rejected_type),
          WireCode(event.rejected.reason), wire::Outcome::NOT_APPLIED};
}

wire::AcceptedDetails MakeAcceptedDetails(const Event& event) {
  const OrderAcceptedEvent& e = event.accepted;
  return {e.display_quantity.value,
          e.min_quantity.value,
          e.stop_price.value,
          e.algorithm_id,
          e.group_id,
          static_cast<wire::SelfTradePrevention>(e.self_trade_prevention),
          WirePhase(e.phase),
          static_cast<wire::TriggerSource>(e.trigger),
          static_cast<wire::PegReference>(e.peg),
          static_cast<wire::Contingency>(e.contingency)};
}

wire::FillDetails MakeFillDetails(const Event& event) {
  return wire::FillDetails(WirePhase(event.filled.phase));
}

wire::Triggered MakeTriggered(const Event& event) {
  const OrderTriggeredEvent& e = event.triggered;
  return {Raw(event.client_order_id),
          Raw(event.order_id),
          e.price.value,
          e.leaves.value,
          e.stop_price.value,
          e.trigger_price.value,
          event.timestamp_ns,
          Raw(event.instrument),
          WireSide(event),
          static_cast<wire::OrderType>(e.order_type)};
}

wire::Restated MakeRestated(const Event& event) {
  const OrderRestatedEvent& e = event.restated;
  return {Raw(event.client_order_id),
          Raw(event.order_id),
          e.price.value,
          e.leaves.value,
          e.displayed.value,
          e.stop_price.value,
          event.timestamp_ns,
          Raw(event.instrument),
          WireSide(event),
          static_cast<wire::RestateReason>(e.reason),
          e.kept_priority,
          0};
}

wire::QuoteDone MakeQuoteDone(const Event& event) {
  const QuoteDoneEvent& e = event.quote_done;
  return {Raw(event.client_order_id),
          Raw(e.bid_order_id),
          Raw(e.ask_order_id),
          e.bid_leaves.value,
          e.ask_leaves.value,
          event.timestamp_ns,
          Raw(event.instrument),
          WireCode(e.bid_reason),
          WireCode(e.ask_reason),
          e.entry,
          e.maker_group};
}

wire::ProtectionTripped MakeProtectionTripped(const Event& event) {
  const ProtectionTrippedEvent& e = event.protection_tripped;
  return {e.quantity.value, e.delta.value,    event.timestamp_ns, Raw(event.instrument),
          e.count,          e.canceled_count, e.maker_group};
}

wire::TradeBroken MakeTradeBroken(const Event& event) {
  const TradeBrokenEvent& e = event.trade_broken;
  return {e.batch_id,     Raw(e.trade_id),  Raw(event.order_id), Raw(event.client_order_id),
          e.price.value,  e.quantity.value, event.timestamp_ns,  Raw(event.instrument),
          WireSide(event)};
}

wire::TradesStatus MakeTradesStatus(const BatchStatusEvent& status, int64_t engine_ns) {
  const uint64_t last = Raw(status.last_trade);
  constexpr std::array<uint8_t, 7> kReserved{};
  return {status.batch_id,
          status.trade_count == 0 ? 0 : last - status.trade_count + 1,
          last,
          engine_ns,
          flatbuffers::span<const uint8_t, 32>(status.transaction_hash),
          static_cast<wire::SettlementStatus>(status.status),
          flatbuffers::span<const uint8_t, 7>(kReserved)};
}

wire::DisputeStatus MakeDisputeStatus(const Event& event) {
  const DisputeEvent& e = event.dispute;
  return {e.batch_id,         e.amount.value, e.held.value, event.timestamp_ns,
          Raw(event.account), Raw(e.asset),   e.resolved};
}

wire::Trade MakeTrade(const Event& event) {
  return {Raw(event.trade.trade_id), event.trade.price.value, event.trade.quantity.value,
          event.timestamp_ns,        Raw(event.instrument),   WireSide(event)};
}

wire::Phase MakePhase(const Event& event) {
  const PhaseChangedEvent& e = event.phase_changed;
  return {e.until_ns,
          e.reference_price.value,
          e.last_price.value,
          event.timestamp_ns,
          Raw(event.instrument),
          WirePhase(e.phase),
          WirePhase(e.previous),
          static_cast<wire::PhaseReason>(e.reason),
          0};
}

wire::Indicative MakeIndicative(const Event& event) {
  const IndicativeEvent& e = event.indicative;
  return {e.price.value,      e.quantity.value,      e.surplus.value,
          event.timestamp_ns, Raw(event.instrument), static_cast<wire::Side>(e.surplus_side)};
}

wire::BookLevel MakeBookLevel(const Event& event) {
  const BookDeltaEvent& e = event.book_delta;
  return {e.price.value,         e.level_quantity.value, e.book_sequence, event.timestamp_ns,
          Raw(event.instrument), e.level_order_count,    WireSide(event)};
}

wire::BookOrder MakeBookOrder(const Event& event) {
  const BookDeltaEvent& e = event.book_delta;
  return {Raw(event.order_id), e.price.value,
          e.quantity.value,    e.book_sequence,
          event.timestamp_ns,  Raw(event.instrument),
          WireSide(event),     static_cast<wire::BookAction>(e.action),
          e.kept_priority,     0};
}

}  // namespace tally::gateway
