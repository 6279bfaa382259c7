#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "sdk/report.h"
#include "tools/flow/flow.h"

namespace tally::demo {

// Resting quantity by price over recorded time, in BTC.
struct DepthMap {
  int64_t price_low = 0;   // Ticks, lower end of the first row.
  int64_t price_step = 1;  // Ticks for each row.
  std::size_t rows = 0;
  std::vector<int64_t> times_ms{};
  std::vector<std::vector<double>> bids{};  // [time][row]
  std::vector<std::vector<double>> asks{};
};

// The market as the reports to all sessions together show it: which of our orders is which recorded
// one, what rests at which price, and the trades.
//
// Reports of different sessions are read at different times, so an order may still be here although
// it was filled; it is never missing. Thread safety: none.
class Market {
 public:
  // Orders by their recorded id.
  void Send(const flow::FlowStep& step);  // A new order: it counts as resting from now on.
  void Accept(uint64_t recorded, OrderId order);
  void Reject(uint64_t recorded) { Remove(recorded); }
  void OnReport(const sdk::Report& report);

  // Whether a new order might trade at once.
  bool MightTrade(Side side, PriceTicks price) const;
  // Nothing if it was never accepted.
  std::optional<OrderId> FindOrder(uint64_t recorded) const;
  std::optional<PriceTicks> best_bid() const;
  std::optional<PriceTicks> best_ask() const;

  void SetTime(int64_t time_ms) { time_ms_ = time_ms; }
  void SampleDepth(DepthMap* depth) const;
  // By trade id.
  std::vector<flow::FlowTrade> Trades() const;

 private:
  struct Resting {
    Side side{};
    PriceTicks price{};
    QuantityLots leaves{};
  };
  // Lots by price. std::map: best prices and depth are walked in order.
  using Levels = std::map<int64_t, int64_t>;

  Levels& LevelsOf(Side side) { return side == Side::kBuy ? bids_ : asks_; }
  void Add(uint64_t recorded, const Resting& order);
  void Remove(uint64_t recorded);
  void AddTrade(uint64_t recorded, const sdk::Report& fill);

  int64_t time_ms_ = 0;
  Levels bids_;
  Levels asks_;
  std::unordered_map<uint64_t, Resting> resting_;
  std::unordered_map<uint64_t, OrderId> order_of_;
  std::unordered_map<uint64_t, uint64_t> recorded_of_;  // Key: raw OrderId.
  std::map<uint64_t, flow::FlowTrade> trades_;
};

}  // namespace tally::demo
