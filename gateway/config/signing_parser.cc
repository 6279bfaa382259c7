// [settlement.signing].

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "gateway/config/hex.h"
#include "gateway/config/venue_parser.h"

namespace tally::gateway {
namespace {

constexpr int64_t kGweiMax = 1'000'000'000'000'000'000;  // Of ether there are less than this.
constexpr uint64_t kFeeCapGweiMax = 1'000'000'000;       // Its wei fit 64 bits.

}  // namespace

void VenueParser::ParseSigning(const toml::table& table) {
  TableReader reader(table, "settlement.signing", faults_);
  SettlementConfig& settlement = config_.settlement;
  SigningConfig& signing = settlement.signing;
  signing.vault_operator = ParseSignerKey(reader, "operator", settlement.operator_key_file);
  signing.justifier = ParseSignerKey(reader, "justifier", settlement.justifier_key_file);
  if (const auto file = reader.OptionalString("token_file"); file.has_value()) {
    signing.token_file = AbsolutePath(*file);
  }
  for (const auto& [key, limit] : {std::pair("fee_cap_gwei_max", &signing.fee_cap_gwei_max),
                                   std::pair("transaction_gwei_max", &signing.transaction_gwei_max),
                                   std::pair("hour_gwei_max", &signing.hour_gwei_max),
                                   std::pair("day_gwei_max", &signing.day_gwei_max)}) {
    *limit =
        static_cast<uint64_t>(reader.IntegerOr(key, 1, kGweiMax, static_cast<int64_t>(*limit)));
  }
  signing.fee_cap_gwei_max = std::min<uint64_t>(signing.fee_cap_gwei_max, kFeeCapGweiMax);
  signing.runway_hours_warning = static_cast<uint32_t>(
      reader.IntegerOr("runway_hours_warning", 0, 8'760, signing.runway_hours_warning));
  signing.runway_hours_alarm = static_cast<uint32_t>(
      reader.IntegerOr("runway_hours_alarm", 0, 8'760, signing.runway_hours_alarm));
  reader.Finish();
}

SigningConfig::Key VenueParser::ParseSignerKey(TableReader& reader, std::string_view role,
                                               const std::string& key_file) {
  SigningConfig::Key key;
  const std::string prefix(role);
  if (const auto file = reader.OptionalString(prefix + "_passphrase_file"); file.has_value()) {
    key.passphrase_file = AbsolutePath(*file);
  }
  key.url = reader.OptionalString(prefix + "_url").value_or("");
  key.address = reader.OptionalString(prefix + "_address").value_or("");
  if (key.url.empty() != key.address.empty()) {
    reader.Fault(prefix + "_url", absl::StrCat("needs ", prefix, "_address beside it"));
  } else if (!key.url.empty() && !ParseHex<20>(key.address).has_value()) {
    reader.Fault(prefix + "_address", "must be an address: 0x and 40 hexadecimal digits");
  }
  if (!key.url.empty() && !key_file.empty()) {
    reader.Fault(prefix + "_url",
                 absl::StrCat("stands instead of ", prefix, "_key_file; leave one of them out"));
  }
  return key;
}

}  // namespace tally::gateway
