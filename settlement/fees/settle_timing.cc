#include "settlement/fees/settle_timing.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tally::settlement {
namespace {

uint32_t Share(uint64_t part, uint64_t whole) {
  return static_cast<uint32_t>(std::min<uint64_t>(kPermille, part * kPermille / whole));
}

// The fifth root of a part, both thousandths, along straight lines between these points.
uint32_t FifthRoot(uint32_t part) {
  constexpr std::array<std::pair<uint32_t, uint32_t>, 8> kPoints = {
      {{0, 0}, {10, 398}, {50, 549}, {100, 631}, {250, 758}, {500, 871}, {750, 944}, {1000, 1000}}};
  const auto* above = std::find_if(kPoints.begin() + 1, kPoints.end() - 1,
                                   [&](const auto& point) { return part <= point.first; });
  const auto [low, low_root] = above[-1];
  return low_root + (above->second - low_root) * (part - low) / (above->first - low);
}

// What the price counts as: dearer by as much as a fill costs more gas now than it would in a batch
// of the whole deadline. If trading goes on as it did, such a batch has deadline / age times the
// fills, and entries that grow with the power 0.8 of the fills.
uint64_t WithNetting(const TimingPolicy& policy, uint64_t price_wei, const OpenWork& work) {
  if (work.entries == 0) {
    return price_wei;
  }
  const uint32_t part = std::max(Share(work.age_blocks + 1, policy.deadline_blocks + 1), 1U);
  const uint64_t variable = policy.gas_per_entry * work.entries;
  const unsigned __int128 then = policy.gas_fixed * part + variable * FifthRoot(part);
  return static_cast<uint64_t>(static_cast<unsigned __int128>(price_wei) *
                               (policy.gas_fixed + variable) * kPermille / then);
}

}  // namespace

uint32_t UrgencyPermille(const TimingPolicy& policy, const OpenWork& work) {
  const uint64_t deadline = work.has_withdrawals ? uint64_t{policy.deadline_blocks} *
                                                       policy.withdrawal_permille / kPermille
                                                 : policy.deadline_blocks;
  if (work.age_blocks >= deadline) {
    return kPermille;
  }
  const uint32_t used = std::max(Share(work.age_blocks, deadline), work.fullness_permille);
  if (used <= policy.urgency_from_permille) {
    return 0;
  }
  return Share(used - policy.urgency_from_permille, kPermille - policy.urgency_from_permille);
}

uint32_t QuantilePermille(const TimingPolicy& policy, uint32_t urgency_permille) {
  return policy.quantile_permille +
         (kPermille - policy.quantile_permille) * urgency_permille / kPermille;
}

bool IsTimeToSettle(const TimingPolicy& policy, std::span<const uint64_t> base_fees_wei,
                    const OpenWork& work) {
  if (policy.deadline_blocks == 0 || base_fees_wei.empty() ||
      2 * base_fees_wei.size() < WindowBlocks(policy)) {
    return true;
  }
  const uint32_t urgency = UrgencyPermille(policy, work);
  if (urgency == kPermille) {
    return true;
  }
  // price <= the value at a rank, if and only if fewer than rank values are below it.
  const uint64_t price_wei = WithNetting(policy, base_fees_wei.back(), work);
  const auto below = static_cast<std::size_t>(
      std::count_if(base_fees_wei.begin(), base_fees_wei.end(),
                    [&](uint64_t fee_wei) { return fee_wei < price_wei; }));
  return below < RankOf(QuantilePermille(policy, urgency), base_fees_wei.size());
}

}  // namespace tally::settlement
