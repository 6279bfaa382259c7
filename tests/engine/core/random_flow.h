#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "tests/engine/core/test_venue.h"

namespace tally {

inline constexpr InstrumentId kEthUsd{2};
inline constexpr AssetId kEth{2};

// TALLY_SEED of the environment, if it is set.
uint64_t SeedOr(uint64_t seed);

CoreLimits FlowLimits();

// Sets up a venue with two instruments on one quote asset, four traders with six sessions and
// balances small enough to run out.
void SetUpFlow(TestVenue& venue);

// The second instrument: other scale and, when `step` grows, other fees (rebates among them).
DefineInstrumentCommand EthUsdTerms(uint64_t step);

// Random commands from sessions 1..6 of a venue after SetUpFlow(), a function of the seed and of
// what the core did with the ones before. Does not send them.
class RandomFlow {
 public:
  explicit RandomFlow(uint64_t seed) : random_(seed) {}

  Command Next(TestVenue& venue);

 private:
  int64_t Uniform(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random_() % static_cast<uint64_t>(high - low + 1));
  }
  Command NewOrder(TestVenue& venue, SessionIndex session);
  OrderId SomeOrder(const TestVenue& venue);

  std::mt19937_64 random_;
  uint64_t steps_ = 0;
};

}  // namespace tally
