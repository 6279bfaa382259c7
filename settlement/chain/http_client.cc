#include "settlement/chain/http_client.h"

#include <chrono>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "base/status.h"
#include "settlement/chain/chain_error.h"

namespace tally::settlement {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using ErrorCode = boost::system::error_code;

struct Endpoint {
  std::string host;
  std::string port = "80";
  std::string path;
};

absl::StatusOr<Endpoint> ParseUrl(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) {
    return absl::InvalidArgumentError(
        absl::StrCat("URL must begin with http:// (end TLS in a local proxy): ", ToAbsl(url)));
  }
  url.remove_prefix(kScheme.size());
  Endpoint endpoint;
  const std::size_t slash = url.find('/');
  if (slash != std::string_view::npos) {
    endpoint.path = std::string(url.substr(slash));
    endpoint.path.resize(endpoint.path.find_last_not_of('/') + 1);  // "/" alone is none.
    url = url.substr(0, slash);
  }
  const std::size_t colon = url.rfind(':');
  if (colon != std::string_view::npos) {
    endpoint.port = std::string(url.substr(colon + 1));
    url = url.substr(0, colon);
    int port = 0;
    if (!absl::SimpleAtoi(endpoint.port, &port) || port < 1 || port > 65535) {
      return absl::InvalidArgumentError("URL has a bad port: " + endpoint.port);
    }
  }
  endpoint.host = std::string(url);
  if (endpoint.host.empty()) {
    return absl::InvalidArgumentError("URL has no host");
  }
  return endpoint;
}

class BeastClient final : public HttpClient {
 public:
  BeastClient(HttpClientOptions options, Endpoint endpoint)
      : options_(std::move(options)), endpoint_(std::move(endpoint)) {}

  absl::StatusOr<HttpResponse> Exchange(const HttpRequest& request) override {
    const bool reused = stream_.has_value();
    auto response = ExchangeOnce(request);
    if (!response.ok() && reused && !timed_out_) {
      response = ExchangeOnce(request);
    }
    return response;
  }

 private:
  http::request<http::string_body> Message(const HttpRequest& request) const {
    const std::string target = absl::StrCat(endpoint_.path, ToAbsl(request.path));
    http::request<http::string_body> message(
        request.method == "GET" ? http::verb::get : http::verb::post, target.empty() ? "/" : target,
        11);
    message.set(http::field::host, endpoint_.host);
    message.set(http::field::content_type, "application/json");
    if (!request.bearer_token.empty()) {
      message.set(http::field::authorization,
                  absl::StrCat("Bearer ", ToAbsl(request.bearer_token)));
    }
    message.keep_alive(true);
    message.body() = std::string(request.body);
    message.prepare_payload();
    return message;
  }

  absl::StatusOr<HttpResponse> ExchangeOnce(const HttpRequest& request) {
    timed_out_ = false;
    if (!stream_.has_value()) {
      RETURN_IF_ERROR(Connect());
    }
    const http::request<http::string_body> message = Message(request);
    ErrorCode error;
    Arm();
    http::async_write(*stream_, message, [&](ErrorCode result, std::size_t) { error = result; });
    Run();
    if (error) {
      return Fail("send", error);
    }
    http::response_parser<http::string_body> parser;
    parser.body_limit(options_.response_bytes_max);
    http::async_read(*stream_, buffer_, parser,
                     [&](ErrorCode result, std::size_t) { error = result; });
    Run();
    if (error) {
      return Fail("receive", error);
    }
    if (!parser.get().keep_alive()) {
      stream_.reset();
    }
    return HttpResponse{.status = parser.get().result_int(),
                        .body = std::move(parser.get().body()),
                        .content_type = std::string(parser.get()[http::field::content_type])};
  }

  absl::Status Connect() {
    ErrorCode error;
    asio::ip::tcp::resolver resolver(context_);
    const auto addresses = resolver.resolve(endpoint_.host, endpoint_.port, error);
    if (error) {
      return Fail("resolve", error);
    }
    stream_.emplace(context_);
    buffer_.clear();
    Arm();
    stream_->async_connect(addresses, [&](ErrorCode result, const auto&) { error = result; });
    Run();
    if (error) {
      return Fail("connect", error);
    }
    stream_->socket().set_option(asio::ip::tcp::no_delay(true), error);
    return absl::OkStatus();
  }

  // Beast's time-outs only guard asynchronous operations, so each step is one, run to its end.
  void Arm() { stream_->expires_after(std::chrono::milliseconds(options_.timeout_ms)); }
  void Run() {
    context_.restart();
    context_.run();
  }

  absl::Status Fail(std::string_view step, const ErrorCode& error) {
    timed_out_ = error == beast::error::timeout;
    stream_.reset();
    return MakeChainStatus(ChainError::kTransport,
                           absl::StrCat(options_.url, ": ", ToAbsl(step), ": ", error.message()));
  }

  const HttpClientOptions options_;
  const Endpoint endpoint_;
  asio::io_context context_;
  std::optional<beast::tcp_stream> stream_;
  beast::flat_buffer buffer_;
  bool timed_out_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpClient>> MakeHttpClient(HttpClientOptions options) {
  ASSIGN_OR_RETURN(Endpoint endpoint, ParseUrl(options.url));
  return std::make_unique<BeastClient>(std::move(options), std::move(endpoint));
}

}  // namespace tally::settlement
