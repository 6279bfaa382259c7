#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tally::settlement {

// Settle now, or wait for a better price: now if the next block's base fee is low among those of
// the last while. How low it has to be is a quantile, which urgency raises until at the deadline
// any price will do.
//
// Waiting also nets: a fill in a larger batch costs less gas. So the price of a small, young batch
// has to be better by as much as the gas of its fills would be if it waited.
struct TimingPolicy {
  uint32_t deadline_blocks = 0;  // 0: never waits.
  uint32_t quantile_permille = 350;
  uint32_t window_deadlines = 4;         // The last while, in deadlines.
  uint32_t urgency_from_permille = 500;  // Of the deadline, and of any limit: where it begins.
  // Who asked for a withdrawal waits at most this part of the deadline.
  uint32_t withdrawal_permille = 333;
  uint64_t gas_fixed = 51'000;  // Of a batch, and of each entry in it.
  uint64_t gas_per_entry = 5'900;
};

// What waits to be settled.
struct OpenWork {
  uint64_t age_blocks = 0;  // Of the oldest of it.
  std::size_t entries = 0;  // 0: netting is left out of account.
  bool has_withdrawals = false;
  uint32_t fullness_permille = 0;  // Of whichever limit is nearest: entries, fills, value at risk.
};

constexpr uint32_t kPermille = 1000;

// The rank, from 1, of a quantile among `count` values: nearest rank, so a value among them.
constexpr std::size_t RankOf(uint32_t quantile_permille, std::size_t count) {
  const std::size_t rank = (quantile_permille * count + kPermille - 1) / kPermille;
  return rank == 0 ? 1 : rank;
}

// A node tells 1,024 at once: half of a window is always known soon.
constexpr std::size_t kWindowBlocksMax = 2'000;
constexpr std::size_t WindowBlocks(const TimingPolicy& policy) {
  const std::size_t blocks = std::size_t{policy.window_deadlines} * policy.deadline_blocks;
  return blocks < kWindowBlocksMax ? blocks : kWindowBlocksMax;
}

// From 0 (no hurry) to 1000 (now), and the quantile that is low enough then.
uint32_t UrgencyPermille(const TimingPolicy& policy, const OpenWork& work);
uint32_t QuantilePermille(const TimingPolicy& policy, uint32_t urgency_permille);

// `base_fees_wei`: the window, ending with the next block's. With less than half of it known there
// is nothing to compare with: settles.
bool IsTimeToSettle(const TimingPolicy& policy, std::span<const uint64_t> base_fees_wei,
                    const OpenWork& work);

}  // namespace tally::settlement
