#include "engine/book/trigger_book.h"

#include "base/assert.h"
#include "engine/limits.h"

namespace tally {
namespace {

constexpr uint64_t kPriceMask = 2 * uint64_t{kMaxPriceTicks} - 1;

constexpr uint64_t LowestFirst(PriceTicks price) { return static_cast<uint64_t>(price.value); }
constexpr uint64_t HighestFirst(PriceTicks price) { return LowestFirst(price) ^ kPriceMask; }

}  // namespace

uint64_t TriggerBook::StopKey(uint32_t queue, PriceTicks price) {
  return (queue & kSellBit) == 0 ? LowestFirst(price) : HighestFirst(price);
}

uint64_t TriggerBook::MarkKey(uint32_t queue, PriceTicks mark) {
  return (queue & kSellBit) == 0 ? HighestFirst(mark) : LowestFirst(mark);
}

void TriggerBook::AddStop(OrderHandle order, const Stop& stop, StopKind kind) {
  CHECK(stop.price.value > 0 && stop.price.value <= kMaxPriceTicks);
  CHECK(stop.source != TriggerSource::kNone);
  const uint32_t queue = QueueOf(stop.side, stop.source) | BitOf(kind);
  stops_[queue].Add(pool_->stops_, Raw(order), StopKey(queue, stop.price), queue);
  ++count_;
}

void TriggerBook::Add(OrderHandle order, const Stop& stop) {
  AddStop(order, stop, StopKind::kFixed);
}

void TriggerBook::AddTrailing(OrderHandle order, const Stop& stop, PriceTicks mark) {
  CHECK(mark.value >= 0 && mark.value <= kMaxPriceTicks);
  AddStop(order, stop, StopKind::kTrailing);
  const uint32_t queue = QueueOf(stop.side, stop.source);
  trails_[queue].Add(pool_->trails_, Raw(order), MarkKey(queue, mark), queue);
  ++trailing_count_;
}

void TriggerBook::Remove(OrderHandle order) {
  const uint32_t queue = pool_->stops_.links[Raw(order)].queue;
  stops_[queue].Remove(pool_->stops_, Raw(order));
  --count_;
  if ((queue & kTrailingBit) != 0) {
    trails_[queue & ~kTrailingBit].Remove(pool_->trails_, Raw(order));
    --trailing_count_;
  }
}

Stop TriggerBook::StopOf(OrderHandle order) const {
  const uint32_t queue = pool_->stops_.links[Raw(order)].queue;
  const uint64_t key = pool_->stops_.key(Raw(order));
  const bool sell = (queue & kSellBit) != 0;
  return {.side = sell ? Side::kSell : Side::kBuy,
          .source =
              (queue & kBestPriceBit) != 0 ? TriggerSource::kBestPrice : TriggerSource::kLastTrade,
          .price = {static_cast<int64_t>(sell ? key ^ kPriceMask : key)}};
}

bool TriggerBook::IsTrailing(OrderHandle order) const {
  return (pool_->stops_.links[Raw(order)].queue & kTrailingBit) != 0;
}

PriceTicks TriggerBook::MarkOf(OrderHandle order) const {
  DCHECK(IsTrailing(order));
  const bool sell = (pool_->trails_.links[Raw(order)].queue & kSellBit) != 0;
  const uint64_t key = pool_->trails_.key(Raw(order));
  return {static_cast<int64_t>(sell ? key : key ^ kPriceMask)};
}

void TriggerBook::Restop(OrderHandle order, PriceTicks price) {
  CHECK(price.value > 0 && price.value <= kMaxPriceTicks);
  const uint32_t queue = pool_->stops_.links[Raw(order)].queue;
  internal::KeyedQueue& stops = stops_[queue];
  const uint64_t key = StopKey(queue, price);
  if (pool_->stops_.key(Raw(order)) != key) {
    stops.Remove(pool_->stops_, Raw(order));
    stops.Add(pool_->stops_, Raw(order), key, queue);
  }
}

void TriggerBook::Remark(OrderHandle order, PriceTicks mark) {
  CHECK(IsTrailing(order) && mark.value >= 0 && mark.value <= kMaxPriceTicks);
  const uint32_t queue = pool_->trails_.links[Raw(order)].queue;
  trails_[queue].Remove(pool_->trails_, Raw(order));
  trails_[queue].Add(pool_->trails_, Raw(order), MarkKey(queue, mark), queue);
}

OrderHandle TriggerBook::FindDue(Side side, TriggerSource source, StopKind kind,
                                 PriceTicks price) const {
  const uint32_t queue = QueueOf(side, source) | BitOf(kind);
  const uint32_t slot = stops_[queue].first(pool_->stops_);
  const bool due = slot != internal::kNilSlot && pool_->stops_.key(slot) <= StopKey(queue, price);
  return due ? OrderHandle{slot} : kNoOrder;
}

OrderHandle TriggerBook::FindTrailing(Side side, TriggerSource source, PriceTicks price) const {
  const uint32_t queue = QueueOf(side, source);
  const uint32_t slot = trails_[queue].first(pool_->trails_);
  const bool moves = slot != internal::kNilSlot && pool_->trails_.key(slot) < MarkKey(queue, price);
  return moves ? OrderHandle{slot} : kNoOrder;
}

}  // namespace tally
