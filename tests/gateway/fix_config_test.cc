// The sections [fix] and [[fix_sessions]] of a venue's configuration.

#include <string>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "gateway/venue_config.h"

namespace tally::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kFixVenue = R"([venue]
name = "test"
[engine]
data_directory = "data"
[[accounts]]
id = 1
[[accounts]]
id = 2
[[keys]]
id = 7
public_key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
account = 2
permissions = ["read"]
[fix]
listen = "127.0.0.1:0"
comp_id = "US"
[[fix_sessions]]
comp_id = "ORDERS"
account = 1
authentication = "none"
cancel_on_disconnect = true
[[fix_sessions]]
comp_id = "DATA"
kind = "market_data"
authentication = "signature"
key_id = 7
[[fix_sessions]]
comp_id = "COPY"
kind = "drop_copy"
accounts = [1, 2]
authentication = "signature"
key_id = 7
)";

TEST(FixConfigTest, ASessionHasAKind) {
  const auto config = ParseVenueConfig(kFixVenue, "venue.toml");
  ASSERT_TRUE(config.ok()) << config.status();
  const auto& sessions = config->fix.sessions;
  ASSERT_EQ(sessions.size(), 3U);
  EXPECT_EQ(sessions[0].kind, FixSessionKind::kOrders);
  EXPECT_EQ(sessions[0].account, AccountId{1});
  EXPECT_TRUE(sessions[0].cancel_on_disconnect);
  EXPECT_EQ(sessions[1].kind, FixSessionKind::kMarketData);
  EXPECT_TRUE(sessions[1].reset_on_logon);
  EXPECT_EQ(sessions[2].kind, FixSessionKind::kDropCopy);
  EXPECT_THAT(sessions[2].accounts, ElementsAre(AccountId{1}, AccountId{2}));
}

TEST(FixConfigTest, TlsAndAddressesAreTaken) {
  const std::string digits(62, 'A');
  const auto config = ParseVenueConfig(
      absl::StrReplaceAll(
          kFixVenue, {{"listen = \"127.0.0.1:0\"",
                       "tls_listen = \"0.0.0.0:7003\"\ntls_certificate_file = \"venue.pem\"\n"
                       "tls_key_file = \"/keys/venue.key\"\ntls_client_ca_file = \"clients.pem\"\n"
                       "allow_from = [\"192.0.2.0/24\", \"2001:db8::/32\"]"},
                      {"account = 1\nauth",
                       "account = 1\nallow_from = [\"192.0.2.7\"]\n"
                       "client_certificates_sha256 = [\"0F:" +
                           digits + "\"]\nauth"}}),
      "venue.toml");
  ASSERT_TRUE(config.ok()) << config.status();
  const FixOptions& fix = config->fix;
  EXPECT_TRUE(fix.host.empty());
  EXPECT_TRUE(fix.tls.enabled);
  EXPECT_EQ(fix.tls.port, 7003);
  EXPECT_TRUE(fix.tls.certificate_file.ends_with("/venue.pem"));
  EXPECT_EQ(fix.tls.key_file, "/keys/venue.key");
  EXPECT_EQ(fix.allowed.size(), 2U);
  EXPECT_FALSE(IsAllowed(fix.sessions[0].allowed, *ParseIpAddress("192.0.2.8")));
  ASSERT_EQ(fix.sessions[0].client_certificates.size(), 1U);
  EXPECT_EQ(fix.sessions[0].client_certificates[0][0], 0x0f);
  EXPECT_EQ(fix.sessions[0].client_certificates[0][31], 0xaa);
}

struct FixFaultCase {
  const char* original;
  const char* replacement;
  const char* expected;
};

class FixConfigFaultTest : public ::testing::TestWithParam<FixFaultCase> {};

TEST_P(FixConfigFaultTest, NamesKeyAndFix) {
  const std::string text =
      absl::StrReplaceAll(kFixVenue, {{GetParam().original, GetParam().replacement}});
  ASSERT_NE(text, kFixVenue);
  const auto config = ParseVenueConfig(text, "venue.toml");
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(std::string(config.status().message()), HasSubstr(GetParam().expected));
}

constexpr FixFaultCase kFixFaults[] = {
    {"kind = \"market_data\"", "kind = \"prices\"", "fix_sessions[1].kind: must be \"orders\""},
    {"kind = \"market_data\"", "kind = \"market_data\"\naccount = 1",
     "fix_sessions[1].account: no such key"},
    {"kind = \"market_data\"", "", "fix_sessions[1].account: is missing"},
    {"accounts = [1, 2]", "accounts = []", "fix_sessions[2].accounts: must be a list of numbers"},
    {"accounts = [1, 2]", "accounts = [2, 3]", "fix_sessions[2].accounts: is no account"},
    {"accounts = [1, 2]", "accounts = [1]", "fix_sessions[2].key_id: must name one of [[keys]]"},
    {"[\"read\"]", "[\"settlement\"]", "fix_sessions[1].key_id: must name one of [[keys]]"},
    {"listen = \"127.0.0.1:0\"", "", "fix.listen: is missing; add it, or tls_listen"},
    {"127.0.0.1:0", "0.0.0.0:0", "fix.listen: is no loopback or private address"},
    {"127.0.0.1:0", "10.1.2.3:0", "fix_sessions[0].authentication: \"none\" is for loopback"},
    {"listen = \"127.0.0.1:0\"", "tls_listen = \"127.0.0.1:0\"",
     "fix.tls_listen: needs tls_certificate_file and tls_key_file"},
    {"comp_id = \"US\"", "comp_id = \"US\"\nallow_from = [\"192.0.2.1/24\"]",
     "fix.allow_from: \"192.0.2.1/24\" is no address or network"},
    {"comp_id = \"DATA\"", "comp_id = \"DATA\"\nallow_from = [\"venue\"]",
     "fix_sessions[1].allow_from: \"venue\" is no address or network"},
    {"comp_id = \"DATA\"", "comp_id = \"DATA\"\nclient_certificates_sha256 = [\"00\"]",
     "fix_sessions[1].client_certificates_sha256: must be 64 hexadecimal digits each"},
    {"comp_id = \"DATA\"", "comp_id = \"DATA\"\nsession_start = \"8:00\"\nsession_end = \"16:00\"",
     "fix_sessions[1].session_start: must be a time of day in UTC"},
    {"comp_id = \"DATA\"", "comp_id = \"DATA\"\nsession_start = \"08:00\"",
     "fix_sessions[1].session_end: must be a time of day in UTC"},
    {"comp_id = \"DATA\"", "comp_id = \"DATA\"\nsession_reset = true",
     "fix_sessions[1].session_reset: needs session_start and session_end"},
    {"comp_id = \"DATA\"",
     "comp_id = \"DATA\"\nsession_start = \"08:00\"\nsession_end = \"16:00\"\n"
     "session_weekdays = [\"monday\"]",
     "fix_sessions[1].session_weekdays: no day \"monday\""},
    {"comp_id = \"COPY\"", "comp_id = \"COPY\"\ncancel_on_disconnect = true",
     "fix_sessions[2].cancel_on_disconnect: no such key"},
};

INSTANTIATE_TEST_SUITE_P(Faults, FixConfigFaultTest, ::testing::ValuesIn(kFixFaults));

}  // namespace
}  // namespace tally::gateway
