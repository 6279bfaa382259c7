// Several nodes behind one interface: what a majority says, and who is asked at all.

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "settlement/chain/multi_chain_client.h"
#include "settlement/chain/private_key.h"
#include "tests/settlement/manual_clock.h"
#include "tests/settlement/sim/sim_chain.h"

namespace tally::settlement {
namespace {

using Health = MultiChainClient::Health;

class MultiChainTest : public testing::Test {
 protected:
  MultiChainTest()
      : key_(PrivateKey::ForTest("operator", 1)),
        chain_({.vault = *ParseAddress("5fbdb2315678afecb367f032d93f642f64180aa3"),
                .operator_address = key_.address(),
                .node_count = 3},
               &clock_, &faults_) {}

  MultiChainClient Client(std::size_t nodes, std::size_t answers_min = 1) {
    std::vector<MultiChainClient::Node> named;
    for (std::size_t i = 0; i < nodes; ++i) {
      named.push_back({.name = absl::StrCat("node", i), .client = chain_.node(i)});
    }
    MultiChainOptions options;
    options.chain_id = SimChain::kChainId;
    options.answers_min = answers_min;
    return MultiChainClient(std::move(named), &clock_, std::move(options));
  }
  SignedTransaction Sign(uint64_t nonce, uint64_t tip_wei = 2'000'000) {
    return SignTransaction({.chain_id = SimChain::kChainId,
                            .nonce = nonce,
                            .tip_wei = tip_wei,
                            .fee_cap_wei = 10'000'000'000 + 2 * tip_wei,
                            .gas_limit = 21'000,
                            .to = key_.address(),
                            .value_wei = 0,
                            .data = {}},
                           key_);
  }
  void Mine(int blocks) {
    for (int i = 0; i < blocks; ++i) {
      chain_.Mine();
    }
  }

  FaultPlan faults_;
  ManualClock clock_;
  PrivateKey key_;
  SimChain chain_;
};

TEST_F(MultiChainTest, TheHeadIsWhatAMajorityHasReached) {
  auto client = Client(3);
  Mine(2);
  chain_.SetNodeStuck(0, true);
  Mine(1);
  EXPECT_EQ(client.BlockByTag(BlockTag::kLatest)->number, 3u);
  chain_.SetNodeStuck(1, true);
  Mine(1);
  EXPECT_EQ(client.BlockByTag(BlockTag::kLatest)->number, 3u);
}

TEST_F(MultiChainTest, ANodeFarBehindIsNotRead) {
  auto client = Client(2);
  chain_.SetNodeStuck(0, true);
  Mine(10);
  EXPECT_EQ(client.BlockByTag(BlockTag::kLatest)->number, 10u);
  EXPECT_EQ(client.Status()[0].health, Health::kLagging);
  const uint64_t requests = chain_.node(0)->request_count();
  EXPECT_TRUE(client.Nonce(key_.address()).ok());
  EXPECT_TRUE(client.Fees().ok());
  EXPECT_EQ(chain_.node(0)->request_count(), requests);
  EXPECT_TRUE(client.SendRawTransaction(Sign(0).raw).ok());
  EXPECT_EQ(chain_.node(0)->pool().size(), 1u);
  chain_.SetNodeStuck(0, false);
  Mine(1);
  ASSERT_TRUE(client.BlockByTag(BlockTag::kLatest).ok());
  EXPECT_EQ(client.Status()[0].health, Health::kAlive);
}

TEST_F(MultiChainTest, ANodeOnAnotherChainIsNeverUsed) {
  chain_.SetNodeChainId(0, 1);
  auto client = Client(3);
  EXPECT_TRUE(client.SendRawTransaction(Sign(0).raw).ok());
  EXPECT_EQ(chain_.node(0)->pool().size(), 0u);
  EXPECT_EQ(*client.ChainId(), SimChain::kChainId);
  EXPECT_EQ(client.Status()[0].health, Health::kWrongChain);
  chain_.SetNodeChainId(0, SimChain::kChainId);
  clock_.Advance(MultiChainOptions().recheck_ns);
  EXPECT_TRUE(client.Nonce(key_.address()).ok());
  EXPECT_EQ(client.Status()[0].health, Health::kAlive);
}

TEST_F(MultiChainTest, MissingAnswersOpenTheCircuitAndRefusalsDoNot) {
  auto client = Client(2);
  ASSERT_TRUE(client.SendRawTransaction(Sign(0).raw).ok());
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(ChainErrorOf(client.SendRawTransaction(Sign(0, 2'000'001).raw).status()),
              ChainError::kReplaceUnderpriced);
  }
  EXPECT_EQ(client.Status()[0].health, Health::kAlive);
  chain_.SetNodeDown(0, true);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(client.Nonce(key_.address()).ok());
  }
  EXPECT_EQ(client.Status()[0].health, Health::kUnreachable);
  EXPECT_EQ(client.Status()[0].failure_count, 3u);
  chain_.SetNodeDown(0, false);
  clock_.Advance(MultiChainOptions().retry_ns_max);
  EXPECT_TRUE(client.Nonce(key_.address()).ok());
  EXPECT_EQ(client.Status()[0].health, Health::kAlive);
}

