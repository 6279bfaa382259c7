// SessionHub: market data.

#include <algorithm>

#include "base/assert.h"
#include "gateway/session/hub.h"

namespace tally::gateway {

using wire::ErrorCode;
using wire::MessageType;

void SessionHub::HandleSubscription(Connection* connection, const ClientMessage& message,
                                    Instant now) {
  const bool all = Raw(message.instrument) == 0;
  const uint32_t found = feed_.Find(message.instrument);
  if (!all && found == feed_.size()) {
    Reject(connection, message, {.code = ErrorCode::UNKNOWN_INSTRUMENT}, now);
    return;
  }
  const uint32_t begin = all ? 0 : found;
  const uint32_t end = all ? feed_.size() : found + 1;
  for (uint32_t position = begin; position < end; ++position) {
    if (message.type == MessageType::UNSUBSCRIBE) {
      feed_.Unsubscribe(connection, position, message.feed_kinds);
      continue;
    }
    const uint8_t added = feed_.Subscribe(connection, position, message.feed_kinds);
    const FeedInstrument& instrument = feed_.at(position);
    encoder_.InstrumentDef(Header(*connection, now), instrument.definition,
                           Output(connection, now));
    SendState(connection, instrument, message.feed_kinds, now);
    // A book is large: only where it is not followed already.
    SendSnapshots(connection, instrument, added, now);
  }
}

// What an instrument's subscriber has to know before the next change.
void SessionHub::SendState(Connection* connection, const FeedInstrument& instrument, uint8_t kinds,
                           Instant now) {
  if ((kinds & kFeedBbo) != 0 && instrument.has_top) {
    SendBbo(connection, instrument, now);
  }
  if ((kinds & kFeedPhase) != 0) {
    encoder_.Public(instrument.phase, now.wall_ns, Output(connection, now));
  }
  if ((kinds & kFeedIndicative) != 0 && instrument.has_indicative) {
    SendIndicative(connection, instrument, now);
  }
}

void SessionHub::SendSnapshots(Connection* connection, const FeedInstrument& instrument,
                               uint8_t kinds, Instant now) {
  const auto send = [&](wire::FeedKind kind, const std::vector<wire::BookEntry>& entries) {
    encoder_.BookSnapshot({.instrument = InstrumentId{instrument.definition.instrument()},
                           .book_sequence = instrument.book.sequence(),
                           .engine_ns = instrument.book.engine_ns(),
                           .kind = kind},
                          entries, now.wall_ns, Output(connection, now));
    counters_.book_snapshots_sent.Add();
  };
  if ((kinds & kFeedLevels) != 0) {
    send(wire::FeedKind::LEVELS, instrument.book.Levels());
  }
  if ((kinds & kFeedOrders) != 0) {
    send(wire::FeedKind::ORDERS, instrument.book.Orders());
  }
}

void SessionHub::OnMarketData(const Event& event, Instant now) {
  const uint32_t position = feed_.Find(event.instrument);
  if (position == feed_.size()) {
    return;
  }
  FeedInstrument& instrument = feed_.at(position);
  if (event.type == EventType::kTrade) {
    SendToAll(instrument.subscribers_of(kFeedTrades), now, [&](auto* output) {
      encoder_.Public(event, now.wall_ns, output);
      counters_.trades_sent.Add();
    });
  } else if (event.type == EventType::kBookTop) {
    instrument.top = event.book_top;
    instrument.top_ns = event.timestamp_ns;
    instrument.has_top = true;
    SendNewest(position, kFeedBbo, now);
  } else if (event.type == EventType::kIndicative) {
    instrument.indicative = event;
    instrument.has_indicative = true;
    SendNewest(position, kFeedIndicative, now);
  } else if (event.type == EventType::kPhaseChanged) {
    OnPhaseChanged(event, position, now);
  } else {
    OnBookDelta(event, &instrument, now);
  }
}

void SessionHub::OnPhaseChanged(const Event& event, uint32_t position, Instant now) {
  FeedInstrument& instrument = feed_.at(position);
  // What an auction would have done is of no use behind its end.
  instrument.has_indicative = false;
  for (Connection* const connection : instrument.subscribers_of(kFeedIndicative)) {
    std::erase(connection->conflated, std::pair{position, kFeedIndicative});
  }
  instrument.phase = event;
  SendToAll(instrument.subscribers_of(kFeedPhase), now,
            [&](auto* output) { encoder_.Public(event, now.wall_ns, output); });
}

void SessionHub::OnBookDelta(const Event& event, FeedInstrument* instrument, Instant now) {
  instrument->book.Apply(event);
  SendToAll(instrument->subscribers_of(kFeedLevels), now, [&](auto* output) {
    encoder_.BookLevel(event, now.wall_ns, output);
    counters_.book_deltas_sent.Add();
  });
  SendToAll(instrument->subscribers_of(kFeedOrders), now, [&](auto* output) {
    encoder_.BookOrder(event, now.wall_ns, output);
    counters_.book_deltas_sent.Add();
  });
}

// What is never left out. By position: a slow consumer takes itself off the list.
template <typename Encode>
void SessionHub::SendToAll(const std::vector<Connection*>& subscribers, Instant now,
                           Encode&& encode) {
  for (std::size_t i = subscribers.size(); i-- > 0;) {
    Connection* const connection = subscribers[i];
    encode(Output(connection, now));
    CheckSendQueue(connection, now);
  }
}

// What only counts in its newest state: a reader that is behind gets it when it has caught up.
void SessionHub::SendNewest(uint32_t position, uint8_t kind, Instant now) {
  FeedInstrument& instrument = feed_.at(position);
  for (Connection* const connection : instrument.subscribers_of(kind)) {
    auto& conflated = connection->conflated;
    const std::pair entry{position, kind};
    if (connection->output.bytes() < config_.options.send_queue_bytes_soft) {
      SendOne(connection, instrument, kind, now);
    } else if (std::find(conflated.begin(), conflated.end(), entry) == conflated.end()) {
      conflated.push_back(entry);
    } else {
      counters_.bbos_conflated.Add();
    }
  }
}

void SessionHub::SendOne(Connection* connection, const FeedInstrument& instrument, uint8_t kind,
                         Instant now) {
  if (kind == kFeedBbo) {
    SendBbo(connection, instrument, now);
  } else {
    SendIndicative(connection, instrument, now);
  }
}

void SessionHub::SendBbo(Connection* connection, const FeedInstrument& instrument, Instant now) {
  encoder_.Bbo(InstrumentId{instrument.definition.instrument()}, instrument.top_ns, instrument.top,
               now.wall_ns, Output(connection, now));
  counters_.bbos_sent.Add();
}

void SessionHub::SendIndicative(Connection* connection, const FeedInstrument& instrument,
                                Instant now) {
  encoder_.Public(instrument.indicative, now.wall_ns, Output(connection, now));
}

void SessionHub::SendConflated(Connection* connection, Instant now) {
  for (const auto& [position, kind] : connection->conflated) {
    SendOne(connection, feed_.at(position), kind, now);
  }
  connection->conflated.clear();
}

}  // namespace tally::gateway
