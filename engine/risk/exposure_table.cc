#include "engine/risk/exposure_table.h"

#include <algorithm>

#include "base/assert.h"
#include "engine/limits.h"

namespace tally::risk {
namespace {

Quanta SaturatingSum(Quanta a, Quanta b) {
  int64_t sum = 0;
  return {__builtin_add_overflow(a.value, b.value, &sum) ? INT64_MAX : sum};
}

}  // namespace

Quanta ExposureRow::Unsettled(EventSequence settled) const {
  Quanta total;
  for (uint32_t i = 0; i < count; ++i) {
    if (sums[i].last_event > settled) {
      total = SaturatingSum(total, sums[i].amount);
    }
  }
  return total;
}

void ExposureRow::Add(const UnsettledDebit& debit, EventSequence settled) {
  uint32_t done = 0;
  while (done < count && sums[done].last_event <= settled) {
    ++done;
  }
  std::copy(sums.begin() + done, sums.begin() + count, sums.begin());
  count -= done;
  if (count == kSums) {
    uint32_t at = 0;
    for (uint32_t i = 1; i + 1 < kSums; ++i) {
      const bool smaller = SaturatingSum(sums[i].amount, sums[i + 1].amount) <
                           SaturatingSum(sums[at].amount, sums[at + 1].amount);
      at = smaller ? i : at;
    }
    sums[at + 1].amount = SaturatingSum(sums[at].amount, sums[at + 1].amount);
    std::copy(sums.begin() + at + 1, sums.end(), sums.begin() + at);
    --count;
  }
  sums[count++] = debit;
}

ExposureTable::ExposureTable(uint32_t accounts, uint32_t assets)
    : accounts_(accounts), assets_(assets) {}

RejectReason ExposureTable::Define(AccountId account, const DefineExposureCommand& definition) {
  AssetLimits& limits = assets_[Raw(definition.asset)];
  const bool remove = definition.remove == 1;
  const bool known = FindLimit(account, definition.asset) != nullptr;
  if (definition.remove > 1 || definition.limit.value < 0 ||
      definition.limit.value > kMaxBalanceQuanta || (remove && !known)) {
    return RejectReason::kBadDefinition;
  }
  if (limits.rows == nullptr) {
    limits.rows =
        std::make_unique<ZeroedArray<ExposureRow>>(std::size_t{accounts_} + 1, RowUse::kSparse);
  }
  const Quanta limit = remove ? Quanta{} : definition.limit;
  if (account == AccountId{}) {
    limits.has_limit = !remove;
    limits.limit = limit;
  } else {
    ExposureRow& row = (*limits.rows)[Raw(account)];
    row.has_own_limit = remove ? 0 : 1;
    row.own_limit = limit;
  }
  if (known == remove) {
    limits.count += remove ? -1 : 1;
    limit_count_ += remove ? -1 : 1;
  }
  return RejectReason::kNone;
}

const ExposureRow* ExposureTable::Find(AccountId account, AssetId asset) const {
  CHECK(Raw(account) <= accounts_ && Raw(asset) < assets_.size());
  const AssetLimits& limits = assets_[Raw(asset)];
  return limits.rows == nullptr ? nullptr : &(*limits.rows)[Raw(account)];
}

const Quanta* ExposureTable::FindLimit(AccountId account, AssetId asset) const {
  const ExposureRow* const row = Find(account, asset);
  if (account == AccountId{}) {
    const AssetLimits& limits = assets_[Raw(asset)];
    return limits.has_limit ? &limits.limit : nullptr;
  }
  return row != nullptr && row->has_own_limit != 0 ? &row->own_limit : nullptr;
}

const Quanta* ExposureTable::LimitOf(AccountId account, AssetId asset) const {
  const Quanta* const own = FindLimit(account, asset);
  return own != nullptr ? own : FindLimit(AccountId{}, asset);
}

Quanta ExposureTable::Unsettled(AccountId account, AssetId asset, EventSequence settled) const {
  const ExposureRow* const row = Find(account, asset);
  return row == nullptr ? Quanta{} : row->Unsettled(settled);
}

void ExposureTable::Add(const Debit& debit, EventSequence settled) {
  AssetLimits& limits = assets_[Raw(debit.asset)];
  if (limits.count != 0 && debit.amount.value > 0) {
    (*limits.rows)[Raw(debit.account)].Add({.last_event = debit.event, .amount = debit.amount},
                                           settled);
  }
}

}  // namespace tally::risk
