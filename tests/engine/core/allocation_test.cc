#include <map>

#include <gtest/gtest.h>

#include "tests/engine/core/everything_flow.h"
#include "tests/engine/core/random_flow.h"
#include "tests/support/allocation_guard.h"

namespace tally {
namespace {

class CountingSink final : public EventSink {
 public:
  void Append(const Event&) override { ++count; }
  uint64_t count = 0;
};

// Applies the commands of the venue to a fresh core, which is warm after the first half of them,
// and returns how many of the others went without an allocation, all of them being of a kind that
// is on the order path.
template <typename OnOrderPath>
uint64_t CountWithoutAllocation(const TestVenue& venue, OnOrderPath on_order_path) {
  core::Core core(FlowLimits());
  CountingSink sink;
  uint64_t count = 0;
  for (std::size_t i = 0; i < venue.commands.size(); ++i) {
    const bool hashes = (i + 1) % FlowLimits().state_hash_interval == 0;
    const AllocationGuard guard;
    core.Apply(venue.commands[i], sink);
    if (i > venue.commands.size() / 2 && on_order_path(venue.commands[i].type) && !hashes) {
      EXPECT_EQ(guard.count(), 0u) << "command " << i;
      ++count;
    }
  }
  return count;
}

TEST(AllocationTest, OrdersCancelsAndReplacesDoNotAllocate) {
  TestVenue venue(FlowLimits());
  SetUpFlow(venue);
  RandomFlow flow(3);
  for (int i = 0; i < 20'000; ++i) {
    venue.Send(flow.Next(venue));
  }
  EXPECT_GT(CountWithoutAllocation(venue,
                                   [](CommandType type) {
                                     return type == CommandType::kNewOrder ||
                                            type == CommandType::kCancelOrder ||
                                            type == CommandType::kReplaceOrder ||
                                            type == CommandType::kMassCancel;
                                   }),
            5'000u);
}

TEST(AllocationTest, NeitherDoCommandsOfEveryOtherKind) {
  TestVenue venue(FlowLimits());
  SetUpFlow(venue);
  EverythingFlow flow(2);
  for (int i = 0; i < 20'000; ++i) {
    venue.Send(flow.Next(venue));
  }
  EXPECT_GT(CountWithoutAllocation(venue,
                                   [](CommandType type) {
                                     return type != CommandType::kDefineProtection &&
                                            type != CommandType::kDefineFees &&
                                            type != CommandType::kDefineExposure;
                                   }),
            8'000u);
}

// What the flow above must contain, so that it says something.
TEST(AllocationTest, QuotesProtectionSwitchesStopsAndAuctionsAreAmongThem) {
  TestVenue venue(FlowLimits());
  SetUpFlow(venue);
  EverythingFlow flow(2);
  std::map<EventType, int> events;
  for (int i = 0; i < 20'000; ++i) {
    venue.Send(flow.Next(venue));
    for (const Event& event : venue.events) {
      events[event.type] += i > 10'000 ? 1 : 0;
    }
  }
  for (const EventType type :
       {EventType::kQuoteDone, EventType::kProtectionTripped, EventType::kKillSwitched,
        EventType::kOrderTriggered, EventType::kOrderRestated, EventType::kIndicative,
        EventType::kPhaseChanged, EventType::kMassCancelDone}) {
    EXPECT_GE(events[type], 3) << Raw(type);
  }
}

}  // namespace
}  // namespace tally
