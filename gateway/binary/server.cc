#include <chrono>
#include <memory>
#include <string>
#include <sys/eventfd.h>
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
#include "gateway/binary/instrument_defs.h"
#include "gateway/gateway_server.h"
#include "gateway/session/hub.h"
#include "gateway/session/signature.h"
#include "gateway/timing/timekeeper.h"

namespace tally::gateway {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kEventBatch = 4096;
constexpr auto kTick = std::chrono::milliseconds(100);
constexpr auto kRetry = std::chrono::milliseconds(1);
constexpr auto kStopDeadline = std::chrono::milliseconds(1'500);

absl::Status SocketError(std::string_view call, const GatewayOptions& options,
                         const error_code& error) {
  return absl::UnavailableError(
      absl::StrCat(ToAbsl(call), " ", options.host, ":", options.port, ": ", error.message()));
}

HubConfig MakeHubConfig(const GatewayOptions& options, const GatewayServer::Dependencies& deps,
                        const VenueConfig& venue, const KeyDirectory* keys,
                        const OrderVerifier* verifier, RecoveredState recovered) {
  InitSignatures();
  return {.options = options,
          .keys = keys,
          .engine = deps.engine,
          .reports = deps.reports,
          .verifier = verifier,
          .instruments = MakeInstrumentDefs(venue),
          .recovered = std::move(recovered),
          .random = [](std::span<uint8_t> bytes) { RandomBytes(bytes); }};
}

KeyDirectory MakeKeys(const VenueConfig& venue) {
  KeyDirectory keys;
  for (const ApiKey& key : venue.keys) {
    CHECK(keys.Add(key));
  }
  return keys;
}

}  // namespace

// Everything but the constructor, Start, Stop and metrics runs on thread_.
class GatewayServer::Impl {
 public:
  Impl(const GatewayOptions& options, const VenueConfig& venue, const Dependencies& deps,
       RecoveredState recovered)
      : options_(options),
        deps_(deps),
        keys_(MakeKeys(venue)),
        verifier_(MakeOrderVerifier(venue)),
        timekeeper_(deps.engine, PhaseSchedule(venue.schedule), recovered),
        hub_(MakeHubConfig(options, deps, venue, &keys_, verifier_.get(), std::move(recovered))) {}

  ~Impl() { Stop(); }

  absl::StatusOr<uint16_t> Start();
  void Stop();
  GatewayMetrics metrics() const { return hub_.counters().Snapshot(); }

 private:
  struct Socket {
    Socket(tcp::socket accepted, ConnectionId connection)
        : socket(std::move(accepted)), id(connection) {}
    tcp::socket socket;
    const ConnectionId id;
    bool reading = false;        // An asynchronous read is under way.
    bool waiting_write = false;  // Waits until the socket takes bytes.
    bool closed = false;
  };
  using SocketPointer = std::shared_ptr<Socket>;

  Instant Now() const { return {.wall_ns = deps_.clock->NowNs(), .mono_ns = MonotonicNs()}; }

  void Accept();
  void OnAccept(const error_code& error, tcp::socket socket);
  void DrainEvents();
  void WaitEvents();
  void Tick();
  void ArmRetry();
  void KeepTime();
  void Flush();
  void Service(const SocketPointer& socket);
  bool Write(const SocketPointer& socket);
  void Read(const SocketPointer& socket);
  void CloseSocket(const SocketPointer& socket);
  void ShutdownOnThread();
  void StopWhenIdle();

  const GatewayOptions options_;
  const Dependencies deps_;
  const KeyDirectory keys_;
  const std::unique_ptr<OrderVerifier> verifier_;
  Timekeeper timekeeper_;
  SessionHub hub_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  asio::posix::stream_descriptor event_fd_{io_};
  asio::steady_timer tick_{io_};
  asio::steady_timer retry_{io_};
  asio::steady_timer deadline_{io_};
  asio::steady_timer accept_pause_{io_};
  asio::steady_timer stop_deadline_{io_};
  bool retry_armed_ = false;
  int64_t deadline_armed_ns_ = 0;  // Wall time that deadline_ waits for; 0: it does not.
  bool stopping_ = false;
  absl::flat_hash_map<uint64_t, SocketPointer> sockets_;
  std::thread thread_;
};

absl::StatusOr<uint16_t> GatewayServer::Impl::Start() {
  CHECK(!thread_.joinable());
  error_code error;
  const auto address = asio::ip::make_address(options_.host, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("listen address \"", options_.host, "\" is not a numeric IP address"));
  }
  const tcp::endpoint endpoint(address, options_.port);
  if (acceptor_.open(endpoint.protocol(), error); error) {
    return SocketError("socket", options_, error);
  }
  acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (acceptor_.bind(endpoint, error); error) {
    return SocketError("bind", options_, error);
  }
  if (acceptor_.listen(asio::socket_base::max_listen_connections, error); error) {
    return SocketError("listen", options_, error);
  }
  const int fd = ::dup(deps_.engine->event_fd());
  if (fd < 0) {
    return ErrnoStatus("dup", "the engine's eventfd");
  }
  if (event_fd_.assign(fd, error); error) {
    ::close(fd);
    return SocketError("watch the engine's eventfd for", options_, error);
  }
  const tcp::endpoint bound = acceptor_.local_endpoint(error);
  if (error) {
    return SocketError("getsockname", options_, error);
  }
  Accept();
  Tick();
  asio::post(io_, [this] { DrainEvents(); });
  thread_ = std::thread([this] { io_.run(); });
  return bound.port();
}

