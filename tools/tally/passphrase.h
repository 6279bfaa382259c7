#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "evm/key_file.h"

namespace tally {

// Where the passphrase of a keystore comes from: never the command line itself.
struct PassphraseOptions {
  std::string file;         // Its first line.
  std::string environment;  // The variable that has it.
};

// Adds --passphrase-file and --passphrase-env.
void AddPassphraseOptions(CLI::App* command, PassphraseOptions* options);

// The file, else the variable (TALLY_PASSPHRASE if none is named), else a question on the terminal.
// kFailedPrecondition if there is none of the three.
evm::PassphraseSource PassphraseFrom(const PassphraseOptions& options);

// As PassphraseFrom, for a new keystore: a terminal is asked twice. kInvalidArgument if the answers
// differ or are empty.
absl::StatusOr<evm::SecretText> NewPassphrase(const PassphraseOptions& options,
                                              const std::string& path);

}  // namespace tally
