#include "tools/tally/passphrase.h"

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <termios.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include <openssl/crypto.h>

#include "base/status.h"

namespace tally {
namespace {

constexpr char kDefaultVariable[] = "TALLY_PASSPHRASE";
constexpr std::size_t kPassphraseBytesMax = 1024;

void Print(int terminal, std::string_view text) {
  // A terminal that is gone shows in the read that follows.
  [[maybe_unused]] const ssize_t written = ::write(terminal, text.data(), text.size());
}

// A line of the terminal, not shown.
absl::StatusOr<evm::SecretText> ReadHidden(int terminal) {
  termios shown{};
  if (::tcgetattr(terminal, &shown) != 0) {
    return ErrnoStatus("tcgetattr", "/dev/tty");
  }
  termios hidden = shown;
  hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  ::tcsetattr(terminal, TCSAFLUSH, &hidden);
  std::array<char, kPassphraseBytesMax> line{};
  const ssize_t count = ::read(terminal, line.data(), line.size());
  ::tcsetattr(terminal, TCSAFLUSH, &shown);
  Print(terminal, "\n");
  std::string_view text(line.data(), count < 0 ? 0 : static_cast<std::size_t>(count));
  evm::SecretText secret(text.substr(0, text.find('\n')));
  OPENSSL_cleanse(line.data(), line.size());
  return secret;
}

absl::StatusOr<evm::SecretText> AskTerminal(const std::string& path, bool twice) {
  const int terminal = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (terminal < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": its passphrase is needed, and there is no terminal to ask: give a ",
                     "passphrase file, or set ", kDefaultVariable));
  }
  Print(terminal, absl::StrCat("Passphrase of ", path, ": "));
  absl::StatusOr<evm::SecretText> first = ReadHidden(terminal);
  if (first.ok() && twice) {
    Print(terminal, "Again: ");
    const absl::StatusOr<evm::SecretText> second = ReadHidden(terminal);
    if (!second.ok() || second->view() != first->view()) {
      first = absl::InvalidArgumentError("the two passphrases differ");
    }
  }
  ::close(terminal);
  return first;
}

// From where it was said to be, if anything was said.
absl::StatusOr<std::optional<evm::SecretText>> Given(const PassphraseOptions& options) {
  if (!options.file.empty()) {
    ASSIGN_OR_RETURN(evm::SecretText line, evm::ReadSecretLine(options.file));
    return std::optional<evm::SecretText>(std::move(line));
  }
  const bool is_named = !options.environment.empty();
  const char* text = std::getenv(is_named ? options.environment.c_str() : kDefaultVariable);
  if (text != nullptr) {
    return std::optional<evm::SecretText>(evm::SecretText(text));
  }
  if (is_named) {
    return absl::NotFoundError(
        absl::StrCat("environment variable ", options.environment, " is not set"));
  }
  return std::optional<evm::SecretText>();
}

absl::StatusOr<evm::SecretText> Get(const PassphraseOptions& options, const std::string& path,
                                    bool is_new) {
  ASSIGN_OR_RETURN(std::optional<evm::SecretText> given, Given(options));
  return given.has_value() ? *std::move(given) : AskTerminal(path, /*twice=*/is_new);
}

}  // namespace

void AddPassphraseOptions(CLI::App* command, PassphraseOptions* options) {
  command->add_option("--passphrase-file", options->file,
                      "First line: the passphrase of the keystore; mode 0600");
  command->add_option("--passphrase-env", options->environment,
                      "Environment variable with that passphrase (default TALLY_PASSPHRASE); "
                      "without either, the terminal is asked");
}

evm::PassphraseSource PassphraseFrom(const PassphraseOptions& options) {
  return [options](const std::string& path) { return Get(options, path, /*is_new=*/false); };
}

absl::StatusOr<evm::SecretText> NewPassphrase(const PassphraseOptions& options,
                                              const std::string& path) {
  ASSIGN_OR_RETURN(evm::SecretText passphrase, Get(options, path, /*is_new=*/true));
  if (passphrase.view().empty()) {
    return absl::InvalidArgumentError("an empty passphrase protects nothing");
  }
  return passphrase;
}

}  // namespace tally
