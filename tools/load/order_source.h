#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "sdk/client.h"
#include "tools/load/load.h"

namespace tally::load {

// Decides what a session sends next, from its own open orders. Deterministic for a seed and a
// course of reports. Thread safety: none.
class OrderSource {
 public:
  OrderSource(const LoadOptions& options, uint64_t seed);

  // Sends one command. kResourceExhausted if the client is full: nothing happened.
  absl::StatusOr<sdk::CommandTicket> Send(sdk::Client* client);
  // Keeps the open orders up to date.
  void Observe(const sdk::Report& report);

 private:
  absl::StatusOr<sdk::CommandTicket> SendNew(sdk::Client* client, bool aggressive);
  absl::StatusOr<sdk::CommandTicket> SendCancel(sdk::Client* client);
  absl::StatusOr<sdk::CommandTicket> SendReplace(sdk::Client* client);
  uint64_t Below(uint64_t limit) { return random_() % limit; }
  PriceTicks RestingPrice(Side side);
  void Forget(OrderId order);

  const LoadOptions& options_;
  std::mt19937_64 random_;
  struct Open {
    OrderId order{};
    Side side = Side::kBuy;
  };
  std::vector<Open> open_;  // Accepted, not known to be gone, no cancel sent.
};

}  // namespace tally::load
