#include "settlement/signing/spend_ledger.h"

#include <algorithm>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "base/status.h"

namespace tally::settlement {
namespace {

constexpr int64_t kNsPerMinute = 60'000'000'000;
constexpr int64_t kMinutesPerHour = 60;
constexpr int64_t kMinutesPerDay = 1440;

}  // namespace

uint64_t SpendLedger::Increase(uint64_t nonce, uint64_t gwei) const {
  const auto found = nonces_.find(nonce);
  const uint64_t counted = found == nonces_.end() ? 0 : found->second;
  return gwei - std::min(gwei, counted);
}

void SpendLedger::Record(uint64_t nonce, uint64_t gwei, int64_t now_ns) {
  const uint64_t more = Increase(nonce, gwei);
  const int64_t minute = now_ns / kNsPerMinute;
  if (more > 0) {
    minutes_[minute] += more;
    nonces_[nonce] += more;
  }
  while (!minutes_.empty() && minutes_.begin()->first <= minute - kMinutesPerDay) {
    minutes_.erase(minutes_.begin());
  }
  while (nonces_.size() > kNoncesMax) {
    nonces_.erase(nonces_.begin());
  }
}

uint64_t SpendLedger::SumSince(int64_t minute) const {
  uint64_t sum = 0;
  for (auto at = minutes_.upper_bound(minute); at != minutes_.end(); ++at) {
    sum += at->second;
  }
  return sum;
}

uint64_t SpendLedger::HourGwei(int64_t now_ns) const {
  return SumSince(now_ns / kNsPerMinute - kMinutesPerHour);
}

uint64_t SpendLedger::DayGwei(int64_t now_ns) const {
  return SumSince(now_ns / kNsPerMinute - kMinutesPerDay);
}

std::string SpendLedger::ToText() const {
  std::string text;
  for (const auto& [minute, gwei] : minutes_) {
    absl::StrAppend(&text, "minute ", minute, " ", gwei, "\n");
  }
  for (const auto& [nonce, gwei] : nonces_) {
    absl::StrAppend(&text, "nonce ", nonce, " ", gwei, "\n");
  }
  return text;
}

absl::Status SpendLedger::Restore(std::string_view text) {
  std::map<int64_t, uint64_t> minutes;
  std::map<uint64_t, uint64_t> nonces;
  for (const absl::string_view line : absl::StrSplit(ToAbsl(text), '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
    uint64_t key = 0;
    uint64_t gwei = 0;
    const bool good =
        words.size() == 3 && absl::SimpleAtoi(words[1], &key) && absl::SimpleAtoi(words[2], &gwei);
    if (good && words[0] == "minute") {
      minutes[static_cast<int64_t>(key)] = gwei;
    } else if (good && words[0] == "nonce") {
      nonces[key] = gwei;
    } else {
      return absl::DataLossError(
          absl::StrCat("the record of signed transactions is damaged at '", line, "'"));
    }
  }
  minutes_ = std::move(minutes);
  nonces_ = std::move(nonces);
  return absl::OkStatus();
}

}  // namespace tally::settlement
