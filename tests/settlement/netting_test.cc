#include <cstdlib>
#include <fstream>
#include <random>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "settlement/chain/abi.h"
#include "settlement/netting/netting_window.h"
#include "settlement/netting/settlement_batch.h"
#include "settlement/netting/vault.h"

namespace tally::settlement {
namespace {

constexpr AccountId kAlice{1};
constexpr AccountId kBob{2};
constexpr AccountId kFees{3};
constexpr InstrumentId kMainPair{1};
constexpr InstrumentId kCrossPair{2};

Event Defined(InstrumentId instrument, AssetId base, AssetId quote, AccountId fee_account = kFees) {
  Event event = MakeEvent(EventType::kInstrumentDefined);
  event.instrument = instrument;
  event.instrument_defined = {.tick_quanta = {2},
                              .lot_quanta = {10},
                              .maker_fee_hundredths_bp = 0,
                              .taker_fee_hundredths_bp = 0,
                              .fee_account = fee_account,
                              .base_asset = base,
                              .quote_asset = quote};
  return event;
}

struct NettedFill {
  InstrumentId instrument = kMainPair;
  AccountId account{};
  Side side = Side::kBuy;
  int64_t ticks = 0;
  int64_t lots = 0;
  int64_t fee = 0;
  uint64_t trade = 1;
};

Event FillOf(const NettedFill& terms) {
  Event event = MakeEvent(EventType::kOrderFilled);
  event.instrument = terms.instrument;
  event.account = terms.account;
  event.side = static_cast<uint8_t>(terms.side);
  event.filled.price = {terms.ticks};
  event.filled.quantity = {terms.lots};
  event.filled.fee = {terms.fee};
  event.filled.trade_id = TradeId{terms.trade};
  return event;
}

NettingWindow Window() {
  NettingWindow window;
  EXPECT_TRUE(window.Add(Defined(kMainPair, AssetId{0}, AssetId{1})).ok());
  EXPECT_TRUE(window.Add(Defined(kCrossPair, AssetId{2}, AssetId{1})).ok());
  return window;
}

void AddTrade(NettingWindow* window, const NettedFill& buy, const NettedFill& sell) {
  ASSERT_TRUE(window->Add(FillOf(buy)).ok());
  ASSERT_FALSE(window->balanced());
  ASSERT_TRUE(window->Add(FillOf(sell)).ok());
  ASSERT_TRUE(window->balanced());
}

std::string Text(const std::vector<NettedEntry>& entries) {
  std::string text;
  for (const NettedEntry& entry : entries) {
    text += std::to_string(Raw(entry.account)) + "/" + std::to_string(Raw(entry.pair)) + ":" +
            std::to_string(static_cast<int64_t>(entry.even)) + "," +
            std::to_string(static_cast<int64_t>(entry.odd)) + " ";
  }
  return text;
}

TEST(NettingTest, BothSidesPayFeesToTheFeeAccount) {
  NettingWindow window = Window();
  AddTrade(&window, {.account = kAlice, .side = Side::kBuy, .ticks = 100, .lots = 3, .fee = 7},
           {.account = kBob, .side = Side::kSell, .ticks = 100, .lots = 3, .fee = -2});
  // Notional 100 * 3 * 2 = 600 quote quanta, 30 base quanta; Bob is paid a rebate of 2.
  EXPECT_EQ(Text(window.Take()), "1/0:30,-607 2/0:-30,602 3/0:0,5 ");
}

TEST(NettingTest, OppositeTradesOfTheSameAccountsVanish) {
  NettingWindow window = Window();
  AddTrade(&window, {.account = kAlice, .side = Side::kBuy, .ticks = 5, .lots = 4, .trade = 1},
           {.account = kBob, .side = Side::kSell, .ticks = 5, .lots = 4, .trade = 1});
  AddTrade(&window, {.account = kBob, .side = Side::kBuy, .ticks = 5, .lots = 4, .trade = 2},
           {.account = kAlice, .side = Side::kSell, .ticks = 5, .lots = 4, .trade = 2});
  EXPECT_EQ(window.fill_count(), 4u);
  EXPECT_EQ(Text(window.Take()), "");
  EXPECT_TRUE(window.empty());
}

TEST(NettingTest, AssetsOfDifferentPairsUseTwoEntries) {
  NettingWindow window = Window();
  AddTrade(
      &window,
      {.instrument = kCrossPair, .account = kAlice, .side = Side::kSell, .ticks = 1, .lots = 1},
      {.instrument = kCrossPair, .account = kBob, .side = Side::kBuy, .ticks = 1, .lots = 1});
  EXPECT_EQ(Text(window.Take()), "1/0:0,2 1/1:-10,0 2/0:0,-2 2/1:10,0 ");
}

TEST(NettingTest, FeeAccountOfTheMomentGetsTheFee) {
  NettingWindow window = Window();
  AddTrade(&window, {.account = kAlice, .side = Side::kBuy, .ticks = 1, .lots = 1, .fee = 1},
           {.account = kBob, .side = Side::kSell, .ticks = 1, .lots = 1});
  ASSERT_TRUE(window.Add(Defined(kMainPair, AssetId{0}, AssetId{1}, AccountId{9})).ok());
  AddTrade(&window,
           {.account = kAlice, .side = Side::kBuy, .ticks = 1, .lots = 1, .fee = 1, .trade = 2},
           {.account = kBob, .side = Side::kSell, .ticks = 1, .lots = 1, .trade = 2});
  EXPECT_EQ(Text(window.Take()), "1/0:20,-6 2/0:-20,4 3/0:0,1 9/0:0,1 ");
}

TEST(NettingTest, UnknownInstrumentIsRefused) {
  NettingWindow window;
  EXPECT_EQ(window.Add(FillOf({.account = kAlice})).code(), absl::StatusCode::kFailedPrecondition);
}

TEST(NettingDeathTest, CannotEndInsideATrade) {
  NettingWindow window = Window();
  ASSERT_TRUE(window.Add(FillOf({.account = kAlice, .ticks = 1, .lots = 1})).ok());
  EXPECT_DEATH(window.Take(), "balanced");
}

TEST(NettingDeathTest, SidesThatDisagreeAreCaughtByConservation) {
  NettingWindow window = Window();
  AddTrade(&window, {.account = kAlice, .side = Side::kBuy, .ticks = 1, .lots = 2},
           {.account = kBob, .side = Side::kSell, .ticks = 1, .lots = 1});
  EXPECT_DEATH(window.Take(), "sum");
}

// Netting random flow in any number of batches adds up to the same balances as fill by fill.
TEST(NettingTest, AnyGroupingAddsUpToTheSameBalances) {
  std::mt19937_64 random(7);
  const auto pick = [&](uint64_t n) { return random() % n; };
  std::map<std::pair<uint32_t, uint32_t>, int64_t> expected;
  std::map<std::pair<uint32_t, uint32_t>, int64_t> actual;
  NettingWindow window = Window();
  const auto drain = [&] {
    const Bytes data = EncodeEntries(window.Take());
    const auto entries = DecodeEntries(data);
    ASSERT_TRUE(entries.ok());
    for (const NettedEntry& entry : *entries) {
      const uint32_t even_asset = 2u * Raw(entry.pair);
      actual[{Raw(entry.account), even_asset}] += static_cast<int64_t>(entry.even);
      actual[{Raw(entry.account), even_asset + 1}] += static_cast<int64_t>(entry.odd);
    }
  };
  for (uint64_t trade = 1; trade <= 5000; ++trade) {
    const InstrumentId instrument{static_cast<uint32_t>(1 + pick(2))};
    const AccountId buyer{static_cast<uint32_t>(1 + pick(20))};
    const AccountId seller{static_cast<uint32_t>(1 + pick(20))};
    const auto ticks = static_cast<int64_t>(1 + pick(1000));
    const auto lots = static_cast<int64_t>(1 + pick(1000));
    const auto buy_fee = static_cast<int64_t>(pick(50));
    const auto sell_fee = static_cast<int64_t>(pick(50)) - 25;
    AddTrade(&window,
             {.instrument = instrument,
              .account = buyer,
              .side = Side::kBuy,
              .ticks = ticks,
              .lots = lots,
              .fee = buy_fee,
              .trade = trade},
             {.instrument = instrument,
              .account = seller,
              .side = Side::kSell,
              .ticks = ticks,
              .lots = lots,
              .fee = sell_fee,
              .trade = trade});
    const uint32_t base = instrument == kMainPair ? 0 : 2;
    expected[{Raw(buyer), base}] += lots * 10;
    expected[{Raw(seller), base}] -= lots * 10;
    expected[{Raw(buyer), 1}] -= ticks * lots * 2 + buy_fee;
    expected[{Raw(seller), 1}] += ticks * lots * 2 - sell_fee;
    expected[{Raw(kFees), 1}] += buy_fee + sell_fee;
    if (pick(40) == 0) {
      drain();
    }
  }
  drain();
  std::erase_if(actual, [](const auto& item) { return item.second == 0; });
  std::erase_if(expected, [](const auto& item) { return item.second == 0; });
  EXPECT_EQ(actual, expected);
}

class VectorsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ifstream file(TALLY_SETTLEMENT_VECTORS);
    vectors_ = nlohmann::json::parse(file, nullptr, false);
    ASSERT_TRUE(vectors_.is_object()) << TALLY_SETTLEMENT_VECTORS;
  }
  static std::string Of(const nlohmann::json& value) { return value.get<std::string>(); }
  static int64_t Number(const nlohmann::json& value) { return std::stoll(Of(value)); }

