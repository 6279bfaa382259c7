#include <algorithm>

#include "sdk/internal/frame_codec.h"

namespace tally::sdk::internal {
namespace {

Symbol ToSymbol(const flatbuffers::Array<uint8_t, 16>* bytes) {
  return Symbol::From({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
}

}  // namespace

MarketTrade DecodeTrade(const wire::Trade& trade) {
  return {.instrument = InstrumentId{trade.instrument()},
          .trade_id = TradeId{trade.trade_id()},
          .price = {trade.price()},
          .quantity = {trade.quantity()},
          .aggressor = ToSide(trade.aggressor()),
          .engine_ns = trade.engine_ns()};
}

TradesStatus DecodeTradesStatus(const wire::TradesStatus& status) {
  TradesStatus result{.batch_id = status.batch_id(),
                      .first_trade = TradeId{status.first_trade()},
                      .last_trade = TradeId{status.last_trade()},
                      .status = static_cast<SettlementStatus>(status.status()),
                      .transaction_hash = {},
                      .engine_ns = status.engine_ns()};
  std::copy_n(status.transaction_hash()->data(), result.transaction_hash.size(),
              result.transaction_hash.begin());
  return result;
}

DisputeStatus DecodeDisputeStatus(const wire::DisputeStatus& status) {
  return {.batch_id = status.batch_id(),
          .account = AccountId{status.account()},
          .asset = AssetId{status.asset()},
          .amount = {status.amount()},
          .held = {status.held()},
          .resolved = status.resolved() != 0,
          .engine_ns = status.engine_ns()};
}

BookTop DecodeBookTop(const wire::Bbo& bbo) {
  return {.instrument = InstrumentId{bbo.instrument()},
          .bid_price = {bbo.bid_price()},
          .bid_quantity = {bbo.bid_quantity()},
          .ask_price = {bbo.ask_price()},
          .ask_quantity = {bbo.ask_quantity()},
          .book_sequence = bbo.book_sequence(),
          .engine_ns = bbo.engine_ns()};
}

Instrument DecodeInstrument(const wire::InstrumentDef& definition) {
  return {.instrument = InstrumentId{definition.instrument()},
          .symbol = ToSymbol(definition.symbol()),
          .base_symbol = ToSymbol(definition.base_symbol()),
          .quote_symbol = ToSymbol(definition.quote_symbol()),
          .tick_quanta = {definition.tick_quanta()},
          .lot_quanta = {definition.lot_quanta()},
          .price_max = {definition.price_max()},
          .quantity_min = {definition.quantity_min()},
          .quantity_max = {definition.quantity_max()},
          .notional_min = {definition.notional_min()},
          .notional_max = {definition.notional_max()},
          .maker_fee_hundredths_bp = definition.maker_fee_hundredths_bp(),
          .taker_fee_hundredths_bp = definition.taker_fee_hundredths_bp(),
          .base_asset = AssetId{definition.base_asset()},
          .quote_asset = AssetId{definition.quote_asset()},
          .base_decimals = definition.base_decimals(),
          .quote_decimals = definition.quote_decimals()};
}

PhaseChange DecodePhase(const wire::Phase& phase) {
  return {.instrument = InstrumentId{phase.instrument()},
          .phase = static_cast<TradingPhase>(phase.phase()),
          .previous = static_cast<TradingPhase>(phase.previous()),
          .reason = static_cast<PhaseReason>(phase.reason()),
          .until_ns = phase.until_ns(),
          .reference_price = {phase.reference_price()},
          .last_price = {phase.last_price()},
          .engine_ns = phase.engine_ns()};
}

Indicative DecodeIndicative(const wire::Indicative& indicative) {
  return {.instrument = InstrumentId{indicative.instrument()},
          .price = {indicative.price()},
          .quantity = {indicative.quantity()},
          .surplus = {indicative.surplus()},
          .surplus_side = ToSide(indicative.surplus_side()),
          .engine_ns = indicative.engine_ns()};
}

BookLevel DecodeBookLevel(const wire::BookLevel& level) {
  return {.instrument = InstrumentId{level.instrument()},
          .side = ToSide(level.side()),
          .price = {level.price()},
          .quantity = {level.quantity()},
          .order_count = level.order_count(),
          .book_sequence = level.book_sequence(),
          .engine_ns = level.engine_ns()};
}

BookOrder DecodeBookOrder(const wire::BookOrder& order) {
  return {.instrument = InstrumentId{order.instrument()},
          .order_id = OrderId{order.order_id()},
          .side = ToSide(order.side()),
          .action = static_cast<BookAction>(order.action()),
          .price = {order.price()},
          .quantity = {order.quantity()},
          .kept_priority = order.kept_priority() != 0,
          .book_sequence = order.book_sequence(),
          .engine_ns = order.engine_ns()};
}

void DecodeSnapshotPart(const wire::Frame& frame, BookSnapshot* snapshot) {
  const wire::BookSnapshot& part = *frame.book_snapshot();
  if (part.first() == 0) {
    snapshot->entries.clear();
  }
  snapshot->instrument = InstrumentId{part.instrument()};
  snapshot->orders = part.kind() == wire::FeedKind::ORDERS;
  snapshot->book_sequence = part.book_sequence();
  snapshot->engine_ns = part.engine_ns();
  for (const wire::BookEntry* entry : *frame.book_entries()) {
    snapshot->entries.push_back({.order_id = OrderId{entry->order_id()},
                                 .side = ToSide(entry->side()),
                                 .price = {entry->price()},
                                 .quantity = {entry->quantity()},
                                 .order_count = entry->order_count()});
  }
}

}  // namespace tally::sdk::internal
