#include "sdk/key.h"

#include <cstdlib>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <gtest/gtest.h>

#include "base/sha256.h"

namespace tally::sdk {
namespace {

// RFC 8032 section 7.1, test 3.
constexpr char kSeed[] = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7";
constexpr char kPublic[] = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";
constexpr char kSignature[] =
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a";

class KeyTest : public ::testing::Test {
 protected:
  KeyTest() {
    std::string pattern = ::testing::TempDir() + "key_test.XXXXXX";
    path_ = std::string(mkdtemp(pattern.data())) + "/key";
  }
  std::string path_;
};

TEST_F(KeyTest, SignsAsRfc8032Says) {
  const SigningKey key = *SigningKey::FromHex(kSeed);
  EXPECT_EQ(key.public_key_hex(), kPublic);
  const std::vector<uint8_t> message = {0xaf, 0x82};
  const Signature signature = key.Sign(message);
  EXPECT_EQ(ToHex(signature.data(), signature.size()), kSignature);
  EXPECT_TRUE(VerifySignature(key.public_key(), message, signature));
  EXPECT_FALSE(VerifySignature(key.public_key(), std::vector<uint8_t>{0xaf}, signature));
}

TEST_F(KeyTest, ASavedKeyLoadsAgainAndOnlyItsOwnerMayReadIt) {
  const SigningKey key = SigningKey::Generate();
  ASSERT_TRUE(key.Save(path_).ok());
  const auto loaded = SigningKey::Load(path_);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->public_key(), key.public_key());
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(KeyTest, AKeyFileIsNeverOverwritten) {
  ASSERT_TRUE(SigningKey::Generate().Save(path_).ok());
  EXPECT_EQ(SigningKey::Generate().Save(path_).code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(KeyTest, WhatIsNotAKeyIsRefused) {
  EXPECT_EQ(SigningKey::Load(path_).status().code(), absl::StatusCode::kNotFound);
  std::ofstream(path_) << "0123";
  EXPECT_EQ(SigningKey::Load(path_).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(SigningKey::FromHex("").ok());
  EXPECT_FALSE(SigningKey::FromHex(std::string(64, 'g')).ok());
}

TEST_F(KeyTest, GeneratedKeysDiffer) {
  EXPECT_NE(SigningKey::Generate().public_key(), SigningKey::Generate().public_key());
}

}  // namespace
}  // namespace tally::sdk