  nlohmann::json vectors_;
};

TEST_F(VectorsTest, GenesisMatches) {
  EXPECT_EQ(
      Hex(VaultGenesis(vectors_["chainId"].get<uint64_t>(), *ParseAddress(Of(vectors_["vault"])))),
      Of(vectors_["genesis"]));
}

TEST_F(VectorsTest, BatchesMatchToTheByte) {
  for (const nlohmann::json& vector : vectors_["batches"]) {
    std::vector<NettedEntry> entries;
    for (const nlohmann::json& entry : vector["entries"]) {
      // The largest deltas need more than 64 bits.
      const auto wide = [](const std::string& text) {
        __int128 value = 0;
        for (char digit : text.substr(text[0] == '-' ? 1 : 0)) {
          value = value * 10 + (digit - '0');
        }
        return text[0] == '-' ? -value : value;
      };
      entries.push_back({.account = AccountId{entry["account"].get<uint32_t>()},
                         .pair = PairId{entry["pair"].get<uint16_t>()},
                         .even = wide(Of(entry["even"])),
                         .odd = wide(Of(entry["odd"]))});
    }
    const nlohmann::json& header = vector["header"];
    const SettlementBatch batch{
        .parent = *ParseHash(Of(header["parent"])),
        .id = static_cast<uint64_t>(Number(header["id"])),
        .first_event = static_cast<uint64_t>(Number(header["firstEvent"])),
        .last_event = static_cast<uint64_t>(Number(header["lastEvent"])),
        .previous_engine_time_ns = static_cast<uint64_t>(Number(header["previousEngineTime"])),
        .engine_time_ns = static_cast<uint64_t>(Number(header["engineTime"])),
        .exec_root = *ParseHash(Of(header["execRoot"])),
        .data = EncodeEntries(entries)};
    EXPECT_EQ(Hex(batch.data), Of(vector["data"]));
    EXPECT_EQ(Hex(ChainAfter(batch)), Of(vector["chain"]));
    EXPECT_EQ(Hex(CommitmentFor(ChainAfter(batch))), Of(vector["commitment"]));
    EXPECT_EQ(Hex(EncodeSettle(batch)), Of(vector["calldata"]));
    const auto decoded = DecodeEntries(batch.data);
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(EncodeEntries(*decoded), batch.data);
  }
}

