#include "gateway/fix/listen.h"

#include "absl/strings/str_cat.h"

namespace tally::gateway::fix {

namespace asio = boost::asio;
using asio::ip::tcp;

absl::Status Listen(tcp::acceptor* acceptor, const std::string& host, uint16_t port,
                    const char* what) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, " listen address \"", host, "\" is not a numeric IP address"));
  }
  const tcp::endpoint endpoint(address, port);
  acceptor->open(endpoint.protocol(), error);
  if (!error) {
    acceptor->set_option(tcp::acceptor::reuse_address(true), error);
  }
  if (!error) {
    acceptor->bind(endpoint, error);
  }
  if (!error) {
    acceptor->listen(asio::socket_base::max_listen_connections, error);
  }
  if (error) {
    return absl::UnavailableError(
        absl::StrCat(what, " listen on ", host, ":", port, ": ", error.message()));
  }
  return absl::OkStatus();
}

}  // namespace tally::gateway::fix
