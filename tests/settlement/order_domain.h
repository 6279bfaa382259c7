#pragma once

#include "settlement/netting/signed_order.h"

namespace tally::settlement {

// The domain that the orders of these tests are signed for.
inline constexpr uint64_t kChainId = 31337;
inline const Address kVault = *ParseAddress("5fbdb2315678afecb367f032d93f642f64180aa3");
inline const OrderDomain kDomain(kChainId, kVault);

}  // namespace tally::settlement
