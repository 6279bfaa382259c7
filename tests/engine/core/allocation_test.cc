#include <gtest/gtest.h>

#include "tests/engine/core/random_flow.h"
#include "tests/support/allocation_guard.h"

namespace tally {
namespace {

class CountingSink final : public EventSink {
 public:
  void Append(const Event&) override { ++count; }
  uint64_t count = 0;
};

TEST(AllocationTest, OrdersCancelsAndReplacesDoNotAllocate) {
  TestVenue venue(FlowLimits());
  SetUpFlow(venue);
  RandomFlow flow(3);
  for (int i = 0; i < 20'000; ++i) {
    venue.Send(flow.Next(venue));
  }
  // The same commands into a fresh core, which is warm after the first half of them.
  core::Core core(FlowLimits());
  CountingSink sink;
  uint64_t order_commands = 0;
  for (std::size_t i = 0; i < venue.commands.size(); ++i) {
    const Command& command = venue.commands[i];
    const bool on_order_path =
        command.type == CommandType::kNewOrder || command.type == CommandType::kCancelOrder ||
        command.type == CommandType::kReplaceOrder || command.type == CommandType::kMassCancel;
    const bool hashes = (i + 1) % FlowLimits().state_hash_interval == 0;
    const AllocationGuard guard;
    core.Apply(command, sink);
    if (i > venue.commands.size() / 2 && on_order_path && !hashes) {
      ASSERT_EQ(guard.count(), 0u) << "command " << i;
      ++order_commands;
    }
  }
  EXPECT_GT(order_commands, 5'000u);
}

}  // namespace
}  // namespace tally
