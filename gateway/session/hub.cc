#include "gateway/session/hub.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/clock.h"

namespace tally::gateway {
namespace {

using wire::ErrorCode;

// How long a closing connection may take for its last bytes.
constexpr int64_t kCloseDeadlineNs = 1'000 * kNsPerMs;

}  // namespace

SessionHub::SessionHub(HubConfig config)
    : config_(std::move(config)),
      sessions_(config_.recovered.sessions),
      feed_(config_.instruments, config_.recovered.books),
      batches_(config_.recovered.batches),
      logon_limit_(config_.options.logons_per_second_max, config_.options.logons_per_second_max) {
  CHECK(config_.keys != nullptr && config_.engine != nullptr && config_.reports != nullptr);
  std::array<uint8_t, sizeof(epoch_)> bytes;
  config_.random(bytes);
  epoch_ = std::bit_cast<uint64_t>(bytes);
}

Connection* SessionHub::Find(ConnectionId id) {
  const auto found = connections_.find(Raw(id));
  return found == connections_.end() ? nullptr : found->second.get();
}

const Connection* SessionHub::Find(ConnectionId id) const {
  const auto found = connections_.find(Raw(id));
  return found == connections_.end() ? nullptr : found->second.get();
}

FrameEncoder::Header SessionHub::Header(const Connection& connection, Instant now) const {
  return {.ack = connection.session == nullptr ? 0 : connection.session->last_client_sequence,
          .send_ns = now.wall_ns};
}

std::vector<uint8_t>* SessionHub::Output(Connection* connection, Instant now) {
  connection->sent_ns = now.mono_ns;
  MarkReady(connection);
  return connection->output.Tail(now.mono_ns);
}

void SessionHub::MarkReady(Connection* connection) {
  if (!connection->in_ready_list) {
    connection->in_ready_list = true;
    ready_.push_back(connection->id);
  }
}

void SessionHub::SetPhase(Connection* connection, Phase phase, Instant now) {
  connection->phase = phase;
  connection->phase_since_ns = now.mono_ns;
  MarkReady(connection);
}

ConnectionId SessionHub::Accept(Instant now) {
  const ConnectionId id{++last_connection_id_};
  auto owned = std::make_unique<Connection>(id, config_.options, now.mono_ns);
  Connection* const connection = owned.get();
  connections_.emplace(Raw(id), std::move(owned));
  counters_.connections_accepted.Add();
  counters_.connections_open.Add();
  if (connections_.size() > config_.options.connections_max) {
    counters_.connections_refused.Add();
    Close(connection, ErrorCode::TOO_MANY_CONNECTIONS, now);
  } else if (shutting_down_) {
    Close(connection, ErrorCode::SHUTDOWN, now);
  } else {
    config_.random(connection->nonce);
    const wire::Hello hello(flatbuffers::span<const uint8_t, 32>(connection->nonce), now.wall_ns,
                            epoch_, kProtocolVersion,
                            flatbuffers::span<const uint8_t, 6>(std::array<uint8_t, 6>{}));
    encoder_.Hello(Header(*connection, now), hello, Output(connection, now));
  }
  return id;
}

void SessionHub::OnDisconnected(ConnectionId id, Instant now) {
  Connection* const connection = Find(id);
  CHECK(connection != nullptr);
  Detach(connection, now);
  connections_.erase(Raw(id));
  counters_.connections_open.Subtract();
}

bool SessionHub::WantsRead(ConnectionId id) const {
  const Connection* const connection = Find(id);
  return connection != nullptr && connection->reads();
}

std::span<uint8_t> SessionHub::ReadSpace(ConnectionId id) {
  Connection* const connection = Find(id);
  CHECK(connection != nullptr);
  return connection->input.WritableSpace();
}

void SessionHub::OnRead(ConnectionId id, std::size_t count, Instant now) {
  Connection* const connection = Find(id);
  CHECK(connection != nullptr);
  connection->input.Commit(count);
  connection->received_ns = now.mono_ns;
  connection->test_request_sent = false;
  counters_.bytes_in.Add(count);
  MarkReady(connection);
  ProcessInput(connection, now);
}

std::span<const uint8_t> SessionHub::NextWrite(ConnectionId id) {
  Connection* const connection = Find(id);
  return connection == nullptr ? std::span<const uint8_t>{} : connection->output.Front();
}

void SessionHub::OnWritten(ConnectionId id, std::size_t count, Instant now) {
  Connection* const connection = Find(id);
  if (connection == nullptr) {
    return;
  }
  connection->output.Written(count);
  counters_.bytes_out.Add(count);
  MarkReady(connection);
  if (connection->output.bytes() < config_.options.send_queue_bytes_soft) {
    SendConflated(connection, now);
    if (connection->phase == Phase::kReplay) {
      PumpReplay(connection, now);
    }
  }
}

bool SessionHub::ShouldClose(ConnectionId id, Instant now) const {
  const Connection* const connection = Find(id);
  return connection != nullptr && connection->phase == Phase::kClosing &&
         (connection->output.empty() ||
          now.mono_ns - connection->phase_since_ns >= kCloseDeadlineNs);
}

std::vector<ConnectionId> SessionHub::TakeReady() {
  std::vector<ConnectionId> ready;
  ready.swap(ready_);
  std::erase_if(ready, [this](ConnectionId id) { return Find(id) == nullptr; });
  for (const ConnectionId id : ready) {
    Find(id)->in_ready_list = false;
  }
  return ready;
}

void SessionHub::Close(Connection* connection, ErrorCode code, Instant now) {
  if (connection->phase == Phase::kClosing) {
    return;
  }
  encoder_.Logout(Header(*connection, now), code, Output(connection, now));
  Detach(connection, now);
  SetPhase(connection, Phase::kClosing, now);
}

// Takes the connection off its session and the feed. What it has queued can still be written.
void SessionHub::Detach(Connection* connection, Instant now) {
  feed_.Remove(connection);
  connection->stalled = false;  // Its command was not taken.
  connection->pending.clear();
  SessionState* const session = std::exchange(connection->session, nullptr);
  if (session == nullptr || session->connection != connection->id) {
    return;
  }
  session->connection = ConnectionId{};
  if (session->cancel_on_disconnect && !connection->keep_orders && !shutting_down_) {
    session->cancel_due_ns = now.mono_ns + session->cancel_grace_ns;
    cancels_due_.push_back(session);
    FireDueCancels(now);
  }
}

void SessionHub::CheckSendQueue(Connection* connection, Instant now) {
  if (connection->phase == Phase::kClosing) {
    return;
  }
  const GatewayOptions& options = config_.options;
  if (connection->output.bytes() <= options.send_queue_bytes_max &&
      connection->output.age_ns(now.mono_ns) <= options.send_queue_age_ms_max * kNsPerMs) {
    return;
  }
  counters_.slow_consumers.Add();
  connection->output.DropTail();  // All of it can be fetched again; only the Logout goes out.
  Close(connection, ErrorCode::SLOW_CONSUMER, now);
}

// Publishes the cancels of the sessions whose client did not come back in time.
void SessionHub::FireDueCancels(Instant now) {
  std::erase_if(cancels_due_, [&](SessionState* session) {
    if (session->cancel_due_ns == 0 || shutting_down_) {
      return true;  // The client is back.
    }
    if (now.mono_ns < session->cancel_due_ns) {
      return false;
    }
    Command command = MakeCommand(CommandType::kMassCancel);
    command.session = session->index;
    command.account = session->account;
    command.mass_cancel.scope = MassCancelScope::kSession;
    command.mass_cancel.trigger = MassCancelTrigger::kDisconnect;
    if (!config_.engine->TryPublish(command)) {
      needs_retry_ = true;
      return false;
    }
    session->cancel_due_ns = 0;
    counters_.disconnect_cancels.Add();
    return true;
  });
}

void SessionHub::Retry(Instant now) {
  needs_retry_ = false;
  FireDueCancels(now);
  for (const auto& [id, connection] : connections_) {
    Connection* const raw = connection.get();
    if (raw->phase == Phase::kOpening && !raw->open_published) {
      PublishOpen(raw);
    } else if (raw->phase == Phase::kReplay) {
      PumpReplay(raw, now);
    }
    if (raw->stalled && raw->logged_on()) {
      raw->stalled = false;
      if (raw->repeated_seq != 0) {
        ResendOutcome(raw, raw->repeated_seq, now);
      } else {
        const std::array<Command, 2> commands = raw->stalled_commands;
        Publish(raw, std::span(commands).first(raw->stalled_count));
      }
      if (!raw->stalled) {
        MarkReady(raw);
        ProcessInput(raw, now);
      }
    }
  }
}

void SessionHub::OnTimer(Instant now) {
  if (!shutting_down_ && !config_.engine->health().ok()) {
    CloseAll(ErrorCode::ENGINE_DOWN, now);
  }
  for (const auto& [id, connection] : connections_) {
    CheckTimeouts(connection.get(), now);
  }
  FireDueCancels(now);
}

void SessionHub::CheckTimeouts(Connection* connection, Instant now) {
  const GatewayOptions& options = config_.options;
  CheckSendQueue(connection, now);
  switch (connection->phase) {
    case Phase::kAwaitLogon:
    case Phase::kOpening:
      if (now.mono_ns - connection->phase_since_ns >= options.logon_deadline_ms * kNsPerMs) {
        Close(connection, ErrorCode::LOGON_TIMEOUT, now);
      }
      break;
    case Phase::kReplay:
    case Phase::kLive:
      CheckHeartbeats(connection, now);
      break;
    case Phase::kClosing:
      MarkReady(connection);  // Its deadline may have passed.
      break;
  }
  if (connection->partial_since_ns != 0 && connection->reads() &&
      now.mono_ns - connection->partial_since_ns >= options.partial_frame_deadline_ms * kNsPerMs) {
    counters_.frames_bad.Add();
    Close(connection, ErrorCode::BAD_FRAME, now);
  }
}

void SessionHub::CheckHeartbeats(Connection* connection, Instant now) {
  if (connection->stalled) {
    connection->received_ns = now.mono_ns;  // It is we who do not read.
  }
  const int64_t idle_ns = now.mono_ns - connection->received_ns;
  if (idle_ns >= 3 * connection->heartbeat_ns) {
    counters_.heartbeat_timeouts.Add();
    Close(connection, ErrorCode::HEARTBEAT_TIMEOUT, now);
    return;
  }
  if (idle_ns >= 2 * connection->heartbeat_ns && !connection->test_request_sent) {
    connection->test_request_sent = true;
    encoder_.TestRequest(Header(*connection, now), static_cast<uint64_t>(now.wall_ns),
                         Output(connection, now));
  }
  if (now.mono_ns - connection->sent_ns >= connection->heartbeat_ns) {
    encoder_.Heartbeat(Header(*connection, now), 0, Output(connection, now));
  }
}

void SessionHub::CloseAll(ErrorCode code, Instant now) {
  for (const auto& [id, connection] : connections_) {
    Close(connection.get(), code, now);
  }
}

void SessionHub::Shutdown(Instant now) {
  shutting_down_ = true;
  cancels_due_.clear();
  CloseAll(ErrorCode::SHUTDOWN, now);
}

}  // namespace tally::gateway
