// SessionHub: messages of logged-on clients, and released events.

#include <algorithm>

#include "base/assert.h"
#include "gateway/session/hub.h"

namespace tally::gateway {
namespace {

using wire::ErrorCode;
using wire::MessageType;

// What a message needs; 0: nothing but a logon.
uint8_t PermissionsFor(MessageType type) {
  switch (type) {
    case MessageType::NEW_ORDER:
    case MessageType::NEW_ORDER_FULL:
    case MessageType::CANCEL:
    case MessageType::REPLACE:
    case MessageType::REPLACE_FULL:
    case MessageType::MASS_CANCEL:
    case MessageType::MASS_CANCEL_FULL:
    case MessageType::QUOTE:
    case MessageType::RESET_PROTECTION:
    case MessageType::SIGN_ORDER:
      return kPermissionTrade;
    case MessageType::ORDER_QUERY:
    case MessageType::ACCOUNT_QUERY:
    case MessageType::SUBSCRIBE:
    case MessageType::UNSUBSCRIBE:
      return kPermissionRead | kPermissionTrade | kPermissionSettlement | kPermissionAdmin;
    case MessageType::DEPOSIT:
    case MessageType::WITHDRAW:
    case MessageType::BATCH_SETTLED:
    case MessageType::BATCH_STATUS:
      return kPermissionSettlement;
    case MessageType::DISPUTE:
      return kPermissionSettlement | kPermissionAdmin;
    case MessageType::DEFINE_EXPOSURE:
    case MessageType::SET_PHASE:
    case MessageType::DEFINE_RULES:
    case MessageType::DEFINE_FEES:
    case MessageType::DEFINE_PROTECTION:
    case MessageType::KILL_SWITCH:
    case MessageType::DEFINE_ACCOUNT:
      return kPermissionAdmin;
    default:  // Session messages; the decoder lets nothing else through.
      return 0;
  }
}

// The command names its account itself, if it has one.
bool NamesItsAccount(MessageType type) {
  const uint8_t permissions = PermissionsFor(type);
  return (permissions & kPermissionTrade) == 0 &&
         (permissions & (kPermissionSettlement | kPermissionAdmin)) != 0;
}

bool IsCancel(MessageType type) {
  return type == MessageType::CANCEL || type == MessageType::MASS_CANCEL ||
         type == MessageType::MASS_CANCEL_FULL;
}

// The client order id that a command uses up; 0 if none.
uint64_t NewClientOrderId(const Command& command) {
  if (command.type == CommandType::kNewOrder) {
    return Raw(command.new_order.client_order_id);
  }
  if (command.type == CommandType::kReplaceOrder) {
    return Raw(command.replace_order.new_client_order_id);
  }
  return command.type == CommandType::kQuote ? Raw(command.quote.client_order_id) : 0;
}

bool IsMarketData(EventType type) {
  return type == EventType::kTrade || type == EventType::kBookTop ||
         type == EventType::kPhaseChanged || type == EventType::kIndicative ||
         type == EventType::kBookDelta;
}

}  // namespace

void SessionHub::ProcessInput(Connection* connection, Instant now) {
  std::span<const uint8_t> frame;
  bool progress = false;
  while (connection->reads()) {
    switch (connection->input.Next(&frame)) {
      case FrameBuffer::Result::kFrame:
        progress = true;
        counters_.frames_in.Add();
        HandleFrame(connection, frame, now);
        continue;
      case FrameBuffer::Result::kTooLarge:
        counters_.frames_bad.Add();
        message_.type = MessageType::NONE;
        message_.seq = 0;
        Reject(connection, message_, {.code = ErrorCode::FRAME_TOO_LARGE, .fatal = true}, now);
        return;
      case FrameBuffer::Result::kTooSmall:
        counters_.frames_bad.Add();
        message_.type = MessageType::NONE;
        message_.seq = 0;
        Reject(connection, message_, {.code = ErrorCode::BAD_FRAME, .fatal = true}, now);
        return;
      case FrameBuffer::Result::kNeedMore:
        break;
    }
    if (connection->input.partial_bytes() == 0) {
      connection->partial_since_ns = 0;
    } else if (connection->partial_since_ns == 0 || progress) {
      connection->partial_since_ns = now.mono_ns;
    }
    break;
  }
  CheckSendQueue(connection, now);
}

void SessionHub::HandleFrame(Connection* connection, std::span<const uint8_t> frame, Instant now) {
  const ErrorCode code = DecodeClientFrame(frame, &message_);
  if (code == ErrorCode::OK) {
    HandleMessage(connection, message_, now);
    return;
  }
  counters_.frames_bad.Add();
  Reject(connection, message_, {.code = code, .fatal = true}, now);
}

void SessionHub::HandleMessage(Connection* connection, const ClientMessage& message, Instant now) {
  if (message.type == MessageType::LOGON) {
    HandleLogon(connection, message, now);
    return;
  }
  if (!connection->logged_on()) {
    Reject(connection, message, {.code = ErrorCode::NOT_LOGGED_IN, .fatal = true}, now);
    return;
  }
  if (message.type == MessageType::LOGOUT) {
    connection->keep_orders = message.keep_orders;
    Close(connection, ErrorCode::OK, now);
    return;
  }
  if (message.type == MessageType::HEARTBEAT) {
    return;
  }
  const uint8_t permissions = PermissionsFor(message.type);
  if (IsCommand(message.type)) {
    HandleCommand(connection, message, now);
  } else if (permissions != 0 && (permissions & connection->key->permissions) == 0) {
    Reject(connection, message, {.code = ErrorCode::PERMISSION}, now);
  } else if (TakeToken(connection, message, now)) {
    if (message.type == MessageType::TEST_REQUEST) {
      encoder_.Heartbeat(Header(*connection, now), message.correlation, Output(connection, now));
    } else {
      HandleSubscription(connection, message, now);
    }
  }
}

// False if the bucket is empty; the message is then refused.
bool SessionHub::TakeToken(Connection* connection, const ClientMessage& message, Instant now) {
  if (IsCancel(message.type) || connection->throttle.Take(now.mono_ns)) {
    return true;
  }
  Reject(connection, message,
         {.code = ErrorCode::THROTTLED, .detail = connection->throttle.wait_ms()}, now);
  return false;
}

void SessionHub::HandleCommand(Connection* connection, const ClientMessage& message, Instant now) {
  SessionState* const session = connection->session;
  const uint64_t expected =
      session->last_client_sequence + (connection->signed_intent.has_value() ? 2 : 1);
  if (message.seq < expected) {
    HandleRepeated(connection, message, now);
    return;
  }
  if (message.seq > expected) {
    // Sent behind a command that we refused, before the client knew of it: refused as well.
    if (connection->refused_seq == expected) {
      Reject(connection, message, {.code = connection->refused_code}, now);
    } else {
      Reject(connection, message,
             {.code = ErrorCode::SEQ_GAP, .detail = static_cast<uint32_t>(expected), .fatal = true},
             now);
    }
    return;
  }
  connection->refused_seq = expected;
  if ((PermissionsFor(message.type) & connection->key->permissions) == 0) {
    connection->refused_code = ErrorCode::PERMISSION;
    Reject(connection, message, {.code = ErrorCode::PERMISSION}, now);
    return;
  }
  connection->refused_code = ErrorCode::THROTTLED;
  if (!TakeToken(connection, message, now)) {
    return;
  }
  connection->refused_seq = 0;
  connection->refused_in_row = 0;
  Command command = message.command;
  command.session = session->index;
  if (!NamesItsAccount(message.type)) {
    command.account = session->account;
  }
  if (message.type == MessageType::KILL_SWITCH && message.kill_session_id != 0) {
    // Unknown: stays 0, which the core rejects.
    if (const SessionState* named = sessions_.Find(command.account, message.kill_session_id)) {
      command.kill_switch.session = named->index;
    }
  }
  if (connection->signed_intent.has_value()) {
    PublishBehindSignature(connection, command, now);
  } else if (message.type != MessageType::SIGN_ORDER) {
    Publish(connection, {&command, 1});
  }
  if (message.type == MessageType::SIGN_ORDER) {
    connection->signed_intent = {.sign = command, .side = message.signed_side};
  }
}

// The commands reach the core one right after the other, or not at all on this connection: a client
// that comes back sends both again.
void SessionHub::PublishBehindSignature(Connection* connection, Command command, Instant now) {
  SignedIntent intent = *connection->signed_intent;
  connection->signed_intent.reset();
  MarkSigned(config_.verifier, now.wall_ns, &intent, &command);
  const std::array<Command, 2> both = {intent.sign, command};
  const bool another = command.type == CommandType::kSignOrder;  // It waits for its own order.
  Publish(connection, std::span(both).first(another ? 1 : 2));
}

void SessionHub::Publish(Connection* connection, std::span<const Command> commands) {
  SessionState* const session = connection->session;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const Command& command = commands[i];
    if (!config_.engine->TryPublish(command)) {
      connection->stalled = true;
      connection->stalled_count = commands.size() - i;
      std::copy(commands.begin() + static_cast<std::ptrdiff_t>(i), commands.end(),
                connection->stalled_commands.begin());
      needs_retry_ = true;
      counters_.publish_stalls.Add();
      return;
    }
    CHECK(command.client_sequence == session->last_client_sequence + 1);
    session->last_client_sequence = command.client_sequence;
    session->last_client_order_id =
        std::max(session->last_client_order_id, NewClientOrderId(command));
    counters_.commands_published.Add();
  }
}

