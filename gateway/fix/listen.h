#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "boost/asio/ip/tcp.hpp"

namespace tally::gateway::fix {

// Opens, binds and listens. `what` names the listener in messages.
//   kInvalidArgument  the host is not a numeric address
//   kUnavailable      the system refused
absl::Status Listen(boost::asio::ip::tcp::acceptor* acceptor, const std::string& host,
                    uint16_t port, const char* what);

}  // namespace tally::gateway::fix
