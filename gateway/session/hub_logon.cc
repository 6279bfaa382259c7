// SessionHub: logon, opening of sessions, replay.

#include <algorithm>

#include "base/assert.h"
#include "base/clock.h"
#include "gateway/session/hub.h"
#include "gateway/session/signature.h"

namespace tally::gateway {
namespace {

using wire::ErrorCode;

// An unknown key costs as much as a known one with a wrong signature: a check against this key
// (the Ed25519 base point, encoded), so that the time does not tell which keys exist.
constexpr std::array<uint8_t, 32> MakeDecoyKey() {
  std::array<uint8_t, 32> key;
  key.fill(0x66);
  key[0] = 0x58;
  return key;
}
constexpr std::array<uint8_t, 32> kDecoyKey = MakeDecoyKey();

}  // namespace

void SessionHub::HandleLogon(Connection* connection, const ClientMessage& message, Instant now) {
  if (connection->phase != Phase::kAwaitLogon) {
    Reject(connection, message, {.code = ErrorCode::ALREADY_LOGGED_IN, .fatal = true}, now);
    return;
  }
  if (const ErrorCode code = CheckLogon(connection, message.logon, now); code != ErrorCode::OK) {
    RefuseLogon(connection, code, now);
    return;
  }
  connection->logon = message.logon;
  const AccountId account = connection->key->account;
  const uint64_t session_id = message.logon.session_id();
  // The newest connection wins, also over one that is still opening the session.
  for (const auto& [id, other] : connections_) {
    if (other.get() != connection && other->phase == Phase::kOpening &&
        other->key->account == account && other->logon.session_id() == session_id) {
      Close(other.get(), ErrorCode::DUPLICATE_SESSION, now);
    }
  }
  if (SessionState* const session = sessions_.Find(account, session_id); session != nullptr) {
    Attach(connection, session, now);
  } else {
    SetPhase(connection, Phase::kOpening, now);
    PublishOpen(connection);
  }
}

// Everything that can refuse a logon before the core is asked. Sets connection->key.
ErrorCode SessionHub::CheckLogon(Connection* connection, const wire::Logon& logon, Instant now) {
  if (logon.protocol_version() != kProtocolVersion) {
    return ErrorCode::BAD_SCHEMA_VERSION;
  }
  if (!logon_limit_.Take(now.mono_ns)) {
    return ErrorCode::TOO_MANY_CONNECTIONS;
  }
  const ApiKey* const key = config_.keys->Find(logon.key_id());
  const auto signed_bytes = LogonSignedBytes(connection->nonce, logon);
  const bool signature_ok =
      VerifyEd25519(key != nullptr ? key->public_key : kDecoyKey, signed_bytes,
                    std::span<const uint8_t, 64>(logon.signature()->Data(), 64));
  if (key == nullptr || !signature_ok) {
    return ErrorCode::AUTH_FAILED;
  }
  // Compared without a difference, which a hostile time could overflow.
  const int64_t skew_ns = config_.options.clock_skew_ms_max * kNsPerMs;
  if (logon.client_time_ns() < now.wall_ns - skew_ns ||
      logon.client_time_ns() > now.wall_ns + skew_ns) {
    return ErrorCode::CLOCK_SKEW;
  }
  if (!key->enabled) {
    return ErrorCode::KEY_DISABLED;
  }
  if (ConnectionsOf(*key, *connection, logon.session_id()) >=
      config_.options.connections_per_key_max) {
    return ErrorCode::TOO_MANY_CONNECTIONS;
  }
  connection->key = key;
  const SessionState* const session = sessions_.Find(key->account, logon.session_id());
  if (session != nullptr && session->public_key != key->public_key) {
    return ErrorCode::AUTH_FAILED;
  }
  if (session == nullptr &&
      sessions_.CountOf(key->account) >= config_.options.sessions_per_account_max) {
    return ErrorCode::CAPACITY;
  }
  const uint64_t next_report = session == nullptr ? 1 : session->next_report_sequence;
  return logon.resume_from() > next_report ? ErrorCode::RESUME_TOO_NEW : ErrorCode::OK;
}

// Connections of the key, not counting one that the logon would take over.
uint32_t SessionHub::ConnectionsOf(const ApiKey& key, const Connection& except,
                                   uint64_t session_id) const {
  return static_cast<uint32_t>(
      std::count_if(connections_.begin(), connections_.end(), [&](const auto& entry) {
        const Connection& other = *entry.second;
        return &other != &except && other.key == &key && other.phase != Phase::kClosing &&
               other.logon.session_id() != session_id;
      }));
}

void SessionHub::RefuseLogon(Connection* connection, ErrorCode code, Instant now) {
  counters_.logons_failed.Add();
  SendLogonAck(connection, code, now);
  SetPhase(connection, Phase::kClosing, now);
}

void SessionHub::PublishOpen(Connection* connection) {
  Command command = MakeCommand(CommandType::kOpenSession);
  command.account = connection->key->account;
  command.open_session = {.session_id = connection->logon.session_id(),
                          .public_key = connection->key->public_key};
  connection->open_published = config_.engine->TryPublish(command);
  needs_retry_ |= !connection->open_published;
}

void SessionHub::OnSessionOpened(const Event& event, Instant now) {
  SessionState* const session = sessions_.Open(event);
  for (const auto& [id, connection] : connections_) {
    if (connection->phase == Phase::kOpening && connection->key->account == session->account &&
        connection->logon.session_id() == session->session_id) {
      if (connection->key->public_key == session->public_key) {
        Attach(connection.get(), session, now);
        ProcessInput(connection.get(), now);
      } else {
        RefuseLogon(connection.get(), ErrorCode::AUTH_FAILED, now);
      }
      return;  // There is no other: the newest won.
    }
  }
}

// The core refused to open a session. It says of which account, and a key has one: all logons of
// that account that wait have the same cause.
void SessionHub::OnOpenRejected(const Event& event, Instant now) {
  for (const auto& [id, connection] : connections_) {
    if (connection->phase == Phase::kOpening && connection->open_published &&
        connection->key->account == event.account) {
      RefuseLogon(connection.get(), static_cast<ErrorCode>(Raw(event.rejected.reason)), now);
    }
  }
}

void SessionHub::Attach(Connection* connection, SessionState* session, Instant now) {
  if (Connection* const old = Find(session->connection); old != nullptr) {
    session->connection = ConnectionId{};  // First, so that its cancel-on-disconnect does not fire.
    Close(old, ErrorCode::DUPLICATE_SESSION, now);
  }
  const GatewayOptions& options = config_.options;
  const wire::Logon& logon = connection->logon;
  session->connection = connection->id;
  session->cancel_due_ns = 0;
  session->cancel_on_disconnect = logon.cancel_on_disconnect() == wire::CancelOnDisconnect::SESSION;
  session->cancel_grace_ns =
      std::min(logon.cancel_grace_ms(), options.cancel_grace_ms_max) * kNsPerMs;
  connection->session = session;
  const uint32_t heartbeat_ms =
      logon.heartbeat_ms() == 0
          ? options.heartbeat_ms_default
          : std::clamp(logon.heartbeat_ms(), options.heartbeat_ms_min, options.heartbeat_ms_max);
  connection->heartbeat_ns = heartbeat_ms * kNsPerMs;
  connection->received_ns = now.mono_ns;
  connection->replay_end = session->next_report_sequence;
  connection->replay_next = logon.resume_from() == 0 ? connection->replay_end : logon.resume_from();
  counters_.logons.Add();
  SetPhase(connection, Phase::kReplay, now);
  SendLogonAck(connection, ErrorCode::OK, now);
  PumpReplay(connection, now);
}

void SessionHub::SendLogonAck(Connection* connection, ErrorCode code, Instant now) {
  const SessionState* const session = connection->session;
  const GatewayOptions& options = config_.options;
  const wire::LogonAck body(
      session == nullptr ? 0 : session->next_report_sequence,
      session == nullptr ? 0 : session->last_client_sequence,
      session == nullptr ? 0 : session->last_client_order_id, session == nullptr ? 0 : 1,
      static_cast<uint32_t>(connection->heartbeat_ns / kNsPerMs), options.messages_per_second,
      options.burst, kClientFrameBytesMax, session == nullptr ? 0 : Raw(session->account), code);
  encoder_.LogonAck(Header(*connection, now), body, Output(connection, now));
}

// Sends reports from the log until the soft limit of the send queue, the end of the log or the
// beginning of the live ones.
void SessionHub::PumpReplay(Connection* connection, Instant now) {
  while (connection->replay_next < connection->replay_end) {
    if (connection->output.bytes() >= config_.options.send_queue_bytes_soft) {
      return;  // OnWritten goes on.
    }
    const uint64_t wanted = connection->replay_end - connection->replay_next;
    const auto batch = config_.reports->FindReports(
        connection->session->index, connection->replay_next,
        std::min<uint64_t>(wanted, config_.options.replay_chunk_reports));
    if (!batch.ok()) {
      Close(connection, ErrorCode::RESUME_TOO_OLD, now);
      return;
    }
    for (const Event& event : batch->events) {
      if (event.report_sequence >= connection->replay_end) {
        break;
      }
      CHECK(event.report_sequence == connection->replay_next);
      encoder_.Report(event, /*replay=*/true, now.wall_ns, Output(connection, now));
      counters_.reports_replayed.Add();
      ++connection->replay_next;
    }
    if (batch->events.empty()) {
      needs_retry_ = true;  // The log follows the released events by a moment.
      return;
    }
  }
  FinishReplay(connection, now);
}

void SessionHub::FinishReplay(Connection* connection, Instant now) {
  SetPhase(connection, Phase::kLive, now);
  SendSettlement(connection, now);
  std::deque<Event> pending;
  pending.swap(connection->pending);
  for (const Event& event : pending) {
    CHECK(event.report_sequence == connection->replay_end);
    ++connection->replay_end;
    encoder_.Report(event, /*replay=*/false, now.wall_ns, Output(connection, now));
    counters_.reports_sent.Add();
  }
  CheckSendQueue(connection, now);
}

}  // namespace tally::gateway
