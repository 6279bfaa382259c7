#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fix/certificates.h"

struct ssl_ctx_st;
struct ssl_st;

namespace tally::gateway::fix {

// How a test's client speaks TLS.
struct ClientTls {
  std::string ca_file;                           // Trusted; the venue's must be signed by it.
  const TestCertificate* certificate = nullptr;  // Shown, if asked for.
  int version_max = 0;                           // TLS1_2_VERSION; 0: the newest.
};

// A blocking FIX client on a real socket of this machine, plain or TLS.
//
// Thread safety: none. A wait ends after 30 s, so that a failing test ends.
class SocketClient {
 public:
  explicit SocketClient(uint16_t port, int receive_buffer_bytes = 0);
  SocketClient(uint16_t port, const ClientTls& tls);
  ~SocketClient();
  SocketClient(const SocketClient&) = delete;
  SocketClient& operator=(const SocketClient&) = delete;

  // Whether TLS was agreed on. A client certificate is judged later, by the first read.
  bool secure() const { return secure_; }
  // How many bytes the socket took; all, unless it is closed or `wait` is false.
  std::size_t Send(std::string_view bytes, bool wait = true);
  // The next message, '|' for SOH; nothing at the end of the stream.
  std::optional<std::string> Next();
  // Whether the venue has closed, with nothing before it.
  bool AtEnd() { return !Next().has_value(); }
  int fd() const { return fd_; }

 private:
  void Connect(uint16_t port, int receive_buffer_bytes);
  int Receive(char* to, int size);

  int fd_ = -1;
  ssl_ctx_st* context_ = nullptr;
  ssl_st* ssl_ = nullptr;
  bool secure_ = false;
  std::string received_;
};

}  // namespace tally::gateway::fix
