#include "gateway/session/public_book.h"

#include "base/assert.h"

namespace tally::gateway {
namespace {

wire::Side WireSide(std::size_t ladder) { return ladder == 0 ? wire::Side::BUY : wire::Side::SELL; }

}  // namespace

void PublicBook::Restore(const RecoveredBook& recovered) {
  *this = PublicBook();
  sequence_ = recovered.delta_sequence;
  for (const RecoveredOrder& order : recovered.orders) {
    Add(Raw(order.order_id), order.side, order.price.value, order.displayed.value);
  }
}

void PublicBook::Apply(const Event& event) {
  CHECK(event.type == EventType::kBookDelta);
  const BookDeltaEvent& delta = event.book_delta;
  const uint64_t id = Raw(event.order_id);
  sequence_ = delta.book_sequence;
  engine_ns_ = event.timestamp_ns;
  const auto found = by_id_.find(id);
  if (found != by_id_.end() && delta.action == BookAction::kChange && delta.kept_priority != 0 &&
      nodes_[found->second].price == delta.price.value) {
    Node& node = nodes_[found->second];
    LadderOf(node.side)[KeyOf(node.side, node.price)].quantity +=
        delta.quantity.value - node.quantity;
    node.quantity = delta.quantity.value;
    return;
  }
  if (found != by_id_.end()) {
    Remove(id);
  }
  if (delta.action != BookAction::kRemove && delta.quantity.value > 0) {
    Add(id, static_cast<Side>(event.side), delta.price.value, delta.quantity.value);
  }
}

void PublicBook::Add(uint64_t order_id, Side side, int64_t price, int64_t quantity) {
  uint32_t index = static_cast<uint32_t>(nodes_.size());
  if (free_.empty()) {
    nodes_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  CHECK(by_id_.emplace(order_id, index).second);
  Level& level = LadderOf(side)[KeyOf(side, price)];
  nodes_[index] = {.order_id = order_id,
                   .price = price,
                   .quantity = quantity,
                   .previous = level.tail,
                   .next = kNone,
                   .side = side};
  (level.tail == kNone ? level.head : nodes_[level.tail].next) = index;
  level.tail = index;
  level.quantity += quantity;
  ++level.order_count;
}

void PublicBook::Remove(uint64_t order_id) {
  const auto found = by_id_.find(order_id);
  const uint32_t index = found->second;
  const Node& node = nodes_[index];
  Ladder& ladder = LadderOf(node.side);
  const auto at = ladder.find(KeyOf(node.side, node.price));
  CHECK(at != ladder.end());
  Level& level = at->second;
  (node.previous == kNone ? level.head : nodes_[node.previous].next) = node.next;
  (node.next == kNone ? level.tail : nodes_[node.next].previous) = node.previous;
  level.quantity -= node.quantity;
  if (--level.order_count == 0) {
    ladder.erase(at);
  }
  by_id_.erase(found);
  free_.push_back(index);
}

std::optional<PublicBook::LevelView> PublicBook::LevelBehind(Side side,
                                                             std::optional<int64_t> price) const {
  const Ladder& ladder = ladders_[side == Side::kBuy ? 0 : 1];
  const auto at = price.has_value() ? ladder.upper_bound(KeyOf(side, *price)) : ladder.begin();
  if (at == ladder.end()) {
    return std::nullopt;
  }
  return LevelView{.price = KeyOf(side, at->first),
                   .quantity = at->second.quantity,
                   .order_count = at->second.order_count};
}

std::vector<wire::BookEntry> PublicBook::Levels() const {
  std::vector<wire::BookEntry> entries;
  for (std::size_t i = 0; i < ladders_.size(); ++i) {
    for (const auto& [key, level] : ladders_[i]) {
      entries.emplace_back(0, i == 0 ? -key : key, level.quantity, level.order_count, WireSide(i));
    }
  }
  return entries;
}

std::vector<wire::BookEntry> PublicBook::Orders() const {
  std::vector<wire::BookEntry> entries;
  entries.reserve(by_id_.size());
  for (std::size_t i = 0; i < ladders_.size(); ++i) {
    for (const auto& [key, level] : ladders_[i]) {
      for (uint32_t index = level.head; index != kNone; index = nodes_[index].next) {
        const Node& node = nodes_[index];
        entries.emplace_back(node.order_id, node.price, node.quantity, 1, WireSide(i));
      }
    }
  }
  return entries;
}

}  // namespace tally::gateway
