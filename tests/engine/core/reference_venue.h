#pragma once

// What a core should do with orders and money, written as plainly as possible on top of the
// reference book: totals per account, and holds added up from the open orders each time they are
// asked for. Slow on purpose.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/command.h"
#include "engine/event.h"
#include "tests/model/reference_book.h"

namespace tally {

class ReferenceVenue {
 public:
  explicit ReferenceVenue(uint32_t open_orders) : open_orders_(open_orders) {}
  virtual ~ReferenceVenue() = default;

  struct Order {
    SessionIndex session;
    AccountId account;
    InstrumentId instrument;
    Side side;
    PriceTicks price;
    QuantityLots leaves;
    QuantityLots cumulative;
    int32_t maker_fee;
    int32_t taker_fee;
  };

  void DefineInstrument(InstrumentId id, const DefineInstrumentCommand& terms);
  void Move(AccountId account, AssetId asset, int64_t amount) {
    totals_[{account, asset}] += amount;
  }

  // Each returns what should be reported, one line per event, as DescribeEvents() writes them.
  std::vector<std::string> NewOrder(const Command& command, OrderId next_id);
  std::vector<std::string> ReplaceOrder(const Command& command);
  std::vector<std::string> CancelOrder(SessionIndex session, OrderId id);
  std::vector<std::string> MassCancel(SessionIndex session);

  int64_t total(AccountId account, AssetId asset) const;
  int64_t held(AccountId account, AssetId asset) const;
  int64_t available(AccountId account, AssetId asset) const {
    return total(account, asset) - held(account, asset);
  }
  const std::map<OrderId, Order>& orders() const { return orders_; }
  const ReferenceBook& book(InstrumentId id) const { return instruments_.at(id).book; }

 protected:
  struct Instrument {
    DefineInstrumentCommand terms;
    ReferenceBook book;
  };

  static int64_t FloorFee(__int128 notional, int32_t rate);
  int64_t HoldOf(const Order& order) const;
  // What an open order holds, where others share its funds.
  virtual int64_t HeldBy(OrderId, const Order& order) const { return HoldOf(order); }
  AssetId HoldAsset(const Order& order) const;
  std::vector<std::string> Follow(OrderId taker, const std::vector<BookEvent>& events);
  void Trade(OrderId taker_id, const BookEvent& event, std::vector<std::string>* lines);
  void Settle(const Order& order, const BookEvent& fill, int64_t fee);

  uint32_t open_orders_;
  std::map<InstrumentId, Instrument> instruments_;
  std::map<OrderId, Order> orders_;
  std::map<std::pair<AccountId, AssetId>, int64_t> totals_;
};

// One event as a line.
std::string RejectLine(RejectReason reason);
std::string CancelLine(OrderId id, QuantityLots canceled, QuantityLots leaves, CancelReason reason);
std::string RestateLine(OrderId id, RestateReason reason, PriceTicks price);
std::string TriggerLine(OrderId id, OrderType becomes, PriceTicks trigger_price);

// The order reports and trades among events, one line each.
std::vector<std::string> DescribeEvents(const std::vector<Event>& events);

}  // namespace tally
