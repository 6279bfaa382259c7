#include "engine/core/internal/auction.h"

#include "base/assert.h"
#include "engine/core/internal/bands.h"
#include "engine/core/internal/book_delta.h"
#include "engine/core/internal/match_listener.h"

namespace tally::core::internal {
namespace {

// The price that decides where volume and pressure do not.
PriceTicks ReferenceOf(const State& state, InstrumentId instrument) {
  const PriceTicks reference = state.market(instrument).reference_price;
  return reference == PriceTicks{} ? state.book(instrument).last_price : reference;
}

Quanta AuctionFee(const OrderRecord& record, Side side, Quanta notional,
                  risk::MinimumFee* minimum_fee) {
  const Quanta fee = risk::Fee(notional, record.fees.taker);
  return minimum_fee == nullptr ? fee : risk::ChargeFee(*minimum_fee, side, notional, fee);
}

}  // namespace

// Nobody brought the liquidity and nobody took it: both pay as takers do, which the fee account
// never has to pay for.
void MatchListener::OnCross(const Cross& cross) {
  OrderRecord& buy_record = state_.orders[cross.buy];
  OrderRecord& sell_record = state_.orders[cross.sell];
  const Quanta notional = risk::Notional(instrument_, cross.price, cross.quantity);
  risk::MinimumFee* const buy_minimum = state_.orders.minimum_fee(cross.buy);
  risk::MinimumFee* const sell_minimum = state_.orders.minimum_fee(cross.sell);
  const Leg buy = {.record = buy_record,
                   .side = Side::kBuy,
                   .limit = HoldPrice(state_, cross.buy, state_.pool.View(cross.buy).price),
                   .leaves = cross.buy_leaves,
                   .fee = AuctionFee(buy_record, Side::kBuy, notional, buy_minimum),
                   .minimum_fee = buy_minimum};
  const Leg sell = {.record = sell_record,
                    .side = Side::kSell,
                    .limit = cross.price,
                    .leaves = cross.sell_leaves,
                    .fee = AuctionFee(sell_record, Side::kSell, notional, sell_minimum),
                    .minimum_fee = sell_minimum};
  MoveFunds(buy, sell, cross.quantity, notional);
  if (state_.exposures.active()) [[unlikely]] {
    NoteDebit(buy, cross.quantity, notional);
    NoteDebit(sell, cross.quantity, notional);
  }

  const Fill fill = {.maker = kNoOrder,
                     .price = cross.price,
                     .quantity = cross.quantity,
                     .maker_leaves = {},
                     .taker_leaves = {}};
  ReportFill(buy, fill, state_.pool.id(cross.buy), Liquidity::kAuction);
  ReportFill(sell, fill, state_.pool.id(cross.sell), Liquidity::kAuction);
  PublishTrade(fill, buy_record.instrument, 0);

  Context context = context_;
  PublishLess(context, cross.buy);
  PublishLess(context, cross.sell);
  if ((buy_record.flags | sell_record.flags) != 0) {
    AfterSpecialFill(buy, cross.quantity);
    AfterSpecialFill(sell, cross.quantity);
  }
  if (cross.buy_leaves.value == 0) {
    CHECK(buy_record.held == Quanta{});
    EndOrder(state_, cross.buy, Side::kBuy);
  }
  if (cross.sell_leaves.value == 0) {
    CHECK(sell_record.held == Quanta{});
    EndOrder(state_, cross.sell, Side::kSell);
  }
}

bool RunAuction(Context& context, InstrumentId instrument) {
  State& state = context.state;
  OrderBook& book = state.book(instrument).book;
  if (!book.in_call()) {
    return false;
  }
  ActiveOrder nobody{};
  MatchListener listener(context, *state.instruments.Find(instrument), &nobody);
  const Equilibrium equilibrium = book.Uncross(ReferenceOf(state, instrument), listener);
  if (equilibrium.quantity == QuantityLots{}) {
    return false;
  }
  state.market(instrument).reference_price = equilibrium.price;
  return true;
}

bool AuctionIsOutOfBand(const State& state, InstrumentId instrument) {
  const uint16_t basis_points = state.market(instrument).rules.auction_band_bp;
  if (basis_points == 0) {
    return false;
  }
  const PriceTicks reference = ReferenceOf(state, instrument);
  const Equilibrium now = state.book(instrument).book.FindEquilibrium(reference);
  return now.quantity != QuantityLots{} && IsOutOfBand(now.price, reference, basis_points);
}

void PublishIndicative(Context& context, InstrumentId instrument) {
  State& state = context.state;
  Market& market = state.market(instrument);
  if (!IsCall(market.phase)) {
    return;
  }
  const Equilibrium now =
      state.book(instrument).book.FindEquilibrium(ReferenceOf(state, instrument));
  IndicativeEvent& last = market.indicative;
  if (last.price == now.price && last.quantity == now.quantity && last.surplus == now.surplus &&
      last.surplus_side == now.surplus_side) {
    return;
  }
  last = {.price = now.price,
          .quantity = now.quantity,
          .surplus = now.surplus,
          .surplus_side = now.surplus_side,
          .reserved = {}};
  Event event = MakeEvent(EventType::kIndicative);
  event.instrument = instrument;
  event.indicative = last;
  context.emit.Publish(event);
}

}  // namespace tally::core::internal
