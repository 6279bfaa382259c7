#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include <nlohmann/json.hpp>

#include "settlement/chain/uint256.h"
#include "tools/demo_venue/chain_side.h"
#include "tools/demo_venue/kill_drill.h"
#include "tools/demo_venue/market.h"
#include "tools/demo_venue/session_pool.h"
#include "tools/flow/flow.h"
#include "tools/load/load.h"

namespace tally::demo {

// A batch with what the event log adds to it.
struct BatchFigures {
  SettledOnChain chain;
  uint64_t trades = 0;
};

// Balances by account and asset, quanta; held included.
using Balances = std::map<std::pair<AccountId, AssetId>, Quanta>;

// Everything that a run of the demo found, for the checks, the summary and the report.
struct Outcome {
  std::size_t flow_steps = 0;
  std::size_t steps_alone = 0;
  int64_t flow_ns = 0;  // Without the kill.
  PoolCounts counts{};  // Of the flow and the kill.
  std::vector<int64_t> latencies_ns{};
  std::vector<flow::FlowTrade> recorded{};  // Those that the steps played can have made.
  std::vector<flow::FlowTrade> trades{};    // Of the flow, of our book.
  DepthMap depth{};

  KillResult kill{};
  int64_t kill_time_ms = 0;  // In recorded time.
  uint64_t kill_lost = 0;    // Orders of the drill that the event log does not have exactly once.

  load::LoadResult burst{};
  uint32_t withdrawals_paid = 0;
  uint64_t withdrawals_logged = 0;

  uint64_t events = 0;
  uint64_t trades_total = 0;  // Burst included.
  uint64_t flow_settled = 0;  // Last event of the last batch with trades of the flow.
  std::vector<BatchFigures> batches{};
  std::map<AssetId, int64_t> net_deposits{};
  std::string live_hash{};
  absl::StatusOr<nlohmann::json> replay = nlohmann::json();
  Balances engine{};
  Balances chain{};
  std::map<AssetId, settlement::Uint256> vault_holdings{};

  int64_t total_ns = 0;
};

struct Check {
  std::string name;
  bool ok = false;
  std::string detail;
};

// What must hold after every run.
std::vector<Check> CheckOutcome(const Outcome& outcome);

}  // namespace tally::demo
