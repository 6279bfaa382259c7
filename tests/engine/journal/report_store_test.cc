#include "engine/journal/report_store.h"

#include <map>
#include <random>
#include <vector>

#include "gtest/gtest.h"

#include "engine/journal/event_log.h"
#include "engine/journal/session_report_index.h"
#include "tests/engine/journal/event_log_fixture.h"

namespace tally {
namespace {

// Writes reports of several sessions into a log, and remembers them the simple way.
class ReportStoreTest : public ::testing::Test {
 protected:
  explicit ReportStoreTest(const SessionReportIndex::Options& options = {}) : index_(options) {
    auto writer = EventLogWriter::Open(directory_, {.segment_bytes_max = 1'000'000}, &index_);
    EXPECT_TRUE(writer.ok()) << writer.status();
    writer_ = *std::move(writer);
  }

  // One command of a session that gives `answers` reports, and one report to another session.
  void Command(uint32_t session, uint64_t client_sequence, int answers, uint32_t other = 0) {
    ++command_;
    for (int i = 0; i < answers; ++i) {
      Report(session, client_sequence);
    }
    if (other != 0) {
      Report(other, 0);
    }
  }

  void Noise(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      Event event = TestEvent(Raw(next_event_));
      event.command_sequence = CommandSequence{++command_};
      Push(event);
    }
  }

  void Report(uint32_t session, uint64_t client_sequence) {
    Event event = MakeEvent(EventType::kOrderAccepted);
    event.sequence = next_event_;
    event.command_sequence = CommandSequence{command_};
    event.session = SessionIndex{session};
    event.client_sequence = client_sequence;
    event.report_sequence = reports_[session].size() + 1;
    reports_[session].push_back(event);
    Push(event);
  }

  void Push(const Event& event) {
    batch_.push_back(event);
    next_event_ = EventSequence{Raw(next_event_) + 1};
    if (batch_.size() == 500) {
      Flush();
    }
  }

  void Flush() {
    ASSERT_TRUE(writer_->Append(batch_).ok());
    batch_.clear();
  }

  void ExpectAllReportsFrom(uint32_t session, uint64_t from, std::size_t limit) {
    ReportStore store(directory_, &index_);
    const std::vector<Event>& expected = reports_[session];
    for (;;) {
      const auto found = store.FindReports(SessionIndex{session}, from, limit);
      ASSERT_TRUE(found.ok()) << found.status();
      for (const Event& event : found->events) {
        ASSERT_LE(from, expected.size());
        ASSERT_EQ(std::memcmp(&event, &expected[from - 1], sizeof event), 0) << from;
        ++from;
      }
      ASSERT_EQ(found->next_report_sequence, from);
      if (found->complete) {
        break;
      }
      ASSERT_FALSE(found->events.empty());
    }
    EXPECT_EQ(from, std::max<uint64_t>(from, expected.size() + 1));
  }

  void ExpectOutcome(uint32_t session, uint64_t client_sequence) {
    ReportStore store(directory_, &index_);
    const auto found = store.FindOutcome(SessionIndex{session}, client_sequence);
    ASSERT_TRUE(found.ok()) << found.status();
    std::size_t at = 0;
    for (const Event& event : reports_[session]) {
      if (event.client_sequence == client_sequence) {
        ASSERT_LT(at, found->events.size());
        ASSERT_EQ(std::memcmp(&event, &found->events[at++], sizeof event), 0);
      }
    }
    EXPECT_EQ(at, found->events.size()) << session << " " << client_sequence;
  }

