#include "gateway/session/feed.h"

#include <algorithm>

#include "base/assert.h"

namespace tally::gateway {

Feed::Feed(const std::vector<wire::InstrumentDef>& definitions,
           const std::vector<RecoveredBook>& books) {
  for (const wire::InstrumentDef& definition : definitions) {
    CHECK(positions_.emplace(definition.instrument(), size()).second);
    FeedInstrument& instrument = instruments_.emplace_back();
    instrument.definition = definition;
    instrument.phase = MakeEvent(EventType::kPhaseChanged);
    instrument.phase.instrument = InstrumentId{definition.instrument()};
    instrument.phase.phase_changed.phase = TradingPhase::kContinuous;
    instrument.phase.phase_changed.previous = TradingPhase::kContinuous;
    instrument.phase.phase_changed.reason = PhaseReason::kCommand;
  }
  for (const RecoveredBook& book : books) {
    const uint32_t position = Find(book.instrument);
    if (position == size()) {
      continue;
    }
    FeedInstrument& instrument = at(position);
    instrument.top = book.top;
    instrument.has_top = book.top.book_sequence != 0;
    if (Raw(book.phase.phase) != 0) {
      instrument.phase.phase_changed = book.phase;
    }
    instrument.book.Restore(book);
  }
}

uint32_t Feed::Find(InstrumentId instrument) const {
  const auto found = positions_.find(Raw(instrument));
  return found == positions_.end() ? size() : found->second;
}

uint8_t Feed::Subscribe(Connection* connection, uint32_t position, uint8_t kinds) {
  connection->subscribed = true;
  unsigned added = 0;
  for (std::size_t bit = 0; bit < kFeedKinds; ++bit) {
    auto& list = at(position).subscribers[bit];
    if ((kinds >> bit & 1) != 0 && std::find(list.begin(), list.end(), connection) == list.end()) {
      list.push_back(connection);
      added |= 1u << bit;
    }
  }
  return static_cast<uint8_t>(added);
}

void Feed::Unsubscribe(Connection* connection, uint32_t position, uint8_t kinds) {
  for (std::size_t bit = 0; bit < kFeedKinds; ++bit) {
    if ((kinds >> bit & 1) != 0) {
      std::erase(at(position).subscribers[bit], connection);
      std::erase(connection->conflated, std::pair{position, static_cast<uint8_t>(1u << bit)});
    }
  }
}

void Feed::Remove(Connection* connection) {
  if (!connection->subscribed) {
    return;
  }
  for (uint32_t position = 0; position < size(); ++position) {
    Unsubscribe(connection, position, (1u << kFeedKinds) - 1);
  }
}

}  // namespace tally::gateway
