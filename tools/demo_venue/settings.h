#pragma once

#include <cstdint>
#include <string>

#include "base/types.h"

namespace tally::demo {

// The venue of the demo: one instrument in the units of the recording, so that a notional in quote
// quanta is simply ticks times lots.
inline constexpr AssetId kUsd{0};
inline constexpr AssetId kBtc{1};
inline constexpr InstrumentId kBtcUsd{1};
inline constexpr double kUsdPerTick = 0.01;
inline constexpr double kBtcPerLot = 1e-8;
inline constexpr uint64_t kUsdUnitsPerQuantum = 100'000'000;     // 18 decimals over 10.
inline constexpr uint64_t kBtcUnitsPerQuantum = 10'000'000'000;  // 18 decimals over 8.
inline constexpr int64_t kUsdQuanta = 10'000'000'000;            // One dollar.
inline constexpr int64_t kBtcQuanta = 100'000'000;               // One bitcoin.

inline constexpr uint64_t kChainId = 31'337;
inline constexpr uint64_t kSettlementKeyId = 1'000'000;
inline constexpr uint32_t kBurstAccounts = 4;
inline constexpr uint32_t kWithdrawals = 5;
inline constexpr Quanta kWithdrawal{kUsdQuanta};  // One dollar each.

// On top of what the flow needs: for the orders sent before the kill and for the withdrawals.
inline constexpr Quanta kSpareUsd{10 * kUsdQuanta};
inline constexpr Quanta kSpareBtc{kBtcQuanta / 10};

struct DemoOptions {
  std::string root;       // Of the source tree.
  std::string build;      // Of the preset whose programs run: build/release.
  std::string directory;  // Everything the demo writes.
  uint32_t accounts = 400;
  std::size_t steps_max = 0;  // Of the recorded flow, seed orders included; 0: all.
  uint32_t burst_ms = 5'000;
  std::size_t window = 64;  // Commands of the flow in flight at most.

  // Account numbers on chain and off: the flow's from 1, then the fee account, then the burst's.
  AccountId fee_account() const { return AccountId{accounts + 1}; }
  uint32_t accounts_total() const { return accounts + 1 + kBurstAccounts; }
  bool is_burst(AccountId account) const { return Raw(account) > accounts + 1; }
};

}  // namespace tally::demo
