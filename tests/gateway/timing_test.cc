#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "gateway/timing/timekeeper.h"

namespace tally::gateway {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kHour = 3'600 * kSecond;
constexpr int64_t kDay = 24 * kHour;
// 2023-11-13, a Monday, 00:00 UTC.
constexpr int64_t kMonday = int64_t{19'674} * kDay;
constexpr InstrumentId kOne{1};
constexpr InstrumentId kTwo{2};

// Takes commands while there is room, and has a deadline that the test sets.
class FakeLink final : public EngineLink {
 public:
  bool TryPublish(const Command& command) override {
    if (room == 0) {
      return false;
    }
    --room;
    commands.push_back(command);
    return true;
  }
  std::span<const Event> PeekEvents(std::size_t) override { return {}; }
  void ConsumeEvents(std::size_t) override {}
  int event_fd() const override { return -1; }
  bool ArmEventFd() override { return true; }
  absl::Status health() const override { return absl::OkStatus(); }
  int64_t next_deadline_ns() const override { return deadline_ns; }

  int room = 1'000;
  int64_t deadline_ns = 0;
  std::vector<Command> commands;
};

ScheduledPhase At(InstrumentId instrument, int64_t time_of_day_ns, TradingPhase phase,
                  Weekdays weekdays = kEveryDay) {
  return {.instrument = instrument,
          .weekdays = weekdays,
          .time_of_day_ns = time_of_day_ns,
          .phase = phase};
}

RecoveredState SeenUntil(int64_t time_ns) {
  RecoveredState recovered;
  recovered.time_ns = time_ns;
  return recovered;
}

// "1:continuous"-like; the phase as its number.
std::vector<std::string> Names(const std::vector<ScheduledPhase>& due) {
  std::vector<std::string> names;
  for (const ScheduledPhase& entry : due) {
    names.push_back(std::to_string(Raw(entry.instrument)) + ":" + std::to_string(Raw(entry.phase)));
  }
  return names;
}

TEST(PhaseScheduleTest, TellsWhatIsNextThroughTheWeek) {
  constexpr Weekdays kWorkdays = 0x1f;
  const PhaseSchedule schedule({At(kOne, 8 * kHour, TradingPhase::kContinuous, kWorkdays),
                                At(kOne, 17 * kHour, TradingPhase::kClosed, kWorkdays)});
  const struct {
    const char* name;
    int64_t after;
    int64_t next;
  } rows[] = {
      {"before the first", kMonday, kMonday + 8 * kHour},
      {"at it", kMonday + 8 * kHour, kMonday + 17 * kHour},
      {"after the last of a day", kMonday + 17 * kHour, kMonday + kDay + 8 * kHour},
      {"over the weekend", kMonday + 4 * kDay + 17 * kHour, kMonday + 7 * kDay + 8 * kHour},
      {"on a Sunday", kMonday + 6 * kDay + kHour, kMonday + 7 * kDay + 8 * kHour},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(schedule.NextAfter(row.after), row.next) << row.name;
  }
  EXPECT_EQ(PhaseSchedule().NextAfter(kMonday), 0);
}

TEST(PhaseScheduleTest, OfWhatWasMissedOnlyTheLastOfAnInstrumentIsDue) {
  const PhaseSchedule schedule({At(kOne, 8 * kHour, TradingPhase::kOpeningAuction),
                                At(kOne, 9 * kHour, TradingPhase::kContinuous),
                                At(kTwo, 8 * kHour + kSecond, TradingPhase::kContinuous)});
  using List = std::vector<std::string>;
  EXPECT_EQ(Names(schedule.Due(kMonday, kMonday + 8 * kHour)), (List{"1:2"}));
  EXPECT_EQ(Names(schedule.Due(kMonday, kMonday + 10 * kHour)), (List{"2:3", "1:3"}));
  EXPECT_EQ(Names(schedule.Due(kMonday + 9 * kHour, kMonday + 10 * kHour)), List{});
  // A venue that never ran begins in the phase of the hour.
  EXPECT_EQ(Names(schedule.Due(0, kMonday + 8 * kHour + 30 * 60 * kSecond)), (List{"1:2", "2:3"}));
}

TEST(PhaseScheduleTest, AtTheSameTimeTheLaterEntryOfTheFileCounts) {
  const PhaseSchedule schedule(
      {At(kOne, 8 * kHour, TradingPhase::kContinuous), At(kOne, 8 * kHour, TradingPhase::kHalt)});
  EXPECT_EQ(Names(schedule.Due(kMonday, kMonday + kDay - 1)), (std::vector<std::string>{"1:5"}));
}

TEST(TimekeeperTest, PublishesNothingWhileNothingIsDue) {
  FakeLink link;
  Timekeeper timekeeper(&link, PhaseSchedule(), SeenUntil(0));
  EXPECT_EQ(timekeeper.Run(kMonday), 0);
  link.deadline_ns = kMonday + kSecond;
  EXPECT_EQ(timekeeper.Run(kMonday), kMonday + kSecond);
  EXPECT_TRUE(link.commands.empty());
}

TEST(TimekeeperTest, SendsOneTimerForADeadlineAndAnotherOnlyIfItStands) {
  FakeLink link;
  Timekeeper timekeeper(&link, PhaseSchedule(), SeenUntil(0));
  link.deadline_ns = kMonday;
  int64_t again = timekeeper.Run(kMonday);
  ASSERT_EQ(link.commands.size(), 1u);
  EXPECT_EQ(link.commands[0].type, CommandType::kTimer);
  EXPECT_EQ(link.commands[0].timer.bounded, 1);
  EXPECT_GT(again, kMonday);
  timekeeper.Run(kMonday + 1);
  EXPECT_EQ(link.commands.size(), 1u);
  again = timekeeper.Run(again);  // The core had more to do than one command may.
  EXPECT_EQ(link.commands.size(), 2u);
  link.deadline_ns = kMonday + 1;  // Another one.
  timekeeper.Run(kMonday + kSecond);
  EXPECT_EQ(link.commands.size(), 3u);
  link.deadline_ns = 0;
  EXPECT_EQ(timekeeper.Run(kMonday + 2 * kSecond), 0);
  EXPECT_EQ(link.commands.size(), 3u);
}

TEST(TimekeeperTest, AFullRingIsTriedAgain) {
  FakeLink link;
  link.room = 0;
  link.deadline_ns = kMonday;
  Timekeeper timekeeper(&link, PhaseSchedule({At(kOne, 0, TradingPhase::kContinuous)}),
                        SeenUntil(kMonday - kHour));
  const int64_t again = timekeeper.Run(kMonday);
  EXPECT_GT(again, kMonday);
  EXPECT_LE(again, kMonday + kSecond);
  link.room = 2;
  timekeeper.Run(again);
  ASSERT_EQ(link.commands.size(), 2u);
  EXPECT_EQ(link.commands[0].type, CommandType::kSetPhase);
  EXPECT_EQ(link.commands[1].type, CommandType::kTimer);
}

TEST(TimekeeperTest, ScheduledPhasesAreSentOnceAndMadeUpForAfterAStop) {
  const std::vector<ScheduledPhase> entries = {At(kOne, 8 * kHour, TradingPhase::kContinuous),
                                               At(kOne, 17 * kHour, TradingPhase::kClosed)};
  FakeLink link;
  Timekeeper timekeeper(&link, PhaseSchedule(entries), SeenUntil(kMonday));
  EXPECT_EQ(timekeeper.Run(kMonday + kHour), kMonday + 8 * kHour);
  EXPECT_TRUE(link.commands.empty());
  timekeeper.Run(kMonday + 8 * kHour);
  timekeeper.Run(kMonday + 8 * kHour + 1);
  ASSERT_EQ(link.commands.size(), 1u);
  EXPECT_EQ(link.commands[0].instrument, kOne);
  EXPECT_EQ(link.commands[0].set_phase.phase, TradingPhase::kContinuous);
  EXPECT_EQ(link.commands[0].set_phase.flags, kSetPhaseFlagBounded | kSetPhaseFlagScheduled);

  // Stopped at noon, started in the evening: the close is made up for; at noon nothing would be.
  FakeLink noon;
  Timekeeper(&noon, PhaseSchedule(entries), SeenUntil(kMonday + 12 * kHour))
      .Run(kMonday + 13 * kHour);
  EXPECT_TRUE(noon.commands.empty());
  FakeLink evening;
  Timekeeper(&evening, PhaseSchedule(entries), SeenUntil(kMonday + 12 * kHour))
      .Run(kMonday + 20 * kHour);
  ASSERT_EQ(evening.commands.size(), 1u);
  EXPECT_EQ(evening.commands[0].set_phase.phase, TradingPhase::kClosed);
}

// The journal can have commands from after the time of a phase and not the phase, which was behind
// them in the ring.
TEST(TimekeeperTest, APhaseThatACrashTookIsMadeUpForOnceAndNoOperatorIsOverruled) {
  const std::vector<ScheduledPhase> entries = {At(kOne, 8 * kHour, TradingPhase::kContinuous),
                                               At(kOne, 17 * kHour, TradingPhase::kClosed)};
  const struct {
    const char* name;
    int64_t scheduled_ns;  // When the clock last set the phase.
    int64_t seen_ns;       // The last command of the journal.
    std::size_t sent;
  } rows[] = {
      {"it is there", kMonday + 8 * kHour + 2, kMonday + 8 * kHour + 9, 0},
      {"it is not", kMonday + 8 * kHour - 15 * kHour, kMonday + 8 * kHour + 9, 1},
      {"the last command came before its time", kMonday - 7 * kHour, kMonday + 8 * kHour - 9, 1},
      {"an entry that is new in the schedule", kMonday - 7 * kHour, kMonday + 9 * kHour, 0},
      {"the clock never set a phase", 0, kMonday + 8 * kHour + 9, 0},
  };
  for (const auto& row : rows) {
    RecoveredState recovered = SeenUntil(row.seen_ns);
    recovered.books.push_back({.instrument = kOne,
                               .top = {},
                               .phase = {},
                               .has_deltas = false,
                               .delta_sequence = 0,
                               .scheduled_ns = row.scheduled_ns,
                               .orders = {}});
    recovered.books.push_back({.instrument = kTwo,
                               .top = {},
                               .phase = {},
                               .has_deltas = false,
                               .delta_sequence = 0,
                               .scheduled_ns = row.scheduled_ns,
                               .orders = {}});
    FakeLink link;
    Timekeeper timekeeper(&link, PhaseSchedule(entries), recovered);
    timekeeper.Run(std::max(row.seen_ns, kMonday + 8 * kHour) + 20);
    timekeeper.Run(kMonday + 10 * kHour);
    ASSERT_EQ(link.commands.size(), row.sent) << row.name;
    if (row.sent != 0) {
      EXPECT_EQ(link.commands[0].instrument, kOne);
      EXPECT_EQ(link.commands[0].set_phase.phase, TradingPhase::kContinuous);
    }
  }
}

}  // namespace
}  // namespace tally::gateway
