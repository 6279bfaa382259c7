#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/statusor.h"

#include "evm/private_key.h"
#include "evm/secret_text.h"

namespace tally::evm {

// Gives the passphrase of the keystore in the file `path`. Asked only if it is one.
using PassphraseSource = std::function<absl::StatusOr<SecretText>(const std::string& path)>;

// The key in a file: a keystore (keystore.h), or 64 hexadecimal digits in the first line. Only its
// owner may read the file: kFailedPrecondition otherwise. Every message names the file.
absl::StatusOr<PrivateKey> LoadKeyFile(const std::string& path, const PassphraseSource& passphrase);

// The content of a file that only its owner may read; kFailedPrecondition otherwise.
inline constexpr std::size_t kSecretFileBytesMax = 65'536;
absl::StatusOr<SecretText> ReadSecretFile(const std::string& path);
// Its first line, without its end: kInvalidArgument if that is empty.
absl::StatusOr<SecretText> ReadSecretLine(const std::string& path);

// Creates the file with mode 0600, durably. kAlreadyExists if there is one.
absl::Status WriteSecretFile(const std::string& path, std::string_view text);

}  // namespace tally::evm
