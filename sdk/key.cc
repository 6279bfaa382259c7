#include "sdk/key.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "base/sha256.h"
#include "base/status.h"

namespace tally::sdk {
namespace {

// Idempotent and thread-safe.
void InitSodium() { CHECK(sodium_init() >= 0); }

int HexValue(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Writes all of `text`, to stable storage.
bool WriteDurably(int fd, const std::string& text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = write(fd, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return false;
    }
    written += static_cast<std::size_t>(count);
  }
  return fsync(fd) == 0;
}

}  // namespace

SigningKey SigningKey::Generate() {
  InitSodium();
  std::array<uint8_t, kSeedBytes> seed;
  randombytes_buf(seed.data(), seed.size());
  SigningKey key = FromSeed(seed);
  sodium_memzero(seed.data(), seed.size());
  return key;
}

SigningKey SigningKey::FromSeed(std::span<const uint8_t, kSeedBytes> seed) {
  InitSodium();
  SigningKey key;
  CHECK(crypto_sign_seed_keypair(key.public_key_.data(), key.secret_.data(), seed.data()) == 0);
  return key;
}

absl::StatusOr<SigningKey> SigningKey::FromHex(std::string_view seed_hex) {
  std::array<uint8_t, kSeedBytes> seed;
  bool good = seed_hex.size() == 2 * kSeedBytes;
  for (std::size_t i = 0; good && i < kSeedBytes; ++i) {
    const int high = HexValue(seed_hex[2 * i]), low = HexValue(seed_hex[2 * i + 1]);
    good = high >= 0 && low >= 0;
    seed[i] = static_cast<uint8_t>(good ? high * 16 + low : 0);
  }
  if (!good) {
    return absl::InvalidArgumentError("a key is 64 hexadecimal digits");
  }
  SigningKey key = FromSeed(seed);
  sodium_memzero(seed.data(), seed.size());
  return key;
}

absl::StatusOr<SigningKey> SigningKey::Load(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    return ErrnoStatus("open", path);
  }
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t end = text.find_last_not_of(" \r\n");
  absl::StatusOr<SigningKey> key =
      FromHex(std::string_view(text).substr(0, end == std::string::npos ? 0 : end + 1));
  sodium_memzero(text.data(), text.size());
  if (!key.ok()) {
    return Annotate(key.status(), path);
  }
  return key;
}

absl::Status SigningKey::Save(const std::string& path) const {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) {
    return ErrnoStatus("create", path);
  }
  std::string text = absl::StrCat(ToHex(secret_.data(), kSeedBytes), "\n");
  const bool written = WriteDurably(fd, text);
  absl::Status status = written ? absl::OkStatus() : ErrnoStatus("write", path);
  sodium_memzero(text.data(), text.size());
  close(fd);
  if (!written) {
    unlink(path.c_str());
  }
  return status;
}

SigningKey::~SigningKey() { sodium_memzero(secret_.data(), secret_.size()); }

std::string SigningKey::public_key_hex() const {
  return ToHex(public_key_.data(), public_key_.size());
}

Signature SigningKey::Sign(std::span<const uint8_t> message) const {
  Signature signature;
  CHECK(crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(),
                             secret_.data()) == 0);
  return signature;
}

bool VerifySignature(const PublicKey& key, std::span<const uint8_t> message,
                     const Signature& signature) {
  InitSodium();
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                     key.data()) == 0;
}

}  // namespace tally::sdk