TEST_F(MultiChainTest, TooFewAnswersAreNone) {
  auto client = Client(3, /*answers_min=*/2);
  chain_.SetNodeDown(0, true);
  EXPECT_TRUE(client.Nonce(key_.address()).ok());
  chain_.SetNodeDown(1, true);
  const auto nonce = client.Nonce(key_.address());
  EXPECT_EQ(ChainErrorOf(nonce.status()), ChainError::kTransport);
  EXPECT_NE(std::string(nonce.status().message()).find("1 of 3 nodes answer"), std::string::npos);
}

TEST_F(MultiChainTest, AReceiptCountsWhenAMajorityHasIt) {
  auto client = Client(3);
  const SignedTransaction sent = Sign(0);
  ASSERT_TRUE(client.SendRawTransaction(sent.raw).ok());
  chain_.SetNodeStuck(0, true);
  chain_.SetNodeStuck(1, true);
  Mine(1);
  EXPECT_FALSE(client.TransactionReceipt(sent.hash)->has_value());
  chain_.SetNodeStuck(1, false);
  Mine(1);
  EXPECT_TRUE(client.TransactionReceipt(sent.hash)->has_value());
}

TEST_F(MultiChainTest, ATransactionIsUnknownOnlyIfTwoNodesSaySo) {
  auto client = Client(3);
  const SignedTransaction sent = Sign(0);
  EXPECT_EQ(*client.FindTransaction(sent.hash), TransactionPlace::kUnknown);
  chain_.SetNodeDown(0, true);
  chain_.SetNodeDown(1, true);
  EXPECT_EQ(ChainErrorOf(client.FindTransaction(sent.hash).status()), ChainError::kTransport);
  ASSERT_TRUE(client.SendRawTransaction(sent.raw).ok());
  EXPECT_EQ(*client.FindTransaction(sent.hash), TransactionPlace::kPooled);
}

TEST_F(MultiChainTest, ANodeOnAnAbandonedBranchIsNotAskedAlone) {
  auto client = Client(3);
  Mine(2);
  chain_.SetNodeStuck(0, true);
  chain_.Reorganise(2, [](uint64_t) { return false; });
  Mine(1);
  ASSERT_EQ(client.BlockByTag(BlockTag::kLatest)->number, 4u);
  chain_.SetNodeDown(1, true);
  chain_.SetNodeDown(2, true);
  EXPECT_EQ(ChainErrorOf(client.BlockByNumber(1).status()), ChainError::kTransport);
  EXPECT_EQ(ChainErrorOf(client.Nonce(key_.address()).status()), ChainError::kTransport);
  // Alone it goes on, from its own head.
  EXPECT_EQ(client.BlockByTag(BlockTag::kLatest)->number, 2u);
  EXPECT_TRUE(client.BlockByNumber(1).ok());
}

TEST_F(MultiChainTest, NodesThatComeBackHaveNoSayBeforeTheyGiveAHead) {
  auto client = Client(3);
  chain_.SetNodeStuck(1, true);
  chain_.SetNodeStuck(2, true);
  chain_.SetNodeDown(1, true);
  chain_.SetNodeDown(2, true);
  Mine(4);
  ASSERT_EQ(client.BlockByTag(BlockTag::kLatest)->number, 4u);
  chain_.SetNodeDown(1, false);
  chain_.SetNodeDown(2, false);
  const auto block = client.BlockByNumber(4);
  ASSERT_TRUE(block.ok()) << block.status();
  EXPECT_TRUE(block->has_value());
}

TEST_F(MultiChainTest, NodesThatDisagreeGiveNoAnswer) {
  auto client = Client(2);
  Mine(2);
  chain_.SetNodeStuck(0, true);
  chain_.Reorganise(1, [](uint64_t) { return false; });
  ASSERT_TRUE(client.BlockByTag(BlockTag::kLatest).ok());
  EXPECT_EQ(ChainErrorOf(client.BlockByNumber(2).status()), ChainError::kTransport);
  EXPECT_TRUE(client.BlockByNumber(1).ok());
}

}  // namespace
}  // namespace tally::settlement
