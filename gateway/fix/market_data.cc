#include "gateway/fix/market_data.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace tally::gateway::fix {

MarketData::MarketData(const FixInstruments& instruments,
                       const std::vector<RecoveredBook>& recovered, bool with_books)
    : instruments_(instruments), with_books_(with_books) {
  feeds_.reserve(instruments.all().size());
  for (const FixInstrument& instrument : instruments.all()) {
    by_id_[Raw(instrument.id)] = feeds_.size();
    InstrumentFeed& feed = feeds_.emplace_back();
    feed.instrument = &instrument;
    feed.has_deltas = instrument.book_deltas;
    feed.phase = MakeEvent(EventType::kPhaseChanged);
    feed.phase.phase_changed.phase = TradingPhase::kContinuous;
    feed.last_trade = MakeEvent(EventType::kTrade);
    feed.indicative = MakeEvent(EventType::kIndicative);
  }
  for (const RecoveredBook& book : recovered) {
    const auto found = by_id_.find(Raw(book.instrument));
    if (found == by_id_.end()) {
      continue;
    }
    InstrumentFeed& feed = feeds_[found->second];
    feed.top = book.top;
    feed.has_deltas |= book.has_deltas;
    if (Raw(book.phase.phase) != 0) {
      feed.phase.phase_changed = book.phase;
    }
    if (with_books_) {
      feed.book.Restore(book);
    }
  }
}

void MarketData::Apply(const Event& event) {
  if (event.type < EventType::kTrade || event.type > EventType::kBookDelta ||
      (!with_books_ && event.type != EventType::kPhaseChanged)) {
    return;
  }
  const auto found = by_id_.find(Raw(event.instrument));
  if (found == by_id_.end()) {
    return;
  }
  InstrumentFeed* const feed = &feeds_[found->second];
  switch (event.type) {
    case EventType::kTrade:
      OnTrade(event, feed);
      return;
    case EventType::kBookTop:
      OnTop(event, feed);
      return;
    case EventType::kIndicative:
      OnIndicative(event, feed);
      return;
    case EventType::kPhaseChanged:
      OnPhase(event, feed);
      return;
    default:
      OnDelta(event, feed);
  }
}

void MarketData::OnTrade(const Event& event, InstrumentFeed* feed) {
  feed->last_trade = event;
  if (!feed->followers.empty()) {
    feed->trades.Add({.action = update_action::kNew,
                      .type = entry_type::kTrade,
                      .id = Raw(event.trade.trade_id),
                      .price = event.trade.price.value,
                      .quantity = event.trade.quantity.value,
                      .side = event.side,
                      .time_ns = event.timestamp_ns},
                     *feed->instrument);
    MarkDirty(feed);
  }
}

void MarketData::OnTop(const Event& event, InstrumentFeed* feed) {
  const BookTopEvent before = std::exchange(feed->top, event.book_top);
  for (const auto& stream : feed->streams) {
    stream->OnTop(before, *feed);
    MarkDirty(feed);
  }
}

void MarketData::OnDelta(const Event& event, InstrumentFeed* feed) {
  feed->has_deltas = true;
  feed->book.Apply(event);
  for (const auto& stream : feed->streams) {
    stream->OnDelta(event, *feed);
    MarkDirty(feed);
  }
}

void MarketData::OnIndicative(const Event& event, InstrumentFeed* feed) {
  const IndicativeEvent before = std::exchange(feed->indicative, event).indicative;
  if (feed->followers.empty()) {
    return;
  }
  const IndicativeEvent& after = event.indicative;
  const auto action = [](int64_t quantity_before, int64_t quantity_after) {
    return quantity_after == 0    ? update_action::kDelete
           : quantity_before == 0 ? update_action::kNew
                                  : update_action::kChange;
  };
  if (before.quantity.value != 0 || after.quantity.value != 0) {
    feed->clearing_price.Add({.action = action(before.quantity.value, after.quantity.value),
                              .type = entry_type::kClearingPrice,
                              .price = after.price.value,
                              .quantity = after.quantity.value},
                             *feed->instrument);
  }
  if (before.surplus.value != 0 || after.surplus.value != 0) {
    feed->imbalance.Add({.action = action(before.surplus.value, after.surplus.value),
                         .type = entry_type::kImbalance,
                         .quantity = after.surplus.value,
                         .side = after.surplus_side},
                        *feed->instrument);
  }
  MarkDirty(feed);
}

void MarketData::OnPhase(const Event& event, InstrumentFeed* feed) {
  feed->phase = event;
  feed->phase_changed = true;
  // What an auction would have done is of no use behind its end.
  Event nothing = MakeEvent(EventType::kIndicative);
  nothing.instrument = event.instrument;
  OnIndicative(nothing, feed);
  MarkDirty(feed);
}

void MarketData::MarkDirty(InstrumentFeed* feed) {
  if (!std::exchange(feed->dirty, true)) {
    dirty_.push_back(feed);
  }
}

std::vector<InstrumentFeed*> MarketData::TakeDirty() { return std::exchange(dirty_, {}); }

