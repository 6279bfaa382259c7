#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tally::settlement {

struct HttpRequest {
  std::string_view method = "POST";  // Or GET.
  std::string_view path = {};        // Behind that of the URL.
  std::string_view body = {};
  std::string_view bearer_token = {};  // Empty: no Authorization.
};

struct HttpResponse {
  unsigned status = 200;
  std::string body{};
  std::string content_type = "application/json";
};

struct HttpClientOptions {
  std::string url;  // http://host[:port][/path]; TLS ends in a proxy next to us.
  int64_t timeout_ms = 10'000;
  std::size_t response_bytes_max = 64u << 20;
};

// HTTP/1.1 with keep-alive, to one server. A request on a connection that the server closed between
// two of them is sent again on a new one, so only what can be repeated may be asked. Failures to
// get any answer are ChainError::kTransport and name the URL. Thread safety: one thread.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual absl::StatusOr<HttpResponse> Exchange(const HttpRequest& request) = 0;
};

// kInvalidArgument for a URL it cannot use.
absl::StatusOr<std::unique_ptr<HttpClient>> MakeHttpClient(HttpClientOptions options);

}  // namespace tally::settlement
