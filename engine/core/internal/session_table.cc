#include "engine/core/internal/session_table.h"

#include "base/assert.h"

namespace tally::core::internal {

const Session* SessionTable::Find(AccountId account, uint64_t session_id) const {
  const auto found = indices_.find({Raw(account), session_id});
  return found == indices_.end() ? nullptr : &sessions_[found->second];
}

const Session& SessionTable::Add(AccountId account, const OpenSessionCommand& command) {
  CHECK(!full());
  const uint32_t index = count() + 1;
  const bool is_new = indices_.try_emplace({Raw(account), command.session_id}, index).second;
  CHECK(is_new);
  Session session;
  session.index = SessionIndex{index};
  session.account = account;
  session.session_id = command.session_id;
  session.public_key = command.public_key;
  count_ = index;
  return sessions_[index] = session;
}

}  // namespace tally::core::internal