  TemporaryDirectory temporary_;
  const std::string directory_ = temporary_.Path("events");
  SessionReportIndex index_;
  std::unique_ptr<EventLogWriter> writer_;
  std::vector<Event> batch_;
  std::map<uint32_t, std::vector<Event>> reports_;
  EventSequence next_event_{1};
  uint64_t command_ = 0;
};

TEST_F(ReportStoreTest, AnUnknownSessionHasNoReports) {
  ReportStore store(directory_, &index_);
  const auto reports = store.FindReports(SessionIndex{3}, 1, 10);
  EXPECT_TRUE(reports->complete && reports->events.empty());
  EXPECT_TRUE(store.FindOutcome(SessionIndex{3}, 1)->events.empty());
}

TEST_F(ReportStoreTest, AClientGetsTheRestOfItsReports) {
  for (uint64_t i = 1; i <= 2000; ++i) {
    Command(1, i, static_cast<int>(i % 4), 2);
  }
  Flush();
  for (const uint64_t from : {1, 2, 255, 256, 257, 1000, 2990, 3000, 3001, 4000}) {
    ExpectAllReportsFrom(1, from, 100);
  }
  ExpectAllReportsFrom(2, 1, 7);
}

TEST_F(ReportStoreTest, TheOutcomeOfACommandIsFoundWhole) {
  for (uint64_t i = 1; i <= 300; ++i) {
    Command(1, i * 2, i == 150 ? 1000 : static_cast<int>(i % 3 + 1), 2);
    Command(2, i, 1);
  }
  Noise(1);
  Flush();
  for (uint64_t i = 1; i <= 602; ++i) {
    ExpectOutcome(1, i);
    ExpectOutcome(2, i);
  }
}

TEST_F(ReportStoreTest, AnOutcomeIsCompleteOnceALaterCommandHasAnEvent) {
  Command(1, 1, 2);
  Flush();
  ReportStore store(directory_, &index_);
  EXPECT_FALSE(store.FindOutcome(SessionIndex{1}, 1)->complete);
  Noise(1);
  Flush();
  EXPECT_TRUE(store.FindOutcome(SessionIndex{1}, 1)->complete);
  EXPECT_EQ(store.FindOutcome(SessionIndex{1}, 1)->events.size(), 2U);
}

TEST_F(ReportStoreTest, LongStretchesWithoutAReportAreJumpedOver) {
  for (uint64_t i = 1; i <= 4; ++i) {
    Command(1, i, 1);
    Noise(150'000);
  }
  Flush();
  ExpectAllReportsFrom(1, 1, 100);
  for (uint64_t i = 1; i <= 5; ++i) {
    ExpectOutcome(1, i);
  }
  EXPECT_EQ(index_.entry_count(), 4U);
}

TEST_F(ReportStoreTest, AReplayChangesNothing) {
  for (uint64_t i = 1; i <= 700; ++i) {
    Command(1, i, 1);
  }
  Flush();
  const std::size_t entries = index_.entry_count();
  ASSERT_TRUE(writer_->Append(reports_[1]).ok());
  EXPECT_EQ(index_.entry_count(), entries);
  ExpectAllReportsFrom(1, 1, 100);
}

class SmallIndexTest : public ReportStoreTest {
 protected:
  SmallIndexTest() : ReportStoreTest({.report_stride = 4, .event_stride = 64, .entries_max = 40}) {}
};

TEST_F(SmallIndexTest, AFullIndexIsThinnedAndStillFindsEverything) {
  std::mt19937_64 random(11);
  for (uint64_t i = 1; i <= 3000; ++i) {
    Command(static_cast<uint32_t>(random() % 5 + 1), i, static_cast<int>(random() % 3), 6);
    if (random() % 50 == 0) {
      Noise(random() % 300);
    }
    ASSERT_LE(index_.entry_count(), 40U + 6);
  }
  Flush();
  for (uint32_t session = 1; session <= 6; ++session) {
    ExpectAllReportsFrom(session, 1, 97);
    ExpectAllReportsFrom(session, reports_[session].size() / 2, 1000);
    for (int i = 0; i < 50; ++i) {
      ExpectOutcome(session, random() % 3000 + 1);
    }
  }
}

}  // namespace
}  // namespace tally
