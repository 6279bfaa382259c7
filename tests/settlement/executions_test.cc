// Executions of orders and the tree that a batch commits to. The vectors come from an independent
// implementation, settlement/contracts/test/lib/orders.mjs, that the contract's tests use too.

#include "settlement/netting/executions.h"

#include <fstream>
#include <random>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "settlement/chain/keccak.h"
#include "settlement/chain/private_key.h"
#include "settlement/netting/keccak_lanes.h"
#include "settlement/netting/signed_order.h"
#include "tests/settlement/order_domain.h"

namespace tally::settlement {
namespace {

std::string TextOf(const nlohmann::json& value) { return value.get<std::string>(); }

__int128 WideOf(const nlohmann::json& value) {
  const std::string text = TextOf(value);
  __int128 number = 0;
  for (char digit : text.substr(text[0] == '-' ? 1 : 0)) {
    number = number * 10 + (digit - '0');
  }
  return text[0] == '-' ? -number : number;
}

uint64_t NumberOf(const nlohmann::json& value) { return static_cast<uint64_t>(WideOf(value)); }

Execution ExecutionOf(const nlohmann::json& value) {
  return {.account = AccountId{static_cast<uint32_t>(NumberOf(value["account"]))},
          .order_hash = *ParseHash(TextOf(value["orderHash"])),
          .base = static_cast<unsigned __int128>(WideOf(value["base"])),
          .quote = static_cast<unsigned __int128>(WideOf(value["quote"])),
          .fee = WideOf(value["fee"]),
          .cum_before = static_cast<unsigned __int128>(WideOf(value["cumBefore"]))};
}

SignedOrder OrderOf(const nlohmann::json& value) {
  SignedOrder order;
  order.account = AccountId{static_cast<uint32_t>(NumberOf(value["account"]))};
  order.venue = static_cast<uint32_t>(NumberOf(value["venue"]));
  order.base = AssetId{static_cast<uint16_t>(NumberOf(value["base"]))};
  order.quote = AssetId{static_cast<uint16_t>(NumberOf(value["quote"]))};
  order.side = static_cast<Side>(NumberOf(value["side"]));
  order.quantity = static_cast<unsigned __int128>(WideOf(value["quantity"]));
  order.notional = static_cast<unsigned __int128>(WideOf(value["notional"]));
  order.nonce = NumberOf(value["nonce"]);
  order.expiry_s = NumberOf(value["expiry"]);
  order.max_fee_hundredths_bp = static_cast<uint32_t>(NumberOf(value["maxFee"]));
  return order;
}

TEST(KeccakLanesTest, EveryLengthAndCountHashesAsOneByOne) {
  for (std::size_t size_bytes : {1, 31, 32, 64, 135, 136, 137, 192, 271, 272, 352}) {
    for (std::size_t count : {0, 1, 3, 4, 7, 8, 9, 20}) {
      Bytes messages(size_bytes * count);
      for (std::size_t i = 0; i < messages.size(); ++i) {
        messages[i] = static_cast<uint8_t>(i * 37 + size_bytes);
      }
      const std::vector<Hash32> hashes = KeccakMany(messages, size_bytes);
      ASSERT_EQ(hashes.size(), count);
      for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(hashes[i], Keccak256(ByteView(messages).subspan(i * size_bytes, size_bytes)))
            << size_bytes << " bytes, message " << i << " of " << count;
      }
    }
  }
}

class SignedOrderVectors : public testing::Test {
 protected:
  void SetUp() override {
    std::ifstream file(TALLY_SETTLEMENT_VECTORS);
    vectors_ = nlohmann::json::parse(file, nullptr, false)["signedOrders"];
    ASSERT_TRUE(vectors_.is_object()) << TALLY_SETTLEMENT_VECTORS;
  }