void GatewayServer::Impl::Stop() {
  if (!thread_.joinable()) {
    return;
  }
  asio::post(io_, [this] { ShutdownOnThread(); });
  thread_.join();
}

void GatewayServer::Impl::ShutdownOnThread() {
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

void GatewayServer::Impl::StopWhenIdle() {
  if (stopping_ && sockets_.empty()) {
    io_.stop();
  }
}

void GatewayServer::Impl::Accept() {
  acceptor_.async_accept(
      [this](const error_code& error, tcp::socket socket) { OnAccept(error, std::move(socket)); });
}

void GatewayServer::Impl::OnAccept(const error_code& error, tcp::socket socket) {
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
  socket.set_option(tcp::no_delay(true), failed);
  if (!failed) {
    socket.non_blocking(true, failed);
  }
  if (!failed) {
    const ConnectionId id = hub_.Accept(Now());
    sockets_.emplace(Raw(id), std::make_shared<Socket>(std::move(socket), id));
    Flush();
  }
  Accept();
}

// Takes what the engine has released, then writes once for every connection that got something.
void GatewayServer::Impl::DrainEvents() {
  if (stopping_) {
    return;
  }
  const std::size_t count = hub_.PollEvents(kEventBatch, Now());
  if (count != 0 && hub_.NeedsRetry()) {
    hub_.Retry(Now());
  }
  Flush();
  KeepTime();
  if (count == 0 && deps_.engine->ArmEventFd()) {
    WaitEvents();
  } else {
    // Through the queue, so that sockets get their turn between batches.
    asio::post(io_, [this] { DrainEvents(); });
  }
}

void GatewayServer::Impl::WaitEvents() {
  event_fd_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const error_code& error) {
    if (!error) {
      DrainEvents();
    }
  });
}

void GatewayServer::Impl::Tick() {
  tick_.expires_after(kTick);
  tick_.async_wait([this](const error_code& error) {
    if (error) {
      return;
    }
    hub_.OnTimer(Now());
    Flush();
    KeepTime();
    Tick();
  });
}

void GatewayServer::Impl::ArmRetry() {
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

// Publishes what is due by the clock, and arms the timer for what is due before the next tick: a
// tick looks at the clock again, so that a clock that was set is no harm.
void GatewayServer::Impl::KeepTime() {
  if (stopping_) {
    return;
  }
  const int64_t now_ns = deps_.clock->NowNs();
  const int64_t wake_ns = timekeeper_.Run(now_ns);
  const auto wait = std::chrono::nanoseconds(wake_ns - now_ns);
  if (wake_ns == 0 || wait > kTick || wake_ns == deadline_armed_ns_) {
    return;
  }
  deadline_armed_ns_ = wake_ns;
  deadline_.expires_after(wait);
  deadline_.async_wait([this](const error_code& error) {
    if (!error) {
      deadline_armed_ns_ = 0;
      KeepTime();
    }
  });
}

// Does for every connection that changed what it now wants.
void GatewayServer::Impl::Flush() {
  for (auto ready = hub_.TakeReady(); !ready.empty(); ready = hub_.TakeReady()) {
    for (const ConnectionId id : ready) {
      if (const auto found = sockets_.find(Raw(id)); found != sockets_.end()) {
        Service(SocketPointer(found->second));
      }
    }
  }
  ArmRetry();
}

void GatewayServer::Impl::Service(const SocketPointer& socket) {
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
bool GatewayServer::Impl::Write(const SocketPointer& socket) {
  for (auto bytes = hub_.NextWrite(socket->id); !bytes.empty();
       bytes = hub_.NextWrite(socket->id)) {
    error_code error;
    const std::size_t written =
        socket->socket.write_some(asio::buffer(bytes.data(), bytes.size()), error);
    if (error == asio::error::would_block) {
      socket->waiting_write = true;
      socket->socket.async_wait(tcp::socket::wait_write, [this, socket](const error_code& failed) {
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
      });
      return true;
    }
    if (error) {
      CloseSocket(socket);
      return false;
    }
    hub_.OnWritten(socket->id, written, Now());
  }
  return true;
}

void GatewayServer::Impl::Read(const SocketPointer& socket) {
  socket->reading = true;
  const std::span<uint8_t> space = hub_.ReadSpace(socket->id);
  socket->socket.async_read_some(asio::buffer(space.data(), space.size()),
                                 [this, socket](const error_code& error, std::size_t count) {
                                   socket->reading = false;
                                   if (socket->closed) {
                                     return;
                                   }
                                   if (error) {
                                     CloseSocket(socket);
                                   } else {
                                     hub_.OnRead(socket->id, count, Now());
                                   }
                                   Flush();
                                 });
}

void GatewayServer::Impl::CloseSocket(const SocketPointer& socket) {
  if (std::exchange(socket->closed, true)) {
    return;
  }
  error_code ignored;
  socket->socket.shutdown(tcp::socket::shutdown_both, ignored);
  socket->socket.close(ignored);
  hub_.OnDisconnected(socket->id, Now());
  sockets_.erase(Raw(socket->id));
  StopWhenIdle();
}

GatewayServer::GatewayServer(const GatewayOptions& options, const VenueConfig& venue,
                             const Dependencies& dependencies, RecoveredState recovered)
    : impl_(std::make_unique<Impl>(options, venue, dependencies, std::move(recovered))) {}

GatewayServer::~GatewayServer() = default;

absl::StatusOr<uint16_t> GatewayServer::Start() { return impl_->Start(); }

void GatewayServer::Stop() { impl_->Stop(); }

GatewayMetrics GatewayServer::metrics() const { return impl_->metrics(); }

}  // namespace tally::gateway
