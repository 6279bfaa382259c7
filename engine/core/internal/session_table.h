#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "base/prefetch.h"
#include "engine/core/core.h"

namespace tally::core::internal {

// The sessions of a core, by index from 1. Thread safety: none. The map is only looked up, never
// iterated.
class SessionTable {
 public:
  explicit SessionTable(uint32_t capacity) : capacity_(capacity) {}

  uint32_t count() const { return static_cast<uint32_t>(sessions_.size()); }
  bool full() const { return count() == capacity_; }

  const Session* Find(SessionIndex index) const {
    return Raw(index) >= 1 && Raw(index) <= count() ? &sessions_[Raw(index) - 1] : nullptr;
  }
  // Starts loading the row of the session, if there is one.
  void Prefetch(SessionIndex index) const {
    tally::Prefetch(sessions_.data() + Raw(index) - 1);
    tally::Prefetch(&(sessions_.data() + Raw(index))->account);  // Rows are not aligned.
  }
  Session* Find(SessionIndex index) {
    return const_cast<Session*>(static_cast<const SessionTable*>(this)->Find(index));
  }
  const Session* Find(AccountId account, uint64_t session_id) const;

  // Requires !full() and a new (account, session_id).
  const Session& Add(AccountId account, const OpenSessionCommand& command);

 private:
  const uint32_t capacity_;
  std::vector<Session> sessions_;
  absl::flat_hash_map<std::pair<uint32_t, uint64_t>, uint32_t> indices_;
};

}  // namespace tally::core::internal
