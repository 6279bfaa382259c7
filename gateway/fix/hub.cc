#include "gateway/fix/hub.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/sha256.h"
#include "base/status.h"
#include "gateway/fix/market_data.h"
#include "gateway/fix/values.h"
#include "gateway/fix/writer.h"
#include "gateway/fix_log.h"

namespace tally::gateway::fix {
namespace {

constexpr std::size_t kInputBytes = 4 * kMessageBytesMax;
constexpr std::size_t kCommandsWaitingMax = 4'096;
constexpr int64_t kCloseDeadlineNs = 1'000 * kNsPerMs;

}  // namespace

OpenSessionCommand FixSessionIdentity(std::string_view our_comp_id, std::string_view comp_id) {
  const std::string name = absl::StrCat("FIX.4.4/", ToAbsl(our_comp_id), "/", ToAbsl(comp_id));
  Sha256 hash;
  hash.Update(name.data(), name.size());
  const Sha256Digest digest = hash.Finish();
  OpenSessionCommand identity{};
  std::memcpy(&identity.session_id, digest.data(), sizeof(identity.session_id));
  // No key: nobody has a private key for a hash.
  std::copy(digest.begin(), digest.end(), identity.public_key.begin());
  return identity;
}

FixHub::FixHub(HubConfig config)
    : config_(std::move(config)),
      trades_(TradeAccounts(config_.options), config_.recovered.batches,
              config_.options.trades_kept_max),
      logon_limit_(config_.options.logons_per_second_max, config_.options.logons_per_second_max) {
  for (const FixSessionConfig& row : config_.options.sessions) {
    sessions_.push_back(std::make_unique<FixSession>(row, config_.options));
    by_comp_id_[row.comp_id] = sessions_.back().get();
  }
  const auto& rows = config_.options.sessions;
  const bool with_books = std::any_of(rows.begin(), rows.end(), [](const auto& row) {
    return row.kind == FixSessionKind::kMarketData;
  });
  market_data_ =
      std::make_unique<MarketData>(*config_.instruments, config_.recovered.books, with_books);
  venue_status_ = market_data_->venue_status();
}

FixHub::~FixHub() = default;

std::string FixHub::LogPath(const FixSession& session) const {
  // CompIDs may have characters that file names may not.
  return absl::StrCat(config_.options.directory, "/",
                      ToHex(&session.session_id, sizeof(session.session_id)), ".log");
}

absl::Status FixHub::Open() {
  std::error_code error;
  std::filesystem::create_directories(config_.options.directory, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("create ", config_.options.directory, ": ", error.message()));
  }
  for (const auto& session : sessions_) {
    session->session_id =
        FixSessionIdentity(config_.options.comp_id, session->config.comp_id).session_id;
    session->messages =
        std::make_unique<MessageLog>(FixMessageLogPath(config_.options, session->config.comp_id),
                                     uint64_t{config_.options.message_log_mb} << 20);
    if (session->config.kind == FixSessionKind::kMarketData) {
      continue;
    }
    RETURN_IF_ERROR(session->Open(LogPath(*session)));
    if (session->config.kind == FixSessionKind::kDropCopy) {
      session->copied = EventSequence{session->progress.next_report - 1};
      drop_copies_.push_back(session.get());
      continue;
    }
    const auto& known = config_.recovered.sessions;
    const auto found = std::find_if(known.begin(), known.end(), [&](const auto& row) {
      return row.account == session->config.account && row.session_id == session->session_id;
    });
    if (found == known.end()) {
      session->Recover({.session_id = session->session_id});
      unopened_.push_back(session.get());
    } else {
      session->Recover(*found);
      by_index_[Raw(session->index)] = session.get();
      commands_.insert(commands_.end(), session->unfinished.begin(), session->unfinished.end());
      session->unfinished.clear();
    }
  }
  needs_retry_ = !commands_.empty();
  RETURN_IF_ERROR(RecoverTrades());
  config_.recovered = {};
  PublishOpens();
  return absl::OkStatus();
}

void FixHub::PublishOpens() {
  while (!unopened_.empty()) {
    Command command = MakeCommand(CommandType::kOpenSession);
    command.account = unopened_.back()->config.account;
    command.open_session =
        FixSessionIdentity(config_.options.comp_id, unopened_.back()->config.comp_id);
    if (!config_.engine->TryPublish(command)) {
      needs_retry_ = true;
      return;
    }
    unopened_.pop_back();
  }
}

Connection* FixHub::Find(ConnectionId id) {
  const auto found = connections_.find(static_cast<uint64_t>(id));
  return found == connections_.end() ? nullptr : found->second.get();
}

const Connection* FixHub::Find(ConnectionId id) const {
  return const_cast<FixHub*>(this)->Find(id);
}