  nlohmann::json vectors_;
};

TEST_F(SignedOrderVectors, DomainAndOrderHashesMatch) {
  const OrderDomain domain(kChainId, kVault);
  EXPECT_EQ(Hex(domain.separator()), TextOf(vectors_["domain"]["separator"]));
  ASSERT_FALSE(vectors_["orders"].empty());
  for (const nlohmann::json& vector : vectors_["orders"]) {
    EXPECT_EQ(Hex(domain.HashOf(OrderOf(vector["order"]))), TextOf(vector["hash"]));
  }
}

TEST_F(SignedOrderVectors, CompactSignaturesNameTheirSigner) {
  for (const nlohmann::json& vector : vectors_["orders"]) {
    const Bytes bytes = *ParseHex(TextOf(vector["compact"]));
    std::array<uint8_t, 64> compact{};
    ASSERT_EQ(bytes.size(), compact.size());
    std::copy(bytes.begin(), bytes.end(), compact.begin());
    const auto signer =
        RecoverAddress(*ParseHash(TextOf(vector["hash"])), FromCompactSignature(compact));
    ASSERT_TRUE(signer.ok()) << signer.status();
    EXPECT_EQ(Hex(*signer), TextOf(vector["signer"]));
    EXPECT_EQ(Hex(FullSignature(compact)), TextOf(vector["full"]));
  }
}

TEST_F(SignedOrderVectors, LeavesRootsAndProofsMatch) {
  ASSERT_FALSE(vectors_["trees"].empty());
  for (const nlohmann::json& vector : vectors_["trees"]) {
    std::vector<Hash32> leaves;
    for (const nlohmann::json& leaf : vector["leaves"]) {
      leaves.push_back(LeafOf(ExecutionOf(leaf)));
      EXPECT_EQ(Hex(leaves.back()), TextOf(leaf["leaf"]));
    }
    const ExecutionTree tree(leaves);
    EXPECT_EQ(Hex(tree.root()), TextOf(vector["root"]));
    EXPECT_EQ(Hex(RootOf(leaves)), TextOf(vector["root"]));
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      std::vector<std::string> proof;
      for (const Hash32& sibling : tree.ProofOf(i)) {
        proof.push_back(Hex(sibling));
      }
      EXPECT_EQ(nlohmann::json(proof), vector["leaves"][i]["proof"]);
    }
  }
}

// The tree as OpenZeppelin defines it, a pair at a time.
Hash32 PlainRootOf(std::vector<Hash32> level) {
  while (level.size() > 1) {
    std::vector<Hash32> next;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) {
      Bytes pair;
      AppendBytes(&pair, View(std::min(level[i], level[i + 1])));
      AppendBytes(&pair, View(std::max(level[i], level[i + 1])));
      next.push_back(Keccak256(pair));
    }
    if (level.size() % 2 == 1) {
      next.push_back(level.back());
    }
    level = std::move(next);
  }
  return level.front();
}

TEST(ExecutionTreeTest, RootsOfEverySize) {
  std::vector<Hash32> leaves;
  for (uint64_t order = 1; order <= 300; ++order) {
    const Hash32 id = UnsignedOrderHash(OrderId{order});
    leaves.push_back(Keccak256(View(id)));
    const Hash32 root = PlainRootOf(leaves);
    EXPECT_EQ(RootOf(leaves), root) << leaves.size() << " leaves";
    EXPECT_EQ(ExecutionTree(leaves).root(), root) << leaves.size() << " leaves";
  }
}

constexpr InstrumentDefinedEvent kTerms = {.tick_quanta = {2},
                                           .lot_quanta = {10},
                                           .maker_fee_hundredths_bp = 0,
                                           .taker_fee_hundredths_bp = 0,
                                           .fee_account = AccountId{3},
                                           .base_asset = AssetId{0},
                                           .quote_asset = AssetId{1}};

struct FillTerms {
  uint64_t order = 1;
  uint32_t account = 1;
  int64_t ticks = 100;
  int64_t lots = 1;
  int64_t cumulative = 1;
  int64_t fee = 0;
};

Event Fill(const FillTerms& terms) {
  Event event = MakeEvent(EventType::kOrderFilled);
  event.order_id = OrderId{terms.order};
  event.account = AccountId{terms.account};
  event.side = static_cast<uint8_t>(Side::kBuy);
  event.filled.price = {terms.ticks};
  event.filled.quantity = {terms.lots};
  event.filled.cumulative = {terms.cumulative};
  event.filled.fee = {terms.fee};
  return event;
}

