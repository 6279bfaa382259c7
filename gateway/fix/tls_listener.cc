#include "gateway/fix/tls_listener.h"

#include <chrono>
#include <pthread.h>
#include <thread>
#include <unistd.h>
#include <unordered_map>
#include <utility>

#include "boost/asio/io_context.hpp"
#include "boost/asio/post.hpp"
#include "boost/asio/steady_timer.hpp"

#include "base/assert.h"
#include "base/clock.h"
#include "base/status.h"
#include "gateway/fix/admission.h"
#include "gateway/fix/listen.h"
#include "gateway/fix/stream.h"
#include "gateway/session/instant.h"

namespace tally::gateway::fix {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kTick = std::chrono::milliseconds(100);

}  // namespace

OwnedDescriptor::~OwnedDescriptor() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

// Everything but the constructor, Start and Stop runs on thread_.
class TlsListener::Impl {
 public:
  Impl(const FixOptions& options, Receiver receiver, Counter* refused)
      : options_(options.tls),
        admission_(options.allowed, options.connects_per_address_max),
        receiver_(std::move(receiver)),
        refused_(*refused) {}
  ~Impl() { Stop(); }

  absl::StatusOr<uint16_t> Start();
  void Stop();

 private:
  struct Handshake {
    Handshake(tcp::socket accepted, const TlsContext& context, const IpAddress& peer)
        : socket(std::move(accepted)), tls(std::make_unique<TlsStream>(context)), address(peer) {}
    tcp::socket socket;
    std::unique_ptr<TlsStream> tls;
    const IpAddress address;
    const int64_t began_ns = MonotonicNs();
  };

  void Accept();
  void OnAccept(const error_code& error, tcp::socket socket);
  void Begin(tcp::socket socket);
  void Wait(uint64_t id, tcp::socket::wait_type what);
  void Advance(uint64_t id, tcp::socket::wait_type ready);
  void Deliver(uint64_t id);
  void Drop(uint64_t id);
  void Tick();

  const FixTlsOptions options_;
  Admission admission_;
  const Receiver receiver_;
  Counter& refused_;
  std::unique_ptr<TlsContext> context_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  asio::steady_timer tick_{io_};
  asio::steady_timer pause_{io_};
  std::unordered_map<uint64_t, Handshake> handshakes_;
  uint64_t next_id_ = 0;
  std::thread thread_;
};

absl::StatusOr<uint16_t> TlsListener::Impl::Start() {
  CHECK(!thread_.joinable());
  ASSIGN_OR_RETURN(context_, TlsContext::Load(options_));
  RETURN_IF_ERROR(Listen(&acceptor_, options_.host, options_.port, "FIX TLS"));
  const uint16_t port = acceptor_.local_endpoint().port();
  Accept();
  Tick();
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "fix-tls");
    io_.run();
  });
  return port;
}

void TlsListener::Impl::Stop() {
  if (thread_.joinable()) {
    io_.stop();
    thread_.join();
    handshakes_.clear();
    error_code ignored;
    acceptor_.close(ignored);
  }
}

void TlsListener::Impl::Accept() {
  acceptor_.async_accept(
      [this](const error_code& error, tcp::socket socket) { OnAccept(error, std::move(socket)); });
}

void TlsListener::Impl::OnAccept(const error_code& error, tcp::socket socket) {
  if (error == asio::error::operation_aborted) {
    return;
  }
  if (error) {
    // Out of descriptors or memory: the pending connection stays queued, so do not spin on it.
    pause_.expires_after(kTick);
    pause_.async_wait([this](const error_code& cancelled) {
      if (!cancelled) {
        Accept();
      }
    });
    return;
  }
  Begin(std::move(socket));
  Accept();
}

void TlsListener::Impl::Begin(tcp::socket socket) {
  error_code error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  if (!error) {
    socket.set_option(tcp::no_delay(true), error);
  }
  if (!error) {
    socket.non_blocking(true, error);
  }
  const IpAddress address = AddressOf(peer.address());
  if (error || !admission_.Admit(address, MonotonicNs()) ||
      handshakes_.size() >= options_.handshakes_max) {
    refused_.Add();
    return;  // Closes it.
  }
  const uint64_t id = ++next_id_;
  handshakes_.try_emplace(id, std::move(socket), *context_, address);
  Wait(id, tcp::socket::wait_read);
}

void TlsListener::Impl::Wait(uint64_t id, tcp::socket::wait_type what) {
  handshakes_.at(id).socket.async_wait(what, [this, id, what](const error_code& error) {
    if (error && error != asio::error::operation_aborted) {
      Drop(id);
    } else if (!error && handshakes_.contains(id)) {
      Advance(id, what);
    }
  });
}

void TlsListener::Impl::Advance(uint64_t id, tcp::socket::wait_type ready) {
  Handshake& handshake = handshakes_.at(id);
  error_code error;
  if (ready == tcp::socket::wait_read) {
    FeedTls(handshake.socket, *handshake.tls, error);
    if (error == asio::error::would_block) {
      Wait(id, ready);
      return;
    }
  }
  if (!error && handshake.tls->state() == TlsStream::State::kHandshake) {
    handshake.tls->Handshake();
    SendTls(handshake.socket, *handshake.tls, error);  // An alert too, if it failed.
  } else if (!error) {
    SendTls(handshake.socket, *handshake.tls, error);
  }
  if (error == asio::error::would_block) {
    Wait(id, tcp::socket::wait_write);
  } else if (error || handshake.tls->state() == TlsStream::State::kFailed) {
    Drop(id);
  } else if (handshake.tls->state() == TlsStream::State::kOpen) {
    Deliver(id);
  } else {
    Wait(id, tcp::socket::wait_read);
  }
}

void TlsListener::Impl::Deliver(uint64_t id) {
  Handshake& handshake = handshakes_.at(id);
  error_code error;
  OwnedDescriptor fd(handshake.socket.release(error));
  if (error) {
    Drop(id);
    return;
  }
  const CertificateDigest certificate = handshake.tls->PeerCertificate();
  receiver_({.fd = std::move(fd),
             .tls = std::move(handshake.tls),
             .address = handshake.address,
             .certificate = certificate});
  handshakes_.erase(id);
}

void TlsListener::Impl::Drop(uint64_t id) {
  if (handshakes_.erase(id) != 0) {
    refused_.Add();
  }
}

// Drops who takes too long.
void TlsListener::Impl::Tick() {
  tick_.expires_after(kTick);
  tick_.async_wait([this](const error_code& error) {
    if (error) {
      return;
    }
    const int64_t latest_ns = MonotonicNs() - options_.handshake_deadline_ms * kNsPerMs;
    const std::size_t dropped = std::erase_if(
        handshakes_, [&](const auto& entry) { return entry.second.began_ns <= latest_ns; });
    for (std::size_t i = 0; i < dropped; ++i) {
      refused_.Add();
    }
    Tick();
  });
}

TlsListener::TlsListener(const FixOptions& options, Receiver receiver)
    : impl_(std::make_unique<Impl>(options, std::move(receiver), &refused_)) {}

TlsListener::~TlsListener() = default;

absl::StatusOr<uint16_t> TlsListener::Start() { return impl_->Start(); }

void TlsListener::Stop() { impl_->Stop(); }

}  // namespace tally::gateway::fix
