#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "base/types.h"
#include "settlement/chain/bytes.h"
#include "settlement/fees/settle_timing.h"

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
  // An account's signed orders must fit one justification: about 750 at 22k gas each.
  std::size_t batch_orders_per_account_max = 512;
  std::size_t batch_entries_max = 512;  // 23k gas each at worst: below the 16.7M of EIP-7825.
  int64_t batch_age_ns_max = 10'000'000'000;
  // With a deadline here, a batch of that age is not sealed yet: from then on the price of gas
  // decides, up to the deadline (settlement/fees/settle_timing.h).
  TimingPolicy timing;
  int64_t block_ns = 12'000'000'000;  // Between blocks of the chain, for deadlines in blocks.
  // What may be open in one asset before it is urgent, quanta; 0: no limit.
  AssetId open_value_asset{};
  int64_t open_value_quanta_max = 0;
  std::size_t withdrawals_per_call_max = 50;

  uint64_t jobs_in_flight_max = 4;
  int64_t rebroadcast_ns = 15'000'000'000;
  int64_t bump_ns = 45'000'000'000;
  // A transaction should be in a block so long after its job was sealed: how far the base fee may
  // rise until then decides how much room its fee cap has. False: twice the base fee.
  bool caps_by_deadline = true;
  int64_t include_within_ns = 300'000'000'000;
  // With several senders: how long one that cannot pay or is refused gets no work, and how long its
  // transactions may stay out of a block though their price is good.
  int64_t lane_retry_ns = 60'000'000'000;
  int64_t lane_stuck_ns = 600'000'000'000;
  uint64_t fee_cap_wei_max = 500'000'000'000;

  // A call that fails on chain again and again, though it should not, is tried at growing
  // intervals.
  int failures_max = 5;
  int64_t failure_pause_ns_min = 60'000'000'000;
  int64_t failure_pause_ns_max = 3'600'000'000'000;

  // How long a refusal that is one account's affair must last until the account is taken out of the
  // batch, and how often what the vault refused to pay is tried again.
  int64_t quarantine_after_ns = 120'000'000'000;
  int64_t held_retry_ns = 600'000'000'000;
  // Jobs that are not final: with more of them the event log is read no further.
  std::size_t jobs_queued_max = 64;

  // Gas money of each key, in hours at the recent rate: below these it is logged.
  uint32_t runway_hours_warning = 72;
  uint32_t runway_hours_alarm = 24;
  int64_t runway_interval_ns = 60'000'000'000;

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
