// VenueParser: the FIX gateway.

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "gateway/config/venue_parser.h"

namespace tally::gateway {
namespace {

constexpr uint8_t kReadingPermissions = kPermissionRead | kPermissionTrade | kPermissionAdmin;

bool IsCompId(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

// Whether the key is one for the session.
bool MayLogOn(const ApiKey& key, const FixSessionConfig& session) {
  switch (session.kind) {
    case FixSessionKind::kOrders:
      return key.account == session.account && (key.permissions & kPermissionTrade) != 0;
    case FixSessionKind::kMarketData:
      return (key.permissions & kReadingPermissions) != 0;
    case FixSessionKind::kDropCopy:
      return (key.permissions & kPermissionAdmin) != 0 ||
             ((key.permissions & kReadingPermissions) != 0 &&
              std::find(session.accounts.begin(), session.accounts.end(), key.account) !=
                  session.accounts.end());
  }
  return false;
}

}  // namespace

void VenueParser::ParseFix() {
  if (!root_.contains("fix")) {
    return;
  }
  TableReader reader(Section("fix"), "fix", faults_);
  FixOptions& fix = config_.fix;
  fix.enabled = true;
  fix.directory = config_.engine.data_directory + "/fix";
  fix.comp_id = reader.String("comp_id");
  if (!IsCompId(fix.comp_id)) {
    reader.Fault("comp_id", "must be 1 to 64 printable ASCII characters without spaces");
  }
  ParseFixListeners(reader);
  const auto limit = [&reader](std::string_view key, int64_t low, uint32_t* value) {
    *value = static_cast<uint32_t>(reader.IntegerOr(key, low, kUint32Max, *value));
  };
  limit("connections_max", 1, &fix.connections_max);
  limit("logons_per_second_max", 1, &fix.logons_per_second_max);
  limit("logon_deadline_ms", 100, &fix.logon_deadline_ms);
  limit("notice_s", 0, &fix.notice_s);
  limit("stop_notice_s", 0, &fix.stop_notice_s);
  limit("logout_deadline_ms", 100, &fix.logout_deadline_ms);
  limit("heartbeat_s_min", 1, &fix.heartbeat_s_min);
  limit("heartbeat_s_max", 1, &fix.heartbeat_s_max);
  limit("latency_window_ms", 100, &fix.latency_window_ms);
  limit("messages_per_second", 1, &fix.messages_per_second);
  limit("burst", 1, &fix.burst);
  limit("market_slippage_ticks", 1, &fix.market_slippage_ticks);
  limit("held_messages_max", 1, &fix.held_messages_max);
  limit("held_bytes_max", 65'536, &fix.held_bytes_max);
  limit("send_queue_bytes_soft", 4'096, &fix.send_queue_bytes_soft);
  limit("send_queue_bytes_max", 65'536, &fix.send_queue_bytes_max);
  limit("send_queue_age_ms_max", 10, &fix.send_queue_age_ms_max);
  limit("closed_orders_max", 1, &fix.closed_orders_max);
  limit("message_log_mb", 0, &fix.message_log_mb);
  limit("trades_kept_max", 1, &fix.trades_kept_max);
  reader.Finish();
}

void VenueParser::ParseFixSession(const toml::table& table, std::size_t index) {
  TableReader reader(table, absl::StrCat("fix_sessions[", index, "]"), faults_);
  FixSessionConfig session;
  session.comp_id = reader.String("comp_id");
  if (!IsCompId(session.comp_id)) {
    reader.Fault("comp_id", "must be 1 to 64 printable ASCII characters without spaces");
  }
  ParseFixKind(reader, &session);
  ParseFixAccess(reader, &session);
  ParseFixCredentials(reader, &session);
  const auto& others = config_.fix.sessions;
  if (std::any_of(others.begin(), others.end(),
                  [&](const auto& other) { return other.comp_id == session.comp_id; })) {
    reader.Fault("comp_id", "is taken by another session");
  }
  reader.Finish();
  config_.fix.sessions.push_back(std::move(session));
}

// What the session is for, and whose.
void VenueParser::ParseFixKind(TableReader& reader, FixSessionConfig* session) {
  const std::string kind = reader.OptionalString("kind").value_or("orders");
  const auto check = [&](std::string_view key, AccountId account) {
    const auto& accounts = config_.accounts;
    if (std::none_of(accounts.begin(), accounts.end(),
                     [account](const auto& row) { return row.account == account; })) {
      reader.Fault(key, "is no account; define it under [[accounts]]");
    }
  };
  if (kind == "orders") {
    session->account = AccountId{static_cast<uint32_t>(reader.Integer("account", 1, kMaxAccounts))};
    check("account", session->account);
    session->reset_on_logon = reader.BoolOr("reset_on_logon", false);
    session->cancel_on_disconnect = reader.BoolOr("cancel_on_disconnect", false);
    session->self_trade_prevention = static_cast<SelfTradePrevention>(reader.IntegerOr(
        "self_trade_prevention", 1, 5, static_cast<int64_t>(session->self_trade_prevention)));
  } else if (kind == "market_data") {
    session->kind = FixSessionKind::kMarketData;
    session->reset_on_logon = true;
  } else if (kind == "drop_copy") {
    session->kind = FixSessionKind::kDropCopy;
    session->reset_on_logon = reader.BoolOr("reset_on_logon", false);
    for (const int64_t account : reader.Integers("accounts", 1, kMaxAccounts)) {
      session->accounts.push_back(AccountId{static_cast<uint32_t>(account)});
      check("accounts", session->accounts.back());
    }
  } else {
    reader.Fault("kind", "must be \"orders\", \"market_data\" or \"drop_copy\"");
  }
}

void VenueParser::ParseFixCredentials(TableReader& reader, FixSessionConfig* session) {
  const std::string kind = reader.String("authentication");
  if (kind == "none") {
    session->authentication = FixAuthentication::kNone;
    if (session->client_certificates.empty() && !FixIsOnLoopback()) {
      reader.Fault("authentication",
                   "\"none\" is for loopback addresses in fix.listen and fix.tls_listen, or for a "
                   "session with client_certificates_sha256");
    }
  } else if (kind == "password") {
    session->authentication = FixAuthentication::kPassword;
    session->username = reader.String("username");
    const std::string hex = reader.String("password_sha256");
    if (hex.size() != 64 || hex.find_first_not_of("0123456789abcdef") != std::string::npos) {
      reader.Fault("password_sha256", "must be 64 lower-case hexadecimal digits");
      return;
    }
    const std::string bytes = absl::HexStringToBytes(hex);
    std::copy(bytes.begin(), bytes.end(), session->password_sha256.begin());
  } else if (kind == "signature") {
    session->authentication = FixAuthentication::kSignature;
    session->key_id = static_cast<uint64_t>(reader.Integer("key_id", 1, INT64_MAX));
    const auto& keys = config_.keys;
    const auto key = std::find_if(keys.begin(), keys.end(),
                                  [&](const ApiKey& row) { return row.id == session->key_id; });
    if (key == keys.end() || !MayLogOn(*key, *session)) {
      reader.Fault("key_id",
                   session->kind == FixSessionKind::kOrders
                       ? "must name one of [[keys]] that may trade, of the same account"
                       : "must name one of [[keys]] that may read, of one of the accounts");
    }
  } else {
    reader.Fault("authentication", "must be \"none\", \"password\" or \"signature\"");
  }
}

}  // namespace tally::gateway
