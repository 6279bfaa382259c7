#include <chrono>
#include <memory>
#include <pthread.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "boost/asio/io_context.hpp"
#include "boost/asio/ip/tcp.hpp"
#include "boost/asio/posix/stream_descriptor.hpp"
#include "boost/asio/post.hpp"
#include "boost/asio/steady_timer.hpp"

#include "base/assert.h"
#include "base/status.h"
#include "gateway/fix/admission.h"
#include "gateway/fix/hub.h"
#include "gateway/fix/listen.h"
#include "gateway/fix/stream.h"
#include "gateway/fix/tls_listener.h"
#include "gateway/fix_server.h"
#include "gateway/session/signature.h"

namespace tally::gateway {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using fix::ConnectionId;

constexpr std::size_t kEventBatch = 4096;
constexpr auto kTick = std::chrono::milliseconds(100);
constexpr auto kRetry = std::chrono::milliseconds(1);
constexpr auto kStopDeadline = std::chrono::milliseconds(1'500);

uint64_t Raw(ConnectionId id) { return static_cast<uint64_t>(id); }

KeyDirectory MakeKeys(const VenueConfig& venue) {
  KeyDirectory keys;
  for (const ApiKey& key : venue.keys) {
    CHECK(keys.Add(key));
  }
  return keys;
}

}  // namespace

// Everything but the constructor, Start, Stop and metrics runs on thread_.
class FixServer::Impl {
 public:
  Impl(const VenueConfig& venue, const Dependencies& deps, RecoveredState recovered)
      : options_(venue.fix),
        deps_(deps),
        admission_(venue.fix.allowed, venue.fix.connects_per_address_max),
        keys_(MakeKeys(venue)),
        instruments_(venue),
        verifier_(MakeOrderVerifier(venue)),
        hub_({.options = venue.fix,
              .keys = &keys_,
              .engine = deps.engine,
              .reports = deps.reports,
              .instruments = &instruments_,
              .verifier = verifier_.get(),
              .recovered = std::move(recovered)}) {
    InitSignatures();
  }
  ~Impl() { Stop(); }

  absl::StatusOr<uint16_t> Start();
  void AnnounceStop(int64_t seconds);
  void Stop();
  uint16_t tls_port() const { return tls_port_; }
  const fix::FixCounters& counters() const { return hub_.counters(); }
  uint64_t handshakes_refused() const { return tls_ == nullptr ? 0 : tls_->refused(); }

 private:
  struct Socket {
    Socket(fix::Stream accepted, ConnectionId connection)
        : stream(std::move(accepted)), id(connection) {}
    fix::Stream stream;
    const ConnectionId id;
    bool reading = false;        // An asynchronous read is under way.
    bool waiting_write = false;  // Waits until the socket takes bytes.
    bool closed = false;
  };
  using SocketPointer = std::shared_ptr<Socket>;

  Instant Now() const { return {.wall_ns = deps_.clock->NowNs(), .mono_ns = MonotonicNs()}; }

  absl::Status WatchEvents();
  absl::StatusOr<uint16_t> ListenPlain();
  absl::Status ListenTls();
  void Accept();
  void OnAccept(const error_code& error, tcp::socket socket);
  void OnTlsClient(fix::TlsListener::Client client);
  void Adopt(fix::Stream stream, const fix::Peer& peer);
  void DrainEvents();
  void Tick();
  void ArmRetry();
  void Flush();
  void Service(const SocketPointer& socket);
  bool Write(const SocketPointer& socket);
  void WaitForWrite(const SocketPointer& socket);
  void Read(const SocketPointer& socket);
  void OnRead(const SocketPointer& socket, const error_code& error);
  void CloseSocket(const SocketPointer& socket);
  void ShutdownOnThread();
  void StopWhenIdle() {
    if (stopping_ && sockets_.empty()) {
      io_.stop();
    }
  }

