// The canonical state, its hash, and marks.

#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/core/test_venue.h"

namespace tally {
namespace {

class StringSink final : public core::StateSink {
 public:
  void Append(const void* data, std::size_t size_bytes) override {
    bytes.append(static_cast<const char*>(data), size_bytes);
  }
  std::string bytes;
};

std::string StateOf(const core::Core& core) {
  StringSink sink;
  core.SerializeState(sink);
  return sink.bytes;
}

TEST(StateTest, EmptyStateIsAsDocumented) {
  const core::Core core(SmallLimits());
  const std::string bytes = StateOf(core);
  ASSERT_EQ(bytes.size(), 168u);
  EXPECT_EQ(bytes.substr(0, 8), "TALLYST2");
  EXPECT_EQ(bytes[8], 4);    // Assets.
  EXPECT_EQ(bytes[28], 20);  // Open orders per account.
  EXPECT_EQ(bytes[64], 1);   // Next event.
  EXPECT_EQ(bytes.substr(112, 4), "\xff\xff\xff\xff");
}

TEST(StateTest, OrderRowIsAsDocumented) {
  TestVenue venue;
  venue.SetUp();
  const std::size_t before = StateOf(venue.core).size();
  venue.Order(venue.alice, Side::kBuy, 4'000, 3,
              {.self_trade_prevention = SelfTradePrevention::kCancelBoth,
               .flags = kOrderFlagPostOnly,
               .client_order_id = 77});
  const std::string bytes = StateOf(venue.core);
  ASSERT_EQ(bytes.size(), before + 84);
  // Behind it: the count of asks, the end of the dormant ones, triggers (48) and pegs (32), the end
  // of the list of books, groups (12), turns.
  const std::string row = bytes.substr(bytes.size() - 12 - 80 - 4 - 16 - 84, 84);
  const auto u64 = [&](std::size_t at) {
    uint64_t value;
    std::memcpy(&value, &row[at], sizeof(value));
    return value;
  };
  EXPECT_EQ(u64(0), 1u);
  EXPECT_EQ(u64(8), 77u);
  EXPECT_EQ(row[16], static_cast<char>(Raw(venue.alice)));
  EXPECT_EQ(row[20], 1);
  EXPECT_EQ(u64(24), 4'000u);
  EXPECT_EQ(u64(32), 3u);
  EXPECT_EQ(u64(40), 0u);
  EXPECT_EQ(u64(48), 120'024u);
  EXPECT_EQ(row[56], 100);
  EXPECT_EQ(static_cast<unsigned char>(row[60]), 200);
  EXPECT_EQ(u64(64), 3u);
  EXPECT_EQ(row[72], 1);
  EXPECT_EQ(row[76], 4);
  EXPECT_EQ(row[78], 1);
  EXPECT_EQ(row[80], 0);
}

TEST(StateTest, OrderOfArrivalIsPartOfTheState) {
  std::vector<std::string> states;
  for (const bool bob_first : {true, false}) {
    TestVenue venue;
    venue.SetUp();
    venue.Order(bob_first ? venue.bob : venue.alice, Side::kBuy, 4'000, 3);
    venue.Order(bob_first ? venue.alice : venue.bob, Side::kBuy, 4'000, 3);
    states.push_back(StateOf(venue.core));
  }
  EXPECT_EQ(states[0].size(), states[1].size());
  EXPECT_NE(states[0], states[1]);
}

class MarkTest : public ::testing::Test {
 protected:
  MarkTest() : venue(Limits()) { venue.SetUp(); }

  static CoreLimits Limits() {
    CoreLimits limits = SmallLimits();
    limits.state_hash_interval = 20;
    return limits;
  }

  // Sends cancels of nothing until a hash is emitted.
  StateHashEvent NextHash() {
    do {
      venue.Cancel(venue.alice, OrderId{999});
    } while (venue.FindEvent(EventType::kStateHash) == nullptr);
    EXPECT_EQ(Raw(venue.core.last_command_sequence()) % 20, 0u);
    return venue.FindEvent(EventType::kStateHash)->state_hash;
  }

  void Mark(CommandSequence at, const StateHashEvent& hash) {
    Command mark = MakeCommand(CommandType::kStateHashMark);
    mark.state_hash_mark = {.at = at,
                            .state_hash = hash.state_hash,
                            .state_version = core::kStateVersion,
                            .reserved = {}};
    venue.Send(mark);
  }

  TestVenue venue;
};

TEST_F(MarkTest, HashIsThatOfTheStateAfterItsEvent) {
  const StateHashEvent hash = NextHash();
  EXPECT_EQ(hash.state_hash, venue.core.StateHash());
}

TEST_F(MarkTest, MarkThatAgreesIsNoDivergence) {
  const StateHashEvent hash = NextHash();
  Mark(venue.core.last_command_sequence(), hash);
  EXPECT_TRUE(venue.events.empty());
  EXPECT_FALSE(venue.core.divergence().has_value());
  EXPECT_EQ(venue.core.unverified_marks(), 0u);
}

TEST_F(MarkTest, MarkThatDiffersIsRememberedForEver) {
  StateHashEvent hash = NextHash();
  const CommandSequence at = venue.core.last_command_sequence();
  Mark(at, hash);
  hash.state_hash[31] ^= 1;
  Mark(at, hash);
  Mark(at, hash);
  ASSERT_TRUE(venue.core.divergence().has_value());
  EXPECT_EQ(venue.core.divergence()->at, at);
  EXPECT_EQ(Raw(venue.core.divergence()->detected_by), Raw(at) + 2);
}

TEST_F(MarkTest, MarksWithoutARememberedHashAreCounted) {
  const StateHashEvent first = NextHash();
  const CommandSequence at = venue.core.last_command_sequence();
  Mark(CommandSequence{Raw(at) - 1}, first);
  Mark(CommandSequence{0}, StateHashEvent{});
  EXPECT_EQ(venue.core.unverified_marks(), 2u);
  for (int i = 0; i < 16; ++i) {
    NextHash();
  }
  Mark(at, first);
  EXPECT_EQ(venue.core.unverified_marks(), 3u);
  EXPECT_FALSE(venue.core.divergence().has_value());
}

}  // namespace
}  // namespace tally
