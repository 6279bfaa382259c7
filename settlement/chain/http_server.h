#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "settlement/chain/http_client.h"

namespace tally::settlement {

// What a client asked.
struct HttpQuestion {
  std::string method{};
  std::string target{};
  std::string authorization{};
  std::string body{};
};

struct HttpServerOptions {
  uint16_t port = 0;  // 0: any that is free.
  int64_t timeout_ms = 10'000;
  std::size_t request_bytes_max = 4u << 20;
  std::size_t connections_max = 32;
};

// A small HTTP/1.1 server on 127.0.0.1, and nowhere else: there is no TLS. Connections beyond the
// limit are closed at once, silent ones after the time-out.
//
// Thread safety: one thread; `stop` may be set by another.
class HttpServer {
 public:
  using Handler = std::function<HttpResponse(const HttpQuestion&)>;

  virtual ~HttpServer() = default;
  virtual uint16_t port() const = 0;
  // Answers until `stop` is set.
  virtual void Run(const std::atomic<bool>& stop) = 0;
};

// Listens. kUnavailable or like if the port cannot be had.
absl::StatusOr<std::unique_ptr<HttpServer>> ListenHttp(HttpServerOptions options,
                                                       HttpServer::Handler handler);

}  // namespace tally::settlement