// A command that was taken before. Its answer is sent again, or is still to come.
void SessionHub::HandleRepeated(Connection* connection, const ClientMessage& message, Instant now) {
  counters_.commands_repeated.Add();
  SessionState* const session = connection->session;
  if (message.seq > session->answered_client_sequence || !TakeToken(connection, message, now)) {
    return;
  }
  if (message.type == MessageType::SIGN_ORDER) {
    return;  // Only a bad one has an answer; the order behind it tells.
  }
  ResendOutcome(connection, message.seq, now);
}

void SessionHub::ResendOutcome(Connection* connection, uint64_t client_sequence, Instant now) {
  const auto outcome = config_.reports->FindOutcome(connection->session->index, client_sequence);
  connection->repeated_seq = 0;
  if (!outcome.ok()) {
    Close(connection, ErrorCode::RESUME_TOO_OLD, now);
    return;
  }
  if (outcome->empty()) {  // The log follows the released events by a moment.
    connection->stalled = true;
    connection->repeated_seq = client_sequence;
    needs_retry_ = true;
    return;
  }
  for (const Event& event : *outcome) {
    encoder_.Report(event, /*replay=*/true, now.wall_ns, Output(connection, now));
    counters_.reports_replayed.Add();
  }
}

void SessionHub::Reject(Connection* connection, const ClientMessage& message, Refusal refusal,
                        Instant now) {
  const wire::SessionReject body(message.seq, refusal.detail, refusal.code, message.type,
                                 wire::Outcome::NOT_APPLIED,
                                 static_cast<uint8_t>(refusal.fatal ? 1 : 0));
  encoder_.SessionReject(Header(*connection, now), body, Output(connection, now));
  if (refusal.fatal) {
    Detach(connection, now);
    SetPhase(connection, Phase::kClosing, now);
    return;
  }
  counters_.commands_refused.Add();
  if (++connection->refused_in_row > config_.options.refused_in_row_max) {
    Close(connection, ErrorCode::RATE_DISCONNECT, now);
  }
}

