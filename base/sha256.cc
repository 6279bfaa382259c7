#include "base/sha256.h"

#include <openssl/evp.h>

#include "base/assert.h"

namespace tally {
namespace {

EVP_MD_CTX* Context(void* context) { return static_cast<EVP_MD_CTX*>(context); }

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  CHECK(context_ != nullptr);
  CHECK(EVP_DigestInit_ex(Context(context_), EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() { EVP_MD_CTX_free(Context(context_)); }

void Sha256::Update(const void* data, std::size_t size_bytes) {
  CHECK(EVP_DigestUpdate(Context(context_), data, size_bytes) == 1);
}

Sha256Digest Sha256::Finish() {
  Sha256Digest digest;
  CHECK(EVP_DigestFinal_ex(Context(context_), digest.data(), nullptr) == 1);
  CHECK(EVP_DigestInit_ex(Context(context_), nullptr, nullptr) == 1);
  return digest;
}

std::string ToHex(const void* data, std::size_t size_bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  const auto* bytes = static_cast<const uint8_t*>(data);
  std::string hex;
  hex.reserve(2 * size_bytes);
  for (std::size_t i = 0; i < size_bytes; ++i) {
    hex.push_back(kDigits[bytes[i] >> 4]);
    hex.push_back(kDigits[bytes[i] & 0xf]);
  }
  return hex;
}

}  // namespace tally
