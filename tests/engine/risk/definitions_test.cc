#include <functional>

#include <gtest/gtest.h>

#include "engine/limits.h"
#include "engine/risk/instrument_table.h"

namespace tally::risk {
namespace {

DefineAssetCommand AssetTerms(uint16_t id) {
  DefineAssetCommand asset{};
  asset.asset = AssetId{id};
  asset.symbol = Symbol::From("BTC");
  asset.chain_units_per_quantum = 1'000;
  asset.quantum_decimals = 8;
  return asset;
}

TEST(AssetTableTest, ScaleOfAKnownAssetIsFixed) {
  AssetTable assets(4);
  EXPECT_EQ(assets.Find(AssetId{1}), nullptr);
  EXPECT_EQ(assets.Define(AssetTerms(1)), RejectReason::kNone);
  EXPECT_EQ(assets.Define(AssetTerms(1)), RejectReason::kNone);
  EXPECT_EQ(assets.Define(AssetTerms(4)), RejectReason::kCapacity);
  DefineAssetCommand other = AssetTerms(1);
  other.chain_units_per_quantum = 10;
  EXPECT_EQ(assets.Define(other), RejectReason::kBadDefinition);
  other = AssetTerms(1);
  other.quantum_decimals = 9;
  EXPECT_EQ(assets.Define(other), RejectReason::kBadDefinition);
  other = AssetTerms(2);
  other.chain_units_per_quantum = 0;
  EXPECT_EQ(assets.Define(other), RejectReason::kBadDefinition);
  other = AssetTerms(2);
  other.symbol = {};
  EXPECT_EQ(assets.Define(other), RejectReason::kBadDefinition);
  EXPECT_EQ(assets.Find(AssetId{2}), nullptr);
}

TEST(AccountTableTest, OwnerOfAKnownAccountIsFixed) {
  AccountTable accounts(4);
  DefineAccountCommand account{};
  account.enabled = 1;
  EXPECT_EQ(accounts.Define(AccountId{0}, account), RejectReason::kBadDefinition);
  EXPECT_EQ(accounts.Define(AccountId{5}, account), RejectReason::kCapacity);
  EXPECT_EQ(accounts.Define(AccountId{1}, account), RejectReason::kNone);
  account.owner[0] = 1;  // From nobody to somebody is allowed once.
  EXPECT_EQ(accounts.Define(AccountId{1}, account), RejectReason::kNone);
  account.owner[0] = 2;
  EXPECT_EQ(accounts.Define(AccountId{1}, account), RejectReason::kBadDefinition);
  account.owner[0] = 1;
  account.enabled = 0;
  EXPECT_EQ(accounts.Define(AccountId{1}, account), RejectReason::kNone);
  EXPECT_FALSE(accounts.Find(AccountId{1})->enabled);
  account.enabled = 2;
  EXPECT_EQ(accounts.Define(AccountId{1}, account), RejectReason::kBadDefinition);
}

class InstrumentTableTest : public ::testing::Test {
 protected:
  InstrumentTableTest() {
    EXPECT_EQ(assets_.Define(AssetTerms(0)), RejectReason::kNone);
    EXPECT_EQ(assets_.Define(AssetTerms(1)), RejectReason::kNone);
    DefineAccountCommand account{};
    account.enabled = 1;
    EXPECT_EQ(accounts_.Define(AccountId{1}, account), RejectReason::kNone);
    good_.symbol = Symbol::From("BTC/USD");
    good_.tick_quanta = {10};
    good_.lot_quanta = {1000};
    good_.price_max = {1'000};
    good_.quantity_min = {1};
    good_.quantity_max = {100};
    good_.notional_min = {0};
    good_.notional_max = {1'000'000};
    good_.maker_fee_hundredths_bp = -100;
    good_.taker_fee_hundredths_bp = 100;
    good_.fee_account = AccountId{1};
    good_.base_asset = AssetId{0};
    good_.quote_asset = AssetId{1};
  }

  RejectReason Define(uint32_t id, const DefineInstrumentCommand& terms) {
    return table_.Define(InstrumentId{id}, terms, assets_, accounts_);
  }

  AssetTable assets_{4};
  AccountTable accounts_{4};
  InstrumentTable table_{4};
  DefineInstrumentCommand good_{};
};

struct DefinitionCase {
  const char* what;
  std::function<void(DefineInstrumentCommand&)> change;
  RejectReason reason;
};

TEST_F(InstrumentTableTest, MalformedDefinitionsAreRejected) {
  using D = DefineInstrumentCommand;
  const RejectReason bad = RejectReason::kBadDefinition;
  const DefinitionCase cases[] = {
      {"base unknown", [](D& d) { d.base_asset = AssetId{3}; }, RejectReason::kUnknownAsset},
      {"quote unknown", [](D& d) { d.quote_asset = AssetId{99}; }, RejectReason::kUnknownAsset},
      {"fee account", [](D& d) { d.fee_account = AccountId{2}; }, RejectReason::kUnknownAccount},
      {"one asset", [](D& d) { d.base_asset = d.quote_asset; }, bad},
      {"no symbol", [](D& d) { d.symbol = {}; }, bad},
      {"tick 0", [](D& d) { d.tick_quanta = {0}; }, bad},
      {"lot 0", [](D& d) { d.lot_quanta = {0}; }, bad},
      {"price 0", [](D& d) { d.price_max = {0}; }, bad},
      {"price high", [](D& d) { d.price_max = {kMaxPriceTicks + 1}; }, bad},
      {"quantity min 0", [](D& d) { d.quantity_min = {0}; }, bad},
      {"quantity max < min", [](D& d) { d.quantity_min = {101}; }, bad},
      {"quantity high", [](D& d) { d.quantity_max = {kMaxQuantityLots + 1}; }, bad},
      {"base wraps", [](D& d) { d.lot_quanta = {kMaxBalanceQuanta / 100 + 1}; }, bad},
      {"notional min < 0", [](D& d) { d.notional_min = {-1}; }, bad},
      {"notional max < min", [](D& d) { d.notional_min = {1'000'001}; }, bad},
      {"notional high", [](D& d) { d.notional_max = {kMaxNotionalQuanta + 1}; }, bad},
      {"taker < 0", [](D& d) { d.taker_fee_hundredths_bp = -1; }, bad},
      {"taker high", [](D& d) { d.taker_fee_hundredths_bp = kMaxFeeHundredthsBp + 1; }, bad},
      {"maker high", [](D& d) { d.maker_fee_hundredths_bp = kMaxFeeHundredthsBp + 1; }, bad},
      {"rebate > taker", [](D& d) { d.maker_fee_hundredths_bp = -101; }, bad},
      {"rebate lowest", [](D& d) { d.maker_fee_hundredths_bp = INT32_MIN; }, bad},
  };
  for (const DefinitionCase& row : cases) {
    DefineInstrumentCommand terms = good_;
    row.change(terms);
    EXPECT_EQ(Define(1, terms), row.reason) << row.what;
    EXPECT_EQ(table_.Find(InstrumentId{1}), nullptr) << row.what;
  }
  EXPECT_EQ(Define(0, good_), bad);
  EXPECT_EQ(Define(5, good_), RejectReason::kCapacity);
  EXPECT_EQ(Define(4, good_), RejectReason::kNone);
}

TEST_F(InstrumentTableTest, FeesAndLimitsChangeButTheScaleDoesNot) {
  EXPECT_EQ(Define(1, good_), RejectReason::kNone);
  DefineInstrumentCommand terms = good_;
  terms.taker_fee_hundredths_bp = 500;
  terms.price_max = {2'000};
  EXPECT_EQ(Define(1, terms), RejectReason::kNone);
  EXPECT_EQ(table_.Find(InstrumentId{1})->fees.taker, 500);
  terms.tick_quanta = {20};
  EXPECT_EQ(Define(1, terms), RejectReason::kBadDefinition);
  terms = good_;
  terms.lot_quanta = {20};
  EXPECT_EQ(Define(1, terms), RejectReason::kBadDefinition);
  terms = good_;
  std::swap(terms.base_asset, terms.quote_asset);
  EXPECT_EQ(Define(1, terms), RejectReason::kBadDefinition);
  EXPECT_EQ(table_.Find(InstrumentId{1})->fees.taker, 500);
}

}  // namespace
}  // namespace tally::risk
