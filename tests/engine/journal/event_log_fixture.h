#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "engine/event.h"
#include "engine/journal/event_log.h"
#include "tests/engine/journal/journal_fixture.h"

namespace tally {

// Event `sequence`, every field of it a function of the sequence; not a report.
inline Event TestEvent(uint64_t sequence) {
  Event event = MakeEvent(EventType::kTrade);
  event.sequence = EventSequence{sequence};
  event.command_sequence = CommandSequence{sequence / 3 + 1};
  event.timestamp_ns = static_cast<int64_t>(sequence * 11);
  event.instrument = InstrumentId{static_cast<uint32_t>(sequence % 9 + 1)};
  event.trade = {TradeId{sequence}, PriceTicks{100}, QuantityLots{static_cast<int64_t>(sequence)}};
  return event;
}

inline std::vector<Event> TestEvents(uint64_t first, uint64_t count) {
  std::vector<Event> events;
  for (uint64_t i = 0; i < count; ++i) {
    events.push_back(TestEvent(first + i));
  }
  return events;
}

// How many of `events` are TestEvents from `first` on.
inline std::size_t CountExpected(std::span<const Event> events, uint64_t first) {
  std::size_t count = 0;
  for (const Event& event : events) {
    const Event expected = TestEvent(first + count);
    if (std::memcmp(&event, &expected, sizeof event) != 0) {
      break;
    }
    ++count;
  }
  return count;
}

// Follows the log from `from` to its present end and returns the next sequence; an error, or an
// event that is not the expected one, is a test failure.
inline uint64_t FollowToEnd(EventLogReader* reader, uint64_t from, std::size_t limit = 1000) {
  std::vector<Event> events(limit, Event{});
  for (;;) {
    const auto count = reader->ReadFrom(EventSequence{from}, events);
    EXPECT_TRUE(count.ok()) << count.status();
    if (!count.ok() || *count == 0) {
      return from;
    }
    EXPECT_EQ(CountExpected(std::span(events).first(*count), from), *count);
    from += *count;
  }
}

}  // namespace tally
