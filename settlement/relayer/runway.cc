#include "settlement/relayer/runway.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "base/status.h"

namespace tally::settlement {
namespace {

constexpr int64_t kNsPerHour = 3'600'000'000'000;
constexpr int64_t kWindowNs = 24 * kNsPerHour;
// A rate over less than this says little.
constexpr int64_t kElapsedNsMin = kNsPerHour / 6;
constexpr uint64_t kWeiPerEther = 1'000'000'000'000'000'000;
constexpr uint64_t kMicroEther = 1'000'000'000'000;

uint64_t Clamped(const Uint256& value) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  return value > kMax ? kMax : static_cast<uint64_t>(value);
}

}  // namespace

std::string EtherText(const Uint256& wei) {
  return absl::StrFormat("%u.%06u", Clamped(wei / kWeiPerEther),
                         static_cast<uint64_t>(wei % kWeiPerEther) / kMicroEther);
}

void RunwayMonitor::Watch(const Address& account, std::string role) {
  Runway runway;
  runway.account = account;
  runway.role = std::move(role);
  runways_.push_back(std::move(runway));
  histories_.emplace_back();
}

void RunwayMonitor::Step() {
  const int64_t now_ns = clock_->NowNs();
  if (looked_at_ns_.has_value() && now_ns - *looked_at_ns_ < config_.runway_interval_ns) {
    return;
  }
  looked_at_ns_ = now_ns;
  const absl::StatusOr<FeeQuote> fees = chain_->Fees();
  if (!fees.ok()) {
    return;
  }
  for (std::size_t i = 0; i < runways_.size(); ++i) {
    Look(*fees, now_ns, &runways_[i], &histories_[i]);
  }
  ++looked_count_;
}

void RunwayMonitor::Look(const FeeQuote& fees, int64_t now_ns, Runway* runway, History* history) {
  const absl::StatusOr<Uint256> balance = chain_->BalanceWei(runway->account);
  if (!balance.ok()) {
    return;
  }
  runway->fee_wei = std::max<uint64_t>(fees.base_fee_wei + fees.tip_wei, 1);
  if (history->since_ns == 0) {
    history->since_ns = std::max<int64_t>(now_ns, 1);
  } else if (*balance < runway->balance_wei) {
    const Uint256 spent_wei = runway->balance_wei - *balance;
    history->spent.push_back({now_ns, Clamped(spent_wei / runway->fee_wei)});
  }
  runway->balance_wei = *balance;
  Uint256 gas = 0;
  while (!history->spent.empty() && now_ns - history->spent.front().at_ns >= kWindowNs) {
    history->spent.pop_front();
  }
  for (const Spent& spent : history->spent) {
    gas += spent.gas;
  }
  const int64_t elapsed_ns = std::clamp(now_ns - history->since_ns, kElapsedNsMin, kWindowNs);
  runway->gas_per_hour =
      Clamped(gas * static_cast<uint64_t>(kNsPerHour) / static_cast<uint64_t>(elapsed_ns));
  runway->hours.reset();
  if (runway->gas_per_hour > 0) {
    runway->hours =
        Clamped(runway->balance_wei / (Uint256(runway->gas_per_hour) * runway->fee_wei));
  }
  runway->level = LevelOf(*runway);
  Log(*runway, now_ns, history);
}

// A node wants the whole worst price to be there before it takes a transaction.
RunwayLevel RunwayMonitor::LevelOf(const Runway& runway) const {
  const uint64_t gas_max = config_.gas_base + config_.gas_per_entry * config_.batch_entries_max;
  const Uint256 dearest_wei = Uint256(gas_max) * 2 * runway.fee_wei;
  const uint64_t hours = runway.hours.value_or(std::numeric_limits<uint64_t>::max());
  if (hours < config_.runway_hours_alarm || runway.balance_wei < dearest_wei / 2) {
    return RunwayLevel::kAlarm;
  }
  return hours < config_.runway_hours_warning || runway.balance_wei < dearest_wei
             ? RunwayLevel::kWarning
             : RunwayLevel::kGood;
}

void RunwayMonitor::Log(const Runway& runway, int64_t now_ns, History* history) const {
  const bool is_due =
      runway.level != RunwayLevel::kGood && now_ns - history->logged_at_ns >= kNsPerHour;
  if (runway.level == history->logged && !is_due) {
    return;
  }
  history->logged = runway.level;
  history->logged_at_ns = now_ns;
  const std::string text =
      absl::StrCat("the ", runway.role, "'s key ", Hex(runway.account), " has ",
                   EtherText(runway.balance_wei), " ether, at the fees of now enough for ",
                   runway.hours.has_value()
                       ? absl::StrCat(*runway.hours, " hours at the recent rate")
                       : absl::StrCat(Clamped(runway.balance_wei / runway.fee_wei), " gas"));
  switch (runway.level) {
    case RunwayLevel::kGood:
      config_.log(LogLevel::kInfo, text);
      return;
    case RunwayLevel::kWarning:
      config_.log(LogLevel::kWarning, text);
      return;
    case RunwayLevel::kAlarm:
      config_.log(LogLevel::kError, absl::StrCat("ALARM: ", text, ": send it ether"));
      return;
  }
}

}  // namespace tally::settlement
