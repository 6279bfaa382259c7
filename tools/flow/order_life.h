#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/types.h"
#include "tools/flow/flow.h"
#include "tools/flow/recorded_row.h"

namespace tally::flow {

// Everything the recording says of one order, in the order in which it must have happened: created,
// changed ..., deleted. (Rows are sometimes received in another order.)
struct OrderLife {
  uint64_t id = 0;
  Side side = Side::kBuy;
  bool created = false;  // Else it stood in the book before the first row.
  bool deleted = false;
  bool money_sized = false;  // A market buy of so many dollars: its last remainder is rounding.
  std::vector<std::size_t> rows;  // Indices, in order of happening.
  std::size_t first_row = 0;      // Smallest and largest index.
  std::size_t last_row = 0;
  QuantityLots traded{};
};

// Ascending id.
std::vector<OrderLife> CollectLives(std::span<const RecordedRow> rows);

// A row at which an order's remaining amount went down.
struct Decrease {
  std::size_t row = 0;
  std::size_t life = 0;   // Index into the lives.
  QuantityLots amount{};  // 0: unknown, the first row of an order that was not seen created.
  bool traded = false;    // Explained by a trade.
};

std::vector<Decrease> CollectDecreases(std::span<const RecordedRow> rows,
                                       std::span<const OrderLife> lives);

// Finds the two orders of every recorded trade: those that decreased by its quantity, nearest in
// time. Marks those decreases, adds to OrderLife::traded, sets money_sized. The later order (the
// greater id) is the taker.
std::vector<FlowTrade> AttributeTrades(std::span<const RecordedRow> rows,
                                       std::vector<OrderLife>* lives,
                                       std::vector<Decrease>* decreases);

}  // namespace tally::flow
