#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tally::settlement {

// Carries one JSON-RPC request body to a node and its response body back.
class RpcTransport {
 public:
  virtual ~RpcTransport() = default;
  virtual absl::StatusOr<std::string> Post(std::string_view body) = 0;
};

struct HttpTransportOptions {
  std::string url;  // http://host[:port][/path]; TLS ends in a proxy next to the relayer.
  int64_t timeout_ms = 10'000;
  std::size_t response_bytes_max = 64u << 20;
};

// HTTP/1.1 with keep-alive; a connection that the node closed between two requests is reopened and
// the request sent again (JSON-RPC calls of this project can be repeated). Failures are
// ChainError::kTransport. Thread safety: one thread. kInvalidArgument for a URL it cannot use.
absl::StatusOr<std::unique_ptr<RpcTransport>> MakeHttpTransport(HttpTransportOptions options);

}  // namespace tally::settlement
