// Orders that carry the EIP-712 signature of the account's owner or of a session key.

#include "evm/keccak.h"
#include "evm/private_key.h"
#include "evm/signed_order.h"
#include "tests/fix/hub_fixture.h"

namespace tally::gateway::fix {
namespace {

constexpr uint64_t kChainId = 31'337;
constexpr uint32_t kExpiry = 1'800'000'000;

std::array<uint8_t, 20> Vault() {
  std::array<uint8_t, 20> vault{};
  vault[19] = 7;
  return vault;
}

class FixSignedOrderTest : public FixHubFixture {
 protected:
  FixSignedOrderTest() {
    verifier_ = std::make_unique<OrderVerifier>(kChainId, Vault());
    verifier_->AddInstrument(kInstrument, venue_.instruments[0].definition);
    verifier_->AddSigner({.account = kAlice, .address = owner_.address().bytes});
    verifier_->AddSigner({.account = kAlice,
                          .address = session_key_.address().bytes,
                          .valid_from_s = 0,
                          .valid_until_s = kExpiry});
    Command command = MakeCommand(CommandType::kDefineAccount);
    command.account = kAlice;
    command.define_account.enabled = 1;
    command.define_account.must_sign = 1;
    EXPECT_TRUE(engine_.TryPublish(command));
    Restart();
  }

  // The four fields that sign an order of `lots` at `ticks`, as if by `key`.
  static std::string Signed(const evm::PrivateKey& key, uint64_t nonce, Side side, int64_t lots,
                            int64_t ticks) {
    evm::SignedOrder order;
    order.account = kAlice;
    order.base = kBase;
    order.quote = kQuote;
    order.side = side;
    order.quantity = static_cast<unsigned __int128>(lots);
    order.notional = static_cast<unsigned __int128>(lots * ticks);
    order.nonce = nonce;
    order.expiry_s = kExpiry;
    order.max_fee_hundredths_bp = 1'000;
    const evm::OrderDomain domain(kChainId, evm::Address{Vault()});
    const auto signature = evm::CompactSignature(key.Sign(domain.HashOf(order)));
    return "20030=" + std::to_string(nonce) + "|20031=" + std::to_string(kExpiry) +
           "|20032=1000|20033=" + ToHex(signature.data(), signature.size()) + "|";
  }

  const evm::PrivateKey owner_ = evm::PrivateKey::ForTest("owner", 1);
  const evm::PrivateKey session_key_ = evm::PrivateKey::ForTest("session key", 1);
  const evm::PrivateKey stranger_ = evm::PrivateKey::ForTest("stranger", 1);
};

TEST_F(FixSignedOrderTest, AnOrderAndItsReplacementSignedByASessionKeyAreTaken) {
  const ConnectionId id = LogOn("KEEP");
  auto received = Send(id, "KEEP", 'D', 2,
                       Order("A", '1', "100.00") + Signed(session_key_, 1, Side::kBuy, 150, 10000));
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "150"), "0");
  received = Send(id, "KEEP", 'G', 3,
                  "41=A|" + Order("B", '1', "101.00") + Signed(owner_, 2, Side::kBuy, 150, 10100));
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "150"), "5");
  EXPECT_EQ(engine_.commands().back().flags, kCommandFlagSignatureValid);
}

TEST_F(FixSignedOrderTest, WhatIsNotSignedAsItIsSentIsRefused) {
  struct Row {
    std::string name;
    std::string signature;
    std::string text;
  };
  const std::string good = Signed(owner_, 1, Side::kBuy, 150, 10000);
  const Row rows[] = {
      {"no signature", "", "SIGNATURE_REQUIRED"},
      {"a stranger's", Signed(stranger_, 2, Side::kBuy, 150, 10000), "BAD_SIGNATURE"},
      {"of another side", Signed(owner_, 3, Side::kSell, 150, 10000), "BAD_SIGNATURE"},
      {"of another quantity", Signed(owner_, 4, Side::kBuy, 151, 10000), "BAD_SIGNATURE"},
      {"of another price", Signed(owner_, 5, Side::kBuy, 150, 10001), "BAD_SIGNATURE"},
      {"half of one", "20030=6|", "BAD_SIGNATURE"},
      {"not hexadecimal", good.substr(0, good.size() - 2) + "x|", "BAD_SIGNATURE"},
      {"too short", good.substr(0, good.size() - 3) + "|", "BAD_SIGNATURE"},
      {"good", good, ""},
      {"the same nonce again", good, "NONCE_USED"},
  };
  const ConnectionId id = LogOn("KEEP");
  int sequence = 2;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const std::string cl_ord_id = "A" + std::to_string(sequence);
    const auto received =
        Send(id, "KEEP", 'D', sequence++, Order(cl_ord_id, '1', "100.00") + row.signature);
    ASSERT_EQ(received.size(), 1U);
    EXPECT_EQ(Get(received[0], "58"), row.text);
    EXPECT_EQ(Get(received[0], "150"), row.text.empty() ? "0" : "8");
    EXPECT_EQ(Get(received[0], "11"), cl_ord_id);
  }
}

