#pragma once

#include <set>
#include <span>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "tools/demo_venue/console.h"
#include "tools/demo_venue/market.h"
#include "tools/demo_venue/session_pool.h"
#include "tools/flow/flow.h"

namespace tally::demo {

// Plays recorded steps through the sessions of their accounts so that the venue's book goes the way
// of the recorded one, although the steps arrive over hundreds of connections.
//
// Over different connections only an answer proves that a command arrived. A step is therefore sent
// only when no unanswered step could come out differently for it: an order that might trade, and a
// replace, waits until everything before it is answered and everything after it waits for its own
// answer; a new order waits for another at its price and side (time priority), a step for an
// earlier step of its order. All others commute, and up to `window` of them are in flight.
//
// Thread safety: one thread.
class FlowPlayer {
 public:
  FlowPlayer(SessionPool* pool, Market* market, DepthMap* depth, std::size_t window);

  // Plays the steps and returns when all are answered.
  absl::Status Play(std::span<const flow::FlowStep> steps, int64_t depth_interval_ms,
                    Console* console);

  std::size_t sent_alone() const { return sent_alone_; }

 private:
  using Level = std::pair<Side, int64_t>;

  bool MustGoAlone(const flow::FlowStep& step) const;
  bool MaySend(const flow::FlowStep& step) const;
  absl::Status Send(const flow::FlowStep& step);
  void OnAnswer(const Sent& sent, const sdk::Report& report);

  SessionPool* const pool_;
  Market* const market_;
  DepthMap* const depth_;
  const std::size_t window_;
  struct InFlight {
    flow::FlowAction action{};
    Level level{};
  };
  std::unordered_map<uint64_t, InFlight> in_flight_;  // By recorded order.
  std::set<Level> levels_in_flight_;                  // Of new orders.
  bool alone_ = false;                                // What is in flight goes alone.
  std::size_t sent_alone_ = 0;
  int64_t next_sample_ms_ = 0;
};

}  // namespace tally::demo
