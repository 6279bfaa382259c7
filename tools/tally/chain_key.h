#pragma once

#include <string>

#include "absl/status/statusor.h"
#include <CLI/CLI.hpp>

#include "settlement/chain/private_key.h"

namespace tally {

// Where a secp256k1 key comes from: never the command line itself.
struct ChainKeyOptions {
  std::string file;
  std::string environment;
};

// Adds --key-file and --key-env; `what` begins their help, e.g. "Key of the deployer".
void AddChainKeyOptions(CLI::App* command, const std::string& what, ChainKeyOptions* options);

// kInvalidArgument unless exactly one of the two is given.
absl::StatusOr<settlement::PrivateKey> LoadChainKey(const ChainKeyOptions& options);

}  // namespace tally
