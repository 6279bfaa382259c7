#include "gateway/venue_config.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "engine/core/core.h"

namespace tally::gateway {
namespace {

using ::testing::HasSubstr;

constexpr char kVenue[] = R"([venue]
name = "test"
[engine]
data_directory = "data"
[[assets]]
id = 0
symbol = "USD"
decimals = 6
chain_decimals = 18
[[assets]]
id = 1
symbol = "BTC"
decimals = 8
[[accounts]]
id = 1
[[accounts]]
id = 2
owner = "0x00000000000000000000000000000000000000a2"
[[instruments]]
id = 1
symbol = "BTC/USD"
base = "BTC"
quote = "USD"
tick = "0.01"
lot = "0.0001"
price_max = "1000000"
quantity_min = "0.0002"
quantity_max = "100"
notional_min = "1"
notional_max = "1000000"
maker_fee_hundredths_bp = -500
taker_fee_hundredths_bp = 2000
fee_account = 1
[[keys]]
id = 7
public_key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
account = 2
permissions = ["trade"]
)";

std::string With(const std::string& original, const std::string& replacement) {
  const std::string text = absl::StrReplaceAll(kVenue, {{original, replacement}});
  EXPECT_NE(text, kVenue) << "the venue has no " << original;
  return text;
}

std::string FaultOf(const std::string& text) {
  const absl::StatusOr<VenueConfig> config = ParseVenueConfig(text, "venue.toml");
  return config.ok() ? "no fault" : std::string(config.status().message());
}

TEST(VenueConfigTest, HumanUnitsBecomeTicksAndQuanta) {
  const absl::StatusOr<VenueConfig> config = ParseVenueConfig(kVenue, "venue.toml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->assets[0].chain_units_per_quantum, 1'000'000'000'000U);
  EXPECT_EQ(config->assets[1].chain_units_per_quantum, 1U);
  const DefineInstrumentCommand& definition = config->instruments[0].definition;
  EXPECT_EQ(definition.lot_quanta.value, 10'000);  // 0.0001 BTC of 1e-8.
  EXPECT_EQ(definition.tick_quanta.value, 1);      // 0.01 USD x 0.0001 BTC = 1e-6 USD.
  EXPECT_EQ(definition.price_max.value, 100'000'000);
  EXPECT_EQ(definition.quantity_min.value, 2);
  EXPECT_EQ(definition.notional_min.value, 1'000'000);
  EXPECT_EQ(definition.maker_fee_hundredths_bp, -500);
  EXPECT_EQ(config->keys[0].permissions, kPermissionRead | kPermissionTrade);
  EXPECT_TRUE(config->engine.data_directory.ends_with("/data"));
}

TEST(VenueConfigTest, DefinitionsComeInTheOrderOfTheirReferences) {
  const absl::StatusOr<VenueConfig> config = ParseVenueConfig(kVenue, "venue.toml");
  ASSERT_TRUE(config.ok());
  std::vector<CommandType> types;
  for (const Command& command : VenueDefinitions(*config)) {
    types.push_back(command.type);
  }
  EXPECT_THAT(types,
              ::testing::ElementsAre(CommandType::kDefineAsset, CommandType::kDefineAsset,
                                     CommandType::kDefineAccount, CommandType::kDefineAccount,
                                     CommandType::kDefineInstrument));
}

struct Collect : EventSink {
  void Append(const Event& event) override { events.push_back(event); }
  std::vector<Event> events;
};

TEST(VenueConfigTest, CoreTakesTheDefinitionsAndTakesThemAgain) {
  const absl::StatusOr<VenueConfig> config = LoadVenueConfig(TALLY_EXAMPLE_VENUE);
  ASSERT_TRUE(config.ok()) << config.status();
  core::Core core(config->engine.limits);
  Collect collect;
  for (int start = 0; start < 2; ++start) {
    for (Command command : VenueDefinitions(*config)) {
      command.sequence = CommandSequence{Raw(core.last_command_sequence()) + 1};
      core.Apply(command, collect);
    }
  }
  for (const Event& event : collect.events) {
    EXPECT_NE(event.type, EventType::kCommandRejected) << RejectReasonName(event.rejected.reason);
  }
  EXPECT_FALSE(collect.events.empty());
}

constexpr char kMarket[] = R"(
[[fees]]
class = 2
maker_fee_hundredths_bp = 0
taker_fee_hundredths_bp = 100
[[fees]]
class = 2
instrument = "BTC/USD"
maker_fee_hundredths_bp = -10
taker_fee_hundredths_bp = 50
minimum_fee_quanta = 7
[[protections]]
account = 2
maker_group = 3
window_ms = 1000
quantity_max_lots = 4
delta_max_lots = 5
count_max = 6
[[schedule]]
at = "08:00"
phase = "opening_auction"
weekdays = ["mon", "sun"]
[[schedule]]
at = "08:10:30"
phase = "continuous"
instruments = ["BTC/USD"]
)";
constexpr char kRules[] = R"(fee_account = 1
[instruments.rules]
static_band_bp = 1000
dynamic_band_bp = 200
fat_finger_bp = 500
breaker_bp = 300
breaker_window_ms = 5000
breaker_halt_ms = 6000
volatility_call_ms = 7000
batch_interval_ms = 100
order_quantity_max_lots = 8
order_notional_max_quanta = 9
hidden = true
book_deltas = true
batch_stops = true
hold_auction = true
auction_band_bp = 700
auction_extensions_max = 3
)";

TEST(VenueConfigTest, ExposureLimitsBecomeCommands) {
  const auto parse = [](const std::string& limits) {
    return ParseVenueConfig(With("fee_account = 1\n", "fee_account = 1\n" + limits), "v");
  };
  const auto config = parse(
      "[[exposure_limits]]\nasset = \"USD\"\nlimit = \"1\"\n"
      "[[exposure_limits]]\nasset = \"USD\"\nlimit = \"2\"\naccount = 2\n");
  ASSERT_TRUE(config.ok()) << config.status();
  const std::vector<Command> commands = VenueDefinitions(*config);
  const Command& all = commands[commands.size() - 2];
  EXPECT_EQ(all.type, CommandType::kDefineExposure);
  EXPECT_EQ(all.account, AccountId{});
  EXPECT_GT(all.define_exposure.limit.value, 0);
  EXPECT_EQ(commands.back().account, AccountId{2});
  EXPECT_EQ(commands.back().define_exposure.limit.value, 2 * all.define_exposure.limit.value);
  for (const char* bad :
       {"asset = \"NONE\"\nlimit = \"1\"\n", "asset = \"USD\"\nlimit = \"1\"\naccount = 77\n",
        "asset = \"USD\"\nlimit = \"0.0000000000000001\"\n"}) {
    EXPECT_FALSE(parse(std::string("[[exposure_limits]]\n") + bad).ok()) << bad;
  }
}

std::string WithMarket(const std::string& original, const std::string& replacement) {
  const std::string text = absl::StrCat(With("fee_account = 1\n", kRules), kMarket);
  return absl::StrReplaceAll(text, {{original, replacement}});
}

TEST(VenueConfigTest, RulesFeesProtectionsAndScheduleBecomeCommands) {
  const absl::StatusOr<VenueConfig> config =
      ParseVenueConfig(WithMarket("id = 2\n", "id = 2\nfee_class = 2\nowner_group = 9\n"), "v");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->accounts[1].fee_class, 2);
  EXPECT_EQ(config->accounts[1].owner_group, 9u);
  const DefineRulesCommand& rules = config->instruments[0].rules;
  EXPECT_EQ(rules.static_band_bp, 1000u);
  EXPECT_EQ(rules.breaker_halt_ns, 6'000'000'000);
  EXPECT_EQ(rules.batch_interval_ns, 100'000'000);
  EXPECT_EQ(rules.order_notional_max.value, 9);
  EXPECT_EQ(rules.flags, kRulesFlagsKnown);
  EXPECT_EQ(rules.auction_band_bp, 700);
  EXPECT_EQ(rules.auction_extensions_max, 3);
  ASSERT_EQ(config->fees.size(), 2u);
  EXPECT_EQ(config->fees[0].instrument, InstrumentId{0});
  EXPECT_EQ(config->fees[1].instrument, InstrumentId{1});
  EXPECT_EQ(config->fees[1].fees.minimum_fee.value, 7);
  ASSERT_EQ(config->protections.size(), 1u);
  EXPECT_EQ(config->protections[0].protection.window_ns, 1'000'000'000);
  ASSERT_EQ(config->schedule.size(), 2u);
  EXPECT_EQ(config->schedule[0].weekdays, 0x41);
  EXPECT_EQ(config->schedule[1].weekdays, kEveryDay);
  EXPECT_EQ(config->schedule[1].time_of_day_ns, int64_t{8 * 3600 + 630} * 1'000'000'000);
  EXPECT_EQ(config->schedule[1].phase, TradingPhase::kContinuous);
  std::vector<CommandType> types;
  for (const Command& command : VenueDefinitions(*config)) {
    types.push_back(command.type);
  }
  types.erase(types.begin(), types.begin() + 5);
  EXPECT_THAT(types,
              ::testing::ElementsAre(CommandType::kDefineRules, CommandType::kDefineFees,
                                     CommandType::kDefineFees, CommandType::kDefineProtection));
}

struct FaultCase {
  const char* original;
  const char* replacement;
  const char* expected;
};

class VenueConfigFaultTest : public ::testing::TestWithParam<FaultCase> {};

TEST_P(VenueConfigFaultTest, NamesLineKeyAndFix) {
  EXPECT_THAT(FaultOf(With(GetParam().original, GetParam().replacement)),
              HasSubstr(GetParam().expected));
}

constexpr FaultCase kFaults[] = {
    {"name = \"test\"", "name = 5", "venue.toml:2: venue.name: must be a string"},
    {"name = \"test\"", "", "venue.name: is missing; add it"},
    {"name = \"test\"", "name = ", "venue.toml:2: not TOML"},
    {"data_directory", "data_dir", "engine.data_dir: no such key; known here: "},
    {"[[keys]]", "[[key]]", "key: no such key"},
    {"id = 7", "id = 0", "keys[0].id: 0 is out of range; choose 1 to"},
    {"public_key = \"d7", "public_key = \"zz", "keys[0].public_key: must be 64 hexadecimal"},
    {"[\"trade\"]", "[\"root\"]", "no permission \"root\"; there are"},
    {"[\"trade\"]", "\"trade\"", "must be a list of strings"},
    {"account = 2", "account = 3", "keys[0].account: is no account"},
    {"account = 2", "", "keys[0].account: is needed by a key that may trade"},
    {"fee_account = 1", "fee_account = 9", "instruments[0].fee_account: is no account"},
    {"id = 2", "id = 1", "accounts[1].id: is taken by another account"},
    {"symbol = \"BTC\"", "symbol = \"USD\"", "assets[1].symbol: is taken"},
    {"symbol = \"BTC/USD\"", "symbol = \"BTC USD\"", "symbol: must be 1 to 16 printable"},
    {"base = \"BTC\"", "base = \"ETH\"", "base: is not the symbol of an asset"},
    {"base = \"BTC\"", "base = \"USD\"", "quote: must be another asset than base"},
    {"tick = \"0.01\"", "tick = 0.01", "tick: must be a decimal number in quotes"},
    {"tick = \"0.01\"", "tick = \"1e-2\"", "is not a decimal number"},
    {"tick = \"0.01\"", "tick = \"0.001\"", "tick x lot is a whole number of quanta"},
    {"lot = \"0.0001\"", "lot = \"0.000000001\"", "a lot is a whole number of quanta"},
    {"quantity_min = \"0.0002\"", "quantity_min = \"0.00015\"", "positive multiple of the lot"},
    {"quantity_min = \"0.0002\"", "quantity_min = \"200\"", "is above quantity_max"},
    {"notional_max = \"1000000\"", "notional_max = \"9000000000000000\"", "it is too large"},
    {"taker_fee_hundredths_bp = 2000", "taker_fee_hundredths_bp = -1", "out of range"},
    {"= -500", "= -2500", "rebate is more than the other side pays"},
    {"taker_fee_hundredths_bp = 2000", "taker_fee_hundredths_bp = 200000", "out of range"},
    {"chain_decimals = 18", "chain_decimals = 3", "chain_decimals: must be from decimals (6)"},
    {"data_directory = \"data\"", "data_directory = \"d\"\ndurability = \"never\"",
     "engine.durability: must be \"sync\" or \"async\""},
    {"data_directory = \"data\"", "data_directory = \"d\"\ninput_ring_size = 100",
     "engine.input_ring_size: must be a power of two"},
    {"data_directory = \"data\"", "data_directory = \"d\"\naccounts_max = 1",
     "engine.accounts_max: is 1 but the ids of the file need 2"},
    {"[engine]", "[gateway]\nlisten = \"7001\"\n[engine]", "must be ADDRESS:PORT"},
};

INSTANTIATE_TEST_SUITE_P(Faults, VenueConfigFaultTest, ::testing::ValuesIn(kFaults));

class MarketFaultTest : public ::testing::TestWithParam<FaultCase> {};

TEST_P(MarketFaultTest, NamesLineKeyAndFix) {
  EXPECT_THAT(FaultOf(WithMarket(GetParam().original, GetParam().replacement)),
              HasSubstr(GetParam().expected));
}

constexpr FaultCase kMarketFaults[] = {
    {"breaker_window_ms = 5000", "", "rules.breaker_bp: needs breaker_window_ms"},
    {"static_band_bp = 1000", "static_band_bp = 10001", "static_band_bp: 10001 is out of range"},
    {"auction_band_bp = 700\n", "", "rules.auction_band_bp: is needed by"},
    {"volatility_call_ms = 7000\n", "", "auction_extensions_max: needs volatility_call_ms"},
    {"hidden = true", "hiden = true", "instruments[0].rules.hiden: no such key"},
    {"[instruments.rules]", "rules = 5\n[instruments.other]", "write [instruments.rules] below"},
    {"at = \"08:00\"", "at = \"8:00\"", "schedule[0].at: must be a time of day in UTC"},
    {"at = \"08:00\"", "at = \"24:00\"", "schedule[0].at: must be a time of day in UTC"},
    {"\"mon\"", "\"monday\"", "schedule[0].weekdays: no day \"monday\""},
    {"\"opening_auction\"", "\"open\"", "schedule[0].phase: is no trading phase; there are"},
    {"instruments = [\"BTC/USD\"]", "instruments = [\"X\"]", "\"X\" is no instrument"},
    {"instrument = \"BTC/USD\"", "instrument = \"X\"", "fees[1].instrument: is not the symbol"},
    {"instrument = \"BTC/USD\"", "", "fees[1].class: has a row for the same instrument already"},
    {"class = 2\nmaker", "class = 64\nmaker", "fees[0].class: 64 is out of range"},
    {"maker_group = 3", "maker_group = 0", "protections[0].maker_group: 0 is out of range"},
    {"account = 2\nmaker_group", "account = 5\nmaker_group", "protections[0].account: is no"},
    {"batch_interval_ms = 100\n", "batch_interval_ms = -1\n", "batch_interval_ms: -1 is out of"},
    {"phase = \"continuous\"", "phase = \"batch_auctions\"", "schedule[1].phase: is no trading"},
};

INSTANTIATE_TEST_SUITE_P(Faults, MarketFaultTest, ::testing::ValuesIn(kMarketFaults));

TEST(VenueConfigTest, ABatchAuctionNeedsItsInterval) {
  EXPECT_THAT(FaultOf(absl::StrReplaceAll(WithMarket("\"opening_auction\"", "\"batch_auction\""),
                                          {{"batch_interval_ms = 100\n", ""}})),
              HasSubstr("batch_auction needs batch_interval_ms in the rules of BTC/USD"));
}

TEST(VenueConfigTest, AllFaultsAreShownAtOnce) {
  const std::string faults =
      FaultOf(absl::StrReplaceAll(kVenue, {{"name = \"test\"", "name = 1"}, {"id = 7", "id = 0"}}));
  EXPECT_THAT(faults, HasSubstr("venue.name"));
  EXPECT_THAT(faults, HasSubstr("keys[0].id"));
}

std::string WithSettlement(std::string_view keys, std::string_view signing) {
  return absl::StrCat(kVenue,
                      "\n[settlement]\nrpc_url = \"http://127.0.0.1:8545\"\nchain_id = 1\n"
                      "vault = \"0x5fbdb2315678afecb367f032d93f642f64180aa3\"\n"
                      "data_directory = \"relayer\"\nkey_id = 7\nkey_file = \"relayer.key\"\n",
                      std::string(keys), "\n[settlement.signing]\n", std::string(signing));
}

TEST(VenueConfigTest, FaultsOfSigningAreNamed) {
  constexpr char kKey[] = "operator_key_file = \"operator.key\"";
  constexpr char kAddress[] = "operator_address = \"0x70997970c51812dc3a010c7d01b50e0d17dc79c8\"";
  constexpr char kUrl[] = "operator_url = \"http://127.0.0.1:9000\"";
  const struct {
    std::string keys;
    std::string signing;
    const char* fault;
  } cases[] = {
      {"", "", "settlement.operator_key_file: is missing"},
      {kKey, absl::StrCat(kUrl, "\n", kAddress), "stands instead of operator_key_file"},
      {"", kUrl, "operator_url: needs operator_address beside it"},
      {"", absl::StrCat(kUrl, "\noperator_address = \"0x12\""), "must be an address"},
      {kKey, "hour_gwei_max = 0", "settlement.signing.hour_gwei_max"},
      {kKey, "hour_gwei = 1", "settlement.signing.hour_gwei"},
  };
  for (const auto& one : cases) {
    EXPECT_THAT(FaultOf(WithSettlement(one.keys, one.signing)), HasSubstr(one.fault));
  }
  const auto config =
      ParseVenueConfig(WithSettlement("", absl::StrCat(kUrl, "\n", kAddress)), "venue.toml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->settlement.signing.vault_operator.url, "http://127.0.0.1:9000");
  EXPECT_EQ(config->settlement.signing.fee_cap_gwei_max, 500u);
}

TEST(VenueConfigTest, ExampleOfTheDocumentationLoads) {
  const absl::StatusOr<VenueConfig> config = LoadVenueConfig(TALLY_EXAMPLE_VENUE);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_TRUE(config->settlement.configured);
  EXPECT_EQ(config->settlement.settle_deadline_ms, 0u);
  EXPECT_TRUE(config->settlement.sender_key_files.empty());
  EXPECT_EQ(config->instruments[0].definition.tick_quanta.value, 1);
}

constexpr char kSettlement[] = R"(
[settlement]
rpc_url = "http://127.0.0.1:1"
chain_id = 1
vault = "0x00000000000000000000000000000000000000a1"
operator_key_file = "operator.key"
data_directory = "relayer"
key_id = 7
key_file = "relayer.key"
)";

TEST(VenueConfigTest, SettlementTimingHasDefaultsAndLimits) {
  const std::string text = std::string(kVenue) + kSettlement;
  const absl::StatusOr<VenueConfig> plain = ParseVenueConfig(text, "venue.toml");
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(plain->settlement.settle_deadline_ms, 900'000u);
  EXPECT_EQ(plain->settlement.block_ms, 12'000u);
  EXPECT_EQ(plain->settlement.open_value_quanta_max, 0);
  const absl::StatusOr<VenueConfig> full = ParseVenueConfig(
      text +
          "settle_deadline_ms = 60000\nblock_ms = 2000\nopen_value_asset = \"USD\"\n"
          "open_value_quanta_max = 500\nsender_key_files = [\"a.key\", \"b.key\"]\n",
      "venue.toml");
  ASSERT_TRUE(full.ok()) << full.status();
  EXPECT_EQ(full->settlement.settle_deadline_ms, 60'000u);
  EXPECT_EQ(full->settlement.open_value_quanta_max, 500);
  EXPECT_EQ(full->settlement.sender_key_files.size(), 2u);
  EXPECT_THAT(FaultOf(text + "block_ms = 1\n"), HasSubstr("block_ms: 1 is out of range"));
  EXPECT_THAT(FaultOf(text + "open_value_asset = \"X\"\n"), HasSubstr("is not the symbol"));
}

TEST(VenueConfigTest, MissingFileSaysWhereToStart) {
  const absl::StatusOr<VenueConfig> config = LoadVenueConfig("no/such/venue.toml");
  EXPECT_THAT(std::string(config.status().message()), HasSubstr("docs/venue.example.toml"));
}

}  // namespace
}  // namespace tally::gateway
