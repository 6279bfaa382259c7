#include "tests/crash/crash_world.h"

#include <algorithm>
#include <poll.h>

#include "absl/strings/str_cat.h"
#include <nlohmann/json.hpp>

#include "base/assert.h"
#include "base/clock.h"
#include "engine/journal/journal_reader.h"

namespace tally {
namespace {

using Json = nlohmann::json;

constexpr uint32_t kTradingAccounts[] = {2, 3, 4, 5};
constexpr int kSettleTimeoutMs = 60'000;

// Several sessions share an account; some lose their orders with their connection.
constexpr TraderSpec kTraders[] = {
    {.key_id = 1, .session_id = 1, .cancels_on_disconnect = false, .cancel_grace_ms = 0},
    {.key_id = 2, .session_id = 1, .cancels_on_disconnect = false, .cancel_grace_ms = 0},
    {.key_id = 2, .session_id = 2, .cancels_on_disconnect = true, .cancel_grace_ms = 0},
    {.key_id = 3, .session_id = 1, .cancels_on_disconnect = false, .cancel_grace_ms = 0},
    {.key_id = 3, .session_id = 7, .cancels_on_disconnect = true, .cancel_grace_ms = 20},
    {.key_id = 4, .session_id = 1, .cancels_on_disconnect = false, .cancel_grace_ms = 0},
    {.key_id = 5, .session_id = 1, .cancels_on_disconnect = true, .cancel_grace_ms = 0},
};

void Add(const AssetTotals& more, AssetTotals* totals) {
  for (std::size_t asset = 0; asset < kViewAssets; ++asset) {
    (*totals)[asset] += more[asset];
  }
}

std::string ToText(const AssetTotals& totals) {
  return absl::StrCat("[", totals[0], " ", totals[1], " ", totals[2], "]");
}

}  // namespace

CrashWorld::CrashWorld(std::string tally_path, const VenueSpec& spec, uint64_t seed)
    : random_(seed), venue_(std::move(tally_path), spec) {
  for (const TraderSpec& trader : kTraders) {
    traders_.push_back(std::make_unique<RandomTrader>(venue_.port(), trader));
  }
  traders_[1]->set_sibling(traders_[2].get());
  traders_[4]->set_sibling(traders_[3].get());
  settlement_ = std::make_unique<SettlementClient>(venue_.port());
  audit_ = std::make_unique<EventLogAudit>(venue_.data_directory() + "/events", AuditedSessions());
}

std::vector<AuditedSession> CrashWorld::AuditedSessions() const {
  std::vector<AuditedSession> sessions;
  for (const auto& trader : traders_) {
    sessions.push_back({.account = AccountId{static_cast<uint32_t>(trader->spec().key_id)},
                        .session_id = trader->spec().session_id,
                        .view = &trader->view()});
  }
  sessions.push_back({.account = AccountId{}, .session_id = 1, .view = &settlement_->view()});
  return sessions;
}

std::vector<sdk::Client*> CrashWorld::Clients() {
  std::vector<sdk::Client*> clients;
  for (const auto& trader : traders_) {
    clients.push_back(&trader->client());
  }
  clients.push_back(&settlement_->client());
  return clients;
}

void CrashWorld::PollAll(int timeout_ms) {
  std::size_t handled = 0;
  std::vector<pollfd> waiters;
  for (sdk::Client* client : Clients()) {
    handled += client->Poll();
    const auto events = static_cast<int16_t>(POLLIN | (client->wants_write() ? POLLOUT : 0));
    waiters.push_back({.fd = client->fd(), .events = events, .revents = 0});
  }
  if (handled == 0 && timeout_ms != 0) {
    poll(waiters.data(), waiters.size(), timeout_ms);
  }
}

bool CrashWorld::Await(const std::function<bool()>& done, int timeout_ms) {
  const int64_t deadline_ns = MonotonicNs() + int64_t{timeout_ms} * 1'000'000;
  while (!done()) {
    if (!Faults().empty() || MonotonicNs() > deadline_ns) {
      return false;
    }
    PollAll(1);
  }
  return true;
}

std::string CrashWorld::Faults() const {
  for (const auto& trader : traders_) {
    if (!trader->view().fault().empty()) {
      return trader->view().fault();
    }
    if (trader->client().state() == sdk::ClientState::kFailed) {
      return absl::StrCat(trader->view().name(), ": ", trader->client().status().ToString());
    }
  }
  if (settlement_->client().state() == sdk::ClientState::kFailed) {
    return settlement_->client().status().ToString();
  }
  return settlement_->view().fault();
}

void CrashWorld::FundAccounts() {
  const auto live = [&] {
    const auto clients = Clients();
    return std::all_of(clients.begin(), clients.end(),
                       [](auto* c) { return c->state() == sdk::ClientState::kLive; });
  };
  CHECK(Await(live, kSettleTimeoutMs));
  CHECK(settlement_->Fund({2, 3, 4, 5}));
}

void CrashWorld::Load(int64_t microseconds, int64_t in_flight_max) {
  const int64_t end_ns = MonotonicNs() + microseconds * 1'000;
  while (MonotonicNs() < end_ns && Faults().empty()) {
    for (std::size_t i = 1; i < traders_.size(); ++i) {
      traders_[i]->SendSome(random_, in_flight_max);
      if (random_() % 400 == 0) {
        traders_[i]->client().DropConnection();
      }
    }
    if (settlement_->client().unanswered() < 8) {
      const AccountId account{kTradingAccounts[random_() % std::size(kTradingAccounts)]};
      const AssetId asset{static_cast<uint16_t>(random_() % kViewAssets)};
      settlement_->Deposit(account, asset, static_cast<int64_t>(1 + random_() % 1'000'000));
      settlement_->RepeatDeposit();
      // Now and then far too much, which is refused and uses up its index.
      const int64_t amount = random_() % 8 == 0 ? kTestQuoteFunds * 2 : 999;
      settlement_->Withdraw(account, asset, amount);
    }
    PollAll(1);
  }
}

std::string CrashWorld::WhatIsMissing() {
  std::string text = Faults();
  if (!text.empty()) {
    return text;
  }
  for (const auto& trader : traders_) {
    absl::StrAppend(&text, trader->view().name(), ": state ",
                    static_cast<int>(trader->client().state()), ", ", trader->client().unanswered(),
                    " unanswered, last disconnect ", trader->view().last_disconnect().ToString(),
                    "\n");
  }
  return absl::StrCat("the clients do not come to rest:\n", text, venue_.LogTail());
}

std::string CrashWorld::Check() {
  const auto settled = [&] {
    return settlement_->client().state() == sdk::ClientState::kLive &&
           settlement_->client().unanswered() == 0 &&
           std::all_of(traders_.begin(), traders_.end(), [](auto& t) { return t->Settled(); });
  };
  if (!Await(settled, kSettleTimeoutMs)) {
    return WhatIsMissing();
  }
  // Every command is applied, so an answer from now on is behind all their consequences.
  for (const auto& trader : traders_) {
    trader->AskForState();
  }
  if (!Await(settled, kSettleTimeoutMs)) {
    return WhatIsMissing();
  }
  for (sdk::Client* client : Clients()) {
    const sdk::ClientStats& stats = client->stats();
    if (stats.answers != stats.commands) {
      return absl::StrCat(stats.commands, " commands, ", stats.answers, " answers");
    }
  }
  audit_->ReadOn();
  if (!audit_->fault().empty()) {
    return audit_->fault();
  }
  if (audit_->deposits() != settlement_->deposits() ||
      audit_->withdrawals() != settlement_->withdrawals()) {
    return absl::StrCat(settlement_->deposits(), " deposits were sent and ", audit_->deposits(),
                        " made; withdrawals ", settlement_->withdrawals(), " and ",
                        audit_->withdrawals());
  }
  return CheckBalances();
}

std::string CrashWorld::CheckBalances() const {
  AccountTotals total = audit_->transferred();
  AccountTotals held;
  AccountTotals seen_total;
  AccountTotals seen_held;
  AssetTotals venue_total{};
  AssetTotals venue_transferred{};
  for (const auto& trader : traders_) {
    const auto account = static_cast<uint32_t>(trader->spec().key_id);
    const SessionView& view = trader->view();
    Add(view.filled(), &total[account]);
    Add(view.Held(), &held[account]);
    total[Raw(kVenueFeeAccount)][Raw(kVenueQuote)] += view.fees_paid();
    seen_total[account] = view.available();
    Add(view.held(), &seen_total[account]);
    seen_held[account] = view.held();
  }
  for (const auto& [account, seen] : seen_total) {
    if (seen != total[account] || seen_held[account] != held[account]) {
      return absl::StrCat("account ", account, " has ", ToText(seen), " of which held ",
                          ToText(seen_held[account]), "; its fills and deposits give ",
                          ToText(total[account]), " and its orders hold ", ToText(held[account]));
    }
    Add(seen, &venue_total);
  }
  for (const auto& [account, transferred] : audit_->transferred()) {
    Add(transferred, &venue_transferred);
  }
  return venue_total == venue_transferred ? "" : "balances do not add up to what was deposited";
}

std::string CrashWorld::CloseAll() {
  for (sdk::Client* client : Clients()) {
    client->Close(/*keep_orders=*/true);
  }
  const auto closed = [&] {
    const auto clients = Clients();
    return std::all_of(clients.begin(), clients.end(),
                       [](auto* c) { return c->state() == sdk::ClientState::kClosed; });
  };
  return Await(closed, kSettleTimeoutMs) ? "" : WhatIsMissing();
}

// Each session's commands are in the journal once, in order, without a gap, and none is missing.
std::string CrashWorld::CheckJournal() const {
  auto reader = JournalReader::Open(venue_.data_directory() + "/journal");
  if (!reader.ok()) {
    return reader.status().ToString();
  }
  std::map<SessionIndex, uint64_t> sequences;
  for (;;) {
    const absl::StatusOr<JournalFrame> frame = (*reader)->Next();
    if (!frame.ok()) {
      return frame.status().ToString();
    }
    if (frame->commands.empty()) {
      break;
    }
    for (const Command& command : frame->commands) {
      if (command.client_sequence != 0 && command.client_sequence != ++sequences[command.session]) {
        return absl::StrCat("command ", Raw(command.sequence), " is number ",
                            command.client_sequence, " of session ", Raw(command.session),
                            " where ", sequences[command.session], " was due");
      }
    }
  }
  uint64_t journaled = 0;
  for (const auto& [session, last] : sequences) {
    journaled += last;
  }
  uint64_t sent = settlement_->client().stats().commands;
  for (const auto& trader : traders_) {
    sent += trader->client().stats().commands;
  }
  return sent == journaled ? ""
                           : absl::StrCat(sent, " commands sent, ", journaled, " in the journal");
}

// `tally replay` finds the state that the server printed, and balances and book as clients know.
std::string CrashWorld::CheckReplay() {
  const CommandResult replay = venue_.Replay({"--json", "--balances", "--book", "1"});
  const Json json = Json::parse(replay.output, nullptr, /*allow_exceptions=*/false);
  if (replay.exit_code != 0 || json.is_discarded() || !json["identical"].get<bool>()) {
    return absl::StrCat("replay ends with ", replay.exit_code, ": ", replay.output);
  }
  const std::string log = venue_.LogTail();
  if (log.find(json["state_hash"].get<std::string>()) == std::string::npos) {
    return absl::StrCat("replay's state hash is not the server's:\n", replay.output, log);
  }
  std::map<std::pair<int, int>, std::pair<int64_t, int64_t>> balances;
  for (const Json& row : json["balances"]) {
    balances[{row["account"], row["asset"]}] = {row["available"], row["held"]};
  }
  std::map<int64_t, int64_t> bids;
  for (const auto& trader : traders_) {
    const SessionView& view = trader->view();
    for (int asset = 0; asset < static_cast<int>(kViewAssets); ++asset) {
      const std::pair<int64_t, int64_t> seen = {view.available()[asset], view.held()[asset]};
      if (balances[{static_cast<int>(trader->spec().key_id), asset}] != seen) {
        return absl::StrCat("balance of ", view.name(), " in asset ", asset,
                            " differs from replay");
      }
    }
    for (const auto& [id, order] : view.open_orders()) {
      if (order.instrument == InstrumentId{1} && order.side == Side::kBuy) {
        bids[-order.price] += order.leaves;
      }
    }
  }
  auto level = bids.begin();
  for (const Json& row : json["bids"]) {
    if (level == bids.end() || row["price"] != -level->first || row["quantity"] != level->second) {
      return absl::StrCat("the book differs from the clients' orders at ", row.dump());
    }
    ++level;
  }
  return "";
}

std::string CrashWorld::CheckStopped() {
  EventLogAudit whole(venue_.data_directory() + "/events", AuditedSessions());
  whole.ReadOn();
  if (!whole.fault().empty()) {
    return whole.fault();
  }
  const std::string fault = CheckJournal();
  return fault.empty() ? CheckReplay() : fault;
}

std::string CrashWorld::Summary() {
  uint64_t commands = 0;
  uint64_t resent = 0;
  uint64_t reports = 0;
  uint64_t duplicates = 0;
  uint64_t logons = 0;
  uint64_t fills = 0;
  for (const sdk::Client* client : Clients()) {
    commands += client->stats().commands;
    resent += client->stats().commands_resent;
    reports += client->stats().reports;
    duplicates += client->stats().reports_duplicate;
    logons += client->stats().logons;
  }
  for (const auto& trader : traders_) {
    fills += trader->view().fills();
  }
  return absl::StrCat(commands, " commands (", resent, " sent again), ", reports, " reports (",
                      duplicates, " seen twice), ", fills, " fills, ", logons, " logons");
}

}  // namespace tally
