#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"

#include "engine/reject_reason.h"
#include "gateway/engine_link.h"
#include "gateway/fix/list_store.h"
#include "gateway/fix/message_log.h"
#include "gateway/fix/order_store.h"
#include "gateway/fix/quote_store.h"
#include "gateway/fix/session_log.h"
#include "gateway/fix/session_records.h"
#include "gateway/fix_options.h"
#include "gateway/session/token_bucket.h"

namespace tally::gateway::fix {

enum class ConnectionId : uint64_t {};  // From 1, never reused; 0 is none.

// A message behind a gap.
struct HeldMessage {
  std::string bytes;
  bool answered = false;  // A ResendRequest that was answered at once.
};

// MsgSeqNums to send again.
struct ResendRange {
  uint64_t next = 0;
  uint64_t last = 0;
};

// One FIX session, connected or not: its sequence numbers, what it sent, its orders and requests,
// and its memory of them on disk. One of market data is not opened, and has no memory.
//
// Thread safety: none. Invariants: a message in `sent` is in the log before it is on the wire; a
// request is in the log before its command is in the ring; `client_sequence` is that of the last
// command made, whether or not it is in the ring yet.
struct FixSession {
  FixSession(const FixSessionConfig& session_config, const FixOptions& options)
      : config(session_config),
        orders(options.closed_orders_max),
        throttle(options.messages_per_second, options.burst) {}

  // Reads the log. The core's side is taken over with Recover().
  absl::Status Open(const std::string& path);
  // What the core knows of the session: requests that it never got are void, and their messages
  // expected again.
  void Recover(const RecoveredSession& recovered);
  // Both sequence numbers begin with 1 again. Orders and undelivered reports stay.
  void Reset();

  OrderRecord* PutOrder(const OrderRecord& order);
  void AddRequest(RequestRecord request);
  void AddFollower(const Command& command);
  void PutList(const ListRecord& list);
  void AddQuote(MassQuote quote);
  void NoteQuoteAnswer(uint64_t sequence, const QuoteEntry& entry);
  void PutQuoteOrder(const QuoteOrderRecord& order);
  // The request that a report answers; null if it is unsolicited. Forgets earlier ones.
  const RequestRecord* TakeRequest(uint64_t client_sequence);
  void NoteRefused(std::string_view cl_ord_id);
  // Notes an application message; the next_out it had is used up.
  void NoteSent(const SentRecord& sent);
  // Notes an administrative one, which is never sent again.
  void NoteAdmin();
  // Everything noted so far, on disk.
  absl::Status Flush();
  // A message of `sent`, whose record `payload` then is what `*message` points into.
  absl::Status ReadSent(uint64_t sequence, std::string* payload, SentRecord* message);

  // Whether it has a session of the core, and orders.
  bool has_account() const { return config.kind == FixSessionKind::kOrders; }
  // Whether the client may ask for a message again. Else nothing is kept of what was sent.
  bool KeepsSent() const { return log_ != nullptr; }
  bool IsApplication(uint64_t sequence) const {
    return KeepsSent() && sent[sequence - 1].size != 0;
  }

  const FixSessionConfig config;
  // Of the core.
  SessionIndex index{};  // 0: not opened yet.
  uint64_t session_id = 0;
  uint64_t client_sequence = 0;
  uint64_t last_client_order_id = 0;
  uint64_t released_report = 1;  // Behind the last report released.

  ProgressRecord progress;
  int64_t begun_ns = 0;  // Start of the hours for which the numbers last began again.
  // The log is behind the core: nobody knows which messages were taken. Only a Logon that resets
  // the numbers may go on.
  bool must_reset = false;
  std::deque<SessionLog::Position> sent;  // At MsgSeqNum - 1; size 0: administrative.
  OrderStore orders;                      // Of a drop copy by the core's order id.
  ListStore lists;
  QuoteStore quotes;
  std::deque<RequestRecord> requests;
  std::deque<FollowerRecord> followers;  // Whose answers are not known yet.
  std::vector<Command> unfinished;       // Set by Recover(): to be published before anything else.
  // The signature that the core refused last; the order behind it is refused for the same reason.
  uint64_t refused_signature = 0;  // Its client sequence.
  RejectReason refused_signature_reason = RejectReason::kNone;
  // ClOrdIDs of messages refused since the last reset: a PossResend of one is dropped.
  std::unordered_set<std::string> refused;
  TokenBucket throttle;
  EventSequence copied{};                // Of a drop copy: events up to here are messages, or none.
  std::unique_ptr<MessageLog> messages;  // Null until the gateway is open.

  // Of the connection.
  ConnectionId connection{};
  std::map<uint64_t, HeldMessage> held;
  std::size_t held_bytes = 0;
  bool gap_requested = false;
  bool held_dropped = false;
  std::deque<ResendRange> resends;
  bool cancel_on_disconnect = false;
  MassCancelScope cancel_scope = MassCancelScope::kSession;

 private:
  void VisitQuote(RecordType type, std::string_view payload);
  void TakeQuoteAnswer(const QuoteAnswerRecord& record);
  void FindUnfinished(uint64_t last_client_sequence);
  void Visit(RecordType type, std::string_view payload, SessionLog::Position position);
  void ForgetFrom(const VoidRecord& record);
  template <typename Record>
  SessionLog::Position Append(RecordType type, const Record& record);

  std::unique_ptr<SessionLog> log_;
  ProgressRecord written_;
};

}  // namespace tally::gateway::fix
