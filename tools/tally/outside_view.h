#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include <CLI/CLI.hpp>

#include "settlement/chain/bytes.h"
#include "settlement/relayer/relayer_config.h"

namespace tally {

// What a program that checks a venue from outside must be told: a venue.toml, or its few values.
struct OutsideViewOptions {
  std::string config;
  std::string rpc_url;
  std::string events;
  std::string vault;
  uint64_t chain_id = 0;
  uint64_t from_block = 0;
  uint64_t confirmations = 1;
};

struct OutsideView {
  std::string rpc_url;
  std::string events_directory;
  settlement::Address vault;
  uint64_t chain_id = 0;
  uint64_t from_block = 0;
  uint64_t confirmations = 1;
};

void AddOutsideViewOptions(CLI::App* command, OutsideViewOptions* options);

// kInvalidArgument names what is missing.
absl::StatusOr<OutsideView> LoadOutsideView(const OutsideViewOptions& options);

// Prints a line of a relayer, watcher or reconciliation.
void LogLine(settlement::LogLevel level, std::string_view text);

}  // namespace tally
