#include "engine/core/internal/state.h"

#include <algorithm>

#include "base/assert.h"

namespace tally::core::internal {
namespace {

// Sides of books that get an array around their best price, 8.5 KB each.
constexpr uint32_t kPriceWindowsMax = 4'096;

}  // namespace

State::State(const CoreLimits& core_limits)
    : limits(core_limits),
      assets(core_limits.assets),
      accounts(core_limits.accounts),
      instruments(core_limits.instruments),
      fees(core_limits.instruments),
      ledger(core_limits.accounts, core_limits.assets),
      exposures(core_limits.accounts, core_limits.assets),
      sessions(core_limits.sessions),
      authorizations(std::size_t{core_limits.sessions} + 1, RowUse::kSparse),
      nonces(std::size_t{core_limits.accounts} + 1, RowUse::kSparse),
      pool({.capacity = core_limits.open_orders,
            .windows = std::min(2 * core_limits.instruments, kPriceWindowsMax)}),
      triggers(core_limits.open_orders),
      markets(core_limits.instruments),
      orders(core_limits),
      expiry(core_limits.open_orders),
      mass_cancels(core_limits.open_orders),
      protection_cancels(core_limits.open_orders),
      maker_groups(core_limits.maker_groups),
      quotes(core_limits.open_orders),
      groups(core_limits.order_groups),
      turns(core_limits.instruments) {
  CHECK(limits.assets >= 1 && limits.assets <= kMaxAssets);
  CHECK(limits.instruments >= 1 && limits.instruments <= kMaxInstruments);
  CHECK(limits.accounts >= 1 && limits.accounts <= kMaxAccounts);
  CHECK(limits.sessions <= kMaxSessions);
  CHECK(limits.open_orders >= 1 && limits.open_orders <= kMaxOpenOrdersPerCore);
  CHECK(limits.maker_groups <= 1U << (32 - kRecordMakerGroupShift));
  CHECK(limits.state_hash_interval >= 1);
  commands_until_hash = limits.state_hash_interval;
  chains.reserve(kMaxChains);
  books.reserve(limits.instruments);
  for (uint32_t i = 0; i < limits.instruments; ++i) {
    books.emplace_back(&pool, &triggers);
  }
}

}  // namespace tally::core::internal
