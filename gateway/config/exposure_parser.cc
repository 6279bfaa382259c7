// VenueParser: limits of what may be unsettled.

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "engine/limits.h"
#include "gateway/config/decimal.h"
#include "gateway/config/table_reader.h"
#include "gateway/config/venue_parser.h"

namespace tally::gateway {

void VenueParser::ParseExposure(const toml::table& table, std::size_t index) {
  TableReader reader(table, absl::StrCat("exposure_limits[", index, "]"), faults_);
  ExposureConfig row;
  row.account = static_cast<AccountId>(reader.IntegerOr("account", 0, kMaxAccounts, 0));
  const std::string symbol = reader.String("asset");
  const auto asset =
      std::find_if(config_.assets.begin(), config_.assets.end(),
                   [&](const AssetConfig& known) { return known.symbol == Symbol::From(symbol); });
  const Decimal limit = reader.DecimalOf("limit");
  if (asset == config_.assets.end()) {
    reader.Fault("asset", "is no asset; define it under [[assets]]");
  } else {
    row.exposure.asset = asset->asset;
    const absl::StatusOr<int64_t> quanta = ToUnits(limit, asset->quantum_decimals);
    if (!quanta.ok() || *quanta > kMaxBalanceQuanta) {
      reader.Fault("limit", absl::StrCat(quanta.ok() ? "is too large" : quanta.status().message(),
                                         " (a whole number of quanta of the asset)"));
    } else {
      row.exposure.limit.value = *quanta;
    }
  }
  const auto is_account = [&](const AccountConfig& account) {
    return account.account == row.account;
  };
  if (row.account != AccountId{} &&
      std::none_of(config_.accounts.begin(), config_.accounts.end(), is_account)) {
    reader.Fault("account", "is no account; define it under [[accounts]]");
  }
  const auto same = [&](const ExposureConfig& other) {
    return other.account == row.account && other.exposure.asset == row.exposure.asset;
  };
  if (std::any_of(config_.exposures.begin(), config_.exposures.end(), same)) {
    reader.Fault("asset", "has a limit of the same account above already");
  }
  config_.exposures.push_back(row);
  reader.Finish();
}

}  // namespace tally::gateway