  const FixOptions options_;
  const Dependencies deps_;
  fix::Admission admission_;
  const KeyDirectory keys_;
  const fix::FixInstruments instruments_;
  const std::unique_ptr<OrderVerifier> verifier_;
  fix::FixHub hub_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  asio::posix::stream_descriptor event_fd_{io_};
  asio::steady_timer tick_{io_};
  asio::steady_timer retry_{io_};
  asio::steady_timer accept_pause_{io_};
  asio::steady_timer stop_deadline_{io_};
  bool retry_armed_ = false;
  bool stopping_ = false;
  absl::flat_hash_map<uint64_t, SocketPointer> sockets_;
  std::unique_ptr<fix::TlsListener> tls_;
  uint16_t tls_port_ = 0;
  std::thread thread_;
};

absl::Status FixServer::Impl::WatchEvents() {
  const int fd = ::dup(deps_.engine->event_fd());
  if (fd < 0) {
    return ErrnoStatus("dup", "the engine's eventfd");
  }
  error_code error;
  if (event_fd_.assign(fd, error); error) {
    ::close(fd);
    return absl::UnavailableError(
        absl::StrCat("watch the engine's eventfd for FIX: ", error.message()));
  }
  return absl::OkStatus();
}

absl::StatusOr<uint16_t> FixServer::Impl::ListenPlain() {
  if (options_.host.empty()) {
    return uint16_t{0};
  }
  RETURN_IF_ERROR(fix::Listen(&acceptor_, options_.host, options_.port, "FIX"));
  const uint16_t port = acceptor_.local_endpoint().port();
  Accept();
  return port;
}

absl::Status FixServer::Impl::ListenTls() {
  if (!options_.tls.enabled) {
    return absl::OkStatus();
  }
  tls_ = std::make_unique<fix::TlsListener>(options_, [this](fix::TlsListener::Client client) {
    // Posted work must be copyable.
    auto shared = std::make_shared<fix::TlsListener::Client>(std::move(client));
    asio::post(io_, [this, shared] { OnTlsClient(std::move(*shared)); });
  });
  ASSIGN_OR_RETURN(tls_port_, tls_->Start());
  return absl::OkStatus();
}

absl::StatusOr<uint16_t> FixServer::Impl::Start() {
  CHECK(!thread_.joinable());
  RETURN_IF_ERROR(hub_.Open());
  RETURN_IF_ERROR(WatchEvents());
  ASSIGN_OR_RETURN(const uint16_t port, ListenPlain());
  RETURN_IF_ERROR(ListenTls());
  Tick();
  asio::post(io_, [this] { DrainEvents(); });
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "fix");
    io_.run();
  });
  return port;
}

void FixServer::Impl::Stop() {
  if (!thread_.joinable()) {
    return;
  }
  if (tls_ != nullptr) {
    tls_->Stop();
  }
  asio::post(io_, [this] { ShutdownOnThread(); });
  thread_.join();
}

void FixServer::Impl::AnnounceStop(int64_t seconds) {
  asio::post(io_, [this, seconds] {
    hub_.AnnounceStop(seconds, Now());
    Flush();
  });
}

void FixServer::Impl::ShutdownOnThread() {
  stopping_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  hub_.Shutdown(Now());
  Flush();
  stop_deadline_.expires_after(kStopDeadline);
  stop_deadline_.async_wait([this](const error_code& error) {
    if (!error) {
      io_.stop();
    }
  });
  StopWhenIdle();
}

void FixServer::Impl::Accept() {
  acceptor_.async_accept(
      [this](const error_code& error, tcp::socket socket) { OnAccept(error, std::move(socket)); });
}

void FixServer::Impl::OnAccept(const error_code& error, tcp::socket socket) {
  if (stopping_ || error == asio::error::operation_aborted) {
    return;
  }
  if (error) {
    // Out of descriptors or memory: the pending connection stays queued, so do not spin on it.
    accept_pause_.expires_after(kTick);
    accept_pause_.async_wait([this](const error_code& cancelled) {
      if (!cancelled && !stopping_) {
        Accept();
      }
    });
    return;
  }
  error_code failed;
  const tcp::endpoint peer = socket.remote_endpoint(failed);
  if (!failed) {
    socket.set_option(tcp::no_delay(true), failed);
  }
  if (!failed) {
    socket.non_blocking(true, failed);
  }
  const IpAddress address = fix::AddressOf(peer.address());
  if (!failed && admission_.Admit(address, MonotonicNs())) {
    Adopt(fix::Stream(std::move(socket)), {.address = address, .certificate = {}});
  }
  Accept();
}

// A client that has shaken hands on the listener's thread.
void FixServer::Impl::OnTlsClient(fix::TlsListener::Client client) {
  tcp::socket socket(io_);
  error_code error;
  // The protocol says how to ask for addresses, which nobody does any more.
  if (socket.assign(tcp::v6(), client.fd.get(), error); error) {
    return;
  }
  client.fd.Release();
  if (socket.non_blocking(true, error); error || stopping_) {
    return;
  }
  Adopt(fix::Stream(std::move(socket), std::move(client.tls)),
        {.address = client.address, .certificate = client.certificate});
}

void FixServer::Impl::Adopt(fix::Stream stream, const fix::Peer& peer) {
  const ConnectionId id = hub_.Accept(Now(), peer);
  sockets_.emplace(Raw(id), std::make_shared<Socket>(std::move(stream), id));
  Flush();
}

// Takes what the engine has released, then writes once for every connection that got something.
void FixServer::Impl::DrainEvents() {
  if (stopping_) {
    return;
  }
  const std::size_t count = hub_.PollEvents(kEventBatch, Now());
  if (count != 0 && hub_.NeedsRetry()) {
    hub_.Retry(Now());
  }
  Flush();
  if (deps_.engine->ArmEventFd()) {
    event_fd_.async_wait(asio::posix::stream_descriptor::wait_read,
                         [this](const error_code& error) {
                           if (!error) {
                             DrainEvents();
                           }
                         });
  } else {
    // Through the queue, so that sockets get their turn between batches.
    asio::post(io_, [this] { DrainEvents(); });
  }
}

void FixServer::Impl::Tick() {
  tick_.expires_after(kTick);
  tick_.async_wait([this](const error_code& error) {
    if (!error) {
      hub_.OnTimer(Now());
      Flush();
      Tick();
    }
  });
}

