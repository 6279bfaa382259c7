#include "gateway/fix/list_store.h"

#include <algorithm>
#include <iterator>

#include "base/status.h"

namespace tally::gateway::fix {
namespace {

constexpr std::size_t kListsMax = 10'000;

}  // namespace

const ListRecord* ListStore::Find(std::string_view list_id) const {
  const auto found = first_by_id_.find(ToAbsl(list_id));
  return found == first_by_id_.end() ? nullptr : &by_first_.at(found->second);
}

const ListRecord* ListStore::FindByOrder(ClientOrderId id) const {
  const auto above = by_first_.upper_bound(Raw(id));
  if (above == by_first_.begin()) {
    return nullptr;
  }
  const ListRecord& list = std::prev(above)->second;
  return Raw(id) < Raw(list.first) + list.count ? &list : nullptr;
}

void ListStore::Put(const ListRecord& list) {
  if (by_first_.insert_or_assign(Raw(list.first), list).second) {
    first_by_id_[list.list_id] = Raw(list.first);
    ForgetOldest();
  }
}

void ListStore::RemoveByOrder(ClientOrderId id) {
  if (const ListRecord* const list = FindByOrder(id); list != nullptr) {
    Remove(by_first_.find(Raw(list->first)));
  }
}

void ListStore::Remove(ByFirst::iterator list) {
  first_by_id_.erase(list->second.list_id);
  by_first_.erase(list);
}

// Lists that are not done are as many as the account may have open orders.
void ListStore::ForgetOldest() {
  if (by_first_.size() <= kListsMax) {
    return;
  }
  const auto done = std::find_if(by_first_.begin(), by_first_.end(), [](const auto& entry) {
    return entry.second.stage == ListStage::kDone;
  });
  if (done != by_first_.end()) {
    Remove(done);
  }
}

}  // namespace tally::gateway::fix