TEST_F(VectorsTest, SelectorsAndTopicsMatch) {
  for (const auto& [signature, selector] : vectors_["selectors"].items()) {
    EXPECT_EQ(Hex(Selector(signature)), Of(selector)) << signature;
  }
  for (const auto& [signature, topic] : vectors_["topics"].items()) {
    EXPECT_EQ(Hex(EventTopic(signature)), Of(topic)) << signature;
  }
}

TEST_F(VectorsTest, WithdrawalCallsMatch) {
  std::map<std::string, std::string> calls;
  for (const nlohmann::json& call : vectors_["calls"]) {
    calls[Of(call["signature"])] = Of(call["calldata"]);
  }
  EXPECT_EQ(Hex(EncodeFinalizeWithdrawals(std::vector<uint64_t>{1, 2, 7})),
            calls["finalizeWithdrawals(uint64[])"]);
  EXPECT_EQ(Hex(EncodeRejectWithdrawals(std::vector<uint64_t>{3})),
            calls["rejectWithdrawals(uint64[])"]);
}

TEST_F(VectorsTest, TransferLogsAreRead) {
  int seen = 0;
  for (const nlohmann::json& vector : vectors_["logs"]) {
    const std::string name = Of(vector["name"]);
    if (name != "Deposited" && name != "WithdrawRequested") {
      continue;
    }
    ChainLog log;
    for (const nlohmann::json& topic : vector["topics"]) {
      log.topics.push_back(*ParseHash(Of(topic)));
    }
    log.data = *ParseHex(Of(vector["data"]));
    const auto transfer = ParseVaultTransfer(log);
    ASSERT_TRUE(transfer.ok()) << transfer.status();
    const nlohmann::json& arguments = vector["arguments"];
    EXPECT_EQ(transfer->kind == VaultTransfer::Kind::kDeposit, name == "Deposited");
    EXPECT_EQ(static_cast<int64_t>(transfer->index), Number(arguments["index"]));
    EXPECT_EQ(Raw(transfer->account), Number(arguments["account"]));
    EXPECT_EQ(Raw(transfer->asset), Number(arguments["asset"]));
    EXPECT_EQ(transfer->amount.value, Number(arguments["quanta"]));
    ++seen;
  }
  EXPECT_EQ(seen, 2);
}

TEST_F(VectorsTest, RevertsNameTheEntry) {
  EXPECT_EQ(DescribeVaultRevert(*ParseHex(Of(vectors_["errors"]["overdraftOfAccount9Pair2"]))),
            "Overdraft: account 9, pair 2");
  EXPECT_TRUE(IsSettlePaused(AbiEncoder().Add(5).Call("SettlePaused(uint64)")));
  EXPECT_EQ(DescribeVaultRevert(Bytes{1, 2, 3, 4, 5}), "reverted with 0x0102030405");
}

}  // namespace
}  // namespace tally::settlement
