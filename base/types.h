#pragma once

// The vocabulary of the venue: identifiers are scoped enums, amounts one-field structs. Raw
// integers stop at the codecs.

#include <compare>
#include <cstdint>
#include <type_traits>

namespace tally {

enum class AccountId : uint32_t {};      // Assigned on chain, from 1; the same number off chain.
enum class AssetId : uint16_t {};        // Row of the asset in the venue and in the vault, from 0.
enum class InstrumentId : uint32_t {};   // From 1; 0 is "none" or "all".
enum class OrderId : uint64_t {};        // Assigned by the core, from 1, strictly increasing.
enum class TradeId : uint64_t {};        // Assigned by the core, from 1, contiguous.
enum class ClientOrderId : uint64_t {};  // Chosen by the client, strictly increasing per session.
enum class SessionIndex : uint32_t {};   // Dense, assigned by the core, from 1; 0 is "no session".

// Position of a command in the journal of its core, from 1, contiguous.
enum class CommandSequence : uint64_t {};
// Position of an event in the event log of its core, from 1, contiguous.
enum class EventSequence : uint64_t {};

template <typename Enum>
requires std::is_enum_v<Enum>
constexpr auto Raw(Enum value) { return static_cast<std::underlying_type_t<Enum>>(value); }

// Price in ticks of the instrument: quote quanta per lot = ticks * tick_quanta.
struct PriceTicks {
  int64_t value = 0;
  friend constexpr auto operator<=>(const PriceTicks&, const PriceTicks&) = default;
};

// Quantity in lots of the instrument: base quanta = lots * lot_quanta.
struct QuantityLots {
  int64_t value = 0;
  friend constexpr auto operator<=>(const QuantityLots&, const QuantityLots&) = default;
  friend constexpr QuantityLots operator+(QuantityLots a, QuantityLots b) {
    return {a.value + b.value};
  }
  friend constexpr QuantityLots operator-(QuantityLots a, QuantityLots b) {
    return {a.value - b.value};
  }
  constexpr QuantityLots& operator+=(QuantityLots other) { return *this = *this + other; }
  constexpr QuantityLots& operator-=(QuantityLots other) { return *this = *this - other; }
};

// Amount of an asset in its smallest unit inside the engine. Signed: fees can be rebates.
struct Quanta {
  int64_t value = 0;
  friend constexpr auto operator<=>(const Quanta&, const Quanta&) = default;
  friend constexpr Quanta operator+(Quanta a, Quanta b) { return {a.value + b.value}; }
  friend constexpr Quanta operator-(Quanta a, Quanta b) { return {a.value - b.value}; }
  constexpr Quanta& operator+=(Quanta other) { return *this = *this + other; }
  constexpr Quanta& operator-=(Quanta other) { return *this = *this - other; }
};

enum class Side : uint8_t { kBuy = 1, kSell = 2 };  // FIX tag 54.

constexpr Side Opposite(Side side) { return side == Side::kBuy ? Side::kSell : Side::kBuy; }

enum class OrderType : uint8_t {  // FIX tag 40 where it has the type.
  kMarket = 1,
  kLimit = 2,
  kStop = 3,       // Becomes a market order when triggered.
  kStopLimit = 4,  // Becomes a limit order when triggered.
  kTrailingStop = 5,
  kPegged = 6,  // A hidden limit order whose price follows the book.
};

enum class TimeInForce : uint8_t {  // FIX tag 59, GTC and DAY moved off 0.
  kGtc = 1,
  kAtTheOpen = 2,
  kIoc = 3,
  kFok = 4,
  kGtd = 6,
  kAtTheClose = 7,
  kDay = 8,
};

// What the stop price of an order is compared with.
enum class TriggerSource : uint8_t { kNone = 0, kLastTrade = 1, kBestPrice = 2 };

// What the price of a pegged order follows: the best price of its own side, of the other side, or
// the middle between them.
enum class PegReference : uint8_t { kNone = 0, kPrimary = 1, kMarket = 2, kMid = 3 };

enum class TrailUnit : uint8_t { kNone = 0, kTicks = 1, kBasisPoints = 2 };

// How the orders of a group depend on one another. OCO: one cancels the other. OTO: the second
// starts when the first is filled. OTOCO: the second and third start then, and one cancels the
// other.
enum class Contingency : uint8_t { kNone = 0, kOco = 1, kOto = 2, kOtoco = 3 };

// What an instrument does with orders. docs/semantics/phases.md.
enum class TradingPhase : uint8_t {
  kPreOpen = 1,         // Orders are taken, nothing trades, no indicative price.
  kOpeningAuction = 2,  // Call: orders are taken and an indicative price is published.
  kContinuous = 3,
  kVolatilityAuction = 4,  // Call, entered by itself when a price band is reached.
  kHalt = 5,               // Only cancels.
  kClosingAuction = 6,
  kClosed = 7,        // Only cancels.
  kBatchAuction = 8,  // Frequent batch auctions: a call that uncrosses at every interval.
};

// What happens when an order would trade with a resting order of the same owner. The incoming
// ("newest") order's mode decides.
enum class SelfTradePrevention : uint8_t {
  kNone = 1,
  kCancelNewest = 2,
  kCancelOldest = 3,
  kCancelBoth = 4,
  kDecrementAndCancel = 5,
};

enum class Liquidity : uint8_t { kMaker = 1, kTaker = 2, kAuction = 4 };  // FIX tag 851.

}  // namespace tally