TEST(ExecutionWindowTest, FillsOfAnOrderAddUpToOneExecution) {
  ExecutionWindow window;
  ASSERT_TRUE(
      window.Add(Fill({.ticks = 100, .lots = 3, .cumulative = 10, .fee = 5}), kTerms, {}).ok());
  ASSERT_TRUE(
      window.Add(Fill({.ticks = 101, .lots = 2, .cumulative = 12, .fee = -1}), kTerms, {}).ok());
  const BatchExecutions batch = window.Take(kDomain);
  ASSERT_EQ(batch.rows.size(), 1u);
  EXPECT_EQ(batch.rows[0].execution, (Execution{.account = AccountId{1},
                                                .order_hash = UnsignedOrderHash(OrderId{1}),
                                                .base = 50,
                                                .quote = 3 * 100 * 2 + 2 * 101 * 2,
                                                .fee = 4,
                                                .cum_before = 70}));
  EXPECT_TRUE(window.empty());
}

TEST(ExecutionWindowTest, ReplacedOrderIsAnotherOneThatBeginsAtZero) {
  SignedOrder first;
  first.nonce = 1;
  SignedOrder second;
  second.nonce = 2;
  ExecutionWindow window;
  ASSERT_TRUE(window
                  .Add(Fill({.lots = 3, .cumulative = 3}), kTerms,
                       {.order = &first, .version = 10, .cumulative_before = {0}})
                  .ok());
  ASSERT_TRUE(window
                  .Add(Fill({.lots = 4, .cumulative = 7}), kTerms,
                       {.order = &second, .version = 20, .cumulative_before = {3}})
                  .ok());
  const BatchExecutions batch = window.Take(kDomain);
  ASSERT_EQ(batch.rows.size(), 2u);
  ASSERT_EQ(batch.orders.size(), 2u);
  for (const BatchExecutions::Row& row : batch.rows) {
    ASSERT_GE(row.signed_order, 0);
    const SignedOrder& order = batch.orders[static_cast<std::size_t>(row.signed_order)];
    EXPECT_EQ(row.execution.order_hash, kDomain.HashOf(order));
    EXPECT_EQ(row.execution.cum_before, 0u);
    EXPECT_EQ(row.execution.base, order.nonce == 1 ? 30u : 40u);
  }
}

TEST(ExecutionWindowTest, RowsAscendByAccountThenHash) {
  ExecutionWindow window;
  std::mt19937_64 random(11);
  for (uint64_t order = 1; order <= 500; ++order) {
    ASSERT_TRUE(window
                    .Add(Fill({.order = order, .account = static_cast<uint32_t>(random() % 9 + 1)}),
                         kTerms, {})
                    .ok());
  }
  const BatchExecutions batch = window.Take(kDomain);
  ASSERT_EQ(batch.rows.size(), 500u);
  for (std::size_t i = 1; i < batch.rows.size(); ++i) {
    const Execution& before = batch.rows[i - 1].execution;
    const Execution& row = batch.rows[i].execution;
    EXPECT_LT(std::tie(before.account, before.order_hash), std::tie(row.account, row.order_hash));
  }
  const std::vector<Hash32> leaves = batch.Leaves();
  ASSERT_EQ(leaves.size(), batch.rows.size());
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    EXPECT_EQ(leaves[i], LeafOf(batch.rows[i].execution)) << i;
  }
}

// What the window grew to in one batch must not show in the next.
TEST(ExecutionWindowTest, NextBatchBeginsAnew) {
  SignedOrder order;
  order.nonce = 1;
  ExecutionWindow window;
  for (uint64_t batch = 1; batch <= 2; ++batch) {
    ASSERT_TRUE(window
                    .Add(Fill({.cumulative = static_cast<int64_t>(batch)}), kTerms,
                         {.order = &order, .version = 10, .cumulative_before = {0}})
                    .ok());
    EXPECT_EQ(window.signed_orders_max(), 1u);
    const BatchExecutions taken = window.Take(kDomain);
    ASSERT_EQ(taken.rows.size(), 1u);
    ASSERT_EQ(taken.orders.size(), 1u);
    EXPECT_EQ(taken.rows[0].execution.base, 10u);
    EXPECT_EQ(taken.rows[0].execution.cum_before, 10 * (batch - 1));
    EXPECT_EQ(window.signed_orders_max(), 0u);
  }
}

TEST(ExecutionWindowTest, FillBeyondTheOrdersOwnCountIsDamage) {
  ExecutionWindow window;
  EXPECT_EQ(window.Add(Fill({.lots = 3, .cumulative = 2}), kTerms, {}).code(),
            absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace tally::settlement
