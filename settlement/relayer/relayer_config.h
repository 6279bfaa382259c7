#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "settlement/chain/bytes.h"

namespace tally::settlement {

enum class LogLevel : uint8_t { kInfo, kWarning, kError };
using LogSink = std::function<void(LogLevel level, std::string_view text)>;

// Every choice of a relayer. Times are nanoseconds, fees wei per gas.
struct RelayerConfig {
  uint64_t chain_id = 0;
  Address vault;
  uint64_t start_block = 0;  // Of the vault's deployment: where the scan for deposits begins.
  // Blocks on top of a block before it counts as final; 0 asks the node for its finalized tag.
  uint64_t confirmations = 12;

  // A batch is sealed at whichever of these comes first.
  uint64_t batch_fills_max = 20'000;
  std::size_t batch_entries_max = 512;  // 23k gas each at worst: below the 16.7M of EIP-7825.
  int64_t batch_age_ns_max = 10'000'000'000;
  std::size_t withdrawals_per_call_max = 50;

  uint64_t jobs_in_flight_max = 4;
  int64_t rebroadcast_ns = 15'000'000'000;
  int64_t bump_ns = 45'000'000'000;
  uint64_t fee_cap_wei_max = 500'000'000'000;

  uint64_t gas_base = 150'000;
  uint64_t gas_per_entry = 30'000;
  uint64_t gas_per_withdrawal = 150'000;

  // A command that does not show up in the event log for this long is sent to the engine again.
  int64_t resubmit_ns = 5'000'000'000;
  std::size_t transfers_in_flight_max = 256;
  uint64_t scan_blocks_max = 2'000;

  LogSink log = [](LogLevel, std::string_view) {};
};

}  // namespace tally::settlement
