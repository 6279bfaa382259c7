#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tally::settlement {

// What the signatures of one key may have cost in the last day, by minute, in gwei. A nonce is
// counted once, at the dearest that was signed for it; a replacement only adds the difference.
//
// Thread safety: one thread. Bounded: a day of minutes, and the last kNoncesMax nonces.
class SpendLedger {
 public:
  static constexpr std::size_t kNoncesMax = 256;

  // By how much signing for the nonce at this price would raise the sums.
  uint64_t Increase(uint64_t nonce, uint64_t gwei) const;
  void Record(uint64_t nonce, uint64_t gwei, int64_t now_ns);

  uint64_t HourGwei(int64_t now_ns) const;
  uint64_t DayGwei(int64_t now_ns) const;

  // As text, to be kept across restarts. kDataLoss for what ToText() did not write.
  std::string ToText() const;
  absl::Status Restore(std::string_view text);

 private:
  uint64_t SumSince(int64_t minute) const;

  std::map<int64_t, uint64_t> minutes_;
  std::map<uint64_t, uint64_t> nonces_;
};

}  // namespace tally::settlement
