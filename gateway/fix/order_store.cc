#include "gateway/fix/order_store.h"

namespace tally::gateway::fix {

OrderRecord* OrderStore::Find(ClientOrderId id) {
  const auto found = by_id_.find(Raw(id));
  return found == by_id_.end() ? nullptr : found->second;
}

OrderRecord* OrderStore::Find(std::string_view cl_ord_id) {
  const auto found = by_cl_ord_id_.find(cl_ord_id);
  return found == by_cl_ord_id_.end() ? nullptr : *found;
}

OrderRecord* OrderStore::Find(OrderId id) {
  const auto found = by_order_id_.find(Raw(id));
  return found == by_order_id_.end() ? nullptr : found->second;
}

OrderRecord* OrderStore::Put(const OrderRecord& order) {
  OrderRecord*& slot = by_id_[Raw(order.client_order_id)];
  const bool known = slot != nullptr;
  slot = known ? slot : Allocate();
  OrderRecord* const record = slot;
  const bool closes = order.closed != 0 && (!known || record->closed == 0);
  const bool renamed = !known || NameOf()(record) != NameOf()(&order);
  const bool numbered = Raw(order.order_id) != 0 && (!known || record->order_id != order.order_id);
  if (known && renamed) {
    Forget(*record);
  }
  *record = order;
  if (renamed) {
    Name(record);
  }
  if (numbered) {
    OrderRecord*& named = by_order_id_[Raw(record->order_id)];
    named = named == nullptr || named->client_order_id < record->client_order_id ? record : named;
  }
  if (closes) {
    NoteClosed(record->client_order_id);
  }
  return record;
}

void OrderStore::Remove(ClientOrderId id) {
  const auto found = by_id_.find(Raw(id));
  if (found == by_id_.end()) {
    return;
  }
  OrderRecord* const order = found->second;
  Forget(*order);
  const auto numbered = by_order_id_.find(Raw(order->order_id));
  if (numbered != by_order_id_.end() && numbered->second == order) {
    by_order_id_.erase(numbered);
  }
  by_id_.erase(found);
  free_.push_back(order);
}

void OrderStore::Name(OrderRecord* order) {
  const auto [named, added] = by_cl_ord_id_.insert(order);
  if (!added) {
    // Of the same name, so its place is the same.
    by_cl_ord_id_.erase(named);
    by_cl_ord_id_.insert(order);
  }
}

void OrderStore::Forget(const OrderRecord& order) {
  const auto named = by_cl_ord_id_.find(&order);
  if (named != by_cl_ord_id_.end() && *named == &order) {
    by_cl_ord_id_.erase(named);
  }
}

OrderRecord* OrderStore::Allocate() {
  if (!free_.empty()) {
    OrderRecord* const order = free_.back();
    free_.pop_back();
    return order;
  }
  if (chunk_used_ == kChunkRecords) {
    chunks_.push_back(std::make_unique<OrderRecord[]>(kChunkRecords));
    chunk_used_ = 0;
  }
  return &chunks_.back()[chunk_used_++];
}

void OrderStore::NoteClosed(ClientOrderId id) {
  closed_.push_back(id);
  while (closed_.size() > closed_max_) {
    Remove(closed_.front());
    closed_.pop_front();
  }
}

}  // namespace tally::gateway::fix
