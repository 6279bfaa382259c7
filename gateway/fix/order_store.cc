#include "gateway/fix/order_store.h"

namespace tally::gateway::fix {

OrderRecord* OrderStore::Find(ClientOrderId id) { return by_id_.Find(Raw(id)); }

OrderRecord* OrderStore::Find(std::string_view cl_ord_id) {
  const auto found = by_cl_ord_id_.find(cl_ord_id);
  return found == by_cl_ord_id_.end() ? nullptr : found->order;
}

OrderRecord* OrderStore::Find(OrderId id) { return by_order_id_.Find(Raw(id)); }

OrderRecord* OrderStore::Put(const OrderRecord& order) {
  OrderRecord* record = Find(order.client_order_id);
  const bool known = record != nullptr;
  if (!known) {
    record = Allocate();
    by_id_.Put(Raw(order.client_order_id), record);
  }
  const bool closes = order.closed != 0 && (!known || record->closed == 0);
  const bool renamed =
      !known || std::string_view(record->cl_ord_id) != std::string_view(order.cl_ord_id);
  const bool numbered = Raw(order.order_id) != 0 && (!known || record->order_id != order.order_id);
  if (known && renamed) {
    Forget(record);
  }
  *record = order;
  if (renamed) {
    Name(record);
  }
  if (numbered) {
    const OrderRecord* const named = Find(record->order_id);
    if (named == nullptr || named->client_order_id < record->client_order_id) {
      by_order_id_.Put(Raw(record->order_id), record);
    }
  }
  if (closes) {
    NoteClosed(record->client_order_id);
  }
  return record;
}

void OrderStore::Remove(ClientOrderId id) {
  OrderRecord* const order = Find(id);
  if (order == nullptr) {
    return;
  }
  Forget(order);
  if (Find(order->order_id) == order) {
    by_order_id_.Erase(Raw(order->order_id));
  }
  by_id_.Erase(Raw(id));
  free_.push_back(order);
}

void OrderStore::Name(OrderRecord* order) {
  const Named name(order);
  const auto [named, added] = by_cl_ord_id_.insert(name);
  if (!added) {
    // Of the same name, so its place is the same.
    by_cl_ord_id_.erase(named);
    by_cl_ord_id_.insert(name);
  }
}

void OrderStore::Forget(OrderRecord* order) {
  const auto named = by_cl_ord_id_.find(Named(order));
  if (named != by_cl_ord_id_.end() && named->order == order) {
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
