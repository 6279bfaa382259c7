#include <cstdio>
#include <memory>
#include <string>

#include "base/status.h"
#include "evm/key_file.h"
#include "evm/keystore.h"
#include "sdk/key.h"
#include "tools/tally/commands.h"
#include "tools/tally/passphrase.h"

namespace tally {
namespace {

struct KeygenOptions {
  std::string path;
  bool show = false;
  bool chain = false;
  std::string import_file;
  PassphraseOptions passphrase;
};

// Writes a new key, and prints the line of the venue configuration that admits it.
absl::Status GenerateKey(const std::string& path) {
  const sdk::SigningKey key = sdk::SigningKey::Generate();
  RETURN_IF_ERROR(key.Save(path));
  std::printf("public_key = \"%s\"\n", key.public_key_hex().c_str());
  return absl::OkStatus();
}

absl::Status ShowKey(const std::string& path) {
  ASSIGN_OR_RETURN(const sdk::SigningKey key, sdk::SigningKey::Load(path));
  std::printf("public_key = \"%s\"\n", key.public_key_hex().c_str());
  return absl::OkStatus();
}

void PrintAddress(const evm::PrivateKey& key) {
  std::printf("address = \"%s\"\n", evm::Hex(key.address()).c_str());
}

// A new key, or one that was in another file until now, under a passphrase.
absl::Status GenerateChainKey(const KeygenOptions& options) {
  evm::PrivateKey key = evm::PrivateKey::Generate();
  if (!options.import_file.empty()) {
    ASSIGN_OR_RETURN(key, evm::LoadKeyFile(options.import_file, PassphraseFrom({})));
  }
  ASSIGN_OR_RETURN(const evm::SecretText passphrase,
                   NewPassphrase(options.passphrase, options.path));
  RETURN_IF_ERROR(evm::WriteSecretFile(
      options.path, evm::SealKeystore(key, passphrase.view(), evm::KeystoreCost())));
  PrintAddress(key);
  return absl::OkStatus();
}

absl::Status ShowChainKey(const KeygenOptions& options) {
  ASSIGN_OR_RETURN(const evm::PrivateKey key,
                   evm::LoadKeyFile(options.path, PassphraseFrom(options.passphrase)));
  PrintAddress(key);
  return absl::OkStatus();
}

absl::Status Keygen(const KeygenOptions& options) {
  if (options.chain) {
    return options.show ? ShowChainKey(options) : GenerateChainKey(options);
  }
  return options.show ? ShowKey(options.path) : GenerateKey(options.path);
}

}  // namespace

void AddKeygenCommand(CLI::App* app, ExitCode* exit_code) {
  CLI::App* command = app->add_subcommand(
      "keygen",
      "Make an Ed25519 key for logging on and print its public half for venue.toml; or, with "
      "--chain, a key of the chain in a keystore under a passphrase.");
  auto options = std::make_shared<KeygenOptions>();
  command->add_option("FILE", options->path, "Key file; created with mode 0600, never overwritten")
      ->required();
  command->add_flag("--show", options->show, "Print the public half of an existing file instead");
  CLI::Option* chain =
      command->add_flag("--chain", options->chain,
                        "A secp256k1 key in a Web3 Secret Storage keystore; prints its address");
  command
      ->add_option("--import", options->import_file,
                   "With --chain: the key of this file instead of a new one")
      ->needs(chain);
  AddPassphraseOptions(command, &options->passphrase);
  command->callback([options, exit_code] {
    const absl::Status status = Keygen(*options);
    *exit_code = status.ok() ? ExitCode::kOk : ReportFailure(status);
  });
}

}  // namespace tally
