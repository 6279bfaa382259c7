#pragma once

// The price of a call auction. docs/semantics/auctions.md has the rule and where it comes from.

#include <algorithm>
#include <concepts>
#include <cstdint>

#include "base/types.h"

namespace tally {

// What an auction would do. quantity 0: nothing, and every other field is 0 too.
struct Equilibrium {
  PriceTicks price;
  QuantityLots quantity;     // Executed.
  QuantityLots surplus;      // That would trade at the price too, but finds no counterpart.
  uint8_t surplus_side = 0;  // A Side; 0 if there is no surplus.
  friend bool operator==(const Equilibrium&, const Equilibrium&) = default;
};

// Walks the price levels of one side, best first, every price once and no quantity of 0.
template <typename T>
concept LevelCursor = std::copyable<T> && requires(T cursor) {
  { cursor.done() } -> std::convertible_to<bool>;
  { cursor.price() } -> std::convertible_to<int64_t>;     // Unless done.
  { cursor.quantity() } -> std::convertible_to<int64_t>;  // Unless done. Sums stay below 2^63.
  cursor.Next();
};

namespace internal {

// The price nearest to the reference in [low, high]; without a reference (0) the middle, down.
constexpr int64_t NearestTo(int64_t reference, int64_t low, int64_t high) {
  return reference == 0 ? low + (high - low) / 2 : std::clamp(reference, low, high);
}

// Supply and demand meet exactly in [low, high], the last levels they need; the next ones out are
// at `bid` and `ask`. Away from an exact match the surplus is what is at the price that comes in.
template <LevelCursor Cursor>
Equilibrium Balanced(int64_t low, int64_t high, Cursor bid, Cursor ask, int64_t reference) {
  const int64_t exact_low = bid.done() ? low : std::max(low, bid.price() + 1);
  const int64_t exact_high = ask.done() ? high : std::min(high, ask.price() - 1);
  if (exact_low <= exact_high) {
    return {.price = {NearestTo(reference, exact_low, exact_high)}, .quantity = {}, .surplus = {}};
  }
  // The two prices next to each other: no price has both sides exact.
  const int64_t bid_price = bid.price();
  const int64_t bid_quantity = bid.quantity();
  const int64_t ask_price = ask.price();
  const int64_t ask_quantity = ask.quantity();
  int64_t price = bid_quantity < ask_quantity ? bid_price : ask_price;
  if (bid_quantity == ask_quantity) {
    bid.Next();
    ask.Next();
    const int64_t even_low = bid.done() ? low : std::max(low, bid.price() + 1);
    const int64_t even_high = ask.done() ? high : std::min(high, ask.price() - 1);
    price = NearestTo(reference, even_low, even_high);
  }
  const bool buyers = price <= bid_price;
  return {.price = {price},
          .quantity = {},
          .surplus = {buyers ? bid_quantity : ask_quantity},
          .surplus_side = Raw(buyers ? Side::kBuy : Side::kSell)};
}

}  // namespace internal

// The equilibrium of two sides: of all prices those with the highest executable quantity; of these
// those with the smallest surplus; if all of these have it on the buy side the highest, on the sell
// side the lowest price; else the one nearest to `reference` (0: the middle of them, down).
// Cost: O(levels in the crossed range).
template <LevelCursor Cursor>
Equilibrium FindEquilibrium(Cursor bid, Cursor ask, PriceTicks reference) {
  int64_t demand = 0;  // Of the levels before `bid`.
  int64_t supply = 0;
  int64_t demand_reached = 0;  // Including the last level that was needed, at `high`.
  int64_t supply_reached = 0;
  int64_t low = 0;
  int64_t high = 0;
  while (!bid.done() && !ask.done() && bid.price() >= ask.price()) {
    demand_reached = demand + bid.quantity();
    supply_reached = supply + ask.quantity();
    high = bid.price();
    low = ask.price();
    if (demand_reached <= supply_reached) {
      demand = demand_reached;
      bid.Next();
    }
    if (supply_reached <= demand_reached) {
      supply = supply_reached;
      ask.Next();
    }
  }
  const int64_t quantity = std::min(demand_reached, supply_reached);
  if (quantity == 0) {
    return {};
  }
  if (demand_reached == supply_reached) {
    Equilibrium result = internal::Balanced(low, high, bid, ask, reference.value);
    result.quantity = {quantity};
    return result;
  }
  const bool buyers = demand_reached > supply_reached;
  return {.price = {buyers ? high : low},
          .quantity = {quantity},
          .surplus = {buyers ? demand_reached - quantity : supply_reached - quantity},
          .surplus_side = Raw(buyers ? Side::kBuy : Side::kSell)};
}

}  // namespace tally
