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

enum class OrderType : uint8_t { kMarket = 1, kLimit = 2 };  // FIX tag 40.

enum class TimeInForce : uint8_t { kGtc = 1, kIoc = 3, kFok = 4 };  // FIX tag 59, GTC moved off 0.

// What happens when an order would trade with a resting order of the same owner. The incoming
// ("newest") order's mode decides.
enum class SelfTradePrevention : uint8_t {
  kNone = 1,
  kCancelNewest = 2,
  kCancelOldest = 3,
  kCancelBoth = 4,
  kDecrementAndCancel = 5,
};

enum class Liquidity : uint8_t { kMaker = 1, kTaker = 2 };  // FIX tag 851.

}  // namespace tally
