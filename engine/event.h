#pragma once

// The output of a matching core: everything it decided, in order. Events are a pure function of
// the journal; the event log on disk is a copy that can be rebuilt from it. Fixed-size, trivially
// copyable, no padding: the bytes are written and compared as they are.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "base/cache_line.h"
#include "base/prefetch.h"
#include "base/types.h"
#include "engine/command.h"
#include "engine/reject_reason.h"

namespace tally {

enum class EventType : uint16_t {
  // Reports to a session: numbered per session (report_sequence), replayable.
  kOrderAccepted = 1,
  kOrderRejected = 2,  // Answers kNewOrder.
  kOrderFilled = 3,    // One to each side of a trade; also the entry of the settlement feed.
  kOrderCanceled = 4,
  kOrderReplaced = 5,
  kCancelRejected = 6,  // Answers kCancelOrder and kReplaceOrder; the order is as it was.
  kMassCancelDone = 7,
  kOrderState = 8,        // Answers kOrderQuery; an unknown order is a kCancelRejected.
  kBalance = 9,           // Answers kAccountQuery, one per asset held, the last flagged.
  kCommandRejected = 10,  // Answers any other command of a session.
  kCommandDone = 11,      // Answers a ledger command of a session that was applied.
  kOrderTriggered = 12,   // A stop became an active order.
  kOrderRestated = 13,    // The venue changed price, displayed or stop price of an order.
  kQuoteDone = 14,        // Answers kQuote.
  kProtectionTripped = 15,
  kTradeBroken = 16,  // A side of a trade that will not be settled as it is: it is in dispute.
  // Public.
  kTrade = 32,
  kBookTop = 33,
  kPhaseChanged = 34,
  kIndicative = 35,  // What the auction would do now.
  kBookDelta = 36,   // L2 and L3 in one: an order and its price level changed.
  // Ledger and venue.
  kSessionOpened = 48,
  kAssetDefined = 49,
  kInstrumentDefined = 50,
  kAccountDefined = 51,
  kDeposited = 52,
  kWithdrawn = 53,
  kBatchSettled = 54,
  kWithdrawRefused = 55,
  kRulesDefined = 56,
  kFeesDefined = 57,
  kProtectionDefined = 58,
  kKillSwitched = 59,
  kExposureDefined = 60,
  kBatchStatus = 61,  // Of a whole batch: of every trade in its range.
  kDispute = 62,
  // Internal.
  kStateHash = 64,         // The state hash after command_sequence, to be journaled as a mark.
  kDuplicateCommand = 65,  // client_sequence was applied before: the gateway re-sends its outcome.
  // A kSignOrder was applied: what it said, in two events one after the other, for whoever has to
  // show one day that an order was its owner's.
  kOrderSigned = 66,
  kOrderSignature = 67,
};

enum class CancelReason : uint8_t {
  kRequest = 1,
  kMassCancel = 2,
  kDisconnect = 3,
  kImmediateOrCancel = 4,  // What an IOC or market order could not fill.
  kSelfTradeNewest = 5,
  kSelfTradeOldest = 6,
  kSelfTradeBoth = 7,
  kSelfTradeDecrement = 8,  // Leaves reached 0 by decrements.
  kReplaced = 9,
  kExpired = 10,      // kGtd.
  kEndOfDay = 11,     // kDay, at the close.
  kAuctionOnly = 12,  // What an at-the-open or at-the-close order could not fill.
  kGroup = 13,        // Another order of its group was filled, canceled or rejected.
  kKillSwitch = 14,
  kProtection = 15,     // Market-maker protection.
  kPriceBand = 16,      // What a market order could not fill within the band.
  kQuoteReplaced = 17,  // A side of a quote was withdrawn by the next one.
  kVenue = 18,          // E.g. the instrument closes for good.
};

enum class OrderStatus : uint8_t { kNew = 1, kPartiallyFilled = 2 };

// Bits of Event::flags.
inline constexpr uint8_t kEventFlagLast = 1;       // Last report of a multi-report answer.
inline constexpr uint8_t kEventFlagDuplicate = 2;  // kCommandDone: applied before, no effect now.

// Why the venue restated an order by itself.
enum class RestateReason : uint8_t {
  kRefresh = 1,  // The next part of an iceberg is shown, at the end of the queue.
  kPeg = 2,
  kTrail = 3,  // The stop price moved.
  kSlide = 4,  // A post-only order entered off its limit price.
};

enum class PhaseReason : uint8_t {
  kCommand = 1,
  kSchedule = 2,  // until_ns was reached.
  kStaticBand = 3,
  kDynamicBand = 4,
  kBreaker = 5,
  kExtension = 6,  // The same call goes on: its price is out of its band.
};

enum class BookAction : uint8_t { kAdd = 1, kChange = 2, kRemove = 3 };

// Regulatory records are made from these fields (displayed and minimum quantity, self-trade
// prevention, phase, algorithm); the priority time of an order is the timestamp of its last event
// that gave it a new place.
struct OrderAcceptedEvent {
  PriceTicks price;
  QuantityLots quantity;
  OrderType order_type;
  TimeInForce time_in_force;
  uint8_t order_flags;
  SelfTradePrevention self_trade_prevention;
  TradingPhase phase;
  TriggerSource trigger;
  PegReference peg;
  Contingency contingency;
  QuantityLots display_quantity;  // 0: all of it, or hidden.
  QuantityLots min_quantity;
  PriceTicks stop_price;
  uint32_t algorithm_id;
  uint32_t group_id;
};

// The order as it stands in the book from now on.
struct OrderTriggeredEvent {
  PriceTicks price;  // Limit, or the worst price of a market order.
  QuantityLots leaves;
  PriceTicks stop_price;
  PriceTicks trigger_price;  // The trade or best price that triggered it.
  OrderType order_type;      // What it became: kMarket or kLimit.
  std::array<uint8_t, 7> reserved;
};

struct OrderRestatedEvent {
  PriceTicks price;
  QuantityLots leaves;
  QuantityLots displayed;  // Lots shown in the book; 0 if hidden or not in the book.
  PriceTicks stop_price;
  RestateReason reason;
  uint8_t kept_priority;
  std::array<uint8_t, 6> reserved;
};

struct QuoteDoneEvent {
  OrderId bid_order_id;  // 0: no order on that side.
  OrderId ask_order_id;
  QuantityLots bid_leaves;
  QuantityLots ask_leaves;
  RejectReason bid_reason;  // kNone: as asked.
  RejectReason ask_reason;
  uint16_t entry;
  uint16_t maker_group;
  std::array<uint8_t, 8> reserved;
};

struct ProtectionTrippedEvent {
  QuantityLots quantity;  // What was counted in the window.
  QuantityLots delta;
  uint32_t count;
  uint32_t canceled_count;
  uint16_t maker_group;
  std::array<uint8_t, 6> reserved;
};

struct PhaseChangedEvent {
  int64_t until_ns;  // 0: open end.
  PriceTicks reference_price;
  PriceTicks last_price;  // Of the last trade; 0 if there was none.
  TradingPhase phase;
  TradingPhase previous;
  PhaseReason reason;
  std::array<uint8_t, 5> reserved;
};

// Published after each command that changes it while a call runs. Quantity 0: nothing would trade.
struct IndicativeEvent {
  PriceTicks price;
  QuantityLots quantity;
  QuantityLots surplus;
  uint8_t surplus_side;  // A Side; 0 if there is no surplus.
  std::array<uint8_t, 7> reserved;
};

// Event::order_id and side name the order. Only what is displayed; hidden quantity never shows.
struct BookDeltaEvent {
  PriceTicks price;
  QuantityLots quantity;        // Displayed lots of the order afterwards; 0 if it was removed.
  QuantityLots level_quantity;  // Displayed lots at the price afterwards.
  uint64_t book_sequence;       // Per instrument, from 1, contiguous over the deltas.
  uint32_t level_order_count;
  BookAction action;
  uint8_t kept_priority;
  std::array<uint8_t, 2> reserved;
};

struct KillSwitchedEvent {
  uint32_t canceled_count;
  KillScope scope;
  uint8_t engaged;
  std::array<uint8_t, 2> reserved;
};

struct ProtectionDefinedEvent {
  uint16_t maker_group;
  std::array<uint8_t, 6> reserved;
};

struct FeesDefinedEvent {
  Quanta minimum_fee;
  int32_t maker_fee_hundredths_bp;
  int32_t taker_fee_hundredths_bp;
  uint8_t fee_class;
  uint8_t removed;
  std::array<uint8_t, 6> reserved;
};

struct RejectedEvent {  // kOrderRejected, kCancelRejected, kCommandRejected.
  RejectReason reason;
  CommandType rejected_type;
  std::array<uint8_t, 4> reserved;
};

struct OrderFilledEvent {
  TradeId trade_id;
  PriceTicks price;
  QuantityLots quantity;
  QuantityLots leaves;
  QuantityLots cumulative;
  Quanta fee;           // Quote quanta; paid by the account, negative is a rebate.
  Liquidity liquidity;  // kMaker or kTaker; kAuction of both sides in an auction.
  TradingPhase phase;
  std::array<uint8_t, 6> reserved;
};

struct OrderCanceledEvent {
  QuantityLots canceled;  // Lots removed by this event.
  QuantityLots leaves;    // 0 unless a self-trade decrement left some.
  QuantityLots cumulative;
  CancelReason reason;
  std::array<uint8_t, 7> reserved;
};

struct OrderReplacedEvent {
  ClientOrderId original_client_order_id;
  PriceTicks price;
  QuantityLots quantity;  // New total.
  QuantityLots leaves;
  uint8_t kept_priority;
  std::array<uint8_t, 7> reserved;
};

struct MassCancelDoneEvent {
  uint32_t canceled_count;
  std::array<uint8_t, 4> reserved;
};

struct OrderStateEvent {
  PriceTicks price;
  QuantityLots quantity;
  QuantityLots leaves;
  QuantityLots cumulative;
  OrderStatus status;
  std::array<uint8_t, 7> reserved;
};

struct BalanceEvent {
  Quanta available;
  Quanta held;
  AssetId asset;
  std::array<uint8_t, 6> reserved;
};

struct TradeEvent {  // Event::side is the aggressor's side; order_id 0.
  TradeId trade_id;
  PriceTicks price;
  QuantityLots quantity;
};

// Emitted after a command that changed the best price or quantity of a side. 0 quantity: empty.
struct BookTopEvent {
  PriceTicks bid_price;
  QuantityLots bid_quantity;
  PriceTicks ask_price;
  QuantityLots ask_quantity;
  uint64_t book_sequence;  // Per instrument, from 1, contiguous.
};

struct SessionOpenedEvent {
  uint64_t session_id;
  std::array<uint8_t, 32> public_key;
};

struct AssetDefinedEvent {
  AssetId asset;
  std::array<uint8_t, 6> reserved;
};

// What the settlement feed needs to turn the fills that follow into amounts.
struct InstrumentDefinedEvent {
  Quanta tick_quanta;
  Quanta lot_quanta;
  int32_t maker_fee_hundredths_bp;
  int32_t taker_fee_hundredths_bp;
  AccountId fee_account;
  AssetId base_asset;
  AssetId quote_asset;
};

struct LedgerTransferEvent {  // kDeposited, kWithdrawn, kWithdrawRefused.
  uint64_t index;
  Quanta amount;
  Quanta balance;  // Available balance afterwards.
  uint64_t chain_id;
  AssetId asset;
  RejectReason reason;  // Of kWithdrawRefused: the index is used up, no funds moved.
  std::array<uint8_t, 4> reserved;
};

struct BatchSettledEvent {
  uint64_t batch_id;
  EventSequence last_event;
  std::array<uint8_t, 32> transaction_hash;
};

struct BatchStatusEvent {
  uint64_t batch_id;
  TradeId last_trade;
  std::array<uint8_t, 32> transaction_hash;
  uint32_t trade_count;
  SettlementStatus status;
  std::array<uint8_t, 3> reserved;
};

// After a kHold, of Event::account; after a kResolve, one of every hold that was given back.
// Without an account: of the whole dispute.
struct DisputeEvent {
  uint64_t batch_id;
  Quanta amount;
  Quanta held;  // Of `amount`. The rest is held as soon as the account has it.
  AccountId culprit;
  uint32_t steps;  // Taken so far.
  AssetId asset;
  DisputeAction action;  // Of the command; kNone: nothing new, the first step was repeated.
  uint8_t resolved;
  std::array<uint8_t, 20> reserved;
};

struct TradeBrokenEvent {
  uint64_t batch_id;
  TradeId trade_id;
  PriceTicks price;
  QuantityLots quantity;
  AccountId culprit;  // Not for clients.
  uint32_t step;
  std::array<uint8_t, 16> reserved;
};

struct ExposureDefinedEvent {
  Quanta limit;
  AssetId asset;
  uint8_t removed;
  std::array<uint8_t, 5> reserved;
};

// Event::session, client_sequence and client_order_id name the signer and the order: it is the one
// that the kOrderAccepted or kOrderReplaced of that session with client_sequence + 1 and this
// client_order_id reports; without one, no order was signed. An order that is replaced is from then
// on the order that the kOrderReplaced describes, signed anew or not at all.
struct OrderSignedEvent {
  uint64_t nonce;
  uint32_t expiry_s;
  uint32_t max_fee_hundredths_bp;
  std::array<uint8_t, 32> signature_r;
  std::array<uint8_t, 8> reserved;
};

struct OrderSignatureEvent {
  std::array<uint8_t, 32> signature_vs;  // s, the parity of y in its top bit.
  std::array<uint8_t, 24> reserved;
};

struct StateHashEvent {
  std::array<uint8_t, 32> state_hash;
};

inline constexpr std::size_t kEventPayloadBytes = 56;

//  0        8        16       24       32       40      48      56
//  +--------+--------+--------+--------+--------+-------+-------+
//  |event_sq|command |timestmp|report_s|client_s|order  |cl_ord |
//  +--------+--------+--------+--------+--------+-------+-------+
//  56     60     64     68    70     71     72            128
//  +------+------+------+-----+------+------+--------------+
//  |sessn.|accnt.|instr.|type |flags |side  |payload       |
//  +------+------+------+-----+------+------+--------------+
struct Event {
  EventSequence sequence;
  CommandSequence command_sequence;
  int64_t timestamp_ns;
  uint64_t report_sequence;  // Per session, from 1, contiguous; 0 if not a report.
  uint64_t client_sequence;  // Of the session's command that this answers; 0 if unsolicited.
  OrderId order_id;
  ClientOrderId client_order_id;
  SessionIndex session;  // Whom a report goes to; 0 if not a report.
  AccountId account;
  InstrumentId instrument;
  EventType type;
  uint8_t flags;
  uint8_t side;  // A Side, or 0.
  union {
    std::array<uint8_t, kEventPayloadBytes> payload;
    OrderAcceptedEvent accepted;
    RejectedEvent rejected;
    OrderFilledEvent filled;
    OrderCanceledEvent canceled;
    OrderReplacedEvent replaced;
    MassCancelDoneEvent mass_cancel_done;
    OrderStateEvent order_state;
    BalanceEvent balance;
    TradeEvent trade;
    BookTopEvent book_top;
    SessionOpenedEvent session_opened;
    AssetDefinedEvent asset_defined;
    InstrumentDefinedEvent instrument_defined;
    LedgerTransferEvent transfer;
    BatchSettledEvent batch_settled;
    StateHashEvent state_hash;
    OrderTriggeredEvent triggered;
    OrderRestatedEvent restated;
    QuoteDoneEvent quote_done;
    ProtectionTrippedEvent protection_tripped;
    PhaseChangedEvent phase_changed;
    IndicativeEvent indicative;
    BookDeltaEvent book_delta;
    KillSwitchedEvent kill_switched;
    ProtectionDefinedEvent protection_defined;
    FeesDefinedEvent fees_defined;
    OrderSignedEvent order_signed;
    OrderSignatureEvent order_signature;
    BatchStatusEvent batch_status;
    DisputeEvent dispute;
    TradeBrokenEvent trade_broken;
    ExposureDefinedEvent exposure_defined;
  };
};

static_assert(sizeof(Event) == 128);
static_assert(std::is_trivially_copyable_v<Event>);
static_assert(sizeof(OrderFilledEvent) == kEventPayloadBytes);
static_assert(std::has_unique_object_representations_v<OrderFilledEvent>);
static_assert(std::has_unique_object_representations_v<OrderAcceptedEvent>);
static_assert(std::has_unique_object_representations_v<OrderCanceledEvent>);
static_assert(std::has_unique_object_representations_v<OrderReplacedEvent>);
static_assert(std::has_unique_object_representations_v<LedgerTransferEvent>);
static_assert(std::has_unique_object_representations_v<BookTopEvent>);
static_assert(std::has_unique_object_representations_v<InstrumentDefinedEvent>);
static_assert(std::has_unique_object_representations_v<OrderTriggeredEvent>);
static_assert(std::has_unique_object_representations_v<OrderRestatedEvent>);
static_assert(std::has_unique_object_representations_v<QuoteDoneEvent>);
static_assert(std::has_unique_object_representations_v<ProtectionTrippedEvent>);
static_assert(std::has_unique_object_representations_v<PhaseChangedEvent>);
static_assert(std::has_unique_object_representations_v<IndicativeEvent>);
static_assert(std::has_unique_object_representations_v<BookDeltaEvent>);
static_assert(std::has_unique_object_representations_v<KillSwitchedEvent>);
static_assert(std::has_unique_object_representations_v<ProtectionDefinedEvent>);
static_assert(std::has_unique_object_representations_v<FeesDefinedEvent>);
static_assert(std::has_unique_object_representations_v<OrderSignedEvent>);
static_assert(std::has_unique_object_representations_v<OrderSignatureEvent>);
static_assert(sizeof(BatchStatusEvent) == kEventPayloadBytes);
static_assert(sizeof(DisputeEvent) == kEventPayloadBytes);
static_assert(sizeof(TradeBrokenEvent) == kEventPayloadBytes);
static_assert(std::has_unique_object_representations_v<BatchStatusEvent>);
static_assert(std::has_unique_object_representations_v<DisputeEvent>);
static_assert(std::has_unique_object_representations_v<TradeBrokenEvent>);
static_assert(std::has_unique_object_representations_v<ExposureDefinedEvent>);

// An event of the given type with every other byte zero.
inline Event MakeEvent(EventType type) {
  Event event{};
  event.payload = {};
  event.type = type;
  return event;
}

// Takes the events of a core, one at a time, in order. The match stage publishes them to the
// output ring, the replay tool hashes and compares them, tests collect them. One thread.
//
// A core makes events where they go: Next() is a place for one, which is handed on by the next call
// of Next() or Settle(), so an event must be complete before the next one is begun. Whoever only
// wants to look at events implements Append() alone.
class EventSink {
 public:
  EventSink() = default;
  EventSink(const EventSink&) = delete;
  EventSink& operator=(const EventSink&) = delete;
  virtual ~EventSink() = default;

