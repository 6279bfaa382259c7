#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "engine/event.h"
#include "gateway/session/batch_statuses.h"

namespace tally::gateway::fix {

// One side of a trade, as its fill told it.
struct TradeSide {
  TradeId trade_id{};
  AccountId account{};
  SessionIndex session{};
  InstrumentId instrument{};
  OrderId order_id{};
  ClientOrderId client_order_id{};
  PriceTicks price;
  QuantityLots quantity;
  Quanta fee;
  int64_t time_ns = 0;
  uint8_t side = 0;
  bool broken = false;  // In dispute.
};

// Which trades are asked for. What is not given does not matter.
struct TradeFilter {
  std::vector<AccountId> accounts;
  TradeId trade_id{};
  OrderId order_id{};
  InstrumentId instrument{};
  int64_t since_ns = 0;
  uint8_t side = 0;

  bool Matches(const TradeSide& trade) const;
};

// The newest trades of some accounts, and how far they are settled.
//
// Thread safety: none. Invariant: in the order of trade ids; at most trades_max. Cost: O(1) for a
// fill, logarithmic for a look-up by trade id.
class TradeBook {
 public:
  TradeBook(std::set<AccountId> accounts, std::vector<BatchStatusEvent> batches,
            std::size_t trades_max);

  const std::set<AccountId>& accounts() const { return accounts_; }

  // Takes kOrderFilled, kTradeBroken and kBatchStatus; the trades of which something changed.
  struct Range {
    TradeId first{};  // 0: nothing changed.
    TradeId last{};
  };
  Range Apply(const Event& event);
  // Fills of before, in any order, until the first Apply().
  void Recover(std::vector<Event> reports);

  // kFailed without a batch where the trade is broken.
  BatchStatusEvent StatusOf(const TradeSide& trade) const;
  const std::deque<TradeSide>& trades() const { return trades_; }
  // The place in trades() of the first that is not before.
  std::size_t Find(TradeId trade) const;

 private:
  void Add(const Event& fill);
  void Break(const Event& event);

  const std::set<AccountId> accounts_;
  const std::size_t trades_max_;
  BatchStatuses batches_;
  std::deque<TradeSide> trades_;
};

}  // namespace tally::gateway::fix