std::size_t SessionHub::PollEvents(std::size_t limit, Instant now) {
  const std::span<const Event> events = config_.engine->PeekEvents(limit);
  for (const Event& event : events) {
    if (event.report_sequence != 0) {
      OnReport(event, now);
    } else if (IsMarketData(event.type)) {
      OnMarketData(event, now);
    } else if (event.type == EventType::kBatchStatus || event.type == EventType::kDispute) {
      OnSettlement(event, now);
    } else if (event.type == EventType::kSessionOpened) {
      OnSessionOpened(event, now);
    } else if (event.type == EventType::kCommandRejected &&
               event.rejected.rejected_type == CommandType::kOpenSession) {
      OnOpenRejected(event, now);
    }
  }
  config_.engine->ConsumeEvents(events.size());
  return events.size();
}

void SessionHub::OnReport(const Event& event, Instant now) {
  SessionState* const session = sessions_.Find(event.session);
  if (session == nullptr) {
    return;  // Of another gateway.
  }
  CHECK(event.report_sequence == session->next_report_sequence);
  ++session->next_report_sequence;
  session->answered_client_sequence =
      std::max(session->answered_client_sequence, event.client_sequence);
  Connection* const connection = Find(session->connection);
  if (connection == nullptr) {
    return;
  }
  if (connection->phase == Phase::kLive) {
    encoder_.Report(event, /*replay=*/false, now.wall_ns, Output(connection, now));
    counters_.reports_sent.Add();
    CheckSendQueue(connection, now);
  } else if (connection->pending.size() < config_.options.replay_pending_reports_max) {
    connection->pending.push_back(event);
  } else {
    connection->pending.clear();  // Too many to keep: the replay reads them from the log.
    connection->replay_end = session->next_report_sequence;
  }
}

}  // namespace tally::gateway
