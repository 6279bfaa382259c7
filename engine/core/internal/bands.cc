#include "engine/core/internal/bands.h"

#include <algorithm>

#include "engine/core/internal/book_delta.h"
#include "engine/core/internal/phase.h"
#include "engine/core/internal/turn.h"
#include "engine/risk/holds.h"

namespace tally::core::internal {
namespace {

// So that a price times a number of basis points stays below 2^63.
constexpr uint32_t kRuleBasisPointsMax = 10'000;

// How far a band reaches from its center: rounded down, so that a trade at the edge of what was
// allowed in the finest ticks is outside rather than inside.
constexpr int64_t Width(PriceTicks center, uint32_t basis_points) {
  return center.value * int64_t{basis_points} / kBasisPoints;
}

struct Band {
  PriceTicks low;
  PriceTicks high;
  bool Contains(PriceTicks price) const { return low <= price && price <= high; }
};

// All prices if the band is off or has no price to lie around.
Band BandAround(PriceTicks center, uint32_t basis_points) {
  if (basis_points == 0 || center == PriceTicks{}) {
    return {.low = {1}, .high = {kMaxPriceTicks}};
  }
  const int64_t width = Width(center, basis_points);
  return {.low = {std::max<int64_t>(1, center.value - width)},
          .high = {std::min(kMaxPriceTicks, center.value + width)}};
}

Band StaticBand(const Market& market) {
  return BandAround(market.reference_price, market.rules.static_band_bp);
}

bool RulesAreOn(const DefineRulesCommand& rules) {
  return (rules.static_band_bp | rules.dynamic_band_bp | rules.fat_finger_bp | rules.breaker_bp) !=
             0 ||
         rules.order_quantity_max != QuantityLots{} || rules.order_notional_max != Quanta{};
}

// Extensions have a length, and both they and the wait for an operator a band to be outside of.
bool AuctionRulesAreSound(const DefineRulesCommand& rules) {
  const bool extends = rules.auction_extensions_max != 0;
  const bool holds = (rules.flags & kRulesFlagHoldAuction) != 0;
  return (!extends || rules.volatility_call_ns > 0) &&
         (!(extends || holds) || rules.auction_band_bp != 0);
}

RejectReason CheckRulesCommand(const Market& market, const DefineRulesCommand& rules) {
  const uint32_t bp_max =
      std::max({rules.static_band_bp, rules.dynamic_band_bp, rules.fat_finger_bp, rules.breaker_bp,
                uint32_t{rules.auction_band_bp}});
  const int64_t least = std::min({rules.breaker_window_ns, rules.breaker_halt_ns,
                                  rules.volatility_call_ns, rules.batch_interval_ns,
                                  rules.order_quantity_max.value, rules.order_notional_max.value});
  const bool sound = bp_max <= kRuleBasisPointsMax && least >= 0 &&
                     (rules.breaker_bp == 0 || rules.breaker_window_ns > 0) &&
                     (rules.flags & ~kRulesFlagsKnown) == 0 && AuctionRulesAreSound(rules) &&
                     rules.reserved == std::array<uint8_t, 4>{};
  const bool batching = market.next_batch_ns != 0 ||
                        (market.until_ns != 0 && market.next == TradingPhase::kBatchAuction);
  return sound && (!batching || rules.batch_interval_ns != 0) ? RejectReason::kNone
                                                              : RejectReason::kBadDefinition;
}

constexpr uint32_t kFeaturesOfRules = kFeatureRules | kFeatureHidden | kFeatureBookDelta;

uint32_t FeaturesOf(const DefineRulesCommand& rules) {
  return (RulesAreOn(rules) ? kFeatureRules : 0) |
         ((rules.flags & kRulesFlagHidden) != 0 ? kFeatureHidden : 0) |
         ((rules.flags & kRulesFlagBookDelta) != 0 ? kFeatureBookDelta : 0);
}

// What "the market" is to a new price: what the other side displays, in continuous trading; else
// the price of the last trade or of the last auction. 0: there is none.
PriceTicks MarketPrice(const State& state, InstrumentId instrument, Side side) {
  const BookState& book = state.book(instrument);
  const BookLevel best = side == Side::kBuy ? book.book.best_ask() : book.book.best_bid();
  if (best.quantity.value != 0 && !book.book.in_call()) {
    return best.price;
  }
  return book.last_price == PriceTicks{} ? state.market(instrument).reference_price
                                         : book.last_price;
}

// Only limit prices: a market or stop order gives the worst price it would accept, and is stopped
// by the collar wherever the bands are by then.
RejectReason CheckPrice(const State& state, InstrumentId instrument, const RuleTerms& terms) {
  const Market& market = state.market(instrument);
  const PriceTicks at = MarketPrice(state, instrument, terms.side);
  if (market.rules.fat_finger_bp != 0 && at != PriceTicks{}) {
    const int64_t through =
        terms.side == Side::kBuy ? terms.price.value - at.value : at.value - terms.price.value;
    if (through > Width(at, market.rules.fat_finger_bp)) {
      return RejectReason::kFatFinger;
    }
  }
  return StaticBand(market).Contains(terms.price) ? RejectReason::kNone : RejectReason::kPriceBand;
}

int64_t SlotNumber(const State& state, const Market& market) {
  const int64_t slot_ns =
      std::max<int64_t>(2, market.rules.breaker_window_ns / BreakerWindow::kSlots);
  return state.time_ns / slot_ns + 1;
}

// Whether the last price is as far from one of the window as the breaker allows, or further.
bool BreakerTripped(const State& state, InstrumentId instrument) {
  const Market& market = state.market(instrument);
  if (market.rules.breaker_bp == 0) {
    return false;
  }
  const PriceTicks last = state.book(instrument).last_price;
  const int64_t oldest = std::max<int64_t>(0, SlotNumber(state, market) - BreakerWindow::kSlots);
  const auto moved = [&](PriceTicks from, int64_t by) {
    return by * kBasisPoints >= from.value * int64_t{market.rules.breaker_bp} && by > 0;
  };
  for (const BreakerWindow::Slot& slot : market.breaker.slots) {
    if (slot.number > oldest && (moved(slot.low, last.value - slot.low.value) ||
                                 moved(slot.high, slot.high.value - last.value))) {
      return true;
    }
  }
  return false;
}

PhaseChange HaltOf(const State& state, const Market& market) {
  const DefineRulesCommand& rules = market.rules;
  return {.phase = TradingPhase::kHalt,
          .next = rules.volatility_call_ns == 0 ? TradingPhase::kContinuous
                                                : TradingPhase::kVolatilityAuction,
          .until_ns = rules.breaker_halt_ns == 0 ? 0 : Later(state.time_ns, rules.breaker_halt_ns),
          .reason = PhaseReason::kBreaker};
}

PhaseChange VolatilityOf(const State& state, const Market& market, PriceTicks reached) {
  const DefineRulesCommand& rules = market.rules;
  return {.phase = TradingPhase::kVolatilityAuction,
          .next = TradingPhase::kContinuous,
          .until_ns =
              rules.volatility_call_ns == 0 ? 0 : Later(state.time_ns, rules.volatility_call_ns),
          .reason = StaticBand(market).Contains(reached) ? PhaseReason::kDynamicBand
                                                         : PhaseReason::kStaticBand};
}

}  // namespace

RejectReason CheckRulesInForce(const State& state, InstrumentId instrument,
                               const RuleTerms& terms) {
  const DefineRulesCommand& rules = state.market(instrument).rules;
  const Quanta notional =
      risk::Notional(*state.instruments.Find(instrument), terms.price, terms.quantity);
  if ((rules.order_quantity_max != QuantityLots{} && terms.quantity > rules.order_quantity_max) ||
      (rules.order_notional_max != Quanta{} && notional > rules.order_notional_max)) {
    return RejectReason::kFatFinger;
  }
  return terms.type == OrderType::kLimit ? CheckPrice(state, instrument, terms)
                                         : RejectReason::kNone;
}

bool IsOutOfBand(PriceTicks price, PriceTicks center, uint32_t basis_points) {
  return !BandAround(center, basis_points).Contains(price);
}

void UpdateCollar(State& state, InstrumentId instrument) {
  BookState& book = state.book(instrument);
  if (book.book.in_call()) {
    return;
  }
  const Market& market = state.market(instrument);
  const Band fixed = StaticBand(market);
  const Band moving = BandAround(book.last_price, market.rules.dynamic_band_bp);
  const Band both = {.low = std::max(fixed.low, moving.low),
                     .high = std::min(fixed.high, moving.high)};
  // Apart, e.g. after a new reference price: then the static band alone.
  const Band band = both.low <= both.high ? both : fixed;
  if (band.low == PriceTicks{1} && band.high == PriceTicks{kMaxPriceTicks}) {
    book.book.ClearCollar();
  } else {
    book.book.SetCollar(band.low, band.high);
  }
}

void RecordTrade(State& state, InstrumentId instrument, PriceTicks price) {
  Market& market = state.market(instrument);
  if (market.rules.breaker_bp == 0) {
    return;
  }
  const int64_t number = SlotNumber(state, market);
  BreakerWindow::Slot& slot =
      market.breaker.slots[static_cast<uint64_t>(number) % BreakerWindow::kSlots];
  if (slot.number != number) {
    slot = {.number = number, .low = price, .high = price};
  }
  slot.low = std::min(slot.low, price);
  slot.high = std::max(slot.high, price);
}

bool EnforceRules(Context& context, InstrumentId instrument) {
  State& state = context.state;
  const OrderBook& book = state.book(instrument).book;
  const Market& market = state.market(instrument);
  if (market.phase != TradingPhase::kContinuous) {
    return false;
  }
  if (BreakerTripped(state, instrument)) {
    BeginPhase(context, instrument, HaltOf(state, market));
    return true;
  }
  if (book.collar_reached()) {
    BeginPhase(context, instrument, VolatilityOf(state, market, book.collar_reached_at()));
    return true;
  }
  UpdateCollar(state, instrument);
  return false;
}

void HandleDefineRules(Context context) {
  State& state = context.state;
  const InstrumentId instrument = context.command.instrument;
  const DefineRulesCommand& rules = context.command.define_rules;
  const RejectReason reason = state.instruments.Find(instrument) == nullptr
                                  ? RejectReason::kUnknownInstrument
                                  : CheckRulesCommand(state.market(instrument), rules);
  if (reason != RejectReason::kNone) {
    context.emit.Reject(EventType::kCommandRejected, reason);
    return;
  }
  Market& market = state.market(instrument);
  const bool other_window = market.rules.breaker_window_ns != rules.breaker_window_ns ||
                            market.rules.breaker_bp != rules.breaker_bp;
  market.rules = rules;
  uint32_t& features = state.book(instrument).features;
  const bool had_deltas = (features & kFeatureBookDelta) != 0;
  features = (features & ~kFeaturesOfRules) | FeaturesOf(rules);
  if (other_window) {
    market.breaker = {};
  }
  UpdateCollar(state, instrument);
  const bool has_deltas = (features & kFeatureBookDelta) != 0;
  if (had_deltas && !has_deltas) {
    PublishWholeBook(context, instrument, BookAction::kRemove);
  }
  Event event = MakeEvent(EventType::kRulesDefined);
  event.instrument = instrument;
  context.emit.Publish(event);
  if (!had_deltas && has_deltas) {
    PublishWholeBook(context, instrument, BookAction::kAdd);
  }
  context.emit.Done();
}

}  // namespace tally::core::internal