void MarketData::Clear(InstrumentFeed* feed) {
  feed->dirty = false;
  feed->phase_changed = false;
  feed->trades.Clear();
  feed->clearing_price.Clear();
  feed->imbalance.Clear();
  for (const auto& stream : feed->streams) {
    stream->pending.Clear();
  }
}

InstrumentFeed* MarketData::Find(std::string_view symbol) {
  const FixInstrument* const instrument = instruments_.Find(symbol);
  return instrument == nullptr ? nullptr : &feeds_[by_id_.find(Raw(instrument->id))->second];
}

Subscription* MarketData::FindSubscription(ConnectionId connection, const std::string& id) {
  const auto of_connection = subscriptions_.find(static_cast<uint64_t>(connection));
  if (of_connection == subscriptions_.end()) {
    return nullptr;
  }
  const auto found = of_connection->second.find(id);
  return found == of_connection->second.end() ? nullptr : found->second.get();
}

std::size_t MarketData::FollowerCount(ConnectionId connection) const {
  std::size_t count = 0;
  if (const auto found = subscriptions_.find(static_cast<uint64_t>(connection));
      found != subscriptions_.end()) {
    for (const auto& [id, subscription] : found->second) {
      count += subscription->followers.size();
    }
  }
  return count;
}

Subscription* MarketData::Subscribe(ConnectionId connection, const std::string& id,
                                    const DataWish& wish,
                                    const std::vector<InstrumentFeed*>& feeds) {
  auto& slot = subscriptions_[static_cast<uint64_t>(connection)][id];
  CHECK(slot == nullptr);
  slot = std::make_unique<Subscription>();
  slot->connection = connection;
  slot->id = id;
  slot->wish = wish;
  for (InstrumentFeed* const feed : feeds) {
    CHECK(!feed->dirty);
    auto follower = std::make_unique<Follower>();
    follower->subscription = slot.get();
    follower->feed = feed;
    follower->stream = wish.book == BookKind::kNone ? nullptr : JoinStream(wish, feed);
    follower->due = true;
    feed->followers.push_back(follower.get());
    slot->followers.push_back(std::move(follower));
  }
  return slot.get();
}

BookStream* MarketData::JoinStream(const DataWish& wish, InstrumentFeed* feed) {
  auto found = std::find_if(feed->streams.begin(), feed->streams.end(),
                            [&](const auto& stream) { return stream->Serves(wish); });
  if (found == feed->streams.end()) {
    found = feed->streams.insert(found, std::make_unique<BookStream>(wish, *feed));
  }
  ++(*found)->users;
  return found->get();
}

void MarketData::Leave(Follower* follower) {
  InstrumentFeed* const feed = follower->feed;
  std::erase(feed->followers, follower);
  if (follower->stream != nullptr && --follower->stream->users == 0) {
    std::erase_if(feed->streams,
                  [&](const auto& stream) { return stream.get() == follower->stream; });
  }
}

void MarketData::Unsubscribe(ConnectionId connection, const std::string& id) {
  auto& of_connection = subscriptions_[static_cast<uint64_t>(connection)];
  const auto found = of_connection.find(id);
  CHECK(found != of_connection.end());
  for (const auto& follower : found->second->followers) {
    Leave(follower.get());
  }
  of_connection.erase(found);
}

void MarketData::RemoveAnswered(ConnectionId connection) {
  std::vector<std::string> answered;
  for (const auto& [id, subscription] : subscriptions_[static_cast<uint64_t>(connection)]) {
    if (subscription->once) {
      answered.push_back(id);
    }
  }
  for (const std::string& id : answered) {
    Unsubscribe(connection, id);
  }
}

void MarketData::Remove(ConnectionId connection) {
  const auto found = subscriptions_.find(static_cast<uint64_t>(connection));
  if (found != subscriptions_.end()) {
    for (const auto& [id, subscription] : found->second) {
      for (const auto& follower : subscription->followers) {
        Leave(follower.get());
      }
    }
    subscriptions_.erase(found);
  }
  session_followers.erase(static_cast<uint64_t>(connection));
  for (InstrumentFeed& feed : feeds_) {
    std::erase_if(feed.status_followers,
                  [connection](const auto& row) { return row.connection == connection; });
  }
}

char MarketData::venue_status() const {
  constexpr char kOpen = '2';
  char common = 0;
  for (const InstrumentFeed& feed : feeds_) {
    const TradingPhase phase = feed.phase.phase_changed.phase;
    const char status = phase == TradingPhase::kHalt      ? '1'
                        : phase == TradingPhase::kClosed  ? '3'
                        : phase == TradingPhase::kPreOpen ? '4'
                                                          : kOpen;
    if (common != 0 && common != status) {
      return kOpen;
    }
    common = status;
  }
  return common == 0 ? kOpen : common;
}

std::vector<Follower*> MarketData::DueFollowers(ConnectionId connection) {
  std::vector<Follower*> due;
  if (const auto found = subscriptions_.find(static_cast<uint64_t>(connection));
      found != subscriptions_.end()) {
    for (const auto& [id, subscription] : found->second) {
      for (const auto& follower : subscription->followers) {
        if (follower->due) {
          due.push_back(follower.get());
        }
      }
    }
  }
  return due;
}

}  // namespace tally::gateway::fix
