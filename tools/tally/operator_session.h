#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <CLI/CLI.hpp>

#include "gateway/venue_config.h"
#include "sdk/client.h"

namespace tally {

// Where a venue is, and as whom to log on.
struct OperatorOptions {
  std::string config;
  std::string host;  // Empty and 0: those of the configuration.
  int port = 0;
  std::string key_file;
  uint64_t key_id = 0;
  uint64_t session_id = 0;  // 0: one of the key's own.
  int timeout_ms = 10'000;
};

void AddOperatorOptions(CLI::App* command, OperatorOptions* options);

// Sends one command.
using OperatorCall =
    std::function<absl::StatusOr<sdk::CommandTicket>(const gateway::VenueConfig&, sdk::Client*)>;

// Logs on, makes the call, waits for its answer, logs off. The report that answers, or
//   kAborted            the venue refused it; the message has the code
//   kInvalidArgument    configuration, key file or arguments
//   kPermissionDenied   the logon was refused
//   kDeadlineExceeded   no answer in time: whether it was applied is not known
absl::StatusOr<sdk::Report> RunOperatorCall(const OperatorOptions& options,
                                            const OperatorCall& call);

}  // namespace tally
