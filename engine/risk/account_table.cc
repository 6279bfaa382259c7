#include "engine/risk/account_table.h"

#include "engine/limits.h"

namespace tally::risk {

RejectReason AccountTable::Define(AccountId id, const DefineAccountCommand& definition) {
  if (Raw(id) >= accounts_.size()) {
    return RejectReason::kCapacity;
  }
  if (Raw(id) == 0 || definition.enabled > 1 || definition.must_sign > 1 ||
      definition.fee_class >= kMaxFeeClasses || definition.owner_group >= kOwnerGroupEnd) {
    return RejectReason::kBadDefinition;
  }
  Account& account = accounts_[Raw(id)];
  const std::array<uint8_t, 20> nobody{};
  if (account.defined && account.owner != nobody && account.owner != definition.owner) {
    return RejectReason::kBadDefinition;
  }
  account.defined = true;
  account.enabled = definition.enabled == 1;
  account.must_sign = definition.must_sign == 1;
  account.owner = definition.owner;
  account.fee_class = definition.fee_class;
  account.owner_group = definition.owner_group;
  return RejectReason::kNone;
}

}  // namespace tally::risk
