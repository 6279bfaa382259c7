#include "evm/keystore.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <memory>

#include "absl/strings/str_cat.h"
#include <crypto++/scrypt.h>
#include <nlohmann/json.hpp>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/assert.h"
#include "base/status.h"
#include "evm/keccak.h"

namespace tally::evm {
namespace {

using nlohmann::json;

constexpr uint64_t kMemoryBytesMax = 512u << 20;
constexpr uint64_t kScryptNMin = 1024;
constexpr uint64_t kScryptWorkMax = 1u << 24;  // n * r * p: eight times geth's standard.
constexpr uint64_t kPbkdf2CountMin = 1000;
constexpr uint64_t kPbkdf2CountMax = 20'000'000;
constexpr std::size_t kSaltBytesMax = 1024;

// The first half encrypts, the second authenticates.
struct DerivedKey {
  std::array<uint8_t, 32> bytes{};
  ByteView cipher_key() const { return ByteView(bytes).first(16); }
  ByteView mac_key() const { return ByteView(bytes).subspan(16, 16); }
  DerivedKey() = default;
  DerivedKey(const DerivedKey&) = default;
  DerivedKey& operator=(const DerivedKey&) = default;
  ~DerivedKey() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

absl::Status Fault(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("keystore: ", ToAbsl(what)));
}

absl::StatusOr<json> Member(const json& object, const char* name) {
  if (!object.is_object() || !object.contains(name)) {
    return Fault(absl::StrCat("'", name, "' is missing"));
  }
  return object[name];
}

absl::StatusOr<Bytes> HexMember(const json& object, const char* name) {
  ASSIGN_OR_RETURN(const json member, Member(object, name));
  auto bytes = member.is_string() ? ParseHex(member.get<std::string>())
                                  : absl::StatusOr<Bytes>(absl::InvalidArgumentError(""));
  return bytes.ok() ? std::move(bytes) : Fault(absl::StrCat("'", name, "' is not hexadecimal"));
}

absl::StatusOr<uint64_t> NumberMember(const json& object, const char* name) {
  ASSIGN_OR_RETURN(const json member, Member(object, name));
  if (!member.is_number_unsigned()) {
    return Fault(absl::StrCat("'", name, "' is not a positive number"));
  }
  return member.get<uint64_t>();
}

absl::StatusOr<std::string> TextMember(const json& object, const char* name) {
  ASSIGN_OR_RETURN(const json member, Member(object, name));
  if (!member.is_string()) {
    return Fault(absl::StrCat("'", name, "' is not a text"));
  }
  return member.get<std::string>();
}

// Whoever made the file chose these: they must neither be useless nor take the machine down.
absl::Status CheckCost(const KeystoreCost& cost) {
  const bool in_range = cost.n >= kScryptNMin && cost.n <= kScryptWorkMax && cost.r >= 1 &&
                        cost.r <= kScryptWorkMax && cost.p >= 1 && cost.p <= kScryptWorkMax;
  if (!in_range || !std::has_single_bit(cost.n) || cost.r * cost.p > kScryptWorkMax / cost.n ||
      128 * cost.n * cost.r > kMemoryBytesMax) {
    return Fault(absl::StrCat("scrypt with n ", cost.n, ", r ", cost.r, ", p ", cost.p,
                              " is refused: n must be a power of two from ", kScryptNMin,
                              ", and at most ", kMemoryBytesMax >> 20, " MB of memory"));
  }
  return absl::OkStatus();
}

// Crypto++ and not OpenSSL, which refuses n from 2^16 on with r 1: a published vector has that.
DerivedKey Scrypt(std::string_view passphrase, ByteView salt, const KeystoreCost& cost) {
  DerivedKey key;
  const CryptoPP::Scrypt scrypt;
  scrypt.DeriveKey(key.bytes.data(), key.bytes.size(), View(passphrase).data(), passphrase.size(),
                   salt.data(), salt.size(), cost.n, cost.r, cost.p);
  return key;
}

absl::StatusOr<DerivedKey> Pbkdf2(std::string_view passphrase, ByteView salt,
                                  const json& parameters) {
  ASSIGN_OR_RETURN(const std::string prf, TextMember(parameters, "prf"));
  ASSIGN_OR_RETURN(const uint64_t count, NumberMember(parameters, "c"));
  if (prf != "hmac-sha256") {
    return Fault(absl::StrCat("unknown pseudo-random function '", prf, "'"));
  }
  if (count < kPbkdf2CountMin || count > kPbkdf2CountMax) {
    return Fault(absl::StrCat("pbkdf2 with ", count, " rounds is refused: from ", kPbkdf2CountMin,
                              " to ", kPbkdf2CountMax, " are taken"));
  }
  DerivedKey key;
  CHECK(PKCS5_PBKDF2_HMAC(passphrase.data(), static_cast<int>(passphrase.size()), salt.data(),
                          static_cast<int>(salt.size()), static_cast<int>(count), EVP_sha256(),
                          static_cast<int>(key.bytes.size()), key.bytes.data()) == 1);
  return key;
}

absl::StatusOr<DerivedKey> Derive(const json& crypto, std::string_view passphrase) {
  ASSIGN_OR_RETURN(const std::string function, TextMember(crypto, "kdf"));
  ASSIGN_OR_RETURN(const json parameters, Member(crypto, "kdfparams"));
  ASSIGN_OR_RETURN(const Bytes salt, HexMember(parameters, "salt"));
  ASSIGN_OR_RETURN(const uint64_t size_bytes, NumberMember(parameters, "dklen"));
  if (size_bytes != 32 || salt.size() > kSaltBytesMax) {
    return Fault("'dklen' must be 32, and the salt short");
  }
  if (function == "pbkdf2") {
    return Pbkdf2(passphrase, salt, parameters);
  }
  if (function != "scrypt") {
    return Fault(absl::StrCat("unknown key derivation '", function, "'"));
  }
  KeystoreCost cost;
  ASSIGN_OR_RETURN(cost.n, NumberMember(parameters, "n"));
  ASSIGN_OR_RETURN(cost.r, NumberMember(parameters, "r"));
  ASSIGN_OR_RETURN(cost.p, NumberMember(parameters, "p"));
  RETURN_IF_ERROR(CheckCost(cost));
  return Scrypt(passphrase, salt, cost);
}

// AES-128 in counter mode: the same in both directions. `from` and `to` are of one size.
void Crypt(ByteView key, ByteView iv, ByteView from, uint8_t* to) {
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(
      EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int size_bytes = 0;
  CHECK(context != nullptr &&
        EVP_EncryptInit_ex(context.get(), EVP_aes_128_ctr(), nullptr, key.data(), iv.data()) == 1 &&
        EVP_EncryptUpdate(context.get(), to, &size_bytes, from.data(),
                          static_cast<int>(from.size())) == 1 &&
        static_cast<std::size_t>(size_bytes) == from.size());
}

std::string RandomUuid() {
  std::array<uint8_t, 16> bytes;
  CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x40);  // Version 4, RFC 9562.
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  const std::string digits = Hex(ByteView(bytes)).substr(2);
  return absl::StrCat(digits.substr(0, 8), "-", digits.substr(8, 4), "-", digits.substr(12, 4), "-",
                      digits.substr(16, 4), "-", digits.substr(20));
}

std::string Digits(ByteView bytes) { return Hex(bytes).substr(2); }

// Some writers capitalise the name.
absl::StatusOr<json> CryptoOf(const json& store) {
  return Member(store, store.is_object() && store.contains("Crypto") ? "Crypto" : "crypto");
}

absl::Status CheckAddress(const json& store, const PrivateKey& key) {
  if (!store.contains("address")) {
    return absl::OkStatus();  // Some writers leave it out, to keep it private.
  }
  const auto address = store["address"].is_string()
                           ? ParseAddress(store["address"].get<std::string>())
                           : absl::StatusOr<Address>(absl::InvalidArgumentError(""));
  if (!address.ok() || *address != key.address()) {
    return Fault(absl::StrCat("'address' is not that of its key, ", Hex(key.address())));
  }
  return absl::OkStatus();
}

}  // namespace

std::string SealKeystore(const PrivateKey& key, std::string_view passphrase, KeystoreCost cost) {
  CHECK(CheckCost(cost).ok());
  std::array<uint8_t, 32> salt;
  std::array<uint8_t, 16> iv;
  CHECK(RAND_bytes(salt.data(), static_cast<int>(salt.size())) == 1);
  CHECK(RAND_bytes(iv.data(), static_cast<int>(iv.size())) == 1);
  const DerivedKey derived = Scrypt(passphrase, salt, cost);
  std::array<uint8_t, 32> ciphertext;
  Crypt(derived.cipher_key(), iv, key.secret_, ciphertext.data());
  const Hash32 mac = Keccak256({derived.mac_key(), ByteView(ciphertext)});
  const json store = {
      {"version", 3},
      {"id", RandomUuid()},
      {"address", Digits(View(key.address()))},
      {"crypto",
       {{"cipher", "aes-128-ctr"},
        {"cipherparams", {{"iv", Digits(iv)}}},
        {"ciphertext", Digits(ciphertext)},
        {"kdf", "scrypt"},
        {"kdfparams",
         {{"dklen", 32}, {"n", cost.n}, {"r", cost.r}, {"p", cost.p}, {"salt", Digits(salt)}}},
        {"mac", Digits(View(mac))}}}};
  return store.dump(2) + "\n";
}

absl::StatusOr<PrivateKey> OpenKeystore(std::string_view text, std::string_view passphrase) {
  const json store = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!store.is_object()) {
    return Fault("not a JSON object");
  }
  ASSIGN_OR_RETURN(const uint64_t version, NumberMember(store, "version"));
  if (version != 3) {
    return Fault(absl::StrCat("version ", version, " is not supported, only 3"));
  }
  ASSIGN_OR_RETURN(const json crypto, CryptoOf(store));
  ASSIGN_OR_RETURN(const std::string cipher, TextMember(crypto, "cipher"));
  if (cipher != "aes-128-ctr") {
    return Fault(absl::StrCat("unknown cipher '", cipher, "'"));
  }
  ASSIGN_OR_RETURN(const json cipher_parameters, Member(crypto, "cipherparams"));
  ASSIGN_OR_RETURN(const Bytes iv, HexMember(cipher_parameters, "iv"));
  ASSIGN_OR_RETURN(const Bytes ciphertext, HexMember(crypto, "ciphertext"));
  ASSIGN_OR_RETURN(const Bytes mac, HexMember(crypto, "mac"));
  if (iv.size() != 16 || ciphertext.size() != 32 || mac.size() != 32) {
    return Fault("'iv' must have 16 bytes, 'ciphertext' and 'mac' 32");
  }
  ASSIGN_OR_RETURN(const DerivedKey derived, Derive(crypto, passphrase));
  const Hash32 expected = Keccak256({derived.mac_key(), ByteView(ciphertext)});
  if (CRYPTO_memcmp(expected.bytes.data(), mac.data(), mac.size()) != 0) {
    return absl::UnauthenticatedError("keystore: the passphrase is wrong, or the file is damaged");
  }
  std::array<uint8_t, 32> secret;
  Crypt(derived.cipher_key(), iv, ciphertext, secret.data());
  auto key = PrivateKey::FromBytes(secret);
  OPENSSL_cleanse(secret.data(), secret.size());
  RETURN_IF_ERROR(key.status());
  RETURN_IF_ERROR(CheckAddress(store, *key));
  return key;
}

}  // namespace tally::evm
