#pragma once

// Every limit of a core, in one place. What a venue may choose is in CoreLimits; the constants
// bound those choices and the record formats.

#include <cstdint>

namespace tally {

inline constexpr uint32_t kMaxAssets = 4096;
inline constexpr uint32_t kMaxInstruments = 65'536;
inline constexpr uint32_t kMaxAccounts = 16'777'216;
inline constexpr uint32_t kMaxSessions = 1'048'576;
inline constexpr uint32_t kMaxOpenOrdersPerCore = 67'108'864;

// A price, quantity or notional above these is refused where it enters, so that no product or sum
// inside the core can wrap: quanta stay below 2^62, notional products are taken in __int128.
inline constexpr int64_t kMaxPriceTicks = int64_t{1} << 48;
inline constexpr int64_t kMaxQuantityLots = int64_t{1} << 52;
inline constexpr int64_t kMaxNotionalQuanta = int64_t{1} << 61;
inline constexpr int64_t kMaxBalanceQuanta = int64_t{1} << 62;

// Fees are hundredths of a basis point: 1e-6 of the notional. At most 10 %.
inline constexpr int64_t kFeeDenominator = 1'000'000;
inline constexpr int32_t kMaxFeeHundredthsBp = 100'000;

inline constexpr uint32_t kMaxFeeClasses = 64;
inline constexpr uint32_t kMaxQuoteEntries = 32;
inline constexpr uint32_t kMaxGroupLegs = 3;

// An iceberg has at most this many parts: one incoming order can meet all of them.
inline constexpr int64_t kMaxIcebergParts = 100;
// All-or-none orders that rest on a side of a book: a smaller incoming order passes over them all.
inline constexpr uint32_t kMaxAllOrNoneOrders = 1'000;

// Vaults whose deposits and withdrawals one core takes, each on a chain of its own.
inline constexpr uint32_t kMaxChains = 16;

// Batches that are not final and have a status of their own.
inline constexpr uint32_t kMaxOpenBatches = 256;
// Disputes that a core remembers, and holds of those that are not resolved.
inline constexpr uint32_t kMaxDisputes = 4'096;
inline constexpr uint32_t kMaxDisputeHolds = 4'096;

// Gateways that take the events of one core, each on a thread of its own.
inline constexpr uint32_t kEventConsumersMax = 2;

// Commands in one group-commit frame of the journal.
inline constexpr uint32_t kMaxFrameCommands = 4096;

// The capacities of one core, allocated at start and fixed for its life.
struct CoreLimits {
  uint32_t assets = 64;
  uint32_t instruments = 256;
  uint32_t accounts = 65'536;
  uint32_t sessions = 65'536;
  uint32_t open_orders = 1'048'576;
  uint32_t open_orders_per_account = 100'000;
  uint32_t order_groups = 65'536;
  uint32_t maker_groups = 4'096;
  // Hidden orders of one book that follow a price: each costs a repricing when the best price
  // moves.
  uint32_t pegged_orders_per_instrument = 1'000;
  // Stops triggered, pegs repriced and group orders started by one command; what is left waits for
  // the next command.
  uint32_t cascade_steps_max = 1'000;
  // A state hash is taken after every command whose sequence is a multiple of this.
  uint64_t state_hash_interval = 65'536;
};

}  // namespace tally
