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
  // From the venue: sessions and configuration.
  kOpenSession = 16,
  kDefineAsset = 17,
  kDefineInstrument = 18,
  kDefineAccount = 19,
  kStateHashMark = 20,
  // From the chain, by the relayer.
  kDeposit = 32,
  kWithdraw = 33,
  kBatchSettled = 34,
};

// Bits of NewOrderCommand::flags.
inline constexpr uint8_t kOrderFlagPostOnly = 1;

struct NewOrderCommand {
  ClientOrderId client_order_id;
  PriceTicks price;  // Limit price; for a market order the worst price it may trade at.
  QuantityLots quantity;
  Side side;
  OrderType type;
  TimeInForce time_in_force;
  SelfTradePrevention self_trade_prevention;
  uint8_t flags;
  std::array<uint8_t, 3> reserved;
};

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
  QuantityLots quantity;  // New total quantity, what is already executed included.
};

enum class MassCancelScope : uint8_t { kSession = 1, kAccount = 2 };
enum class MassCancelTrigger : uint8_t { kRequest = 1, kDisconnect = 2 };

// Command::instrument 0 means every instrument; side 0 means both.
struct MassCancelCommand {
  MassCancelScope scope;
  MassCancelTrigger trigger;
  uint8_t side;
  std::array<uint8_t, 5> reserved;
};

struct OrderQueryCommand {
  OrderReference target;
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
  std::array<uint8_t, 3> reserved;
};

// The state hash after command `at`; the core that replays it compares it with its own.
struct StateHashMarkCommand {
  CommandSequence at;
  std::array<uint8_t, 32> state_hash;
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

inline constexpr std::size_t kCommandPayloadBytes = 88;

//  0        8        16       24    26    28       32       36       40            128
//  +--------+--------+--------+-----+-----+--------+--------+--------+-------------+
//  |sequence|timestmp|client_s|type |flags|session |account |instrum.|payload      |
//  +--------+--------+--------+-----+-----+--------+--------+--------+-------------+
struct Command {
  CommandSequence sequence;  // Assigned when the command enters the input ring.
  int64_t timestamp_ns;      // Stamped by the sequencer; the core never lets time run backwards.
  uint64_t client_sequence;  // The session's own count of its commands; 0 if not from a session.
  CommandType type;
  uint16_t flags;  // Reserved, 0.
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
    ChainTransferCommand chain_transfer;  // kDeposit and kWithdraw.
    BatchSettledCommand batch_settled;
  };
};

static_assert(sizeof(Command) == 128);
static_assert(std::is_trivially_copyable_v<Command>);
static_assert(sizeof(DefineInstrumentCommand) == kCommandPayloadBytes);
static_assert(std::has_unique_object_representations_v<NewOrderCommand>);
static_assert(std::has_unique_object_representations_v<ReplaceOrderCommand>);
static_assert(std::has_unique_object_representations_v<DefineAssetCommand>);
static_assert(std::has_unique_object_representations_v<DefineInstrumentCommand>);
static_assert(std::has_unique_object_representations_v<DefineAccountCommand>);
static_assert(std::has_unique_object_representations_v<ChainTransferCommand>);
static_assert(std::has_unique_object_representations_v<BatchSettledCommand>);

// A command of the given type with every other byte zero: the way every producer starts one, so
// that no undefined byte reaches the journal.
inline Command MakeCommand(CommandType type) {
  Command command{};
  command.payload = {};
  command.type = type;
  return command;
}

}  // namespace tally