ConnectionId FixHub::Accept(Instant now, const Peer& peer) {
  const ConnectionId id{next_connection_++};
  auto connection = std::make_unique<Connection>(id, peer, now.mono_ns);
  connection->input.resize(kInputBytes);
  Connection* const raw = connection.get();
  connections_.emplace(static_cast<uint64_t>(id), std::move(connection));
  counters_.connections_accepted.Add();
  if (connections_.size() > config_.options.connections_max) {
    counters_.connections_refused.Add();
    SetPhase(raw, Phase::kClosing, now);
  }
  MarkReady(raw);
  return id;
}

void FixHub::OnDisconnected(ConnectionId id, Instant now) {
  if (Connection* const connection = Find(id); connection != nullptr) {
    Detach(connection, now);
    connections_.erase(static_cast<uint64_t>(id));
  }
}

bool FixHub::WantsRead(ConnectionId id) const {
  const Connection* const connection = Find(id);
  return connection != nullptr && connection->phase != Phase::kClosing &&
         !connection->waits_for_core && commands_.size() < kCommandsWaitingMax &&
         connection->output.bytes() < config_.options.send_queue_bytes_max / 2;
}

std::span<uint8_t> FixHub::ReadSpace(ConnectionId id) {
  Connection* const connection = Find(id);
  CHECK(connection != nullptr);
  std::vector<uint8_t>& input = connection->input;
  if (connection->input_begin != 0) {
    std::memmove(input.data(), input.data() + connection->input_begin,
                 connection->input_end - connection->input_begin);
    connection->input_end -= std::exchange(connection->input_begin, 0);
  }
  return std::span(input).subspan(connection->input_end);
}

void FixHub::OnRead(ConnectionId id, std::size_t count, Instant now) {
  Connection* const connection = Find(id);
  CHECK(connection != nullptr);
  connection->input_end += count;
  MarkReady(connection);
  ProcessInput(connection, now);
}

std::span<const uint8_t> FixHub::NextWrite(ConnectionId id) {
  Connection* const connection = Find(id);
  return connection == nullptr ? std::span<const uint8_t>{} : connection->output.Front();
}

void FixHub::OnWritten(ConnectionId id, std::size_t count, Instant now) {
  Connection* const connection = Find(id);
  if (connection == nullptr) {
    return;
  }
  connection->output.Written(count);
  MarkReady(connection);
  if (connection->phase == Phase::kLive &&
      connection->output.bytes() < config_.options.send_queue_bytes_soft) {
    PumpResends(connection, now);
    PumpBacklog(connection, now);
    PumpSnapshots(connection, now);
    PumpCopies(connection, now);
    PumpTrades(connection, now);
  }
}

bool FixHub::ShouldClose(ConnectionId id, Instant now) const {
  const Connection* const connection = Find(id);
  return connection != nullptr && connection->phase == Phase::kClosing &&
         (connection->output.empty() ||
          now.mono_ns - connection->phase_since_ns >= kCloseDeadlineNs);
}

std::vector<ConnectionId> FixHub::TakeReady() {
  std::vector<ConnectionId> ready;
  ready.swap(ready_);
  std::erase_if(ready, [this](ConnectionId id) { return Find(id) == nullptr; });
  for (const ConnectionId id : ready) {
    Find(id)->in_ready_list = false;
  }
  return ready;
}

void FixHub::Commit(Instant now) {
  for (const auto& session : sessions_) {
    const absl::Status status = session->Flush();
    if (!status.ok() && health_.ok()) {
      // What the disk does not have must not be said: drop everything, take nothing more.
      health_ = Annotate(status, absl::StrCat("FIX session ", session->config.comp_id));
      commands_.erase(commands_.begin() + static_cast<std::ptrdiff_t>(commands_logged_),
                      commands_.end());
    }
  }
  if (!health_.ok()) {
    for (const auto& [id, connection] : connections_) {
      connection->output = SendQueue();
      Detach(connection.get(), now);
      SetPhase(connection.get(), Phase::kClosing, now);
    }
    return;
  }
  commands_logged_ = commands_.size();
  while (!commands_.empty()) {
    if (!config_.engine->TryPublish(commands_.front())) {
      needs_retry_ = true;
      return;
    }
    commands_.pop_front();
    --commands_logged_;
    counters_.commands_published.Add();
  }
}

void FixHub::Retry(Instant now) {
  needs_retry_ = false;
  PublishOpens();
  for (const auto& [id, connection] : connections_) {
    if (connection->phase == Phase::kLive) {
      PumpBacklog(connection.get(), now);
      PumpCopies(connection.get(), now);
    }
    MarkReady(connection.get());  // It may read again.
  }
}

