#include "settlement/chain/http_server.h"

#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "base/status.h"

namespace tally::settlement {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using ErrorCode = boost::system::error_code;

// How soon `stop` is noticed.
constexpr std::chrono::milliseconds kSlice{50};

// One connection: reads a request, answers it, reads the next. Kept alive by its own callbacks.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::ip::tcp::socket socket, const HttpServerOptions& options,
             const HttpServer::Handler& handler, std::size_t* open_count)
      : stream_(std::move(socket)), options_(options), handler_(handler), open_count_(open_count) {
    ++*open_count_;
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { --*open_count_; }

  void Read() {
    parser_.emplace();
    parser_->body_limit(options_.request_bytes_max);
    Arm();
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                       if (!error) {
                         self->Answer();
                       }
                     });
  }

 private:
  void Answer() {
    const auto& request = parser_->get();
    HttpResponse answer =
        handler_({.method = std::string(request.method_string()),
                  .target = std::string(request.target()),
                  .authorization = std::string(request[http::field::authorization]),
                  .body = request.body()});
    response_ = http::response<http::string_body>(http::int_to_status(answer.status), 11);
    response_.set(http::field::content_type, answer.content_type);
    response_.keep_alive(request.keep_alive());
    response_.body() = std::move(answer.body);
    response_.prepare_payload();
    Arm();
    http::async_write(stream_, response_,
                      [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                        if (!error && self->response_.keep_alive()) {
                          self->Read();
                        }
                      });
  }

  void Arm() { stream_.expires_after(std::chrono::milliseconds(options_.timeout_ms)); }

  beast::tcp_stream stream_;
  const HttpServerOptions& options_;
  const HttpServer::Handler& handler_;
  std::size_t* const open_count_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

class BeastServer final : public HttpServer {
 public:
  BeastServer(HttpServerOptions options, Handler handler)
      : options_(options), handler_(std::move(handler)), acceptor_(context_) {}

  absl::Status Listen() {
    const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(), options_.port);
    ErrorCode error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) {
      acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    }
    if (!error) {
      acceptor_.bind(endpoint, error);
    }
    if (!error) {
      acceptor_.listen(asio::socket_base::max_listen_connections, error);
    }
    if (error) {
      return absl::UnavailableError(
          absl::StrCat("cannot listen on 127.0.0.1:", options_.port, ": ", error.message()));
    }
    port_ = acceptor_.local_endpoint(error).port();
    Accept();
    return absl::OkStatus();
  }

  uint16_t port() const override { return port_; }

  void Run(const std::atomic<bool>& stop) override {
    while (!stop.load(std::memory_order_relaxed)) {
      context_.restart();
      context_.run_for(kSlice);
    }
  }

 private:
  void Accept() {
    acceptor_.async_accept([this](const ErrorCode& error, asio::ip::tcp::socket socket) {
      if (!error && open_count_ < options_.connections_max) {
        std::make_shared<Connection>(std::move(socket), options_, handler_, &open_count_)->Read();
      }
      Accept();
    });
  }

  const HttpServerOptions options_;
  const Handler handler_;
  std::size_t open_count_ = 0;
  // Last but the acceptor: connections that it still holds count themselves out above.
  asio::io_context context_;
  asio::ip::tcp::acceptor acceptor_;
  uint16_t port_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> ListenHttp(HttpServerOptions options,
                                                       HttpServer::Handler handler) {
  auto server = std::make_unique<BeastServer>(options, std::move(handler));
  RETURN_IF_ERROR(server->Listen());
  return server;
}

}  // namespace tally::settlement
