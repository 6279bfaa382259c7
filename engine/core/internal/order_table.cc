#include "engine/core/internal/order_table.h"

namespace tally::core::internal {

void OrderTable::Insert(OrderHandle handle) {
  const uint32_t link = Raw(handle) + 1;
  OrderRecord& row = records_[Raw(handle)];
  uint32_t& head = account_heads_[Raw(row.account)];
  row.previous_of_account = 0;
  row.next_of_account = head;
  if (head != 0) {
    records_[head - 1].previous_of_account = link;
  }
  head = link;
  if (IsIndexed(row)) [[likely]] {
    const ClientOrderKey key = KeyOf(row);
    index_.Insert(key, handle, HasKey{this, key});
  }
}

void OrderTable::SetMinimumFee(OrderHandle handle, const risk::MinimumFee& account) {
  uint32_t& flags = records_[Raw(handle)].flags;
  if (account.minimum == Quanta{}) {
    flags &= ~kRecordMinimumFee;
    return;
  }
  flags |= kRecordMinimumFee;
  minimum_fees_[Raw(handle)] = account;
}

void OrderTable::Remove(OrderHandle handle) {
  const OrderRecord& row = records_[Raw(handle)];
  if (row.previous_of_account != 0) {
    records_[row.previous_of_account - 1].next_of_account = row.next_of_account;
  } else {
    account_heads_[Raw(row.account)] = row.next_of_account;
  }
  if (row.next_of_account != 0) {
    records_[row.next_of_account - 1].previous_of_account = row.previous_of_account;
  }
  if (IsIndexed(row)) [[likely]] {
    index_.Erase(KeyOf(row), handle);
  }
}

void OrderTable::Rename(OrderHandle handle, ClientOrderId client_order_id) {
  OrderRecord& row = records_[Raw(handle)];
  if (!IsIndexed(row)) [[unlikely]] {
    row.client_order_id = client_order_id;
    return;
  }
  index_.Erase(KeyOf(row), handle);
  row.client_order_id = client_order_id;
  const ClientOrderKey key = KeyOf(row);
  index_.Insert(key, handle, HasKey{this, key});
}

}  // namespace tally::core::internal
