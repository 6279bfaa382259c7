#pragma once

// What a client can ask for. docs/semantics says what the venue does with it.

#include <array>
#include <cstdint>

#include "base/types.h"
#include "sdk/market_data.h"

namespace tally::sdk {

// Fields from `slide` on are of some orders only; sdk/orders.h makes the usual ones.
struct NewOrderRequest {
  // 0: the client takes the next one. Otherwise greater than any that the session used.
  ClientOrderId client_order_id{};
  InstrumentId instrument{};
  Side side{};
  // Of a market, stop or trailing order the worst it may trade at, of a pegged order the worst it
  // may be pegged to.
  PriceTicks price{};
  QuantityLots quantity{};
  OrderType type = OrderType::kLimit;
  TimeInForce time_in_force = TimeInForce::kGtc;
  SelfTradePrevention self_trade_prevention = SelfTradePrevention::kCancelNewest;
  bool post_only = false;
  bool slide = false;  // With post_only: off the other side's best price instead of a reject.
  bool hidden = false;
  bool all_or_none = false;
  bool reduce_only = false;
  QuantityLots display_quantity{};  // Iceberg: how much of it is shown at a time.
  QuantityLots min_quantity{};      // Must be filled on entry, or nothing is.
  TriggerSource trigger{};          // Stop and trailing orders.
  PriceTicks stop_price{};          // Of a trailing order where it starts; 0: from the trigger.
  PegReference peg{};
  TrailUnit trail_unit{};
  int32_t offset = 0;           // Pegged: ticks added to the reference. Trailing: the distance.
  uint32_t slippage_ticks = 0;  // Instead of `price`: from the other side's best price.
  int64_t expire_time_ns = 0;   // kGtd: ns since the Unix epoch, UTC.
  uint32_t algorithm_id = 0;
  uint16_t maker_group = 0;
  // Of the legs of a group; Client::NewGroup sets them.
  Contingency contingency{};
  uint8_t group_leg = 0;
  uint32_t group_id = 0;
};

// An order is named by its id or, when that is 0, by the session's own client order id.
struct OrderName {
  OrderId order_id{};
  ClientOrderId client_order_id{};
};

struct ReplaceRequest {
  OrderName target{};
  ClientOrderId new_client_order_id{};  // 0: the client takes the next one.
  PriceTicks price{};
  QuantityLots quantity{};          // New total, what is already executed included.
  QuantityLots display_quantity{};  // 0: as it was.
  PriceTicks stop_price{};          // 0: as it was.
  // Of the order that is replaced. Required where the client signs: they are part of what is
  // signed; else not looked at.
  InstrumentId instrument{};
  Side side{};
};

enum class MassCancelScope : uint8_t { kSession = 1, kAccount = 2 };

struct MassCancelRequest {
  InstrumentId instrument{};  // 0: every instrument.
  MassCancelScope scope = MassCancelScope::kSession;
  bool buys = true;
  bool sells = true;
  uint16_t maker_group = 0;  // 0: whatever the group.
  bool quotes_only = false;
};

// One entry of a market maker's ladder; replaces what the entry of that number was. Quantity 0: no
// order on that side.
struct QuoteRequest {
  ClientOrderId client_order_id{};  // 0: the client takes the next one.
  InstrumentId instrument{};
  uint16_t entry = 0;
  uint16_t maker_group = 0;  // Required.
  PriceTicks bid_price{};
  QuantityLots bid_quantity{};
  PriceTicks ask_price{};
  QuantityLots ask_quantity{};
  SelfTradePrevention self_trade_prevention = SelfTradePrevention::kCancelNewest;
  bool post_only = false;
  bool slide = false;
  uint32_t algorithm_id = 0;
};

struct ChainTransfer {
  uint64_t index = 0;  // Counts deposits (withdrawals) of one vault from 1.
  uint64_t chain_id = 0;
  AccountId account{};
  AssetId asset{};
  Quanta amount{};
  std::array<uint8_t, 32> transaction_hash{};
  uint32_t log_index = 0;
};

struct SettledBatch {
  uint64_t batch_id = 0;
  EventSequence last_event{};
  uint64_t block_number = 0;
  std::array<uint8_t, 32> transaction_hash{};
};

// How far a batch is; kFinal is BatchSettled, and tells its trades.
struct BatchStatusRequest {
  uint64_t batch_id = 0;
  EventSequence last_event{};
  TradeId last_trade{};
  uint32_t trade_count = 0;
  uint64_t block_number = 0;
  std::array<uint8_t, 32> transaction_hash{};
  SettlementStatus status{};
};

enum class DisputeAction : uint8_t { kHold = 1, kBreakTrade = 2, kResolve = 3 };

// docs/semantics/settlement-status.md; kResolve is an operator's too.
struct DisputeRequest {
  uint64_t batch_id = 0;
  AccountId culprit{};
  DisputeAction action{};
  uint32_t step = 0;  // Not of kResolve.
  AccountId account{};
  AssetId asset{};         // kHold
  Quanta amount{};         // kHold
  SessionIndex session{};  // kBreakTrade, and what follows.
  InstrumentId instrument{};
  TradeId trade_id{};
  OrderId order_id{};
  ClientOrderId client_order_id{};
  Side side{};
  PriceTicks price{};
  QuantityLots quantity{};
};

// ---- Of an operator; the key needs the permission `admin`.

struct SetPhaseRequest {
  InstrumentId instrument{};  // 0: every one.
  TradingPhase phase{};
  int64_t until_ns = 0;          // 0: until the next request. Else `next` begins then.
  TradingPhase next{};           // With until_ns.
  PriceTicks reference_price{};  // 0: as it was.
};

// 0 switches a rule off; what is not said is off.
struct RulesRequest {
  InstrumentId instrument{};
  uint32_t static_band_bp = 0;
  uint32_t dynamic_band_bp = 0;
  uint32_t fat_finger_bp = 0;
  uint32_t breaker_bp = 0;
  int64_t breaker_window_ns = 0;
  int64_t breaker_halt_ns = 0;
  int64_t volatility_call_ns = 0;
  int64_t batch_interval_ns = 0;
  QuantityLots order_quantity_max{};
  Quanta order_notional_max{};
  bool hidden = false;       // Hidden, all-or-none and pegged orders are taken.
  bool book_deltas = false;  // L2 and L3 are published.
  bool batch_stops = false;  // Stops on the last trade trigger in batch auctions, too.
  // A call or batch whose price is out of the band around its reference price goes on
  // auction_extensions_max times; then it trades, or with `hold_auction` waits for an operator.
  uint16_t auction_band_bp = 0;
  uint8_t auction_extensions_max = 0;
  bool hold_auction = false;
};

struct FeesRequest {
  InstrumentId instrument{};  // 0: every instrument without a row of its own for the class.
  uint8_t fee_class = 0;
  int32_t maker_fee_hundredths_bp = 0;
  int32_t taker_fee_hundredths_bp = 0;
  Quanta minimum_fee{};
  bool remove = false;
};

struct ProtectionRequest {
  AccountId account{};
  uint16_t maker_group = 0;
  int64_t window_ns = 0;
  QuantityLots quantity_max{};
  QuantityLots delta_max{};
  uint32_t count_max = 0;
};

// All of an account that the venue's configuration defines; the owner is the one that it has.
struct AccountRequest {
  AccountId account{};
  std::array<uint8_t, 20> owner{};
  bool enabled = true;
  uint8_t fee_class = 0;
  uint32_t owner_group = 0;
  bool must_sign = false;
};

struct ExposureRequest {
  AccountId account{};  // 0: every one without a limit of its own.
  AssetId asset{};
  Quanta limit{};
  bool remove = false;
};

enum class KillScope : uint8_t { kAccount = 1, kSession = 2, kVenue = 3 };

struct KillSwitchRequest {
  KillScope scope{};
  AccountId account{};      // kAccount, kSession
  uint64_t session_id = 0;  // kSession
  bool engaged = true;      // False releases.
};

}  // namespace tally::sdk
