#include "engine/core/internal/order_attributes.h"

#include <array>
#include <cstddef>
#include <cstring>

#include "engine/limits.h"

namespace tally::core::internal {
namespace {

constexpr bool Has(uint8_t flags, uint8_t flag) { return (flags & flag) != 0; }

// Any of the attributes from `display_quantity` on; algorithm_id has no effect and is none.
bool HasAttributes(const NewOrderCommand& order) {
  constexpr std::size_t kFirst = offsetof(NewOrderCommand, display_quantity);
  constexpr std::size_t kWords = (sizeof(NewOrderCommand) - kFirst) / sizeof(uint64_t);
  static_assert(kFirst + kWords * sizeof(uint64_t) == sizeof(NewOrderCommand));
  static_assert(offsetof(NewOrderCommand, algorithm_id) == kFirst + 5 * sizeof(uint64_t));
  // Word by word from where they are: a copy read back at once would wait for its own stores.
  const auto* const first = reinterpret_cast<const std::byte*>(&order) + kFirst;
  uint64_t any = 0;
  for (std::size_t i = 0; i < kWords; ++i) {
    uint64_t word;
    std::memcpy(&word, first + i * sizeof(word), sizeof(word));
    any |= i == 5 ? word & ~uint64_t{UINT32_MAX} : word;
  }
  return any != 0;
}

// Codecs check enums, but the journal is the input of the core: any byte must have an answer.
bool ValuesAreKnown(const NewOrderCommand& order) {
  return (order.side == Side::kBuy || order.side == Side::kSell) &&
         order.type >= OrderType::kMarket && order.type <= OrderType::kPegged &&
         order.self_trade_prevention >= SelfTradePrevention::kNone &&
         order.self_trade_prevention <= SelfTradePrevention::kDecrementAndCancel &&
         (order.flags & ~kOrderFlagsKnown) == 0 && order.trigger <= TriggerSource::kBestPrice &&
         order.peg <= PegReference::kMid && order.trail_unit <= TrailUnit::kBasisPoints &&
         order.contingency <= Contingency::kOtoco && order.reserved == std::array<uint8_t, 4>{};
}

bool IsKnown(TimeInForce time_in_force) {
  switch (time_in_force) {
    case TimeInForce::kGtc:
    case TimeInForce::kAtTheOpen:
    case TimeInForce::kIoc:
    case TimeInForce::kFok:
    case TimeInForce::kGtd:
    case TimeInForce::kAtTheClose:
    case TimeInForce::kDay:
      return true;
  }
  return false;
}

// Attributes that belong to a type: absent from every other.
bool FitsType(const NewOrderCommand& order) {
  const bool stop = IsStop(order.type);
  const bool trailing = order.type == OrderType::kTrailingStop;
  const bool pegged = order.type == OrderType::kPegged;
  const bool slips = order.type == OrderType::kMarket || order.type == OrderType::kStop || trailing;
  return (stop || (order.trigger == TriggerSource::kNone && order.stop_price == PriceTicks{})) &&
         (trailing || order.trail_unit == TrailUnit::kNone) &&
         (pegged || order.peg == PegReference::kNone) &&
         (trailing || pegged || order.offset == 0) &&
         // Instead of a price, so one of them.
         (order.slippage_ticks == 0 || (slips && order.price == PriceTicks{})) &&
         (order.expire_time_ns == 0 || order.time_in_force == TimeInForce::kGtd);
}

// Post-only, slide, hidden, all-or-none, display and minimum quantity: each says how an order
// rests or what it takes on entry, so it needs an order that does that, and no two that
// contradict or imply one another.
bool FitsVisibility(const NewOrderCommand& order) {
  const bool post_only = Has(order.flags, kOrderFlagPostOnly);
  const bool slide = Has(order.flags, kOrderFlagSlide);
  const bool hidden = Has(order.flags, kOrderFlagHidden);
  const bool all_or_none = Has(order.flags, kOrderFlagAllOrNone);
  const bool iceberg = order.display_quantity != QuantityLots{};
  const bool minimum = order.min_quantity != QuantityLots{};
  const bool rests = !IsImmediate(order.time_in_force) && !IsAuctionOnly(order.time_in_force);
  const bool limit = order.type == OrderType::kLimit;
  const bool limit_at_last = limit || order.type == OrderType::kStopLimit;
  if (slide && (!post_only || hidden)) {
    return false;
  }
  if (post_only && (!limit || !rests || all_or_none || minimum)) {
    return false;
  }
  if (hidden + all_or_none + iceberg > 1) {
    return false;
  }
  if ((hidden || all_or_none || iceberg) && (!limit_at_last || !rests)) {
    return false;
  }
  return !minimum || (limit && !all_or_none && order.time_in_force != TimeInForce::kFok &&
                      !IsAuctionOnly(order.time_in_force));
}

// The fields of a group are there together or not at all.
bool FitsGroup(const NewOrderCommand& order) {
  return order.contingency != Contingency::kNone || (order.group_id == 0 && order.group_leg == 0);
}

bool FitsTimeInForce(OrderType type, TimeInForce time_in_force) {
  switch (type) {
    case OrderType::kLimit:
      return true;
    case OrderType::kMarket:
      return IsImmediate(time_in_force) || IsAuctionOnly(time_in_force);
    case OrderType::kStop:
    case OrderType::kStopLimit:
    case OrderType::kTrailingStop:
    case OrderType::kPegged:
      return !IsImmediate(time_in_force) && !IsAuctionOnly(time_in_force);
  }
  return false;
}

}  // namespace

bool IsPlain(const NewOrderCommand& order) {
  const bool usual = (order.type == OrderType::kLimit || order.type == OrderType::kMarket) &&
                     (order.time_in_force == TimeInForce::kGtc || IsImmediate(order.time_in_force));
  return usual && (order.flags & ~kOrderFlagPostOnly) == 0 &&
         Raw(order.trigger) + Raw(order.peg) + Raw(order.trail_unit) == 0 && !HasAttributes(order);
}

RejectReason CheckPlainAttributes(const NewOrderCommand& order) {
  const bool values_are_known =
      (order.side == Side::kBuy || order.side == Side::kSell) &&
      order.self_trade_prevention >= SelfTradePrevention::kNone &&
      order.self_trade_prevention <= SelfTradePrevention::kDecrementAndCancel;
  const bool market = order.type == OrderType::kMarket;
  const bool immediate = IsImmediate(order.time_in_force);
  if (!values_are_known || (order.flags != 0 && (market || immediate))) {
    return RejectReason::kUnsupported;  // The flag is post-only.
  }
  return market && !immediate ? RejectReason::kBadTimeInForce : RejectReason::kNone;
}

RejectReason CheckAttributes(const NewOrderCommand& order) {
  // Of an unknown time in force nothing else can be said.
  const bool known = IsKnown(order.time_in_force);
  if (!ValuesAreKnown(order) || !FitsType(order) || !FitsGroup(order) ||
      (known && !FitsVisibility(order))) {
    return RejectReason::kUnsupported;
  }
  return known && FitsTimeInForce(order.type, order.time_in_force) ? RejectReason::kNone
                                                                   : RejectReason::kBadTimeInForce;
}

RejectReason CheckVisibility(const NewOrderCommand& order, bool hidden_ok) {
  const bool dark = Has(order.flags, kOrderFlagHidden) || Has(order.flags, kOrderFlagAllOrNone) ||
                    order.type == OrderType::kPegged;
  if (dark && !hidden_ok) {
    return RejectReason::kHiddenNotAllowed;
  }
  if (Has(order.flags, kOrderFlagReduceOnly)) {
    return RejectReason::kReduceOnly;  // A spot venue: nobody has a position.
  }
  const QuantityLots none{};
  const QuantityLots display = order.display_quantity;
  if (display != none && (display < none || display > order.quantity ||
                          (order.quantity.value - 1) / display.value >= kMaxIcebergParts)) {
    return RejectReason::kBadDisplayQuantity;
  }
  if (order.min_quantity < none ||
      (order.min_quantity > none && order.min_quantity > order.quantity)) {
    return RejectReason::kBadMinQuantity;
  }
  return RejectReason::kNone;
}

}  // namespace tally::core::internal
