#include <vector>

#include <gtest/gtest.h>

#include "bench/workloads/order_flow.h"
#include "engine/book/order_book.h"
#include "tests/support/allocation_guard.h"

namespace tally {
namespace {

struct CountingListener {
  uint64_t fills = 0;
  void OnAccepted(const IncomingOrder&) {}
  void OnReplaced(const Replacement&) {}
  void OnFill(const Fill&) { ++fills; }
  void OnMakerCanceled(const Cancellation&) {}
  void OnTakerCanceled(const Cancellation&) {}
};

void Apply(const FlowCommand& command, OrderPool& pool, OrderBook& book,
           CountingListener& listener) {
  if (command.kind == FlowKind::kSubmit) {
    book.Submit(command.order, listener);
  } else if (const OrderHandle handle = pool.Find(command.order.id); handle != kNoOrder) {
    book.Cancel(handle);
  }
}

TEST(AllocationTest, TheGuardCounts) {
  const AllocationGuard guard;
  const std::vector<int> vector(10);
  EXPECT_EQ(guard.count(), 1U);
  EXPECT_EQ(vector.size(), 10U);
}

TEST(AllocationTest, AHundredThousandCommandsAllocateNothing) {
  const OrderFlow flow = MakeOrderFlow({.resting_orders = 2'000, .commands = 100'000});
  OrderPool pool({.capacity = flow.open_orders_max});
  OrderBook book(&pool);
  CountingListener listener;
  const AllocationGuard guard;
  for (const FlowCommand& command : flow.warm_up) {
    Apply(command, pool, book, listener);
  }
  for (const FlowCommand& command : flow.commands) {
    Apply(command, pool, book, listener);
  }
  EXPECT_EQ(guard.count(), 0U);
  EXPECT_GT(listener.fills, 10'000U);
}

// Every kind of order that takes another path than a plain one.
TEST(AllocationTest, SpecialOrdersAllocateNothing) {
  const OrderFlow flow = MakeOrderFlow({.resting_orders = 2'000, .commands = 50'000});
  OrderPool pool({.capacity = flow.open_orders_max});
  OrderBook book(&pool);
  CountingListener listener;
  const AllocationGuard guard;
  uint64_t executed = 0;
  for (const std::vector<FlowCommand>* commands : {&flow.warm_up, &flow.commands}) {
    for (FlowCommand command : *commands) {
      IncomingOrder& order = command.order;
      const uint64_t kind = Raw(order.id) % 8;
      if (order.time_in_force == TimeInForce::kGtc && command.kind == FlowKind::kSubmit) {
        order.hidden = kind == 1;
        order.all_or_none = kind == 2;
        order.display_quantity = {kind == 3 ? (order.quantity.value + 3) / 4 : 0};
        order.post_only = order.slide = kind == 4;
      }
      order.min_quantity = {kind == 5 ? 1 : 0};
      Apply(command, pool, book, listener);
      for (const Side side : {Side::kBuy, Side::kSell}) {
        if (const OrderHandle handle = book.FindExecutable(side); handle != kNoOrder) {
          book.Execute(handle, listener);
          ++executed;
        }
      }
    }
  }
  EXPECT_EQ(guard.count(), 0U);
  EXPECT_GT(listener.fills, 1'000U);
  EXPECT_GT(executed, 100U);
}

}  // namespace
}  // namespace tally
