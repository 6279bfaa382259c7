#include "gateway/session/session_directory.h"

#include "base/assert.h"
#include "engine/limits.h"

namespace tally::gateway {

SessionDirectory::SessionDirectory(const std::vector<RecoveredSession>& recovered) {
  for (const RecoveredSession& session : recovered) {
    SessionState* const state = Insert(session.index, session.account, session.session_id);
    state->public_key = session.public_key;
    state->last_client_sequence = session.last_client_sequence;
    state->answered_client_sequence = session.last_client_sequence;
    state->next_report_sequence = session.next_report_sequence;
    state->last_client_order_id = Raw(session.last_client_order_id);
  }
}

SessionState* SessionDirectory::Find(SessionIndex index) {
  return Raw(index) < by_index_.size() ? by_index_[Raw(index)].get() : nullptr;
}

SessionState* SessionDirectory::Find(AccountId account, uint64_t session_id) {
  const auto found = by_name_.find({Raw(account), session_id});
  return found == by_name_.end() ? nullptr : found->second;
}

SessionState* SessionDirectory::Open(const Event& event) {
  CHECK(event.type == EventType::kSessionOpened);
  if (SessionState* const known = Find(event.session); known != nullptr) {
    return known;
  }
  SessionState* const state = Insert(event.session, event.account, event.session_opened.session_id);
  state->public_key = event.session_opened.public_key;
  return state;
}

uint32_t SessionDirectory::CountOf(AccountId account) const {
  const auto found = counts_.find(Raw(account));
  return found == counts_.end() ? 0 : found->second;
}

SessionState* SessionDirectory::Insert(SessionIndex index, AccountId account, uint64_t session_id) {
  CHECK(Raw(index) != 0 && Raw(index) <= kMaxSessions);
  if (by_index_.size() <= Raw(index)) {
    by_index_.resize(Raw(index) + 1);
  }
  CHECK(by_index_[Raw(index)] == nullptr);
  auto state = std::make_unique<SessionState>();
  state->index = index;
  state->account = account;
  state->session_id = session_id;
  SessionState* const raw = state.get();
  by_index_[Raw(index)] = std::move(state);
  CHECK(by_name_.emplace(std::pair{Raw(account), session_id}, raw).second);
  ++counts_[Raw(account)];
  return raw;
}

}  // namespace tally::gateway
