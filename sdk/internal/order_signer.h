#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "evm/signed_order.h"
#include "schemas/wire_generated.h"
#include "sdk/market_data.h"
#include "sdk/order_signing.h"

namespace tally::sdk::internal {

// What is signed of an order; the rest of its attributes the signature does not cover.
struct SignedTerms {
  ClientOrderId client_order_id{};
  InstrumentId instrument{};
  Side side{};
  PriceTicks price{};
  QuantityLots quantity{};
};

// Makes the SIGN_ORDER messages of one client. Thread safety: none. Cost: about 25 us each.
class OrderSigner {
 public:
  explicit OrderSigner(const OrderSigning& signing);

  void Learn(const Instrument& instrument);
  // kFailedPrecondition for an instrument that is not known, kInvalidArgument for terms that cannot
  // be signed: without a worst price, a side, or beyond all limits.
  absl::Status CanSign(const SignedTerms& terms) const;
  // Requires CanSign().
  wire::SignOrder Sign(AccountId account, const SignedTerms& terms, int64_t now_ns);

 private:
  const SignedMarket* Find(InstrumentId instrument) const;

  const OrderSigning signing_;
  const evm::OrderDomain domain_;
  std::vector<SignedMarket> markets_;
  uint64_t last_nonce_ = 0;
};

}  // namespace tally::sdk::internal