TEST_F(FixSignedOrderTest, AReplacementThatIsNotSignedIsRefused) {
  const ConnectionId id = LogOn("KEEP");
  Send(id, "KEEP", 'D', 2, Order("A", '1', "100.00") + Signed(owner_, 1, Side::kBuy, 150, 10000));
  auto received = Send(id, "KEEP", 'G', 3, "41=A|" + Order("B", '1', "101.00"));
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "35"), "9");
  EXPECT_EQ(Get(received[0], "58"), "SIGNATURE_REQUIRED");
  received =
      Send(id, "KEEP", 'G', 4,
           "41=A|" + Order("C", '1', "101.00") + Signed(stranger_, 2, Side::kBuy, 150, 10100));
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "58"), "BAD_SIGNATURE");
}

// An entry and what takes its profit.
std::string Bracket(const std::string& name, const std::string& first, const std::string& second) {
  return "66=" + name + "|394=3|1385=2|68=2|73=2|11=" + name + "1|67=1|55=BTC/USD|54=1|38=1.50|" +
         "40=2|44=100.00|59=1|" + first + "11=" + name + "2|67=2|55=BTC/USD|54=2|38=1.50|" +
         "40=2|44=110.00|59=1|" + second;
}

TEST_F(FixSignedOrderTest, EachOrderOfAListIsSigned) {
  const ConnectionId id = LogOn("KEEP");
  const std::string buy = Signed(owner_, 1, Side::kBuy, 150, 10000);
  const std::string sell = Signed(session_key_, 2, Side::kSell, 150, 11000);
  auto received = Send(id, "KEEP", 'E', 2, Bracket("L", buy, sell));
  ASSERT_EQ(received.size(), 3U);
  EXPECT_EQ(Get(received[0], "150"), "0");
  EXPECT_EQ(Get(received[1], "150"), "0");
  EXPECT_EQ(Get(received[2], "431"), "3");
  const std::string another = Signed(owner_, 3, Side::kBuy, 150, 10000);
  received = Send(id, "KEEP", 'E', 3, Bracket("M", another, ""));
  ASSERT_EQ(received.size(), 4U);
  EXPECT_EQ(Get(received[0], "150"), "0");
  EXPECT_EQ(Get(received[1], "58"), "SIGNATURE_REQUIRED");
  EXPECT_EQ(Get(received[2], "150"), "4");
  EXPECT_EQ(Get(received[3], "431"), "7");
}

// A venue without a chain has nobody who may sign.
TEST_F(FixSignedOrderTest, WithoutAVerifierNoSignatureIsGood) {
  verifier_.reset();
  Restart();
  const ConnectionId id = LogOn("KEEP");
  const auto received = Send(id, "KEEP", 'D', 2,
                             Order("A", '1', "100.00") + Signed(owner_, 1, Side::kBuy, 150, 10000));
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "58"), "BAD_SIGNATURE");
}

// The gateway dies when the core has the signature and not yet the order.
TEST_F(FixSignedOrderTest, AnOrderFollowsItsSignatureThroughACrash) {
  ConnectionId id = LogOn("KEEP");
  engine_.room = 1;
  EXPECT_TRUE(Send(id, "KEEP", 'D', 2,
                   Order("A", '1', "100.00") + Signed(owner_, 1, Side::kBuy, 150, 10000))
                  .empty());
  engine_.room = SIZE_MAX;
  Restart();
  id = LogOn("KEEP", 3);
  ASSERT_EQ(logon_.size(), 2U);
  EXPECT_EQ(Get(logon_[0], "35"), "A");
  EXPECT_EQ(Get(logon_[1], "150"), "0");
  EXPECT_EQ(Get(logon_[1], "11"), "A");
  const auto received = Send(id, "KEEP", 'D', 4,
                             Order("B", '1', "100.00") + Signed(owner_, 2, Side::kBuy, 150, 10000));
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "150"), "0");
}

TEST_F(FixSignedOrderTest, ACrashBeforeTheSignatureLeavesNothingOfTheOrder) {
  ConnectionId id = LogOn("KEEP");
  engine_.room = 0;
  Send(id, "KEEP", 'D', 2, Order("A", '1', "100.00") + Signed(owner_, 1, Side::kBuy, 150, 10000));
  engine_.room = SIZE_MAX;
  const std::size_t commands = engine_.commands().size();
  Restart();
  EXPECT_EQ(engine_.commands().size(), commands);
  id = LogOn("KEEP", 3);
  ASSERT_EQ(logon_.size(), 2U);
  EXPECT_EQ(Get(logon_[1], "35"), "2");  // It is asked for again.
  EXPECT_EQ(Get(logon_[1], "7"), "2");
}

}  // namespace
}  // namespace tally::gateway::fix
