#pragma once

#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"

#include "base/assert.h"
#include "base/prefetch.h"
#include "base/zeroed_array.h"
#include "engine/core/core.h"

namespace tally::core::internal {

// The sessions of a core, by index from 1. Thread safety: none. The map is only looked up, never
// iterated.
class SessionTable {
 public:
  explicit SessionTable(uint32_t capacity)
      : capacity_(capacity), sessions_(std::size_t{capacity} + 1) {}

  uint32_t count() const { return count_; }
  bool full() const { return count_ == capacity_; }

  const Session* Find(SessionIndex index) const {
    return Raw(index) >= 1 && Raw(index) <= count() ? &sessions_[Raw(index)] : nullptr;
  }
  // Requires that there is one.
  const Session& operator[](SessionIndex index) const {
    DCHECK(Find(index) != nullptr);
    return sessions_[Raw(index)];
  }
  Session& operator[](SessionIndex index) {
    return const_cast<Session&>(std::as_const(*this)[index]);
  }
  // Starts loading the row of the session, if there is one.
  void Prefetch(SessionIndex index) const {
    if (Raw(index) <= count_) {
      tally::Prefetch(&sessions_[Raw(index)]);
    }
  }
  Session* Find(SessionIndex index) {
    return const_cast<Session*>(static_cast<const SessionTable*>(this)->Find(index));
  }
  const Session* Find(AccountId account, uint64_t session_id) const;

  // Requires !full() and a new (account, session_id).
  const Session& Add(AccountId account, const OpenSessionCommand& command);

 private:
  const uint32_t capacity_;
  uint32_t count_ = 0;
  ZeroedArray<Session> sessions_;  // From 1.
  absl::flat_hash_map<std::pair<uint32_t, uint64_t>, uint32_t> indices_;
};

}  // namespace tally::core::internal
