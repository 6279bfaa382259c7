// Keystores against the published vectors of the Web3 Secret Storage Definition.

#include "evm/keystore.h"

#include <fstream>
#include <string>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "evm/key_file.h"

namespace tally::evm {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kPassphrase[] = "testpassword";
constexpr char kSecret[] = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";
constexpr char kAddress[] = "0x008aeeda4d805471df9b2a5b0f38a0c3bcba786b";
// The least that is taken: tests need no protection.
constexpr KeystoreCost kCheap{.n = 1024, .r = 1, .p = 1};

constexpr char kPbkdf2Vector[] = R"({
  "crypto": {
    "cipher": "aes-128-ctr",
    "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
    "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
    "kdf": "pbkdf2",
    "kdfparams": {
      "c": 262144, "dklen": 32, "prf": "hmac-sha256",
      "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"
    },
    "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"
  },
  "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
  "version": 3
})";

constexpr char kScryptVector[] = R"({
  "crypto": {
    "cipher": "aes-128-ctr",
    "cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
    "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
    "kdf": "scrypt",
    "kdfparams": {
      "dklen": 32, "n": 262144, "r": 1, "p": 8,
      "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"
    },
    "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"
  },
  "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
  "version": 3
})";

PrivateKey TestKey() { return *PrivateKey::FromHex(kSecret); }

TEST(KeystoreTest, OpensThePublishedVectors) {
  for (const char* vector : {kPbkdf2Vector, kScryptVector}) {
    const auto key = OpenKeystore(vector, kPassphrase);
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(Hex(key->address()), kAddress);
  }
}

TEST(KeystoreTest, AWrongPassphraseIsSaidToBeOne) {
  const std::string store = SealKeystore(TestKey(), kPassphrase, kCheap);
  for (const char* wrong : {"", "Testpassword", "testpassword "}) {
    const auto key = OpenKeystore(store, wrong);
    EXPECT_EQ(key.status().code(), absl::StatusCode::kUnauthenticated) << wrong;
    EXPECT_THAT(std::string(key.status().message()), HasSubstr("passphrase is wrong"));
  }
}

TEST(KeystoreTest, WhatIsSealedOpensAndHasTheShapeThatOthersRead) {
  const std::string text = SealKeystore(TestKey(), kPassphrase, kCheap);
  EXPECT_EQ(text.find(kSecret), std::string::npos);
  const auto key = OpenKeystore(text, kPassphrase);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(Hex(key->address()), kAddress);
  const json store = json::parse(text);
  EXPECT_EQ(store["version"], 3);
  EXPECT_EQ(store["address"], std::string(kAddress).substr(2));
  EXPECT_EQ(store["id"].get<std::string>().size(), 36u);
  EXPECT_EQ(store["id"].get<std::string>()[14], '4');
  EXPECT_EQ(store["crypto"]["cipher"], "aes-128-ctr");
  EXPECT_EQ(store["crypto"]["kdf"], "scrypt");
  EXPECT_NE(text, SealKeystore(TestKey(), kPassphrase, kCheap)) << "salt and vector are fresh";
}

struct FaultCase {
  const char* message;
  void (*spoil)(json* store);
};