void FixServer::Impl::ArmRetry() {
  if (retry_armed_ || !hub_.NeedsRetry() || stopping_) {
    return;
  }
  retry_armed_ = true;
  retry_.expires_after(kRetry);
  retry_.async_wait([this](const error_code& error) {
    retry_armed_ = false;
    if (!error) {
      hub_.Retry(Now());
      Flush();
    }
  });
}

// What was decided becomes durable and is published; then every connection that changed gets what
// it now wants.
void FixServer::Impl::Flush() {
  hub_.Commit(Now());
  for (auto ready = hub_.TakeReady(); !ready.empty(); ready = hub_.TakeReady()) {
    for (const ConnectionId id : ready) {
      if (const auto found = sockets_.find(Raw(id)); found != sockets_.end()) {
        Service(SocketPointer(found->second));
      }
    }
    hub_.Commit(Now());
  }
  ArmRetry();
}

void FixServer::Impl::Service(const SocketPointer& socket) {
  if (!socket->waiting_write && !Write(socket)) {
    return;
  }
  if (hub_.ShouldClose(socket->id, Now())) {
    CloseSocket(socket);
    return;
  }
  if (!socket->reading && hub_.WantsRead(socket->id)) {
    Read(socket);
  }
}

// Writes until the socket is full or there is nothing left. False if the connection is gone.
bool FixServer::Impl::Write(const SocketPointer& socket) {
  for (auto bytes = hub_.NextWrite(socket->id); !bytes.empty();
       bytes = hub_.NextWrite(socket->id)) {
    error_code error;
    const std::size_t written = socket->stream.WriteSome(bytes, error);
    if (error == asio::error::would_block) {
      WaitForWrite(socket);
      return true;
    }
    if (error) {
      CloseSocket(socket);
      return false;
    }
    // May have put more behind it, which has to be durable first.
    hub_.OnWritten(socket->id, written, Now());
    hub_.Commit(Now());
  }
  return true;
}

void FixServer::Impl::WaitForWrite(const SocketPointer& socket) {
  socket->waiting_write = true;
  const auto ready = [this, socket](const error_code& failed) {
    socket->waiting_write = false;
    if (socket->closed) {
      return;
    }
    if (failed) {
      CloseSocket(socket);
    } else {
      Service(socket);
    }
    Flush();
  };
  socket->stream.socket().async_wait(tcp::socket::wait_write, ready);
}

// Waits, and then reads: what is read goes straight to its place in the hub.
void FixServer::Impl::Read(const SocketPointer& socket) {
  socket->reading = true;
  const auto ready = [this, socket](const error_code& error) {
    socket->reading = false;
    if (!socket->closed) {
      OnRead(socket, error);
      Flush();
    }
  };
  if (socket->stream.has_input()) {
    // Through the queue, so that other sockets get their turn.
    asio::post(io_, [ready] { ready({}); });
  } else {
    socket->stream.socket().async_wait(tcp::socket::wait_read, ready);
  }
}

void FixServer::Impl::OnRead(const SocketPointer& socket, const error_code& waited) {
  error_code error = waited;
  std::size_t count = 0;
  if (!error) {
    const std::span<uint8_t> space = hub_.ReadSpace(socket->id);
    count = socket->stream.ReadSome(space, error);
  }
  if (error == asio::error::would_block) {
    Service(socket);
  } else if (error) {
    CloseSocket(socket);
  } else {
    hub_.OnRead(socket->id, count, Now());
  }
}

void FixServer::Impl::CloseSocket(const SocketPointer& socket) {
  if (std::exchange(socket->closed, true)) {
    return;
  }
  socket->stream.Close();
  hub_.OnDisconnected(socket->id, Now());
  sockets_.erase(Raw(socket->id));
  StopWhenIdle();
}

FixServer::FixServer(const VenueConfig& venue, const Dependencies& dependencies,
                     RecoveredState recovered)
    : impl_(std::make_unique<Impl>(venue, dependencies, std::move(recovered))) {}

FixServer::~FixServer() = default;

absl::StatusOr<uint16_t> FixServer::Start() { return impl_->Start(); }

uint16_t FixServer::tls_port() const { return impl_->tls_port(); }

void FixServer::AnnounceStop(int64_t seconds) { impl_->AnnounceStop(seconds); }

void FixServer::Stop() { impl_->Stop(); }

FixMetrics FixServer::metrics() const {
  const fix::FixCounters& counters = impl_->counters();
  return {.connections_accepted = counters.connections_accepted.value(),
          .handshakes_refused = impl_->handshakes_refused(),
          .logons = counters.logons.value(),
          .logons_failed = counters.logons_failed.value(),
          .messages_in = counters.messages_in.value(),
          .messages_garbled = counters.messages_garbled.value(),
          .messages_rejected = counters.messages_rejected.value(),
          .messages_out = counters.messages_out.value(),
          .messages_resent = counters.messages_resent.value(),
          .commands_published = counters.commands_published.value(),
          .slow_consumers = counters.slow_consumers.value(),
          .heartbeat_timeouts = counters.heartbeat_timeouts.value()};
}

}  // namespace tally::gateway
