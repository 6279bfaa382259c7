#include <cstdio>
#include <memory>
#include <string>

#include "sdk/key.h"
#include "tools/tally/commands.h"

namespace tally {
namespace {

// Writes a new key, and prints the line of the venue configuration that admits it.
ExitCode GenerateKey(const std::string& path) {
  const sdk::SigningKey key = sdk::SigningKey::Generate();
  if (const absl::Status status = key.Save(path); !status.ok()) {
    return ReportFailure(status);
  }
  std::printf("public_key = \"%s\"\n", key.public_key_hex().c_str());
  return ExitCode::kOk;
}

ExitCode ShowKey(const std::string& path) {
  const absl::StatusOr<sdk::SigningKey> key = sdk::SigningKey::Load(path);
  if (!key.ok()) {
    return ReportFailure(key.status());
  }
  std::printf("public_key = \"%s\"\n", key->public_key_hex().c_str());
  return ExitCode::kOk;
}

struct KeygenOptions {
  std::string path;
  bool show = false;
};

}  // namespace

void AddKeygenCommand(CLI::App* app, ExitCode* exit_code) {
  CLI::App* command = app->add_subcommand(
      "keygen", "Make an Ed25519 key for logging on; print its public half for venue.toml.");
  auto options = std::make_shared<KeygenOptions>();
  command->add_option("FILE", options->path, "Key file; created with mode 0600, never overwritten")
      ->required();
  command->add_flag("--show", options->show, "Print the public key of an existing file instead");
  command->callback([options, exit_code] {
    *exit_code = options->show ? ShowKey(options->path) : GenerateKey(options->path);
  });
}

}  // namespace tally
