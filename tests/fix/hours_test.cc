#include "gmock/gmock.h"

#include "gateway/fix/session_schedule.h"
#include "tests/fix/hub_fixture.h"

namespace tally::gateway::fix {
namespace {

using testing::HasSubstr;

constexpr int64_t kHourNs = int64_t{3'600} * 1'000'000'000;

TEST(SessionScheduleTest, HoursBelongToTheDayOnWhichTheyBegin) {
  struct Row {
    int start_h;
    int end_h;
    uint8_t weekdays;
    const char* now;
    const char* window;  // Its start; empty: none.
    const char* next;
  };
  constexpr uint8_t kWorkdays = 0x1f;
  constexpr uint8_t kFriday = 0x10;
  // 24 June 2024 was a Monday.
  constexpr Row kRows[] = {
      {8, 16, 0x7f, "20240624-07:59:59", "", "20240624-08:00:00"},
      {8, 16, 0x7f, "20240624-08:00:00", "20240624-08:00:00", "20240624-08:00:00"},
      {8, 16, 0x7f, "20240624-15:59:59", "20240624-08:00:00", "20240625-08:00:00"},
      {8, 16, 0x7f, "20240624-16:00:00", "", "20240625-08:00:00"},
      {22, 6, kFriday, "20240628-23:00:00", "20240628-22:00:00", "20240705-22:00:00"},
      {22, 6, kFriday, "20240629-05:00:00", "20240628-22:00:00", "20240705-22:00:00"},
      {22, 6, kFriday, "20240629-06:00:00", "", "20240705-22:00:00"},
      {22, 6, kFriday, "20240628-05:00:00", "", "20240628-22:00:00"},
      {22, 22, kWorkdays, "20240629-21:59:59", "20240628-22:00:00", "20240701-22:00:00"},
      {22, 22, kWorkdays, "20240629-22:00:00", "", "20240701-22:00:00"},
      {22, 22, kWorkdays, "20240625-22:00:00", "20240625-22:00:00", "20240625-22:00:00"},
  };
  for (const Row& row : kRows) {
    const FixSchedule schedule{.enabled = true,
                               .weekdays = row.weekdays,
                               .start_ns = row.start_h * kHourNs,
                               .end_ns = row.end_h * kHourNs};
    const int64_t now = *ParseUtcTimestamp(row.now);
    const auto window = WindowAt(schedule, now);
    ASSERT_EQ(window.has_value(), row.window[0] != 0) << row.now;
    if (window.has_value()) {
      EXPECT_EQ(window->start_ns, *ParseUtcTimestamp(row.window)) << row.now;
      EXPECT_LT(now, window->end_ns);
    }
    EXPECT_EQ(NextWindow(schedule, now).start_ns, *ParseUtcTimestamp(row.next)) << row.now;
  }
}

// The fixture's clock begins on a Thursday at 11:17:25.223.
class FixHoursTest : public FixHubFixture {
 protected:
  FixSchedule& schedule() { return options_.sessions[0].schedule; }
  void Open(const char* start, const char* end) {
    const auto of_day = [](const char* text) {
      return *ParseUtcTimestamp(std::string("19700101-") + text);
    };
    schedule() = {.enabled = true, .start_ns = of_day(start), .end_ns = of_day(end)};
    Restart();
  }
  // What comes within that time, heartbeats too.
  std::vector<std::string> ReceiveFor(ConnectionId id, int64_t ms) {
    std::vector<std::string> all;
    for (; ms > 0; ms -= 1'000) {
      Advance(1'000);
      const auto received = Receive(id);
      all.insert(all.end(), received.begin(), received.end());
    }
    return all;
  }
  void GoTo(const char* time) {
    const int64_t step_ns = *ParseUtcTimestamp(time) - now_.wall_ns;
    now_.wall_ns += step_ns;
    now_.mono_ns += step_ns;
  }
};

TEST_F(FixHoursTest, ALogonOutsideOfTheHoursIsRefusedWithTheReason) {
  Open("12:00:00", "16:00:00");
  const ConnectionId id = LogOn("KEEP");
  ASSERT_EQ(logon_.size(), 1U);
  EXPECT_EQ(Get(logon_[0], "35"), "5");
  EXPECT_EQ(Get(logon_[0], "58"),
            "outside of the session's hours, which begin at 20240627-12:00:00.000000");
  Advance(2'000);
  EXPECT_TRUE(Closed(id));
  GoTo("20240627-12:00:00");
  hub_->OnDisconnected(id, now_);
  LogOn("KEEP");
  EXPECT_EQ(Get(logon_.at(0), "35"), "A");
}

TEST_F(FixHoursTest, TheEndOfTheHoursIsAnnouncedAndThenALogout) {
  Open("08:00:00", "11:18:00");
  const ConnectionId id = LogOn("KEEP");
  ASSERT_EQ(logon_.size(), 1U);
  Advance(100);
  auto received = Receive(id);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "35"), "B");
  EXPECT_EQ(Get(received[0], "148"), "the session ends in 35 s");
  for (const char* left : {"25", "15", "5"}) {
    received = ReceiveFor(id, 10'000);
    ASSERT_FALSE(received.empty()) << left;
    EXPECT_EQ(Get(received.back(), "148"), std::string("the session ends in ") + left + " s");
  }
  received = ReceiveFor(id, 5'000);
  ASSERT_FALSE(received.empty());
  EXPECT_EQ(Get(received.back(), "35"), "5");
  EXPECT_EQ(Get(received.back(), "58"), "the session's hours are over");
}

TEST_F(FixHoursTest, NumbersBeginAgainOncePerHoursAlsoAfterARestart) {
  Open("08:00:00", "16:00:00");
  schedule().reset = true;
  Restart();
  ConnectionId id = LogOn("KEEP");
  Send(id, "KEEP", 'D', 2, Order("A", '1', "100.00"));
  hub_->OnDisconnected(id, now_);
  Restart();
  id = LogOn("KEEP", 3);
  EXPECT_EQ(Get(logon_.at(0), "34"), "3");  // The same hours: numbers go on.
  hub_->OnDisconnected(id, now_);
  GoTo("20240628-08:00:01");
  LogOn("KEEP", 1);
  EXPECT_EQ(Get(logon_.at(0), "35"), "A");
  EXPECT_EQ(Get(logon_.at(0), "34"), "1");
}

TEST_F(FixHoursTest, TheStopOfTheVenueIsAnnouncedToEverybody) {
  const ConnectionId keep = LogOn("KEEP");
  hub_->AnnounceStop(90, now_);
  EXPECT_EQ(Get(Receive(keep).at(0), "148"), "the venue stops in 90 s");
  const ConnectionId bob = LogOn("BOB");
  Advance(100);
  EXPECT_EQ(Get(Receive(bob).at(0), "148"), "the venue stops in 90 s");
  EXPECT_TRUE(Receive(keep).empty());
  hub_->Shutdown(now_);
  const auto received = Receive(keep);
  ASSERT_EQ(received.size(), 2U);
  EXPECT_THAT(received[0], HasSubstr("|148=the venue stops now|33=1|58=the venue stops now|"));
  EXPECT_EQ(Get(received[1], "58"), "the venue shuts down");
}

}  // namespace
}  // namespace tally::gateway::fix
