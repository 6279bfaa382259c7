#pragma once

// The rules of docs/semantics/auctions.md written down as plainly as possible. Slow on purpose.

#include <cstdint>
#include <string>
#include <vector>

#include "engine/book/equilibrium.h"
#include "engine/book/order_book.h"

namespace tally {

struct PriceQuantity {
  int64_t price;
  int64_t quantity;
};

// The rule of the price, tried with every price from 1 to price_max.
Equilibrium TryEveryPrice(const std::vector<PriceQuantity>& bids,
                          const std::vector<PriceQuantity>& asks, int64_t reference,
                          int64_t price_max);

// An order that waits for the auction.
struct AuctionOrder {
  uint64_t id;  // Greater: entered later.
  uint32_t owner;
  Side side;
  int64_t price;
  int64_t leaves;
  SelfTradePrevention self_trade_prevention = SelfTradePrevention::kNone;
  bool dark = false;
  bool takes_part = true;
};

struct AuctionResult {
  Equilibrium equilibrium;
  std::vector<std::string> events;  // `cross BUY SELL QUANTITY@PRICE`, `cancel ID QUANTITY left N`.
  std::vector<AuctionOrder> orders;  // What is left, in the order given.
};

// `orders` in time order (the place of an order, not its id).
AuctionResult RunAuction(std::vector<AuctionOrder> orders, int64_t reference, int64_t price_max);

}  // namespace tally
