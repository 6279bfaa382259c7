#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/assert.h"
#include "base/prefetch.h"
#include "base/types.h"
#include "base/zeroed_array.h"
#include "engine/reject_reason.h"

namespace tally::risk {

struct Balance {
  Quanta available;
  Quanta held;  // Reserved by open orders.
  friend constexpr bool operator==(const Balance&, const Balance&) = default;
};

// The balances of a core: accounts x assets in one dense table, in quanta.
//
// Thread safety: none, one writer. Invariants: no field is ever negative; for every asset the sum
// over accounts of available + held equals supply(asset) = deposits - withdrawals, and is at most
// kMaxBalanceQuanta, so that no sum of balances can wrap. A call that would break one of these is
// a programmer error (CHECK) except where it returns a reason. Cost: O(1), one cache line touched
// per balance; the table is allocated once, zero pages are only committed when first touched.
class Ledger {
 public:
  // Accounts are 1..accounts (row 0 is unused), assets 0..assets-1.
  Ledger(uint32_t accounts, uint32_t assets);

  const Balance& balance(AccountId account, AssetId asset) const {
    return rows_[IndexOf(account, asset)];
  }
  Quanta supply(AssetId asset) const;

  // Funds entering from and leaving to the chain. kBadAmount if the amount is not positive or the
  // supply would exceed kMaxBalanceQuanta; kInsufficientBalance if not that much is available.
  RejectReason Deposit(AccountId account, AssetId asset, Quanta amount);
  RejectReason Withdraw(AccountId account, AssetId asset, Quanta amount);

  // Moves available funds to held; false, without effect, if not that much is available.
  bool Hold(AccountId account, AssetId asset, Quanta amount);
  // Moves held funds back to available.
  void Release(AccountId account, AssetId asset, Quanta amount);

  // Starts loading a balance that will be needed.
  void Prefetch(AccountId account, AssetId asset) const {
    tally::Prefetch(&rows_[std::size_t{Raw(account)} * assets_ + Raw(asset)]);
  }

  // The two halves of a transfer; the caller keeps them equal (see fills.h).
  void TakeHeld(AccountId account, AssetId asset, Quanta amount);
  void Credit(AccountId account, AssetId asset, Quanta amount);

  uint32_t accounts() const { return accounts_; }
  uint32_t assets() const { return assets_; }

 private:
  [[gnu::always_inline]] Balance& Row(AccountId account, AssetId asset) {
    return rows_[IndexOf(account, asset)];
  }
  std::size_t IndexOf(AccountId account, AssetId asset) const {
    CHECK(Raw(account) <= accounts_ && Raw(asset) < assets_);
    return std::size_t{Raw(account)} * assets_ + Raw(asset);
  }

  const uint32_t accounts_;
  const uint32_t assets_;
  ZeroedArray<Balance> rows_;
  std::unique_ptr<Quanta[]> supplies_;
};

}  // namespace tally::risk
