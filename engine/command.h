#pragma once

// The input of a matching core, exactly as it is journaled. A command is a fixed-size, trivially
// copyable record without padding: its bytes are written to the journal as they are
// (little-endian hosts only, see docs/formats/journal.md), so a field is never moved or given
// another meaning; a new layout is a new record version.

#include <array>
#include <bit>
#include <cstdint>
#include <type_traits>

#include "base/fixed_string.h"
#include "base/types.h"

namespace tally {

static_assert(std::endian::native == std::endian::little, "records are written in host order");

enum class CommandType : uint16_t {
  // From trading sessions.
  kNewOrder = 1,
  kCancelOrder = 2,
  kReplaceOrder = 3,
  kMassCancel = 4,
  kOrderQuery = 5,
  kAccountQuery = 6,
  kQuote = 7,
  kResetProtection = 8,
  kSignOrder = 9,
  // From the venue: sessions and configuration.
  kOpenSession = 16,
  kDefineAsset = 17,
  kDefineInstrument = 18,
  kDefineAccount = 19,
  kStateHashMark = 20,
  kTimer = 21,  // What is due by its timestamp happens.
  kSetPhase = 22,
  kDefineRules = 23,
  kDefineFees = 24,
  kDefineProtection = 25,
  kKillSwitch = 26,
  kDefineExposure = 27,
  // From the chain, by the relayer.
  kDeposit = 32,
  kWithdraw = 33,
  kBatchSettled = 34,
  kBatchStatus = 35,  // Also settles, as kBatchSettled does.
  kDispute = 36,
};

// Bits of NewOrderCommand::flags.
inline constexpr uint8_t kOrderFlagPostOnly = 1;  // Rejected if it would trade on entry.
// With kOrderFlagPostOnly: moved one tick off the other side's best price instead of rejected.
inline constexpr uint8_t kOrderFlagSlide = 2;
inline constexpr uint8_t kOrderFlagHidden = 4;
inline constexpr uint8_t kOrderFlagAllOrNone = 8;
inline constexpr uint8_t kOrderFlagReduceOnly = 16;
inline constexpr uint8_t kOrderFlagsKnown = 31;

// 0 in a field from `display_quantity` on: the order does not have the attribute.
struct NewOrderCommand {
  ClientOrderId client_order_id;
  PriceTicks price;  // Limit price; of a market, stop or trailing order the worst it may trade at,
                     // of a pegged order the worst it may be pegged to.
  QuantityLots quantity;
  Side side;
  OrderType type;
  TimeInForce time_in_force;
  SelfTradePrevention self_trade_prevention;
  uint8_t flags;
  TriggerSource trigger;          // Of stop and trailing orders.
  PegReference peg;               // Of pegged orders.
  TrailUnit trail_unit;           // Of trailing orders: the unit of `offset`.
  QuantityLots display_quantity;  // Iceberg: how much of it is shown at a time.
  QuantityLots min_quantity;      // Must be filled on entry, or nothing is.
  PriceTicks stop_price;    // Of a trailing order where it starts; 0: offset from the trigger.
  int64_t expire_time_ns;   // kGtd.
  int32_t offset;           // Pegged: ticks added to the reference. Trailing: the distance.
  uint32_t slippage_ticks;  // Instead of `price`: the worst price, from the best price of the other
                            // side on entry or, of a stop, from its stop price.
  uint32_t algorithm_id;    // Who decided (regulatory records); no effect.
  uint32_t group_id;        // Chosen by the client, per session; see Contingency.
  uint16_t maker_group;     // Market-maker group: protection and mass cancel; 0 is none.
  Contingency contingency;
  uint8_t group_leg;  // From 1 (the first is the one the others wait for).
  std::array<uint8_t, 4> reserved;
};

// What every order says; the other attributes are added to what MakeOrder() returns.
struct PlainOrder {
  ClientOrderId client_order_id;
  PriceTicks price;
  QuantityLots quantity;
  Side side;
  OrderType type = OrderType::kLimit;
  TimeInForce time_in_force = TimeInForce::kGtc;
  SelfTradePrevention self_trade_prevention = SelfTradePrevention::kNone;
  uint8_t flags = 0;
};

inline NewOrderCommand MakeOrder(const PlainOrder& order) {
  NewOrderCommand command{};
  command.client_order_id = order.client_order_id;
  command.price = order.price;
  command.quantity = order.quantity;
  command.side = order.side;
  command.type = order.type;
  command.time_in_force = order.time_in_force;
  command.self_trade_prevention = order.self_trade_prevention;
  command.flags = order.flags;
  return command;
}

// An order is named by its OrderId or, when that is 0, by the session's own client order id.
struct OrderReference {
  OrderId order_id;
  ClientOrderId client_order_id;
};

struct CancelOrderCommand {
  OrderReference target;
};

struct ReplaceOrderCommand {
  OrderReference target;
  ClientOrderId new_client_order_id;  // Greater than any the session used.
  PriceTicks price;
  QuantityLots quantity;          // New total quantity, what is already executed included.
  QuantityLots display_quantity;  // 0: as it was. Only of an order that has one.
  PriceTicks stop_price;          // 0: as it was. Only of a stop that was not triggered.
};

enum class MassCancelScope : uint8_t { kSession = 1, kAccount = 2 };
enum class MassCancelTrigger : uint8_t { kRequest = 1, kDisconnect = 2 };

// Command::instrument 0 means every instrument, side 0 both, maker_group 0 every order.
struct MassCancelCommand {
  MassCancelScope scope;
  MassCancelTrigger trigger;
  uint8_t side;
  uint8_t quotes_only;
  uint16_t maker_group;
  std::array<uint8_t, 2> reserved;
};

struct OrderQueryCommand {
  OrderReference target;
};

// One two-sided entry of a market maker's ladder. Replaces the entry of the same number of this
// session and instrument in place: a side at the same price with no more quantity keeps its place,
// quantity 0 cancels the side.
struct QuoteCommand {
  ClientOrderId client_order_id;  // Of the quote; its orders carry it too.
  PriceTicks bid_price;
  QuantityLots bid_quantity;
  PriceTicks ask_price;
  QuantityLots ask_quantity;
  uint32_t algorithm_id;
  uint16_t entry;        // Level of the ladder, 0 .. kMaxQuoteEntries - 1.
  uint16_t maker_group;  // Required.
  SelfTradePrevention self_trade_prevention;
  uint8_t flags;  // kOrderFlagPostOnly and kOrderFlagSlide.
  std::array<uint8_t, 6> reserved;
};

// Lets a tripped group of the session's account quote again.
struct ResetProtectionCommand {
  uint16_t maker_group;
  std::array<uint8_t, 6> reserved;
};

// The owner's authorization of the next order of the session: what its EIP-712 signature says that
// the order itself does not (docs/semantics/signed-orders.md). Holds for the session's next command
// only: a kNewOrder or kReplaceOrder with client_sequence + 1, this client order id
// (new_client_order_id) and kCommandFlagSignatureValid.
struct SignOrderCommand {
  ClientOrderId client_order_id;
  uint64_t nonce;                  // Chosen by the signer; cancelBelow on chain kills smaller ones.
  uint32_t expiry_s;               // Unix time: the order does not live longer.
  uint32_t max_fee_hundredths_bp;  // The most it may be charged, in 1e-6 of what it trades.
  std::array<uint8_t, 64> signature;  // r, then s with the parity of y in its top bit (EIP-2098).
};

// Creates the session (client-chosen id, stable across reconnects) on its first logon.
struct OpenSessionCommand {
  uint64_t session_id;
  std::array<uint8_t, 32> public_key;  // Ed25519 key that logged on; a session keeps its key.
};

struct DefineAssetCommand {
  Symbol symbol;
  uint64_t chain_units_per_quantum;
  AssetId asset;
  uint8_t quantum_decimals;  // One quantum is 10^-quantum_decimals of the asset, for display.
  std::array<uint8_t, 5> reserved;
};

// Defines Command::instrument, or changes the fees and limits of a known one.
struct DefineInstrumentCommand {
  Symbol symbol;
  Quanta tick_quanta;  // Quote quanta per lot for each tick of price.
  Quanta lot_quanta;   // Base quanta per lot.
  PriceTicks price_max;
  QuantityLots quantity_min;
  QuantityLots quantity_max;
  Quanta notional_min;  // Quote quanta.
  Quanta notional_max;
  int32_t maker_fee_hundredths_bp;  // Of the notional, in 1e-6; negative is a rebate.
  int32_t taker_fee_hundredths_bp;
  AccountId fee_account;
  AssetId base_asset;
  AssetId quote_asset;
};

// Defines Command::account, or enables or disables a known one.
struct DefineAccountCommand {
  std::array<uint8_t, 20> owner;  // EVM address; all zero where the account never settles on chain.
  uint8_t enabled;
  uint8_t fee_class;  // Row of the fee schedule, below kMaxFeeClasses.
  uint8_t must_sign;  // 1: takes only orders that were signed, see SignOrderCommand.
  std::array<uint8_t, 1> reserved;
  uint32_t owner_group;  // Accounts of one group are one owner to self-trade prevention; 0: alone.
};

// The state hash after command `at`; the core that replays it compares it with its own.
struct StateHashMarkCommand {
  CommandSequence at;
  std::array<uint8_t, 32> state_hash;
  uint32_t state_version;  // Of the canonical state that was hashed; 0 is 1.
  std::array<uint8_t, 4> reserved;
};

// Ends the orders and phases that are due by its timestamp.
struct TimerCommand {
  uint8_t bounded;  // 1: at most cascade_steps_max of them, the others with the next one. 0: all.
  std::array<uint8_t, 7> reserved;
};

// Bits of SetPhaseCommand::flags.
// Of the day orders that end with the phase at most cascade_steps_max; the others with kTimers.
inline constexpr uint8_t kSetPhaseFlagBounded = 1;
// By the clock, not by an operator: a call whose price is out of its band goes on first.
inline constexpr uint8_t kSetPhaseFlagScheduled = 2;
inline constexpr uint8_t kSetPhaseFlagsKnown = 3;

// Puts Command::instrument (0: every one) into a phase. An auction ends, and its book is uncrossed,
// when the next phase begins.
struct SetPhaseCommand {
  int64_t until_ns;  // 0: until the next kSetPhase. Else a kTimer from then on begins `next`.
  PriceTicks reference_price;  // 0: as it was.
  TradingPhase phase;
  TradingPhase next;  // With until_ns.
  uint8_t flags;
  std::array<uint8_t, 5> reserved;
};

// Bits of DefineRulesCommand::flags.
inline constexpr uint8_t kRulesFlagHidden = 1;  // Hidden, all-or-none and pegged orders are taken.
inline constexpr uint8_t kRulesFlagBookDelta = 2;   // kBookDelta events are published.
inline constexpr uint8_t kRulesFlagBatchStops = 4;  // Stops trigger in batch auctions, too.
// A call whose price is still out of its band after auction_extensions_max waits for an operator
// instead of trading.
inline constexpr uint8_t kRulesFlagHoldAuction = 8;
inline constexpr uint8_t kRulesFlagsKnown = 15;

// Trading rules of Command::instrument beyond its definition. 0 switches a rule off.
struct DefineRulesCommand {
  uint32_t static_band_bp;   // Around the reference price (the last auction's, or as set).
  uint32_t dynamic_band_bp;  // Around the last trade.
  uint32_t fat_finger_bp;    // A limit price further than this through the market is refused.
  uint32_t breaker_bp;       // A move of this much within breaker_window_ns halts.
  int64_t breaker_window_ns;
  int64_t breaker_halt_ns;          // 0: until an operator resumes.
  int64_t volatility_call_ns;       // Duration of the auction that follows a breached band, and
                                    // by which a call is extended.
  int64_t batch_interval_ns;        // kBatchAuction: time between uncrossings.
  QuantityLots order_quantity_max;  // Fat finger, of one order; in addition to quantity_max.
  Quanta order_notional_max;
  uint8_t flags;
  uint8_t auction_extensions_max;  // How often a call is extended whose price is out of its band.
  uint16_t auction_band_bp;        // Around the reference price of the auction.
  std::array<uint8_t, 4> reserved;
};

// Fees of the accounts of a class in Command::instrument (0: every instrument that has no row of
// its own). Overrides those of the instrument; orders keep the fees they were accepted with.
struct DefineFeesCommand {
  Quanta minimum_fee;  // Quote quanta per order that trades; never more than was held.
  int32_t maker_fee_hundredths_bp;
  int32_t taker_fee_hundredths_bp;
  uint8_t fee_class;
  uint8_t remove;  // 1: the row is taken out again.
  std::array<uint8_t, 6> reserved;
};

// Market-maker protection of a group of Command::account: as soon as one of the limits is reached
// within the window, all its quotes and orders are canceled and new ones refused until
// kResetProtection. 0 is no limit.
struct DefineProtectionCommand {
  int64_t window_ns;
  QuantityLots quantity_max;  // Lots filled.
  QuantityLots delta_max;     // |lots bought - lots sold|.
  uint32_t count_max;         // Fills.
  uint16_t maker_group;
  std::array<uint8_t, 2> reserved;
};

enum class KillScope : uint8_t { kAccount = 1, kSession = 2, kVenue = 3 };

// Cancels everything open in the scope and refuses new orders until it is released.
struct KillSwitchCommand {
  KillScope scope;  // Of Command::account, of `session`, of everybody.
  uint8_t engaged;  // 0 releases.
  std::array<uint8_t, 2> reserved;
  SessionIndex session;
};

// A final deposit into, or a requested withdrawal from, the vault. `index` counts deposits
// (withdrawals) of one vault from 1; the core takes each index once, in order.
struct ChainTransferCommand {
  uint64_t index;
  uint64_t chain_id;
  Quanta amount;
  std::array<uint8_t, 32> transaction_hash;
  uint32_t log_index;
  AssetId asset;
  std::array<uint8_t, 2> reserved;
};

// A batch is final on chain: every settlement event up to `last_event` is settled.
struct BatchSettledCommand {
  uint64_t batch_id;
  EventSequence last_event;
  uint64_t block_number;
  std::array<uint8_t, 32> transaction_hash;
};

// Where the trades of a batch are; a trade that no batch covers yet is pending too.
enum class SettlementStatus : uint8_t {
  kPending = 1,  // Sealed, or taken back by a reorganisation.
  kMined = 2,
  kFinal = 3,
  kFailed = 4,  // Its transaction failed, or the vault refuses it. It will be tried again.
};

// How far a batch is. Each batch that is not final has one status, the last one told; kFinal is
// kBatchSettled and ends it: in order of the batches, every event up to `last_event` is settled.
struct BatchStatusCommand {
  uint64_t batch_id;
  EventSequence last_event;  // Of the batch.
  TradeId last_trade;        // Likewise; with `trade_count` 0 nothing is said of trades.
  uint64_t block_number;     // 0: in none.
  std::array<uint8_t, 32> transaction_hash;  // Zero: none, or not known.
  uint32_t trade_count;                      // The batch has this many, ending with last_trade.
  SettlementStatus status;
  std::array<uint8_t, 3> reserved;
};

enum class DisputeAction : uint8_t {
  kNone = 0,
  kHold = 1,        // What Command::account got from the disputed trades cannot be used.
  kBreakTrade = 2,  // One side of a disputed trade: Command::account and instrument, `session`.
  kResolve = 3,     // Everything that is held is given back to its owners.
};

// A batch is settled without the trades of one account, `culprit`, which its vault refuses. The
// dispute is named by both; its steps are numbered from 1, each taken once and in order, and the
// first opens it. kResolve is no step.
struct DisputeCommand {
  uint64_t batch_id;
  Quanta amount;     // kHold.
  TradeId trade_id;  // kBreakTrade, and what follows: as in the fill.
  OrderId order_id;
  ClientOrderId client_order_id;
  PriceTicks price;
  QuantityLots quantity;
  AccountId culprit;
  uint32_t step;
  SessionIndex session;
  AssetId asset;  // kHold.
  DisputeAction action;
  uint8_t side;  // A Side.
};

// The most that Command::account (0: every account without a limit of its own) may have given in
// trades that are not final on chain, what its open orders could give included.
struct DefineExposureCommand {
  Quanta limit;  // 0: it may give nothing. kMaxBalanceQuanta: as much as it likes.
  AssetId asset;
  uint8_t remove;  // 1: there is no such limit any more.
  std::array<uint8_t, 5> reserved;
};

inline constexpr std::size_t kCommandPayloadBytes = 88;

// Bits of Command::flags: what the gateway found when it compared the signature of a kSignOrder
// with the order after it. Both commands get the same bit; an order without a kSignOrder gets none.
inline constexpr uint16_t kCommandFlagSignatureValid = 1;
// Of a kReplaceOrder with kCommandFlagSignatureValid: a sell order was signed. Command::instrument
// is the signed one then. The core rejects it (kBadSignature) if its target is another order.
inline constexpr uint16_t kCommandFlagSignedSell = 4;
inline constexpr uint16_t kCommandFlagSignatureBad = 2;  // Both are rejected, kBadSignature.

//  0        8        16       24    26    28       32       36       40            128
//  +--------+--------+--------+-----+-----+--------+--------+--------+-------------+
//  |sequence|timestmp|client_s|type |flags|session |account |instrum.|payload      |
//  +--------+--------+--------+-----+-----+--------+--------+--------+-------------+
struct Command {
  CommandSequence sequence;  // Assigned when the command enters the input ring.
  int64_t timestamp_ns;      // Stamped by the sequencer; the core never lets time run backwards.
  uint64_t client_sequence;  // The session's own count of its commands; 0 if not from a session.
  CommandType type;
  uint16_t flags;  // kCommandFlag...; 0 of every command but these three.
  SessionIndex session;
  AccountId account;
  InstrumentId instrument;
  union {
    std::array<uint8_t, kCommandPayloadBytes> payload;
    NewOrderCommand new_order;
    CancelOrderCommand cancel_order;
    ReplaceOrderCommand replace_order;
    MassCancelCommand mass_cancel;
    OrderQueryCommand order_query;
    OpenSessionCommand open_session;
    DefineAssetCommand define_asset;
    DefineInstrumentCommand define_instrument;
    DefineAccountCommand define_account;
    StateHashMarkCommand state_hash_mark;
    QuoteCommand quote;
    ResetProtectionCommand reset_protection;
    SignOrderCommand sign_order;
    TimerCommand timer;
    SetPhaseCommand set_phase;
    DefineRulesCommand define_rules;
    DefineFeesCommand define_fees;
    DefineProtectionCommand define_protection;
    KillSwitchCommand kill_switch;
    ChainTransferCommand chain_transfer;  // kDeposit and kWithdraw.
    BatchSettledCommand batch_settled;
    BatchStatusCommand batch_status;
    DisputeCommand dispute;
    DefineExposureCommand define_exposure;
  };
};

static_assert(sizeof(Command) == 128);
static_assert(std::is_trivially_copyable_v<Command>);
static_assert(sizeof(DefineInstrumentCommand) == kCommandPayloadBytes);
static_assert(sizeof(NewOrderCommand) == kCommandPayloadBytes);
static_assert(sizeof(SignOrderCommand) == kCommandPayloadBytes);
static_assert(std::has_unique_object_representations_v<SignOrderCommand>);
static_assert(std::has_unique_object_representations_v<QuoteCommand>);
static_assert(std::has_unique_object_representations_v<MassCancelCommand>);
static_assert(std::has_unique_object_representations_v<StateHashMarkCommand>);
static_assert(std::has_unique_object_representations_v<TimerCommand>);
static_assert(std::has_unique_object_representations_v<SetPhaseCommand>);
static_assert(std::has_unique_object_representations_v<DefineRulesCommand>);
static_assert(std::has_unique_object_representations_v<DefineFeesCommand>);
static_assert(std::has_unique_object_representations_v<DefineProtectionCommand>);
static_assert(std::has_unique_object_representations_v<KillSwitchCommand>);
static_assert(std::has_unique_object_representations_v<NewOrderCommand>);
static_assert(std::has_unique_object_representations_v<ReplaceOrderCommand>);
static_assert(std::has_unique_object_representations_v<DefineAssetCommand>);
static_assert(std::has_unique_object_representations_v<DefineInstrumentCommand>);
static_assert(std::has_unique_object_representations_v<DefineAccountCommand>);
static_assert(std::has_unique_object_representations_v<ChainTransferCommand>);
static_assert(std::has_unique_object_representations_v<BatchSettledCommand>);
static_assert(std::has_unique_object_representations_v<BatchStatusCommand>);
static_assert(std::has_unique_object_representations_v<DisputeCommand>);
static_assert(std::has_unique_object_representations_v<DefineExposureCommand>);

// A command of the given type with every other byte zero: the way every producer starts one, so
// that no undefined byte reaches the journal.
inline Command MakeCommand(CommandType type) {
  Command command{};
  command.payload = {};
  command.type = type;
  return command;
}

}  // namespace tally
