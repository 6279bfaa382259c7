#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "base/assert.h"
#include "base/prefetch.h"
#include "base/zeroed_array.h"
#include "engine/command.h"
#include "engine/reject_reason.h"

namespace tally::risk {

// Groups are below this, so that a group and an account can never be the same owner.
inline constexpr uint32_t kOwnerGroupEnd = 1U << 31;

// What orders need comes first: two cache lines in the worst case, mostly one.
struct Account {
  bool defined = false;
  bool enabled = false;  // A disabled account may cancel and withdraw, not enter or replace orders.
  bool kill_switch = false;  // Engaged: cancels only.
  bool must_sign = false;    // Every order needs its owner's signature.
  uint8_t fee_class = 0;
  uint32_t open_orders = 0;
  uint32_t owner_group = 0;  // To self-trade prevention all accounts of a group are one owner.
  std::array<uint8_t, 20> owner{};
};

// The accounts of a core, by id from 1: dense, fixed capacity, never removed.
//
// Thread safety: none, one writer. Invariants: an owner that is not all zero never changes. Cost:
// every call O(1), no allocation after construction.
class AccountTable {
 public:
  explicit AccountTable(uint32_t capacity) : accounts_(std::size_t{capacity} + 1) {}

  // Defines the account, or enables or disables a known one. kCapacity for an id outside the
  // table, kBadDefinition for id 0, a flag above 1 or a changed owner.
  RejectReason Define(AccountId id, const DefineAccountCommand& definition);

  // Null for an account that is not defined.
  const Account* Find(AccountId id) const {
    return Raw(id) < accounts_.size() && accounts_[Raw(id)].defined ? &accounts_[Raw(id)] : nullptr;
  }
  Account* Find(AccountId id) {
    return const_cast<Account*>(static_cast<const AccountTable*>(this)->Find(id));
  }

  // Requires that the account is defined.
  const Account& operator[](AccountId id) const {
    DCHECK(accounts_[Raw(id)].defined);
    return accounts_[Raw(id)];
  }
  Account& operator[](AccountId id) { return const_cast<Account&>(std::as_const(*this)[id]); }

  // Starts loading the row of an account, if there is one.
  void Prefetch(AccountId id) const {
    if (Raw(id) < accounts_.size()) {
      tally::Prefetch(&accounts_[Raw(id)]);
    }
  }

  uint32_t capacity() const { return static_cast<uint32_t>(accounts_.size() - 1); }

 private:
  ZeroedArray<Account> accounts_;  // Row 0 is never defined.
};

}  // namespace tally::risk
