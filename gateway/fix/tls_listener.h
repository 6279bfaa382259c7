#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "gateway/fix/tls_stream.h"
#include "gateway/fix_options.h"
#include "gateway/ip_range.h"
#include "gateway/session/counters.h"

namespace tally::gateway::fix {

// Closes a descriptor that nobody took over.
class OwnedDescriptor {
 public:
  explicit OwnedDescriptor(int fd) : fd_(fd) {}
  OwnedDescriptor(OwnedDescriptor&& other) noexcept : fd_(other.Release()) {}
  OwnedDescriptor& operator=(OwnedDescriptor&&) = delete;
  ~OwnedDescriptor();

  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// Accepts connections and makes them TLS, on a thread of its own: what a handshake costs (a
// signature, a chain to check) delays no session. Limits: who may connect and how often
// (Admission), handshakes at once, time for each.
//
// Thread safety: Start and Stop from one controlling thread.
class TlsListener {
 public:
  // A client that has shaken hands, and its non-blocking socket.
  struct Client {
    OwnedDescriptor fd;
    std::unique_ptr<TlsStream> tls;
    IpAddress address{};
    CertificateDigest certificate{};
  };
  // Called on the listener's thread, which nothing may hold up.
  using Receiver = std::function<void(Client)>;

  TlsListener(const FixOptions& options, Receiver receiver);
  // Stops.
  ~TlsListener();
  TlsListener(const TlsListener&) = delete;
  TlsListener& operator=(const TlsListener&) = delete;

  // Reads certificate and key, listens and returns the port.
  //   kInvalidArgument  certificate, key or address: what to mend
  //   kUnavailable      the system refused
  absl::StatusOr<uint16_t> Start();
  // Drops handshakes that are under way. Idempotent.
  void Stop();

  // Connections that never became a client: not admitted, too many at once, failed, too slow.
  uint64_t refused() const { return refused_.value(); }

 private:
  class Impl;

  Counter refused_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tally::gateway::fix
