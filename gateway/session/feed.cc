#include "gateway/session/feed.h"

#include <algorithm>

#include "base/assert.h"

namespace tally::gateway {
namespace {

constexpr uint8_t kBbo = static_cast<uint8_t>(wire::FeedKind::BBO);
constexpr uint8_t kTrades = static_cast<uint8_t>(wire::FeedKind::TRADES);

void Insert(std::vector<Connection*>* list, Connection* connection) {
  if (std::find(list->begin(), list->end(), connection) == list->end()) {
    list->push_back(connection);
  }
}

}  // namespace

Feed::Feed(const std::vector<wire::InstrumentDef>& definitions,
           const std::vector<RecoveredBook>& books) {
  for (const wire::InstrumentDef& definition : definitions) {
    CHECK(positions_.emplace(definition.instrument(), size()).second);
    instruments_.emplace_back().definition = definition;
  }
  for (const RecoveredBook& book : books) {
    if (const uint32_t position = Find(book.instrument); position != size()) {
      at(position).top = book.top;
      at(position).has_top = book.top.book_sequence != 0;
    }
  }
}

uint32_t Feed::Find(InstrumentId instrument) const {
  const auto found = positions_.find(Raw(instrument));
  return found == positions_.end() ? size() : found->second;
}

void Feed::Subscribe(Connection* connection, uint32_t position, uint8_t kinds) {
  connection->subscribed = true;
  if ((kinds & kBbo) != 0) {
    Insert(&at(position).bbo_subscribers, connection);
  }
  if ((kinds & kTrades) != 0) {
    Insert(&at(position).trade_subscribers, connection);
  }
}

void Feed::Unsubscribe(Connection* connection, uint32_t position, uint8_t kinds) {
  if ((kinds & kBbo) != 0) {
    std::erase(at(position).bbo_subscribers, connection);
    std::erase(connection->conflated, position);
  }
  if ((kinds & kTrades) != 0) {
    std::erase(at(position).trade_subscribers, connection);
  }
}

void Feed::Remove(Connection* connection) {
  if (!connection->subscribed) {
    return;
  }
  for (uint32_t position = 0; position < size(); ++position) {
    Unsubscribe(connection, position, kBbo | kTrades);
  }
}

}  // namespace tally::gateway