  // Takes an event that was made elsewhere.
  virtual void Append(const Event& event) = 0;

  // The place of the next event; what it holds is left over from anything. Whoever asks writes
  // every byte.
  Event& Next() {
    if (next_ == end_) [[unlikely]] {
      Refill();
    }
    PrefetchLater();
    return *next_++;
  }

  // Every event begun is complete; a core calls it at the end of each command that made any.
  virtual void Settle() {
    if (next_ == &place_ + 1) {
      SetRoom({});
      Append(place_);
    }
  }

 protected:
  // Hands on what is complete and calls SetRoom() with one place or more.
  virtual void Refill() {
    EventSink::Settle();
    SetRoom({&place_, 1});
  }

  void SetRoom(std::span<Event> places) {
    next_ = places.data();
    end_ = next_ + places.size();
  }
  // Where Next() will begin: places before it were asked for.
  Event* next() const { return next_; }

 private:
  static constexpr std::size_t kPlacesAhead = 12;

  // Starts to load the place that comes so many events later, which other processors have read
  // since it was written last. What lies behind the last place is loaded in vain, no more.
  void PrefetchLater() const {
    const auto* const later =
        reinterpret_cast<const std::byte*>(next_) + kPlacesAhead * sizeof(Event);
    Prefetch(later);
    Prefetch(later + kCacheLineBytes);
  }

  Event* next_ = nullptr;
  Event* end_ = nullptr;
  Event place_ = MakeEvent(EventType::kOrderAccepted);
};

}  // namespace tally
