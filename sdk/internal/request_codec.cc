#include "sdk/internal/request_codec.h"

namespace tally::sdk::internal {
namespace {

template <typename Flag>
unsigned Bit(bool set, Flag flag) {
  return set ? static_cast<unsigned>(flag) : 0u;
}

uint8_t FlagsOf(const NewOrderRequest& request) {
  return static_cast<uint8_t>(Bit(request.post_only, wire::OrderFlag::POST_ONLY) |
                              Bit(request.slide, wire::OrderFlag::SLIDE) |
                              Bit(request.hidden, wire::OrderFlag::HIDDEN) |
                              Bit(request.all_or_none, wire::OrderFlag::ALL_OR_NONE) |
                              Bit(request.reduce_only, wire::OrderFlag::REDUCE_ONLY));
}

wire::Side SideOf(const MassCancelRequest& request) {
  if (request.buys == request.sells) {
    return wire::Side::NONE;
  }
  return request.buys ? wire::Side::BUY : wire::Side::SELL;
}

wire::SelfTradePrevention ToWire(SelfTradePrevention value) {
  return static_cast<wire::SelfTradePrevention>(value);
}

wire::TradingPhase ToWire(TradingPhase phase) { return static_cast<wire::TradingPhase>(phase); }

}  // namespace

bool IsPlain(const NewOrderRequest& request) {
  const bool plain_kind =
      (request.type == OrderType::kLimit || request.type == OrderType::kMarket) &&
      (request.time_in_force == TimeInForce::kGtc || request.time_in_force == TimeInForce::kIoc ||
       request.time_in_force == TimeInForce::kFok);
  const bool plain_flags =
      !request.slide && !request.hidden && !request.all_or_none && !request.reduce_only;
  const bool plain_terms =
      request.display_quantity == QuantityLots{} && request.min_quantity == QuantityLots{} &&
      request.trigger == TriggerSource::kNone && request.stop_price == PriceTicks{} &&
      request.peg == PegReference::kNone && request.trail_unit == TrailUnit::kNone &&
      request.offset == 0 && request.slippage_ticks == 0 && request.expire_time_ns == 0;
  return plain_kind && plain_flags && plain_terms && request.algorithm_id == 0 &&
         request.maker_group == 0 && request.contingency == Contingency::kNone &&
         request.group_leg == 0 && request.group_id == 0;
}

absl::Status Check(const NewOrderRequest& request) {
  if (request.side != Side::kBuy && request.side != Side::kSell) {
    return absl::InvalidArgumentError("an order is to buy or to sell");
  }
  return absl::OkStatus();
}

absl::Status Check(const MassCancelRequest& request) {
  return request.buys || request.sells
             ? absl::OkStatus()
             : absl::InvalidArgumentError("a mass cancel of neither side");
}

absl::Status CheckUnnamed(ClientOrderId id) {
  return Raw(id) == 0 ? absl::OkStatus()
                      : absl::InvalidArgumentError("the client numbers these orders itself");
}

wire::NewOrder ToPlainWire(const NewOrderRequest& request, ClientOrderId id) {
  return {Raw(id),
          request.price.value,
          request.quantity.value,
          Raw(request.instrument),
          static_cast<wire::Side>(request.side),
          static_cast<wire::OrderType>(request.type),
          static_cast<wire::TimeInForce>(request.time_in_force),
          ToWire(request.self_trade_prevention),
          FlagsOf(request)};
}

wire::NewOrderFull ToWire(const NewOrderRequest& request, ClientOrderId id) {
  return {Raw(id),
          request.price.value,
          request.quantity.value,
          request.display_quantity.value,
          request.min_quantity.value,
          request.stop_price.value,
          request.expire_time_ns,
          Raw(request.instrument),
          request.offset,
          request.slippage_ticks,
          request.algorithm_id,
          request.group_id,
          request.maker_group,
          static_cast<wire::Side>(request.side),
          static_cast<wire::OrderType>(request.type),
          static_cast<wire::TimeInForce>(request.time_in_force),
          ToWire(request.self_trade_prevention),
          FlagsOf(request),
          static_cast<wire::TriggerSource>(request.trigger),
          static_cast<wire::PegReference>(request.peg),
          static_cast<wire::TrailUnit>(request.trail_unit),
          static_cast<wire::Contingency>(request.contingency),
          request.group_leg};
}

wire::ReplaceFull ToWire(const ReplaceRequest& request, ClientOrderId id) {
  return {Raw(request.target.order_id),
          Raw(request.target.client_order_id),
          Raw(id),
          request.price.value,
          request.quantity.value,
          request.display_quantity.value,
          request.stop_price.value};
}

wire::MassCancelFull ToWire(const MassCancelRequest& request) {
  return {Raw(request.instrument), request.maker_group,
          static_cast<wire::MassCancelScope>(request.scope), SideOf(request),
          static_cast<uint8_t>(request.quotes_only ? 1 : 0)};
}

wire::Quote ToWire(const QuoteRequest& request, ClientOrderId id) {
  const unsigned flags = Bit(request.post_only, wire::OrderFlag::POST_ONLY) |
                         Bit(request.slide, wire::OrderFlag::SLIDE);
  return {Raw(id),
          request.bid_price.value,
          request.bid_quantity.value,
          request.ask_price.value,
          request.ask_quantity.value,
          Raw(request.instrument),
          request.algorithm_id,
          request.entry,
          request.maker_group,
          ToWire(request.self_trade_prevention),
          static_cast<uint8_t>(flags)};
}

wire::ChainTransfer ToWire(const ChainTransfer& transfer) {
  constexpr std::array<uint8_t, 6> kReserved{};
  return {transfer.index,        transfer.chain_id,
          transfer.amount.value, flatbuffers::span<const uint8_t, 32>(transfer.transaction_hash),
          transfer.log_index,    Raw(transfer.account),
          Raw(transfer.asset),   flatbuffers::span<const uint8_t, 6>(kReserved)};
}

wire::SetPhase ToWire(const SetPhaseRequest& request) {
  return {request.until_ns, request.reference_price.value, Raw(request.instrument),
          ToWire(request.phase), ToWire(request.next)};
}

wire::DefineRules ToWire(const RulesRequest& request) {
  const unsigned flags = Bit(request.hidden, wire::RulesFlag::HIDDEN) |
                         Bit(request.book_deltas, wire::RulesFlag::BOOK_DELTA) |
                         Bit(request.batch_stops, wire::RulesFlag::BATCH_STOPS) |
                         Bit(request.hold_auction, wire::RulesFlag::HOLD_AUCTION);
  return {request.breaker_window_ns,
          request.breaker_halt_ns,
          request.volatility_call_ns,
          request.batch_interval_ns,
          request.order_quantity_max.value,
          request.order_notional_max.value,
          Raw(request.instrument),
          request.static_band_bp,
          request.dynamic_band_bp,
          request.fat_finger_bp,
          request.breaker_bp,
          static_cast<uint8_t>(flags),
          request.auction_extensions_max,
          request.auction_band_bp};
}

wire::DefineFees ToWire(const FeesRequest& request) {
  return {request.minimum_fee.value,
          Raw(request.instrument),
          request.maker_fee_hundredths_bp,
          request.taker_fee_hundredths_bp,
          request.fee_class,
          static_cast<uint8_t>(request.remove ? 1 : 0)};
}

wire::DefineProtection ToWire(const ProtectionRequest& request) {
  return {request.window_ns,    request.quantity_max.value, request.delta_max.value,
          Raw(request.account), request.count_max,          request.maker_group};
}

wire::BatchStatus ToWire(const BatchStatusRequest& request) {
  constexpr std::array<uint8_t, 3> kReserved{};
  return {request.batch_id,
          Raw(request.last_event),
          Raw(request.last_trade),
          request.block_number,
          flatbuffers::span<const uint8_t, 32>(request.transaction_hash),
          request.trade_count,
          static_cast<wire::SettlementStatus>(request.status),
          flatbuffers::span<const uint8_t, 3>(kReserved)};
}

wire::DisputeStep ToWire(const DisputeRequest& request) {
  return {request.batch_id,
          request.amount.value,
          Raw(request.trade_id),
          Raw(request.order_id),
          Raw(request.client_order_id),
          request.price.value,
          request.quantity.value,
          Raw(request.culprit),
          request.step,
          Raw(request.session),
          Raw(request.account),
          Raw(request.instrument),
          Raw(request.asset),
          static_cast<wire::DisputeAction>(request.action),
          static_cast<wire::Side>(request.side)};
}

wire::DefineExposure ToWire(const ExposureRequest& request) {
  return {request.limit.value, Raw(request.account), Raw(request.asset),
          static_cast<uint8_t>(request.remove ? 1 : 0)};
}

wire::KillSwitch ToWire(const KillSwitchRequest& request) {
  return {request.session_id, Raw(request.account), static_cast<wire::KillScope>(request.scope),
          static_cast<uint8_t>(request.engaged ? 1 : 0)};
}

wire::DefineAccount ToWire(const AccountRequest& request) {
  return {flatbuffers::span<const uint8_t, 20>(request.owner),
          Raw(request.account),
          request.owner_group,
          static_cast<uint8_t>(request.enabled ? 1 : 0),
          request.fee_class,
          static_cast<uint8_t>(request.must_sign ? 1 : 0),
          /*reserved=*/0};
}

wire::Subscribe ToWire(InstrumentId instrument, const Feeds& feeds) {
  using wire::FeedKind;
  const unsigned kinds = Bit(feeds.book_top, FeedKind::BBO) | Bit(feeds.trades, FeedKind::TRADES) |
                         Bit(feeds.phase, FeedKind::PHASE) |
                         Bit(feeds.indicative, FeedKind::INDICATIVE) |
                         Bit(feeds.levels, FeedKind::LEVELS) | Bit(feeds.orders, FeedKind::ORDERS);
  return {Raw(instrument), static_cast<uint8_t>(kinds)};
}

}  // namespace tally::sdk::internal
