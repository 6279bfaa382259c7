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
  const OrderFlow flow = MakeCancelHeavyFlow({.resting_orders = 2'000, .commands = 100'000});
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

}  // namespace
}  // namespace tally
