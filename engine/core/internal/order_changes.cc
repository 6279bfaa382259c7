// MatchListener: what happens to open orders beside fills, and its reports.

#include <algorithm>

#include "engine/core/internal/groups.h"
#include "engine/core/internal/match_listener.h"
#include "engine/core/internal/order_report.h"

namespace tally::core::internal {

void ShrinkHold(Context& context, OrderRecord& record, const risk::HoldTerms& terms) {
  State& state = context.state;
  const risk::Instrument& instrument = *state.instruments.Find(record.instrument);
  const Quanta hold = risk::HoldAmount(instrument, terms);
  state.ledger.Release(record.account, risk::HoldAsset(instrument, terms.side), record.held - hold);
  record.held = hold;
}

void ReportCanceled(Context& context, const OrderRecord& record, const CancelReport& report) {
  OrderCanceledEvent& canceled = Begin(context, record,
                                       {.type = EventType::kOrderCanceled,
                                        .id = report.order_id,
                                        .side = report.side,
                                        .client_sequence = report.client_sequence})
                                     .canceled;
  canceled.canceled = report.cancellation.canceled;
  canceled.leaves = report.cancellation.leaves;
  canceled.cumulative = record.cumulative;
  canceled.reason = report.cancellation.reason;
}

void ReportRestated(Context& context, const OrderRecord& record, const RestateReport& report) {
  Begin(context, record,
        {.type = EventType::kOrderRestated,
         .id = report.order_id,
         .side = report.side,
         .client_sequence = 0})
      .restated = report.restated;
}

void MatchListener::OnReplaced(const Replacement& replacement) {
  OrderRecord& record = *active_.record;
  const AssetId asset = risk::HoldAsset(instrument_, active_.side);
  if (active_.new_hold > record.held) {
    const bool held = state_.ledger.Hold(record.account, asset, active_.new_hold - record.held);
    CHECK(held);  // Checked before the book was asked.
  } else {
    state_.ledger.Release(record.account, asset, record.held - active_.new_hold);
  }
  leaves_ = replacement.leaves;
  displayed_ = leaves_;
  if ((record.flags & kRecordHasDetail) != 0) [[unlikely]] {
    const OrderView view = state_.pool.View(replacement.order);
    displayed_ = view.display_quantity.value == 0 ? leaves_ : view.display_quantity;
  }
  const ClientOrderId original = record.client_order_id;
  record.held = active_.new_hold;
  record.fees = active_.new_fees;
  if (active_.new_minimum_fee != nullptr) {
    state_.orders.SetMinimumFee(replacement.order, *active_.new_minimum_fee);
  }
  active_.minimum_fee = state_.orders.minimum_fee(replacement.order);
  state_.orders.Rename(replacement.order, active_.new_client_order_id);
  state_.sessions[record.session].last_client_order_id = record.client_order_id;
  if (!replacement.kept_priority) {
    record.priority = state_.next_priority++;
  }

  kept_priority_ = replacement.kept_priority;
  if ((record.flags & kRecordQuote) == 0) {  // Else its command is answered by kQuoteDone.
    ReportReplaced(replacement, original);
  }
  Context context = context_;
  if (!replacement.kept_priority) {
    PublishRemoval(context, *active_.removal);
  } else if (PublishesDeltas(state_, record.instrument) &&
             state_.pool.View(replacement.order).displayed != active_.removal->quantity) {
    PublishLess(context, replacement.order);
  }
}

void MatchListener::ReportReplaced(const Replacement& replacement, ClientOrderId original) {
  const OrderRecord& record = *active_.record;
  OrderReplacedEvent& replaced = Begin(context_, record,
                                       {.type = EventType::kOrderReplaced,
                                        .id = active_.id,
                                        .side = active_.side,
                                        .client_sequence = context_.command.client_sequence})
                                     .replaced;
  replaced.original_client_order_id = original;
  replaced.price = replacement.price;
  replaced.quantity = record.cumulative + replacement.leaves;
  replaced.leaves = replacement.leaves;
  replaced.kept_priority = replacement.kept_priority ? uint8_t{1} : uint8_t{0};
}

void MatchListener::OnMakerCanceled(const Cancellation& cancellation) {
  const OrderView view = state_.pool.View(cancellation.order);
  OrderRecord& record = state_.orders[cancellation.order];
  Context context = context_;
  ShrinkHold(context, record,
             {.side = view.side,
              .price = HoldPrice(state_, cancellation.order, view.price),
              .leaves = cancellation.leaves,
              .fees = record.fees,
              .minimum_fee = state_.orders.minimum_fee(cancellation.order)});
  ReportCanceled(
      context, record,
      {.order_id = view.id, .side = view.side, .cancellation = cancellation, .client_sequence = 0});
  PublishLess(context, cancellation.order);
  if (cancellation.leaves.value == 0) {
    EndOrder(state_, cancellation.order, view.side);
  } else if ((record.flags & kRecordInGroup) != 0) {
    NoteLegTouched(state_, cancellation.order);
  }
}

void MatchListener::OnTakerCanceled(const Cancellation& cancellation) {
  OrderRecord& record = *active_.record;
  Context context = context_;
  ShrinkHold(context, record,
             {.side = active_.side,
              .price = active_.price,
              .leaves = cancellation.leaves,
              .fees = record.fees,
              .minimum_fee = active_.minimum_fee});
  ReportCanceled(context, record,
                 {.order_id = active_.id,
                  .side = active_.side,
                  .cancellation = cancellation,
                  .client_sequence = active_.client_sequence});
  if ((record.flags & kRecordInGroup) != 0) [[unlikely]] {
    NoteLegTouched(state_, state_.orders.HandleOf(record));
  }
}

// The order entered off its limit, so it needs less. Never a buy order above it: the hold suffices.
void MatchListener::OnSlid(PriceTicks price) {
  OrderRecord& record = *active_.record;
  Context context = context_;
  active_.price = price;
  const risk::HoldTerms terms = {.side = active_.side,
                                 .price = price,
                                 .leaves = leaves_,
                                 .fees = record.fees,
                                 .minimum_fee = active_.minimum_fee};
  if ((record.flags & kRecordInGroup) != 0) {
    PassHoldOn(state_, state_.orders.HandleOf(record), risk::HoldAmount(instrument_, terms));
  }
  ShrinkHold(context, record, terms);
  ReportRestated(context, record,
                 {.order_id = active_.id,
                  .restated = {.price = price,
                               .leaves = leaves_,
                               .displayed = std::min(leaves_, displayed_),
                               .stop_price = {},
                               .reason = RestateReason::kSlide,
                               .kept_priority = 0,
                               .reserved = {}},
                  .side = active_.side});
}

void MatchListener::OnRefreshed(const Refresh& refresh) {
  const OrderView view = state_.pool.View(refresh.order);
  OrderRecord& record = state_.orders[refresh.order];
  record.priority = state_.next_priority++;
  Context context = context_;
  ReportRestated(context, record,
                 {.order_id = view.id,
                  .restated = {.price = view.price,
                               .leaves = refresh.leaves,
                               .displayed = refresh.displayed,
                               .stop_price = {},
                               .reason = RestateReason::kRefresh,
                               .kept_priority = 0,
                               .reserved = {}},
                  .side = view.side});
  PublishShown(context, refresh.order);
}

}  // namespace tally::core::internal
