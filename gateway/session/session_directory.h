#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "base/types.h"
#include "gateway/engine_link.h"

namespace tally::gateway {

enum class ConnectionId : uint64_t {};  // From 1, never reused; 0 is none.

// What the gateway knows of a session of the core, connected or not. It is rebuilt from the core at
// start and then follows the events, so it holds nothing that could be lost.
struct SessionState {
  SessionIndex index{};
  AccountId account{};
  uint64_t session_id = 0;
  std::array<uint8_t, 32> public_key{};

  uint64_t last_client_sequence = 0;      // Last command published ("taken").
  uint64_t answered_client_sequence = 0;  // Last command of which a report was released.
  uint64_t next_report_sequence = 1;      // Behind the last report released.
  uint64_t last_client_order_id = 0;      // The largest one taken.

  ConnectionId connection{};

  // Of the last logon.
  bool cancel_on_disconnect = false;
  int64_t cancel_grace_ns = 0;
  // When the orders are cancelled, unless the client is back; 0 is never.
  int64_t cancel_due_ns = 0;
};

// The sessions by index and by (account, session id).
//
// Thread safety: none. Pointers stay valid: a session is never removed.
class SessionDirectory {
 public:
  explicit SessionDirectory(const std::vector<RecoveredSession>& recovered);

  // Null if there is none.
  SessionState* Find(SessionIndex index);
  SessionState* Find(AccountId account, uint64_t session_id);

  // Adds the session of a kSessionOpened event, or returns the one it already has.
  SessionState* Open(const Event& event);

  // Sessions of one account.
  uint32_t CountOf(AccountId account) const;

 private:
  SessionState* Insert(SessionIndex index, AccountId account, uint64_t session_id);

  std::vector<std::unique_ptr<SessionState>> by_index_;  // At Raw(index); holes are null.
  absl::flat_hash_map<std::pair<uint32_t, uint64_t>, SessionState*> by_name_;
  absl::flat_hash_map<uint32_t, uint32_t> counts_;  // By account.
};

}  // namespace tally::gateway
