// What owners sign, against values of an independent implementation
// (settlement/contracts/test/vectors.json, and a script for the session).

#include <string>

#include <gtest/gtest.h>

#include "evm/keccak.h"
#include "evm/private_key.h"
#include "evm/session_grant.h"
#include "evm/signed_order.h"

namespace tally::evm {
namespace {

constexpr uint64_t kChainId = 31'337;
constexpr char kVault[] = "0x5fbdb2315678afecb367f032d93f642f64180aa3";

OrderDomain Domain() { return OrderDomain(kChainId, *ParseAddress(kVault)); }

PrivateKey KeyOfText(std::string_view text) {
  return *PrivateKey::FromBytes(View(Keccak256(View(text))));
}

TEST(SigningTest, DomainIsTheVaults) {
  EXPECT_EQ(Hex(Domain().separator()),
            "0x177115316014ee0bb3aca27277a7c5c5320a3fbe0596938c429641aa2bc7edb9");
}

TEST(SigningTest, OrdersHashAndSignAsTheContractsReferenceDoes) {
  struct Row {
    SignedOrder order;
    const char* signer;
    const char* hash;
    const char* compact;
  };
  const Row rows[] = {
      {{.account = AccountId{1},
        .base = AssetId{0},
        .quote = AssetId{1},
        .side = Side::kBuy,
        .quantity = 5,
        .notional = 1'000,
        .nonce = 1,
        .expiry_s = 1'800'000'000,
        .max_fee_hundredths_bp = 1'000},
       "tallystick test owner 1",
       "0xbcf10af06071aa78e54bbfd3b2f2c342b0f74ad4efeac37896af834eb0fe1ed8",
       "0xa5b0ffb08d020fd55668634204411c845b940c6954886fb9500109e7763f0e9a08d32508e3125f9aeeea61b3"
       "22cda9d0fc3b7aa353709c0d0b96e3ce873c7bbe"},
      {{.account = AccountId{2},
        .base = AssetId{0},
        .quote = AssetId{1},
        .side = Side::kSell,
        .quantity = 100'000'000,
        .notional = 3'412'345'000'000,
        .nonce = 12'345'678'901'234,
        .expiry_s = 1'800'000'001,
        .max_fee_hundredths_bp = 0},
       "tallystick test session key of 2",
       "0x6e7773fb7e36deef9e70e49eb305438982996bed8bed47a8a6f73d477cb5cc64",
       "0x277871819e945b68b9178c3333f6e9a33369e6db5707dedb31f72ff8e154cbe141bb8b708406effb6d177bb4"
       "abd8104d2dff61c77562209897e83e6dd1d5c6b2"}};
  for (const Row& row : rows) {
    const PrivateKey key = KeyOfText(row.signer);
    const Hash32 hash = Domain().HashOf(row.order);
    EXPECT_EQ(Hex(hash), row.hash);
    const auto compact = CompactSignature(key.Sign(hash));
    EXPECT_EQ(Hex(ByteView(compact)), row.compact);
    EXPECT_EQ(*RecoverAddress(hash, FromCompactSignature(compact)), key.address());
  }
}

TEST(SigningTest, ParityInTheTopBitSurvivesTheCompactForm) {
  const PrivateKey key = PrivateKey::ForTest("parity", 1);
  bool seen[2] = {};
  for (uint64_t i = 0; i < 20; ++i) {
    const Hash32 digest = Keccak256(View(std::to_string(i)));
    const EcdsaSignature signature = key.Sign(digest);
    seen[signature.y_parity] = true;
    auto compact = CompactSignature(signature);
    EXPECT_EQ(*RecoverAddress(digest, FromCompactSignature(compact)), key.address());
    compact[32] ^= 0x80;
    const auto other = RecoverAddress(digest, FromCompactSignature(compact));
    EXPECT_TRUE(!other.ok() || *other != key.address());
  }
  EXPECT_TRUE(seen[0] && seen[1]);
}

TEST(SigningTest, SessionGrantHashesAsTheVaultDoes) {
  const SessionGrant grant = {.account = AccountId{7},
                              .key = *ParseAddress("0x70997970c51812dc3a010c7d01b50e0d17dc79c8"),
                              .valid_from_s = 1'700'000'000,
                              .valid_until_s = 1'800'000'000,
                              .venue = 3,
                              .scope = kScopeTrade | kScopeCosign,
                              .nonce = 42};
  EXPECT_EQ(Hex(HashOf(Domain(), grant)),
            "0xb51fcee7f9d3e9e980eaa572abddad60d6ef7e6920a2b6d7786391c0bee68cbe");
}

}  // namespace
}  // namespace tally::evm
