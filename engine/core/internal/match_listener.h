#pragma once

#include "engine/book/order_book.h"
#include "engine/core/internal/book_delta.h"
#include "engine/core/internal/context.h"
#include "engine/risk/holds.h"

namespace tally::core::internal {

// The incoming order while it matches: a new one, whose record is not in the table yet, or a
// resting one that is being replaced.
struct ActiveOrder {
  OrderId id;
  Side side;
  PriceTicks price;
  OrderRecord* record;
  ClientOrderId new_client_order_id;  // What the order is called from its acceptance on.
  risk::FeeRates new_fees;
  Quanta new_hold;
  uint64_t client_sequence;      // Of the command that its reports answer; 0: unsolicited.
  const NewOrderCommand* order;  // As asked for; null when it is being replaced.
  Removal* removal;              // When it is being replaced, else null.
  // Of a new or dormant order with a minimum fee; of a replaced one OnReplaced finds it.
  risk::MinimumFee* minimum_fee = nullptr;
  const risk::MinimumFee* new_minimum_fee = nullptr;  // Of a replaced order; else it stays.
};

// Applies to money and records what the book decides, and reports it. One per Submit or Replace.
// `active` outlives it: a copy would cost the order path a stall, as it is read right after.
class MatchListener {
 public:
  MatchListener(const Context& context, const risk::Instrument& instrument, ActiveOrder* active)
      : state_(context.state), context_(context), instrument_(instrument), active_(*active) {}

  void OnAccepted(const IncomingOrder& order);
  void OnReplaced(const Replacement& replacement);
  void OnFill(const Fill& fill);
  void OnCross(const Cross& cross);  // A trade of an auction; auction.cc.
  void OnMakerCanceled(const Cancellation& cancellation);
  void OnTakerCanceled(const Cancellation& cancellation);
  void OnEntered(OrderHandle, const IncomingOrder& order) { SetQuantities(order); }
  void OnSlid(PriceTicks price);
  void OnRefreshed(const Refresh& refresh);

  // Whether the order that was replaced kept its place.
  bool kept_priority() const { return kept_priority_; }

 private:
  struct Leg {
    OrderRecord& record;
    Side side;
    PriceTicks limit;
    QuantityLots leaves;
    Quanta fee;
    const risk::MinimumFee* minimum_fee;
  };

  void SetQuantities(const IncomingOrder& order);
  void ReportReplaced(const Replacement& replacement, ClientOrderId original);
  risk::FillFees FeesOfFill(Quanta notional, const OrderRecord& maker_record,
                            risk::MinimumFee* maker_minimum) const;
  void ReportAccepted(const IncomingOrder& order);
  void MoveFunds(const Leg& buyer, const Leg& seller, QuantityLots quantity, Quanta notional);
  // Of what is unsettled, where that is limited.
  void NoteDebit(const Leg& leg, QuantityLots quantity, Quanta notional);
  void AfterSpecialFill(const Leg& leg, QuantityLots quantity);
  // kTrade, and what follows from the price; 0 as side: no aggressor. Uses up the trade id.
  void PublishTrade(const Fill& fill, InstrumentId instrument, uint8_t side);
  void ReportFill(const Leg& leg, const Fill& fill, OrderId order_id, Liquidity liquidity);

  State& state_;
  const Context& context_;
  const risk::Instrument& instrument_;
  ActiveOrder& active_;
  QuantityLots leaves_;  // On entry.
  bool kept_priority_ = false;
  QuantityLots displayed_;  // Likewise, if it rested with all of it.
};

// Brings the hold of an order down to what `leaves` at `limit` needs.
void ShrinkHold(Context& context, OrderRecord& record, const risk::HoldTerms& terms);

// Reports that `cancellation.canceled` left the order; 0 as client sequence: unsolicited.
struct CancelReport {
  OrderId order_id;
  Side side;
  Cancellation cancellation;
  uint64_t client_sequence;
};
void ReportCanceled(Context& context, const OrderRecord& record, const CancelReport& report);

// Reports that the venue changed something about an open order.
struct RestateReport {
  OrderId order_id;
  OrderRestatedEvent restated;
  Side side;
};
void ReportRestated(Context& context, const OrderRecord& record, const RestateReport& report);

// The price for which an open order holds funds: its price in the book, but of a pegged order the
// limit that its price never passes.
PriceTicks HoldPrice(const State& state, OrderHandle handle, PriceTicks book_price);

// Takes a resting order out of the table and gives back what it still holds. Its book has freed it
// or is about to.
void EndOrder(State& state, OrderHandle handle, Side side);

// Publishes kBookTop if the best price or quantity of a side is not what was last published.
void PublishBookTop(Context& context, InstrumentId instrument);

}  // namespace tally::core::internal
