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

TEST(VenueConfigTest, AllFaultsAreShownAtOnce) {
  const std::string faults =
      FaultOf(absl::StrReplaceAll(kVenue, {{"name = \"test\"", "name = 1"}, {"id = 7", "id = 0"}}));
  EXPECT_THAT(faults, HasSubstr("venue.name"));
  EXPECT_THAT(faults, HasSubstr("keys[0].id"));
}

TEST(VenueConfigTest, ExampleOfTheDocumentationLoads) {
  const absl::StatusOr<VenueConfig> config = LoadVenueConfig(TALLY_EXAMPLE_VENUE);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_TRUE(config->settlement.configured);
  EXPECT_EQ(config->instruments[0].definition.tick_quanta.value, 1);
}

TEST(VenueConfigTest, MissingFileSaysWhereToStart) {
  const absl::StatusOr<VenueConfig> config = LoadVenueConfig("no/such/venue.toml");
  EXPECT_THAT(std::string(config.status().message()), HasSubstr("docs/venue.example.toml"));
}

}  // namespace
}  // namespace tally::gateway
