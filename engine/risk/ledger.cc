#include "engine/risk/ledger.h"

#include "base/assert.h"
#include "engine/limits.h"

namespace tally::risk {

Ledger::Ledger(uint32_t accounts, uint32_t assets)
    : accounts_(accounts),
      assets_(assets),
      rows_((std::size_t{accounts} + 1) * assets),
      supplies_(new Quanta[assets]()) {}

Quanta Ledger::supply(AssetId asset) const {
  CHECK(Raw(asset) < assets_);
  return supplies_[Raw(asset)];
}

RejectReason Ledger::Deposit(AccountId account, AssetId asset, Quanta amount) {
  Balance& row = Row(account, asset);
  Quanta& supply = supplies_[Raw(asset)];
  if (amount.value <= 0 || amount.value > kMaxBalanceQuanta - supply.value) {
    return RejectReason::kBadAmount;
  }
  supply += amount;
  row.available += amount;
  return RejectReason::kNone;
}

RejectReason Ledger::Withdraw(AccountId account, AssetId asset, Quanta amount) {
  Balance& row = Row(account, asset);
  if (amount.value <= 0) {
    return RejectReason::kBadAmount;
  }
  if (amount > row.available) {
    return RejectReason::kInsufficientBalance;
  }
  supplies_[Raw(asset)] -= amount;
  row.available -= amount;
  return RejectReason::kNone;
}

bool Ledger::Hold(AccountId account, AssetId asset, Quanta amount) {
  Balance& row = Row(account, asset);
  CHECK(amount.value >= 0);
  if (amount > row.available) {
    return false;
  }
  row.available -= amount;
  row.held += amount;
  return true;
}

void Ledger::Release(AccountId account, AssetId asset, Quanta amount) {
  Balance& row = Row(account, asset);
  CHECK(amount.value >= 0 && amount <= row.held);
  row.held -= amount;
  row.available += amount;
}

void Ledger::TakeHeld(AccountId account, AssetId asset, Quanta amount) {
  Balance& row = Row(account, asset);
  CHECK(amount.value >= 0 && amount <= row.held);
  row.held -= amount;
}

void Ledger::Credit(AccountId account, AssetId asset, Quanta amount) {
  CHECK(amount.value >= 0);
  Row(account, asset).available += amount;
}

}  // namespace tally::risk
