// Random commands of every kind: nothing breaks, two cores agree, and who listens to the market
// data alone has the book of the core. TALLY_SEED replays a failure.

#include <cstdlib>
#include <cstring>
#include <map>
#include <span>

#include <gtest/gtest.h>

#include "tests/engine/core/delta_book.h"
#include "tests/engine/core/everything_flow.h"
#include "tests/engine/core/random_flow.h"
#include "tests/engine/core/test_venue.h"

namespace tally {
namespace {

uint64_t Seed() { return SeedOr(20'260'608); }

// So few steps to a command that much has to wait for the next one.
CoreLimits FewSteps() {
  CoreLimits limits = FlowLimits();
  limits.cascade_steps_max = 7;
  return limits;
}

class EverythingModelTest : public ::testing::Test {
 protected:
  EverythingModelTest() : venue(FewSteps()), copy(FewSteps()) { SetUpFlow(venue); }

  void CompareWithCopy() {
    copy_sink.events.clear();
    while (copied < venue.commands.size()) {
      copy.Apply(venue.commands[copied++], copy_sink);
    }
    const std::size_t count = copy_sink.events.size();
    ASSERT_EQ(count, venue.all_events.size() - compared);
    ASSERT_EQ(
        std::memcmp(copy_sink.events.data(), &venue.all_events[compared], count * sizeof(Event)),
        0);
    compared += count;
  }

  // Rules begin the market data of an instrument with the whole book, and end it with an empty one.
  void FollowDeltas() {
    for (const Event& event : venue.events) {
      if (event.type == EventType::kRulesDefined) {
        const bool on = (venue.commands.back().define_rules.flags & kRulesFlagBookDelta) != 0;
        if (!on || !listening[event.instrument]) {
          ASSERT_TRUE(books[event.instrument].Orders(Side::kBuy).empty());
          ASSERT_TRUE(books[event.instrument].Orders(Side::kSell).empty());
        }
        ends += listening[event.instrument] && !on ? 1 : 0;
        listening[event.instrument] = on;
      }
      if (event.type == EventType::kBookDelta) {
        ++deltas;
        ASSERT_TRUE(listening[event.instrument]);
        ASSERT_EQ(books[event.instrument].Apply(event), "");
      }
    }
  }

  void CompareBooks() {
    for (const auto& [instrument, on] : listening) {
      for (const Side side : {Side::kBuy, Side::kSell}) {
        if (!on) {
          continue;
        }
        core::DepthOrder orders[512];
        const std::vector<core::DepthOrder> expected = books[instrument].Orders(side);
        ASSERT_EQ(venue.core.BookOrders(instrument, side, orders), expected.size());
        ASSERT_TRUE(std::equal(expected.begin(), expected.end(), orders));
        core::DepthLevel levels[256];
        const std::vector<core::DepthLevel> expected_levels = books[instrument].Levels(side);
        ASSERT_EQ(venue.core.BookDepth(instrument, side, levels), expected_levels.size());
        for (std::size_t i = 0; i < expected_levels.size(); ++i) {
          ASSERT_EQ(levels[i].price, expected_levels[i].price);
          ASSERT_EQ(levels[i].quantity, expected_levels[i].quantity);
          ASSERT_EQ(levels[i].order_count, expected_levels[i].order_count);
        }
      }
    }
  }

  TestVenue venue;
  core::Core copy;
  CollectingSink copy_sink;
  std::size_t copied = 0;
  std::size_t compared = 0;
  std::size_t deltas = 0;
  std::size_t ends = 0;
  std::map<InstrumentId, bool> listening;
  std::map<InstrumentId, DeltaBook> books;
};

TEST_F(EverythingModelTest, CoresAgreeAndMarketDataIsTheBook) {
  const uint64_t seed = Seed();
  EverythingFlow flow(seed);
  std::map<EventType, int> seen;
  std::map<RejectReason, int> reasons;
  for (int step = 0; step < 22'000; ++step) {
    SCOPED_TRACE(testing::Message() << "seed " << seed << " step " << step);
    venue.Send(flow.Next(venue));
    ASSERT_FALSE(HasFailure());
    ASSERT_NO_FATAL_FAILURE(FollowDeltas());
    ASSERT_NO_FATAL_FAILURE(CompareBooks());
    for (const Event& event : venue.events) {
      ++seen[event.type];
      if (event.type == EventType::kOrderRejected || event.type == EventType::kCancelRejected ||
          event.type == EventType::kCommandRejected) {
        ++reasons[event.rejected.reason];
      }
    }
    if (step % 500 == 0) {
      ASSERT_NO_FATAL_FAILURE(CompareWithCopy());
      ASSERT_EQ(copy.StateHash(), venue.core.StateHash());
    }
  }
  for (const auto& [type, count] : seen) {
    RecordProperty("event" + std::to_string(Raw(type)), count);
  }
  for (const auto& [reason, count] : reasons) {
    RecordProperty(std::string(RejectReasonName(reason)), count);
  }
  EXPECT_GT(seen[EventType::kTrade], 500);
  EXPECT_GT(deltas, 2'500u);
  EXPECT_GT(ends, 5u);
  EXPECT_GT(seen[EventType::kOrderRestated], 100);
  EXPECT_GT(seen[EventType::kOrderTriggered], 30);
  EXPECT_GT(seen[EventType::kPhaseChanged], 100);
  EXPECT_GT(seen[EventType::kOrderSigned], 1'000);
  EXPECT_GT(reasons[RejectReason::kSignatureRequired], 100);
  EXPECT_GT(reasons[RejectReason::kExposureLimit], 30);
  EXPECT_GT(seen[EventType::kDispute], 10);
  EXPECT_GT(seen[EventType::kBatchStatus], 30);
}

TEST_F(EverythingModelTest, ReplayWithLookaheadGivesTheSameBytes) {
  EverythingFlow flow(Seed() + 1);
  for (int step = 0; step < 5'000; ++step) {
    venue.Send(flow.Next(venue));
    ASSERT_FALSE(HasFailure()) << "seed " << Seed() + 1 << " step " << step;
  }
  const std::span<const Command> commands(venue.commands);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    copy.ApplyFirst(commands.subspan(i), copy_sink);
  }
  ASSERT_EQ(copy_sink.events.size(), venue.all_events.size());
  EXPECT_EQ(std::memcmp(copy_sink.events.data(), venue.all_events.data(),
                        copy_sink.events.size() * sizeof(Event)),
            0);
  EXPECT_EQ(copy.StateHash(), venue.core.StateHash());
}

}  // namespace
}  // namespace tally
