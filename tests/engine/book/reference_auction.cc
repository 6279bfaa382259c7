#include "tests/engine/book/reference_auction.h"

#include <algorithm>
#include <cstdlib>

namespace tally {
namespace {

// The orders of a side that take part, best first.
std::vector<AuctionOrder*> Line(std::vector<AuctionOrder>& orders, Side side) {
  std::vector<AuctionOrder*> line;
  for (AuctionOrder& order : orders) {
    if (order.side == side && order.takes_part && order.leaves > 0) {
      line.push_back(&order);
    }
  }
  std::stable_sort(line.begin(), line.end(), [&](const AuctionOrder* a, const AuctionOrder* b) {
    if (a->price != b->price) {
      return side == Side::kBuy ? a->price > b->price : a->price < b->price;
    }
    return !a->dark && b->dark;
  });
  return line;
}

std::string CancelLine(const AuctionOrder& order, int64_t quantity) {
  return "cancel " + std::to_string(order.id) + " " + std::to_string(quantity) + " left " +
         std::to_string(order.leaves);
}

// Lot by lot: the first pair of lots of one owner that would trade, until there is none. Returns
// whether something was canceled.
bool PreventOne(std::vector<AuctionOrder>& orders, std::vector<std::string>* events) {
  const std::vector<AuctionOrder*> buys = Line(orders, Side::kBuy);
  const std::vector<AuctionOrder*> sells = Line(orders, Side::kSell);
  std::size_t buy = 0;
  std::size_t sell = 0;
  int64_t buy_left = buys.empty() ? 0 : buys[0]->leaves;
  int64_t sell_left = sells.empty() ? 0 : sells[0]->leaves;
  while (buy < buys.size() && sell < sells.size() && buys[buy]->price >= sells[sell]->price) {
    const bool buy_is_younger = buys[buy]->id > sells[sell]->id;
    AuctionOrder& younger = buy_is_younger ? *buys[buy] : *sells[sell];
    AuctionOrder& older = buy_is_younger ? *sells[sell] : *buys[buy];
    if (older.owner == younger.owner &&
        younger.self_trade_prevention != SelfTradePrevention::kNone) {
      const int64_t younger_left = buy_is_younger ? buy_left : sell_left;
      const int64_t older_left = buy_is_younger ? sell_left : buy_left;
      const SelfTradePrevention mode = younger.self_trade_prevention;
      int64_t from_older = 0;
      int64_t from_younger = 0;
      if (mode == SelfTradePrevention::kDecrementAndCancel) {
        from_older = from_younger = std::min(older_left, younger_left);
      }
      if (mode == SelfTradePrevention::kCancelOldest || mode == SelfTradePrevention::kCancelBoth) {
        from_older = older_left;
      }
      if (mode == SelfTradePrevention::kCancelNewest || mode == SelfTradePrevention::kCancelBoth) {
        from_younger = younger_left;
      }
      older.leaves -= from_older;
      younger.leaves -= from_younger;
      if (from_older > 0) {
        events->push_back(CancelLine(older, from_older));
      }
      if (from_younger > 0) {
        events->push_back(CancelLine(younger, from_younger));
      }
      return true;
    }
    --buy_left;
    --sell_left;
    if (buy_left == 0 && ++buy < buys.size()) {
      buy_left = buys[buy]->leaves;
    }
    if (sell_left == 0 && ++sell < sells.size()) {
      sell_left = sells[sell]->leaves;
    }
  }
  return false;
}

}  // namespace

Equilibrium TryEveryPrice(const std::vector<PriceQuantity>& bids,
                          const std::vector<PriceQuantity>& asks, int64_t reference,
                          int64_t price_max) {
  struct Candidate {
    int64_t price;
    int64_t quantity;
    int64_t surplus;  // Positive: of buyers.
  };
  std::vector<Candidate> best;
  for (int64_t price = 1; price <= price_max; ++price) {
    int64_t demand = 0;
    int64_t supply = 0;
    for (const PriceQuantity& bid : bids) {
      demand += bid.price >= price ? bid.quantity : 0;
    }
    for (const PriceQuantity& ask : asks) {
      supply += ask.price <= price ? ask.quantity : 0;
    }
    const Candidate now = {price, std::min(demand, supply), demand - supply};
    const auto is_better = [&](const Candidate& than) {
      return now.quantity > than.quantity ||
             (now.quantity == than.quantity && std::abs(now.surplus) < std::abs(than.surplus));
    };
    if (!best.empty() && is_better(best[0])) {
      best.clear();
    }
    if (best.empty() ||
        (now.quantity == best[0].quantity && std::abs(now.surplus) == std::abs(best[0].surplus))) {
      best.push_back(now);
    }
  }
  if (best.empty() || best[0].quantity == 0) {
    return {};
  }
  Candidate chosen = best.front();  // Surplus of sellers at every price: the lowest.
  if (best.front().surplus > 0 && best.back().surplus > 0) {
    chosen = best.back();
  } else if (best.front().surplus >= 0) {  // None, or on either side.
    const int64_t low = best.front().price;
    const int64_t high = best.back().price;
    const int64_t target = reference == 0 ? low + (high - low) / 2 : reference;
    for (const Candidate& candidate : best) {
      if (std::abs(candidate.price - target) < std::abs(chosen.price - target)) {
        chosen = candidate;
      }
    }
  }
  Equilibrium result{.price = {chosen.price},
                     .quantity = {chosen.quantity},
                     .surplus = {std::abs(chosen.surplus)}};
  if (chosen.surplus != 0) {
    result.surplus_side = Raw(chosen.surplus > 0 ? Side::kBuy : Side::kSell);
  }
  return result;
}

AuctionResult RunAuction(std::vector<AuctionOrder> orders, int64_t reference, int64_t price_max) {
  AuctionResult result;
  while (PreventOne(orders, &result.events)) {
  }
  std::vector<PriceQuantity> bids;
  std::vector<PriceQuantity> asks;
  for (const AuctionOrder& order : orders) {
    if (order.takes_part && order.leaves > 0) {
      (order.side == Side::kBuy ? bids : asks).push_back({order.price, order.leaves});
    }
  }
  result.equilibrium = TryEveryPrice(bids, asks, reference, price_max);
  const std::vector<AuctionOrder*> buys = Line(orders, Side::kBuy);
  const std::vector<AuctionOrder*> sells = Line(orders, Side::kSell);
  std::size_t buy = 0;
  std::size_t sell = 0;
  for (int64_t left = result.equilibrium.quantity.value; left > 0;) {
    const int64_t quantity = std::min({left, buys[buy]->leaves, sells[sell]->leaves});
    left -= quantity;
    buys[buy]->leaves -= quantity;
    sells[sell]->leaves -= quantity;
    result.events.push_back("cross " + std::to_string(buys[buy]->id) + " " +
                            std::to_string(sells[sell]->id) + " " + std::to_string(quantity) + "@" +
                            std::to_string(result.equilibrium.price.value));
    buy += buys[buy]->leaves == 0 ? 1 : 0;
    sell += sells[sell]->leaves == 0 ? 1 : 0;
  }
  std::erase_if(orders, [](const AuctionOrder& order) { return order.leaves == 0; });
  result.orders = std::move(orders);
  return result;
}

}  // namespace tally
