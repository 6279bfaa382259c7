#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "base/status.h"
#include "tools/demo_venue/console.h"
#include "tools/demo_venue/outcome.h"

namespace tally::demo {
namespace {

// The two market buys that walked a moving book (tools/flow/README.md) leave cancels without an
// order.
constexpr uint64_t kUnknownOrdersMax = 4;
constexpr double kTradesMatchedMin = 0.98;

Check CheckAnswers(const Outcome& outcome) {
  const PoolCounts& counts = outcome.counts;
  const load::LoadResult& burst = outcome.burst;
  const bool ok = counts.answered == counts.sent && counts.unexpected_answers == 0 &&
                  counts.report_gaps == 0 && burst.exactly_once();
  return {"every command is answered exactly once, every report arrives once and in order", ok,
          absl::StrCat(Grouped(counts.answered), " of ", Grouped(counts.sent), " of the flow, ",
                       Grouped(burst.commands_total - burst.unanswered), " of ",
                       Grouped(burst.commands_total), " of the burst; ",
                       counts.unexpected_answers + burst.answered_twice, " doubled, ",
                       counts.report_gaps, " reports missing")};
}

Check CheckRejects(const Outcome& outcome) {
  uint64_t unknown = 0;
  uint64_t others = 0;
  std::string names;
  for (const auto& [code, count] : outcome.counts.rejects) {
    const bool is_unknown = code == sdk::ErrorCode::kUnknownOrder;
    (is_unknown ? unknown : others) += count;
    absl::StrAppend(&names, names.empty() ? "" : ", ", count, " ",
                    ToAbsl(sdk::ErrorCodeName(code)));
  }
  return {"no unexpected reject", others == 0 && unknown <= kUnknownOrdersMax,
          names.empty() ? "none" : names};
}

Check CheckTrades(const Outcome& outcome) {
  const flow::TradeComparison trades = flow::CompareTrades(outcome.trades, outcome.recorded);
  const double share = trades.recorded == 0 ? 0
                                            : static_cast<double>(trades.matched_orders) /
                                                  static_cast<double>(trades.recorded);
  return {"the venue makes the trades of the recording", share >= kTradesMatchedMin,
          absl::StrFormat("%u of %u recorded trades with the same price, quantity, maker and taker "
                          "(%.1f%%); ours: %u",
                          trades.matched_orders, trades.recorded, 100 * share, trades.ours)};
}

Check CheckKill(const Outcome& outcome) {
  const KillResult& kill = outcome.kill;
  const bool ok = kill.accepted == kill.orders && kill.canceled == kill.orders &&
                  outcome.kill_lost == 0 && kill.in_flight > 0;
  return {"SIGKILL loses nothing and doubles nothing", ok,
          absl::StrCat(kill.in_flight, " commands in flight at the kill, ", kill.resent,
                       " sent again by their clients; ", kill.accepted, " of ", kill.orders,
                       " orders accepted once, then canceled; ", outcome.kill_lost,
                       " not exactly once in the event log")};
}

Check CheckReplay(const Outcome& outcome) {
  if (!outcome.replay.ok()) {
    return {"the replay of the journal is identical", false,
            std::string(outcome.replay.status().message())};
  }
  const nlohmann::json& replay = *outcome.replay;
  const std::string hash = replay.value("state_hash", "");
  const auto compared = replay.value("events_compared", uint64_t{0});
  const bool ok = replay.value("identical", false) && !hash.empty() && hash == outcome.live_hash &&
                  compared == outcome.events;
  return {"the replay of the journal is identical", ok,
          absl::StrCat("state hash ", hash.substr(0, 16),
                       hash == outcome.live_hash ? " = " : " != ", outcome.live_hash.substr(0, 16),
                       " of the live engine; ", Grouped(compared), " of ", Grouped(outcome.events),
                       " events compared, ", replay.value("marks_checked", uint64_t{0}),
                       " hashes on the way")};
}

Check CheckBalances(const Outcome& outcome) {
  std::size_t different = 0;
  for (const auto& [key, quanta] : outcome.chain) {
    const auto found = outcome.engine.find(key);
    const Quanta engine = found == outcome.engine.end() ? Quanta{} : found->second;
    different += engine == quanta ? 0 : 1;
  }
  const bool covered = std::ranges::all_of(
      outcome.engine, [&](const auto& balance) { return outcome.chain.contains(balance.first); });
  return {"balance on chain = balance in the engine",
          different == 0 && covered && !outcome.engine.empty(),
          absl::StrCat(outcome.chain.size() - different, " of ", outcome.chain.size(),
                       " balances equal to the quantum (every account and asset)")};
}

Check CheckHoldings(const Outcome& outcome) {
  bool ok = !outcome.vault_holdings.empty();
  std::string detail;
  for (const auto& [asset, units] : outcome.vault_holdings) {
    settlement::Uint256 sum = 0;
    for (const auto& [key, quanta] : outcome.chain) {
      sum += key.second == asset ? static_cast<uint64_t>(quanta.value) : 0;
    }
    sum *= asset == kUsd ? kUsdUnitsPerQuantum : kBtcUnitsPerQuantum;
    ok = ok && sum == units;
    absl::StrAppend(&detail, detail.empty() ? "" : "; ", asset == kUsd ? "USD " : "BTC ",
                    units.str(), sum == units ? " = " : " != ", sum.str());
  }
  return {"tokens in the vault = sum of balances x scale", ok, detail + " units"};
}

Check CheckConservation(const Outcome& outcome) {
  bool ok = !outcome.net_deposits.empty();
  std::string detail;
  for (const auto& [asset, deposited] : outcome.net_deposits) {
    int64_t sum = 0;
    for (const auto& [key, quanta] : outcome.engine) {
      sum += key.second == asset ? quanta.value : 0;
    }
    ok = ok && sum == deposited;
    absl::StrAppend(&detail, detail.empty() ? "" : "; ", asset == kUsd ? "USD " : "BTC ", deposited,
                    sum == deposited ? " = " : " != ", sum);
  }
  return {"deposits - withdrawals = sum of balances in the engine", ok, detail + " quanta"};
}

Check CheckBatches(const Outcome& outcome) {
  uint64_t next_batch = 1;
  uint64_t next_event = 1;
  uint64_t trades = 0;
  bool contiguous = true;
  for (const BatchFigures& batch : outcome.batches) {
    contiguous =
        contiguous && batch.chain.id == next_batch && batch.chain.first_event == next_event;
    next_batch = batch.chain.id + 1;
    next_event = batch.chain.last_event + 1;
    trades += batch.trades;
  }
  return {"each batch executed once, in order, and every trade is in one",
          contiguous && trades == outcome.trades_total && trades > 0,
          absl::StrCat("batches 1 to ", next_batch - 1, contiguous ? "" : " with gaps", ", ",
                       Grouped(trades), " of ", Grouped(outcome.trades_total), " trades")};
}

Check CheckWithdrawals(const Outcome& outcome) {
  return {"withdrawals asked for on chain are paid",
          outcome.withdrawals_paid == kWithdrawals && outcome.withdrawals_logged == kWithdrawals,
          absl::StrCat(outcome.withdrawals_logged, " of ", kWithdrawals, " debited in the engine, ",
                       outcome.withdrawals_paid, " arrived as tokens")};
}

}  // namespace

std::vector<Check> CheckOutcome(const Outcome& outcome) {
  return {CheckAnswers(outcome),    CheckRejects(outcome),      CheckTrades(outcome),
          CheckKill(outcome),       CheckReplay(outcome),       CheckBalances(outcome),
          CheckHoldings(outcome),   CheckConservation(outcome), CheckBatches(outcome),
          CheckWithdrawals(outcome)};
}

}  // namespace tally::demo
