#include "evm/key_file.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "absl/strings/str_cat.h"
#include <openssl/crypto.h>

#include "base/status.h"
#include "evm/keystore.h"

namespace tally::evm {
namespace {

std::string_view FirstLine(std::string_view text) {
  return text.substr(0, text.find_first_of("\r\n"));
}

// As many bytes as there are, up to what fits; negative after an error.
ssize_t ReadAll(int file, std::vector<char>* buffer) {
  std::size_t size_bytes = 0;
  while (size_bytes < buffer->size()) {
    const ssize_t count = ::read(file, buffer->data() + size_bytes, buffer->size() - size_bytes);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return count;
    }
    if (count == 0) {
      break;
    }
    size_bytes += static_cast<std::size_t>(count);
  }
  return static_cast<ssize_t>(size_bytes);
}

bool WriteAll(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(file, text.data(), text.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return false;
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return ::fsync(file) == 0;
}

}  // namespace

absl::StatusOr<SecretText> ReadSecretFile(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return ErrnoStatus("open", path);
  }
  struct stat info {};
  std::vector<char> buffer(kSecretFileBytesMax + 1);
  const bool known = ::fstat(file, &info) == 0;
  const ssize_t size_bytes = ReadAll(file, &buffer);
  const absl::Status failure = ErrnoStatus("read", path);
  ::close(file);
  if (!known || size_bytes < 0) {
    return failure;
  }
  SecretText text(std::string_view(buffer.data(), static_cast<std::size_t>(size_bytes)));
  OPENSSL_cleanse(buffer.data(), buffer.size());
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": others may read this secret; run chmod 600 on it"));
  }
  if (text.view().size() > kSecretFileBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": too long for a key or a passphrase"));
  }
  return text;
}

absl::StatusOr<SecretText> ReadSecretLine(const std::string& path) {
  ASSIGN_OR_RETURN(const SecretText text, ReadSecretFile(path));
  SecretText line(FirstLine(text.view()));
  if (line.view().empty()) {
    return absl::InvalidArgumentError(path + ": its first line is empty");
  }
  return line;
}

absl::StatusOr<PrivateKey> LoadKeyFile(const std::string& path,
                                       const PassphraseSource& passphrase) {
  ASSIGN_OR_RETURN(const SecretText text, ReadSecretFile(path));
  const std::size_t first = text.view().find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || text.view()[first] != '{') {
    std::string_view line = FirstLine(text.view());
    line = line.substr(0, line.find(' '));
    auto key = PrivateKey::FromHex(line);
    return key.ok() ? std::move(key) : Annotate(key.status(), path);
  }
  ASSIGN_OR_RETURN(const SecretText word, passphrase(path));
  auto key = OpenKeystore(text.view(), word.view());
  return key.ok() ? std::move(key) : Annotate(key.status(), path);
}

absl::Status WriteSecretFile(const std::string& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) {
    return ErrnoStatus("create", path);
  }
  const bool written = WriteAll(file, text);
  absl::Status status = written ? absl::OkStatus() : ErrnoStatus("write", path);
  ::close(file);
  if (!written) {
    ::unlink(path.c_str());
  }
  return status;
}

}  // namespace tally::evm
