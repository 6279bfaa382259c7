// What orders are signed for, and who may sign them.

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "engine/limits.h"
#include "gateway/config/hex.h"
#include "gateway/config/venue_parser.h"

namespace tally::gateway {

void VenueParser::ParseChain() {
  ChainConfig& chain = config_.chain;
  if (!root_.contains("chain")) {
    const SettlementConfig& settlement = config_.settlement;
    chain.configured = settlement.configured;
    chain.chain_id = settlement.chain_id;
    chain.vault = ParseHex<20>(settlement.vault).value_or(chain.vault);
    return;
  }
  TableReader reader(Section("chain"), "chain", faults_);
  chain.configured = true;
  chain.chain_id = static_cast<uint64_t>(reader.Integer("chain_id", 1, INT64_MAX));
  const auto vault = ParseHex<20>(reader.String("vault"));
  if (!vault.has_value()) {
    reader.Fault("vault", "must be an address: 0x and 40 hexadecimal digits");
  }
  chain.vault = vault.value_or(chain.vault);
  reader.Finish();
}

void VenueParser::ParseSessionKey(const toml::table& table, std::size_t index) {
  TableReader reader(table, absl::StrCat("session_keys[", index, "]"), faults_);
  OrderSigner key;
  key.account = static_cast<AccountId>(reader.Integer("account", 1, kMaxAccounts));
  const auto address = ParseHex<20>(reader.String("address"));
  if (!address.has_value()) {
    reader.Fault("address", "must be an address: 0x and 40 hexadecimal digits");
  }
  key.address = address.value_or(key.address);
  key.valid_from_s = static_cast<uint64_t>(reader.IntegerOr("valid_from", 0, INT64_MAX, 0));
  key.valid_until_s =
      static_cast<uint64_t>(reader.IntegerOr("valid_until", 0, INT64_MAX, INT64_MAX));
  const bool known = std::any_of(config_.accounts.begin(), config_.accounts.end(),
                                 [&](const auto& one) { return one.account == key.account; });
  if (!known) {
    reader.Fault("account", "is no account; define it under [[accounts]]");
  }
  config_.session_keys.push_back(key);
  reader.Finish();
}

void VenueParser::CheckSigners() {
  if (config_.chain.configured) {
    return;
  }
  for (std::size_t i = 0; i < config_.accounts.size(); ++i) {
    if (config_.accounts[i].must_sign) {
      faults_->Add(root_.source(), absl::StrCat("accounts[", i, "].must_sign"),
                   "needs to know what is signed for; add [chain] with chain_id and vault");
    }
  }
}

}  // namespace tally::gateway
