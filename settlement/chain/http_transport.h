#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "settlement/chain/http_client.h"

namespace tally::settlement {

// Carries one JSON-RPC request body to a node and its response body back.
class RpcTransport {
 public:
  virtual ~RpcTransport() = default;
  virtual absl::StatusOr<std::string> Post(std::string_view body) = 0;
};

using HttpTransportOptions = HttpClientOptions;

// JSON-RPC over HTTP (http_client.h): every status but 200 is a ChainError::kTransport too.
absl::StatusOr<std::unique_ptr<RpcTransport>> MakeHttpTransport(HttpTransportOptions options);

}  // namespace tally::settlement
