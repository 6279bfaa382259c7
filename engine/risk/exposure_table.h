#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/types.h"
#include "base/zeroed_array.h"
#include "engine/command.h"
#include "engine/reject_reason.h"

namespace tally::risk {

// What an account gave in trades whose events come up to and including `last_event`.
struct UnsettledDebit {
  EventSequence last_event;
  Quanta amount;
};

// What an account gave of an asset in trades that are not final on chain, oldest first, in a few
// sums. Each sum counts until its last event is settled: never less than what is unsettled, and
// more only by the part of one sum.
struct ExposureRow {
  static constexpr uint32_t kSums = 7;

  Quanta own_limit;  // With has_own_limit.
  uint32_t has_own_limit;
  uint32_t count;
  std::array<UnsettledDebit, kSums> sums;

  Quanta Unsettled(EventSequence settled) const;
  // Adds a debit of a later event than any before. Where there is no room, the two neighbours that
  // are the smallest together become one.
  void Add(const UnsettledDebit& debit, EventSequence settled);
};
static_assert(sizeof(ExposureRow) == 128);

// Limits of what accounts may have given in trades that are not final on chain, by asset, and what
// they have. Gross: what came back in other trades does not count, because if an account cannot be
// settled, every one of its trades is in question and not their balance. Counted from the first
// limit of the asset on.
//
// Thread safety: none, one writer. Cost: O(1); the rows of an asset are allocated by its first
// limit, and nothing is touched for assets without one.
class ExposureTable {
 public:
  ExposureTable(uint32_t accounts, uint32_t assets);

  // `account` 0: every one without a limit of its own; the caller has checked that others and the
  // asset are defined. kBadDefinition for a limit outside 0 .. kMaxBalanceQuanta, or one to remove
  // that there is none of.
  RejectReason Define(AccountId account, const DefineExposureCommand& definition);

  // Whether there is a limit at all.
  bool active() const { return limit_count_ != 0; }

  // Null if there is none.
  const Quanta* LimitOf(AccountId account, AssetId asset) const;
  // Exactly the limit of this account, or with account 0 of the others.
  const Quanta* FindLimit(AccountId account, AssetId asset) const;
  // `settled`: the last event that is settled.
  Quanta Unsettled(AccountId account, AssetId asset, EventSequence settled) const;

  struct Debit {
    AccountId account;
    AssetId asset;
    Quanta amount;
    EventSequence event;
  };
  void Add(const Debit& debit, EventSequence settled);

  // Null if the asset never had a limit.
  const ExposureRow* Find(AccountId account, AssetId asset) const;

 private:
  struct AssetLimits {
    Quanta limit;  // Of accounts without their own, with has_limit.
    bool has_limit = false;
    uint32_t count = 0;                              // Limits of this asset.
    std::unique_ptr<ZeroedArray<ExposureRow>> rows;  // By account, once there was a limit.
  };

  const uint32_t accounts_;
  uint32_t limit_count_ = 0;
  std::vector<AssetLimits> assets_;
};

}  // namespace tally::risk
