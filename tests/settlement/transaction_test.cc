#include "settlement/chain/transaction.h"

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "evm/key_file.h"

namespace tally::settlement {
namespace {

// The default first account of every development node.
constexpr std::string_view kDevelopmentKey =
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

TEST(PrivateKeyTest, AddressesMatchPublishedKeys) {
  EXPECT_EQ(Hex(PrivateKey::FromHex(kDevelopmentKey)->address()),
            "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266");
  Bytes one(32, 0);
  one[31] = 1;
  EXPECT_EQ(Hex(PrivateKey::FromBytes(one)->address()),
            "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf");
  EXPECT_EQ(Hex(PrivateKey::FromBytes(Bytes(32, 0x46))->address()),
            "0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f");
}

TEST(PrivateKeyTest, RefusesKeysOutsideTheCurveOrder) {
  EXPECT_FALSE(PrivateKey::FromBytes(Bytes(32, 0)).ok());
  EXPECT_FALSE(PrivateKey::FromBytes(Bytes(32, 0xff)).ok());
  EXPECT_FALSE(PrivateKey::FromBytes(Bytes(31, 1)).ok());
  EXPECT_FALSE(PrivateKey::FromHex("hello").ok());
}

absl::StatusOr<evm::SecretText> NoPassphrase(const std::string&) {
  return absl::InternalError("not a keystore");
}

TEST(PrivateKeyTest, RefusesAFileThatOthersMayRead) {
  std::string directory = (std::filesystem::temp_directory_path() / "tally-key-XXXXXX").string();
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const std::string path = directory + "/key";
  std::ofstream(path) << kDevelopmentKey << "\n";
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  const auto loose = evm::LoadKeyFile(path, NoPassphrase);
  EXPECT_EQ(loose.status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  const auto strict = evm::LoadKeyFile(path, NoPassphrase);
  ASSERT_TRUE(strict.ok()) << strict.status();
  EXPECT_EQ(Hex(strict->address()), "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266");
  EXPECT_FALSE(evm::LoadKeyFile(directory + "/absent", NoPassphrase).ok());
  std::filesystem::remove_all(directory);
}

TEST(PrivateKeyTest, SignaturesRecoverAndHaveLowS) {
  const Uint256 half_order =
      FromBigEndian(*ParseHex("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0"));
  for (uint64_t i = 0; i < 50; ++i) {
    const PrivateKey key = PrivateKey::ForTest("low s", i);
    Hash32 digest;
    digest.bytes.fill(static_cast<uint8_t>(i));
    const EcdsaSignature signature = key.Sign(digest);
    EXPECT_LE(FromBigEndian(View(signature.s)), half_order);
    EXPECT_EQ(*RecoverAddress(digest, signature), key.address());
  }
}

// A mainnet transaction that alloy and ethers-rs use as their EIP-1559 vector.
TEST(TransactionTest, MatchesAPublishedTransaction) {
  Transaction transaction{.chain_id = 1,
                          .nonce = 0x42,
                          .tip_wei = 0x3b9aca00,
                          .fee_cap_wei = 0x4a817c800,
                          .gas_limit = 44386,
                          .to = *ParseAddress("6069a6c32cf691f5982febae4faf8a6f3ab2f0f6"),
                          .value_wei = 0,
                          .data = *ParseHex("a22cb465"
                                            "0000000000000000000000005eee75727d804a2b13038928d36f8b"
                                            "188945a57a00000000000000000000000000000000000000000000"
                                            "00000000000000000000")};
  const EcdsaSignature signature{
      .r = *ParseHash("840cfc572845f5786e702984c2a582528cad4b49b2a10b9db1be7fca90058565"),
      .s = *ParseHash("25e7109ceb98168d95b09b18bbf6b685130e0562f233877d492b94eee0c5b6d1"),
      .y_parity = 0};
  const SignedTransaction encoded = EncodeSigned(transaction, signature);
  EXPECT_EQ(Hex(encoded.hash),
            "0x0ec0b6a2df4d87424e5f6ad2a654e27aaeb7dac20ae9e8385cc09087ad532ee0");
  const auto decoded = DecodeTransaction(encoded.raw);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(Hex(decoded->sender), "0xdd6b8b3dc6b7ad97db52f08a275ff4483e024cea");
  EXPECT_EQ(decoded->transaction.nonce, 0x42u);
  EXPECT_EQ(decoded->transaction.data, transaction.data);
}

TEST(TransactionTest, SignedTransactionsDecodeToTheirSender) {
  const PrivateKey key = PrivateKey::ForTest("round trip", 1);
  const Transaction transaction{.chain_id = 31337,
                                .nonce = 0,
                                .tip_wei = 1,
                                .fee_cap_wei = 2'000'000'000,
                                .gas_limit = 21'000,
                                .to = std::nullopt,
                                .value_wei = Uint256(1) << 70,
                                .data = Bytes(100, 0xfe)};
  const SignedTransaction sent = SignTransaction(transaction, key);
  const auto decoded = DecodeTransaction(sent.raw);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->sender, key.address());
  EXPECT_EQ(decoded->hash, sent.hash);
  EXPECT_EQ(decoded->transaction.value_wei, transaction.value_wei);
  EXPECT_FALSE(decoded->transaction.to.has_value());
}

TEST(TransactionTest, DecodingNeverAcceptsATruncation) {
  const SignedTransaction sent = SignTransaction(
      {.chain_id = 1, .to = std::nullopt, .data = Bytes(70, 1)}, PrivateKey::ForTest("cut", 1));
  for (std::size_t size = 0; size < sent.raw.size(); ++size) {
    EXPECT_FALSE(DecodeTransaction(ByteView(sent.raw).first(size)).ok()) << size;
  }
}

// A well-known example: the first contract of this sender.
TEST(TransactionTest, ContractAddressMatchesAPublishedExample) {
  const Address sender = *ParseAddress("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0");
  EXPECT_EQ(Hex(ContractAddress(sender, 0)), "0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d");
  EXPECT_EQ(Hex(ContractAddress(sender, 1)), "0x343c43a37d37dff08ae8c4a11544c718abb4fcf8");
}

}  // namespace
}  // namespace tally::settlement
