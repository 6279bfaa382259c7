#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "settlement/chain/chain_client.h"
#include "settlement/relayer/relayer_config.h"

namespace tally::settlement {

enum class RunwayLevel : uint8_t { kGood, kWarning, kAlarm };

// How long the gas money of a key lasts.
struct Runway {
  Address account;
  std::string role;  // "operator", "justifier": for people.
  Uint256 balance_wei = 0;
  uint64_t fee_wei = 0;           // Per gas, now: base fee and tip.
  uint64_t gas_per_hour = 0;      // Of the last day, as far as it was watched.
  std::optional<uint64_t> hours;  // At that rate and fee; none while nothing is spent.
  RunwayLevel level = RunwayLevel::kGood;
};

// "0.012345", rounded down.
std::string EtherText(const Uint256& wei);

// Watches the balances of the keys that send transactions. What a balance falls by, divided by the
// fee of that time, is gas; so dear hours of the past do not count as haste. Money that comes in is
// not counted. Below the configured hours, or when the largest transaction could not be paid for,
// it is logged: at once, and every hour again.
//
// Keeps nothing on disk: after a restart it watches anew.
//
// Thread safety: one thread. Cost: a round trip for each key and interval.
class RunwayMonitor {
 public:
  RunwayMonitor(const RelayerConfig* config, ChainClient* chain, const Clock* clock)
      : config_(*config), chain_(chain), clock_(clock) {}

  void Watch(const Address& account, std::string role);
  // Looks once per interval; a node that does not answer is asked in the next one.
  void Step();

  const std::vector<Runway>& runways() const { return runways_; }
  uint64_t looked_count() const { return looked_count_; }  // For those who copy runways().

 private:
  struct Spent {
    int64_t at_ns;
    uint64_t gas;
  };
  struct History {
    int64_t since_ns = 0;  // When it began to be watched; 0: not yet.
    std::deque<Spent> spent;
    RunwayLevel logged = RunwayLevel::kGood;
    int64_t logged_at_ns = 0;
  };

  void Look(const FeeQuote& fees, int64_t now_ns, Runway* runway, History* history);
  RunwayLevel LevelOf(const Runway& runway) const;
  void Log(const Runway& runway, int64_t now_ns, History* history) const;

  const RelayerConfig& config_;
  ChainClient* const chain_;
  const Clock* const clock_;
  std::vector<Runway> runways_;
  std::vector<History> histories_;  // As runways_.
  std::optional<int64_t> looked_at_ns_;
  uint64_t looked_count_ = 0;
};

}  // namespace tally::settlement
