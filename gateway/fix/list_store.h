#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"

#include "gateway/fix/session_records.h"

namespace tally::gateway::fix {

// The order lists of one session by ListID and by their orders: every one that is not done, and of
// those that are the newest.
//
// Thread safety: none. Invariant: the ranges of client order ids of two lists do not overlap.
class ListStore {
 public:
  const ListRecord* Find(std::string_view list_id) const;
  const ListRecord* FindByOrder(ClientOrderId id) const;

  void Put(const ListRecord& list);
  void RemoveByOrder(ClientOrderId id);

  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (const auto& [first, list] : by_first_) {
      visit(list);
    }
  }

 private:
  using ByFirst = std::map<uint64_t, ListRecord>;

  void Remove(ByFirst::iterator list);
  void ForgetOldest();

  ByFirst by_first_;
  absl::flat_hash_map<std::string, uint64_t> first_by_id_;
};

}  // namespace tally::gateway::fix