void FixHub::MarkReady(Connection* connection) {
  if (!std::exchange(connection->in_ready_list, true)) {
    ready_.push_back(connection->id);
  }
}

void FixHub::SetPhase(Connection* connection, Phase phase, Instant now) {
  connection->phase = phase;
  connection->phase_since_ns = now.mono_ns;
  MarkReady(connection);
}

void FixHub::Detach(Connection* connection, Instant) {
  FixSession* const session = std::exchange(connection->session, nullptr);
  if (session == nullptr || session->connection != connection->id) {
    return;
  }
  session->connection = ConnectionId{};
  market_data_->Remove(connection->id);
  session->resends.clear();
  session->held.clear();
  session->held_bytes = 0;
  session->gap_requested = false;
  session->held_dropped = false;
  if (session->cancel_on_disconnect && !shutting_down_) {
    PublishCancel(session);
  }
}

void FixHub::PublishCancel(FixSession* session) {
  Command command = MakeCommand(CommandType::kMassCancel);
  command.session = session->index;
  command.account = session->config.account;
  command.mass_cancel.scope = session->cancel_scope;
  command.mass_cancel.trigger = MassCancelTrigger::kDisconnect;
  commands_.push_back(command);
  needs_retry_ = true;
}

void FixHub::Close(Connection* connection, Instant now) {
  if (connection->phase != Phase::kClosing) {
    Detach(connection, now);
    SetPhase(connection, Phase::kClosing, now);
  }
}

void FixHub::OnTimer(Instant now) {
  for (const auto& session : sessions_) {
    session->messages->Flush();
  }
  std::vector<Connection*> all;
  for (const auto& [id, connection] : connections_) {
    all.push_back(connection.get());
  }
  for (Connection* const connection : all) {
    if (!config_.engine->health().ok() && connection->phase == Phase::kLive) {
      LogOut(connection, "the matching engine is down", now);
    }
    CheckConnection(connection, now);
  }
}

void FixHub::CheckConnection(Connection* connection, Instant now) {
  const FixOptions& options = config_.options;
  const int64_t since_ns = now.mono_ns - connection->phase_since_ns;
  switch (connection->phase) {
    case Phase::kAwaitLogon:
      if (since_ns >= options.logon_deadline_ms * kNsPerMs) {
        counters_.logons_failed.Add();
        Close(connection, now);
      }
      return;
    case Phase::kLive:
      CheckHours(connection, now);
      if (connection->phase != Phase::kLive) {
        return;
      }
      CheckSendQueue(connection, now);
      if (connection->phase == Phase::kLive) {
        CheckHeartbeats(connection, now);
      }
      return;
    case Phase::kLoggedOut:
      if (since_ns >= options.logout_deadline_ms * kNsPerMs) {
        Close(connection, now);
      }
      return;
    case Phase::kClosing:
      MarkReady(connection);  // Its deadline may have passed.
      return;
  }
}

// A client that does not read. What is queued is in the session log: it asks for it again.
void FixHub::CheckSendQueue(Connection* connection, Instant now) {
  const FixOptions& options = config_.options;
  if (connection->output.bytes() > options.send_queue_bytes_max ||
      connection->output.age_ns(now.mono_ns) > options.send_queue_age_ms_max * kNsPerMs) {
    counters_.slow_consumers.Add();
    connection->output.DropTail();
    Close(connection, now);
  }
}

void FixHub::CheckHeartbeats(Connection* connection, Instant now) {
  const int64_t idle_ns = now.mono_ns - connection->received_ns;
  if (idle_ns * 10 >= connection->heartbeat_ns * 24) {
    counters_.heartbeat_timeouts.Add();
    LogOut(connection, "no answer to the TestRequest", now);
    Close(connection, now);
    return;
  }
  if (idle_ns * 10 >= connection->heartbeat_ns * 12 && !connection->test_request_sent) {
    connection->test_request_sent = true;
    std::string body;
    FieldWriter(&body).Add(tag::kTestReqID, UtcText(now.wall_ns).view());
    SendAdmin(connection, "1", body, now);
  }
  // The TestRequest that is out is sign of life enough.
  if (!connection->test_request_sent &&
      now.mono_ns - connection->sent_ns >= connection->heartbeat_ns) {
    SendAdmin(connection, "0", {}, now);
  }
}

void FixHub::Shutdown(Instant now) {
  shutting_down_ = true;
  for (const auto& [id, connection] : connections_) {
    if (connection->phase == Phase::kLive) {
      SendNews(connection.get(), "the venue stops now", now);
      LogOut(connection.get(), "the venue shuts down", now);
    }
    Close(connection.get(), now);
  }
}

}  // namespace tally::gateway::fix