TEST(KeystoreTest, WhatItCannotUseIsNamed) {
  const FaultCase cases[] = {
      {"version 1 is not supported", [](json* s) { (*s)["version"] = 1; }},
      {"'version' is missing", [](json* s) { s->erase("version"); }},
      {"'crypto' is missing", [](json* s) { s->erase("crypto"); }},
      {"unknown cipher 'aes-256-cbc'", [](json* s) { (*s)["crypto"]["cipher"] = "aes-256-cbc"; }},
      {"unknown key derivation 'argon2id'", [](json* s) { (*s)["crypto"]["kdf"] = "argon2id"; }},
      {"'iv' is not hexadecimal",
       [](json* s) { (*s)["crypto"]["cipherparams"]["iv"] = "not hex"; }},
      {"'iv' must have 16 bytes", [](json* s) { (*s)["crypto"]["cipherparams"]["iv"] = "00"; }},
      {"'mac' is not hexadecimal", [](json* s) { (*s)["crypto"]["mac"] = 7; }},
      {"'n' is not a positive number",
       [](json* s) { (*s)["crypto"]["kdfparams"]["n"] = "262144"; }},
      {"'dklen' must be 32", [](json* s) { (*s)["crypto"]["kdfparams"]["dklen"] = 1 << 30; }},
      // Costs that no machine has, or that protect nothing.
      {"scrypt with n 1000", [](json* s) { (*s)["crypto"]["kdfparams"]["n"] = 1000; }},
      {"scrypt with n 2,", [](json* s) { (*s)["crypto"]["kdfparams"]["n"] = 2; }},
      {"at most 512 MB", [](json* s) { (*s)["crypto"]["kdfparams"]["n"] = 1u << 31; }},
      {"at most 512 MB", [](json* s) { (*s)["crypto"]["kdfparams"]["r"] = uint64_t{1} << 62; }},
      {"at most 512 MB", [](json* s) { (*s)["crypto"]["kdfparams"]["p"] = 1u << 30; }},
      {"'address' is not that of its key", [](json* s) { (*s)["address"] = std::string(40, '1'); }},
  };
  const std::string good = SealKeystore(TestKey(), kPassphrase, kCheap);
  for (const FaultCase& fault : cases) {
    json store = json::parse(good);
    fault.spoil(&store);
    const auto key = OpenKeystore(store.dump(), kPassphrase);
    EXPECT_EQ(key.status().code(), absl::StatusCode::kInvalidArgument) << fault.message;
    EXPECT_THAT(std::string(key.status().message()), HasSubstr(fault.message));
  }
  json rounds = json::parse(kPbkdf2Vector);
  rounds["crypto"]["kdfparams"]["c"] = uint64_t{1} << 40;
  EXPECT_EQ(OpenKeystore(rounds.dump(), kPassphrase).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(KeystoreTest, NoCutOfOneIsTaken) {
  const std::string store = SealKeystore(TestKey(), kPassphrase, kCheap);
  const std::size_t end = store.rfind('}');
  for (std::size_t size = 0; size < end; size += 7) {
    EXPECT_EQ(OpenKeystore(store.substr(0, size), kPassphrase).status().code(),
              absl::StatusCode::kInvalidArgument)
        << size;
  }
}

class KeyFileTest : public ::testing::Test {
 protected:
  std::string Write(const char* name, std::string_view text) {
    const std::string path = ::testing::TempDir() + "/" + name;
    std::remove(path.c_str());
    EXPECT_TRUE(WriteSecretFile(path, text).ok());
    return path;
  }
  static absl::StatusOr<SecretText> NotAsked(const std::string&) {
    return absl::InternalError("asked for a passphrase");
  }
  static absl::StatusOr<SecretText> Asked(const std::string&) { return SecretText(kPassphrase); }
};

TEST_F(KeyFileTest, TakesDigitsAndKeystoresAndAsksOnlyForTheseForAPassphrase) {
  const std::string digits = Write("digits.key", std::string("0x") + kSecret + "\nnote\n");
  const auto plain = LoadKeyFile(digits, NotAsked);
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(Hex(plain->address()), kAddress);
  const std::string store = Write("store.json", SealKeystore(TestKey(), kPassphrase, kCheap));
  const auto opened = LoadKeyFile(store, Asked);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(Hex(opened->address()), kAddress);
  EXPECT_EQ(LoadKeyFile(store, NotAsked).status().code(), absl::StatusCode::kInternal);
}

TEST_F(KeyFileTest, NamesTheFileItCannotUse) {
  const std::string store = Write("named.json", SealKeystore(TestKey(), "another", kCheap));
  const auto wrong = LoadKeyFile(store, Asked);
  EXPECT_THAT(std::string(wrong.status().message()), HasSubstr("named.json"));
  const std::string loose = Write("loose.json", SealKeystore(TestKey(), kPassphrase, kCheap));
  ::chmod(loose.c_str(), 0640);
  const auto open_to_all = LoadKeyFile(loose, Asked);
  EXPECT_EQ(open_to_all.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(open_to_all.status().message()), HasSubstr("chmod 600"));
  const std::string rubbish = Write("rubbish.key", "hello\n");
  EXPECT_THAT(std::string(LoadKeyFile(rubbish, NotAsked).status().message()),
              HasSubstr("rubbish.key"));
  const std::string huge = Write("huge.key", std::string(kSecretFileBytesMax + 1, '{'));
  EXPECT_EQ(LoadKeyFile(huge, Asked).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(KeyFileTest, NeverOverwritesAFile) {
  const std::string path = Write("once.key", "first\n");
  EXPECT_EQ(WriteSecretFile(path, "second\n").code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReadSecretLine(path)->view(), "first");
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(PrivateKeyTest, GeneratedKeysDiffer) {
  EXPECT_NE(PrivateKey::Generate().address(), PrivateKey::Generate().address());
}

}  // namespace
}  // namespace tally::evm
