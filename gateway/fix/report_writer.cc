#include "gateway/fix/report_writer.h"

#include "engine/reject_reason.h"
#include "gateway/fix/message.h"
#include "gateway/fix/report_text.h"
#include "gateway/fix/values.h"

namespace tally::gateway::fix {
namespace {

constexpr int kRestatementOther = 99;
constexpr std::size_t kBodyBytes = 512;  // More than nearly every report needs.
constexpr std::string_view kExchangeFees = "4";

// ProtectionStatus (20021).
constexpr char kProtectionReset = '0';
constexpr char kProtectionRefused = '1';
constexpr char kProtectionTripped = '2';

// LastLiquidityInd (851).
int LiquidityOf(Liquidity liquidity) {
  switch (liquidity) {
    case Liquidity::kMaker:
      return 1;
    case Liquidity::kTaker:
      return 2;
    case Liquidity::kAuction:
      return 4;
  }
  return 0;
}

}  // namespace

ReportWriter::ReportWriter(const FixInstruments& instruments, FixSession* session,
                           const Event& event)
    : instruments_(instruments),
      session_(*session),
      event_(event),
      request_(session->TakeRequest(event.client_sequence)) {
  if (const OrderRecord* const order = session->orders.Find(event.client_order_id);
      order != nullptr) {
    order_ = *order;
    known_ = true;
  } else if (FindQuote(); quote_.has_value()) {
    order_ = quote_->order;
    known_ = true;
  } else {
    order_.client_order_id = event.client_order_id;
    order_.order_id = event.order_id;
    order_.instrument = event.instrument;
    order_.side = event.side == 0 ? '1' : static_cast<char>('0' + event.side);
  }
  instrument_ = instruments_.Find(order_.instrument);
  body_.reserve(kBodyBytes);
}

// A quote is known by its orders; one that trades as it comes has none yet.
void ReportWriter::FindQuote() {
  if (const QuoteOrderRecord* const order = session_.quotes.FindOrder(event_.order_id);
      order != nullptr) {
    quote_ = *order;
  }
  const MassQuote* const quote =
      event_.client_sequence == 0 ? nullptr : session_.quotes.Find(event_.client_sequence);
  if (quote == nullptr || quote->record.type != 'i' || event_.side == 0) {
    return;
  }
  const uint64_t index = event_.client_sequence - quote->record.first_client_sequence;
  if (Raw(event_.client_order_id) == quote->record.first_client_order_id + index) {
    quote_ = quote_.value_or(QuoteOrderRecord{});
    NameQuoteOrder(*quote, quote->entries[index], static_cast<Side>(event_.side), &*quote_);
  }
}

std::string_view ReportWriter::Write() {
  switch (event_.type) {
    case EventType::kOrderAccepted:
      return WriteAccepted();
    case EventType::kOrderRejected:
      return WriteRejected();
    case EventType::kOrderFilled:
      return WriteFilled();
    case EventType::kOrderCanceled:
      return WriteCanceled();
    case EventType::kOrderReplaced:
      return WriteReplaced();
    case EventType::kCancelRejected:
      return WriteCancelRejected();
    case EventType::kMassCancelDone:
      return WriteMassCancel();
    case EventType::kOrderState:
      return WriteState();
    case EventType::kCommandRejected:
      return WriteCommandRejected();
    case EventType::kOrderTriggered:
      return WriteTriggered();
    case EventType::kOrderRestated:
      return WriteRestated();
    case EventType::kCommandDone:
      return WriteCommandDone();
    case EventType::kProtectionTripped:
      return WriteProtectionTripped();
    default:  // Answers to commands that this gateway does not send, and events that are no
              // reports.
      return {};
  }
}

void ReportWriter::Begin(char exec_type, char status) {
  if (Raw(order_.order_id) != 0) {
    writer_.Count(tag::kOrderID, Raw(order_.order_id));
  } else {
    writer_.Add(tag::kOrderID, "NONE");
  }
  writer_.Count(tag::kExecID, Raw(event_.sequence))
      .Add(tag::kExecType, exec_type)
      .Add(tag::kOrdStatus, status);
}

void ReportWriter::End() {
  if (const ListRecord* const list = session_.lists.FindByOrder(order_.client_order_id);
      list != nullptr) {
    writer_.Add(tag::kListID, list->list_id);
  }
  AppendOrder(order_, instrument_, &writer_);
  writer_.Add(tag::kTransactTime, UtcText(event_.timestamp_ns).view());
}

void AppendOrder(const OrderRecord& order, const FixInstrument* instrument, FieldWriter* writer) {
  writer->Add(tag::kSymbol, instrument != nullptr ? std::string_view(instrument->symbol) : "[N/A]")
      .Add(tag::kSide, order.side);
  if (instrument == nullptr) {
    writer->Add(tag::kLeavesQty, '0').Add(tag::kCumQty, '0').Add(tag::kAvgPx, '0');
    return;
  }
  if (order.quantity.value != 0) {
    writer->Add(tag::kOrderQty, instrument->QuantityText(order.quantity.value))
        .Add(tag::kOrdType, order.ord_type)
        .Add(tag::kTimeInForce, order.time_in_force);
  }
  if (order.price.value != 0) {
    writer->Add(tag::kPrice, instrument->PriceText(order.price.value));
  }
  if (order.stop_price.value != 0) {
    writer->Add(tag::kStopPx, instrument->PriceText(order.stop_price.value));
  }
  writer->Add(tag::kLeavesQty, instrument->QuantityText(order.leaves.value))
      .Add(tag::kCumQty, instrument->QuantityText(order.cumulative.value))
      .Add(tag::kAvgPx, instrument->AveragePriceText(order.notional, order.cumulative.value));
}

std::string_view ReportWriter::WritePlain(char exec_type, char status) {
  Begin(exec_type, status);
  writer_.Add(tag::kClOrdID, order_.cl_ord_id);
  End();
  return "8";
}

void ReportWriter::Keep() {
  if (quote_.has_value()) {
    order_.quantity = order_.closed != 0 ? order_.quantity : order_.cumulative + order_.leaves;
    quote_->order = order_;
    session_.PutQuoteOrder(*quote_);
  } else if (known_) {
    session_.PutOrder(order_);
  }
}

void ReportWriter::AddName() {
  if (quote_.has_value()) {
    writer_.Add(tag::kQuoteID, order_.cl_ord_id)
        .Add(tag::kQuoteSetID, quote_->set_id)
        .Number(tag::kQuoteEntryID, quote_->level);
  } else {
    writer_.Add(tag::kClOrdID, order_.cl_ord_id);
  }
}

void NameQuoteOrder(const MassQuote& quote, const QuoteEntry& entry, Side side,
                    QuoteOrderRecord* record) {
  record->level = entry.level;
  record->set_id = quote.sets[entry.set];
  OrderRecord& order = record->order;
  order.instrument = entry.instrument;
  order.side = side == Side::kBuy ? '1' : '2';
  order.ord_type = '2';
  order.time_in_force = '1';
  order.price = side == Side::kBuy ? entry.bid_price : entry.ask_price;
  order.cl_ord_id = ClientId(quote.record.quote_id);
}

std::string_view ReportWriter::WriteAccepted() {
  order_.order_id = event_.order_id;
  order_.price = event_.accepted.price;
  order_.stop_price = event_.accepted.stop_price;
  order_.quantity = event_.accepted.quantity;
  order_.leaves = event_.accepted.quantity;
  Keep();
  WritePlain('0', '0');
  AppendAttributes();
  return "8";
}

// What the order may do beyond its terms, as it was taken.
void ReportWriter::AppendAttributes() {
  const OrderAcceptedEvent& accepted = event_.accepted;
  if (instrument_ == nullptr) {
    return;
  }
  if ((accepted.order_flags & kOrderFlagHidden) != 0) {
    writer_.Add(tag::kMaxFloor, '0');
  } else if (accepted.display_quantity.value != 0) {
    writer_.Add(tag::kMaxFloor, instrument_->QuantityText(accepted.display_quantity.value));
  }
  if (accepted.min_quantity.value != 0) {
    writer_.Add(tag::kMinQty, instrument_->QuantityText(accepted.min_quantity.value));
  }
  writer_.Add(tag::kExecInst, ExecInstOf(accepted));
}

// The signature may have been refused, not the order.
RejectReason ReportWriter::ReasonOfReject() const {
  const bool behind_refused =
      session_.refused_signature != 0 && session_.refused_signature + 1 == event_.client_sequence;
  return behind_refused ? session_.refused_signature_reason : event_.rejected.reason;
}

std::string_view ReportWriter::WriteRejected() {
  order_.leaves = {};
  order_.closed = 1;
  Keep();
  Begin('8', '8');
  writer_.Add(tag::kClOrdID, order_.cl_ord_id)
      .Number(tag::kOrdRejReason, OrdRejReasonOf(ReasonOfReject()))
      .Add(tag::kText, RejectReasonName(ReasonOfReject()));
  End();
  return "8";
}

std::string_view ReportWriter::WriteFilled() {
  const OrderFilledEvent& fill = event_.filled;
  order_.order_id = event_.order_id;
  order_.cumulative = fill.cumulative;
  order_.leaves = fill.leaves;
  order_.notional += __int128{fill.price.value} * fill.quantity.value;
  order_.closed = fill.leaves.value == 0 ? 1 : 0;
  Keep();
  Begin('F', fill.leaves.value == 0 ? '2' : '1');
  AddName();
  if (instrument_ != nullptr) {
    writer_.Add(tag::kLastQty, instrument_->QuantityText(fill.quantity.value))
        .Add(tag::kLastPx, instrument_->PriceText(fill.price.value));
  }
  End();
  writer_.Count(tag::kTradeID, Raw(fill.trade_id))
      .Count(tag::kTrdMatchID, Raw(event_.sequence))
      .Number(tag::kLastLiquidityInd, LiquidityOf(fill.liquidity));
  if (instrument_ != nullptr) {
    writer_.Add(tag::kNoMiscFees, '1')
        .Add(tag::kMiscFeeAmt, instrument_->QuoteText(fill.fee.value))
        .Add(tag::kMiscFeeCurr, instrument_->quote)
        .Add(tag::kMiscFeeType, kExchangeFees);
  }
  return "8";
}

std::string_view ReportWriter::WriteCanceled() {
  const OrderCanceledEvent& canceled = event_.canceled;
  order_.order_id = event_.order_id;
  order_.leaves = canceled.leaves;
  order_.cumulative = canceled.cumulative;
  const bool reduced = canceled.leaves.value != 0;
  const bool expired = IsExpiry(canceled.reason);
  order_.closed = reduced ? uint8_t{0} : expired ? kClosedExpired : uint8_t{1};
  Keep();
  const char exec_type = reduced ? 'D' : expired ? 'C' : '4';
  Begin(exec_type, reduced ? StatusOf(order_) : exec_type);
  const bool asked = request_ != nullptr && request_->type == 'F';
  if (asked) {
    writer_.Add(tag::kClOrdID, request_->cl_ord_id);
    if (quote_.has_value()) {
      AddName();
    } else {
      writer_.Add(tag::kOrigClOrdID, order_.cl_ord_id);
    }
  } else {
    AddName();
    if (request_ == nullptr || reduced) {
      writer_.Number(tag::kExecRestatementReason, kRestatementOther);
    }
    writer_.Add(tag::kText, CancelReasonName(canceled.reason));
  }
  End();
  return "8";
}

std::string_view ReportWriter::WriteReplaced() {
  const OrderReplacedEvent& replaced = event_.replaced;
  if (OrderRecord* const old = session_.orders.Find(replaced.original_client_order_id);
      old != nullptr) {
    order_.cumulative = old->cumulative;
    order_.notional = old->notional;
    order_.time_in_force = old->time_in_force;
    order_.orig_cl_ord_id = old->cl_ord_id;
    OrderRecord gone = *old;
    gone.closed = 1;
    session_.PutOrder(gone);
  }
  order_.order_id = event_.order_id;
  order_.price = replaced.price;
  order_.quantity = replaced.quantity;
  order_.leaves = replaced.leaves;
  Keep();
  Begin('5', order_.cumulative.value != 0 ? '1' : '0');
  writer_.Add(tag::kClOrdID, order_.cl_ord_id).Add(tag::kOrigClOrdID, order_.orig_cl_ord_id);
  End();
  return "8";
}

// The order that the request named, by ClOrdID or by OrderID.
const OrderRecord* ReportWriter::FindNamed(std::string_view cl_ord_id) const {
  if (!cl_ord_id.empty()) {
    return session_.orders.Find(cl_ord_id);
  }
  uint64_t id = 0;
  return request_ != nullptr && ParseNumber(request_->order_id, &id)
             ? session_.orders.Find(OrderId{id})
             : nullptr;
}

// Answers F, G, H and K.
std::string_view ReportWriter::WriteCancelRejected() {
  const RejectReason reason = ReasonOfReject();
  const CommandType type = event_.rejected.rejected_type;
  if (request_ != nullptr && request_->type == 'K') {
    return {};  // The order ended with another one of its list.
  }
  const std::string_view asked = request_ == nullptr ? "" : std::string_view(request_->cl_ord_id);
  if (type == CommandType::kOrderQuery) {
    order_.leaves = {};
    const bool done = order_.closed != 0;
    Begin('I', done ? StatusOf(order_) : '8');
    writer_
        .Add(tag::kClOrdID, order_.cl_ord_id.empty() ? asked : std::string_view(order_.cl_ord_id))
        .Add(tag::kOrdStatusReqID, request_ == nullptr ? "" : request_->orig_cl_ord_id);
    if (!done) {
      writer_.Number(tag::kOrdRejReason, OrdRejReasonOf(reason))
          .Add(tag::kText, RejectReasonName(reason));
    }
    End();
    return "8";
  }
  const bool replace = type == CommandType::kReplaceOrder;
  const std::string_view original =
      request_ == nullptr ? "" : std::string_view(request_->orig_cl_ord_id);
  if (replace && request_ != nullptr) {
    if (const OrderRecord* const wanted = session_.orders.Find(request_->client_order_id);
        wanted != nullptr) {
      OrderRecord refused = *wanted;
      refused.closed = 1;
      session_.PutOrder(refused);
    }
  }
  const OrderRecord* const target = FindNamed(original);
  if (target != nullptr && Raw(target->order_id) != 0) {
    writer_.Count(tag::kOrderID, Raw(target->order_id));
  } else if (request_ != nullptr && !request_->order_id.empty()) {
    writer_.Add(tag::kOrderID, request_->order_id);
  } else {
    writer_.Add(tag::kOrderID, "NONE");
  }
  const bool late = reason == RejectReason::kUnknownOrder && target != nullptr;
  writer_.Add(tag::kClOrdID, asked)
      .Add(tag::kOrigClOrdID, !original.empty()   ? original
                              : target != nullptr ? std::string_view(target->cl_ord_id)
                                                  : "NONE")
      .Add(tag::kOrdStatus, target == nullptr ? '8' : StatusOf(*target))
      .Add(tag::kTransactTime, UtcText(event_.timestamp_ns).view())
      .Add(tag::kCxlRejResponseTo, replace ? '2' : '1')
      .Number(tag::kCxlRejReason, late ? 0 : CxlRejReasonOf(reason))
      .Add(tag::kText, RejectReasonName(reason));
  return "9";
}

std::string_view ReportWriter::WriteMassCancel() {
  if (request_ == nullptr) {
    return {};  // Of a disconnect: the orders' own reports say it.
  }
  const FixInstrument* const instrument = instruments_.Find(request_->instrument);
  writer_.Add(tag::kClOrdID, request_->cl_ord_id)
      .Count(tag::kOrderID, Raw(event_.sequence))
      .Add(tag::kMassCancelRequestType, request_->detail)
      .Add(tag::kMassCancelResponse, request_->detail)
      .Count(tag::kTotalAffectedOrders, event_.mass_cancel_done.canceled_count)
      .Add(tag::kSymbol, instrument == nullptr ? "" : std::string_view(instrument->symbol))
      .Add(tag::kTransactTime, UtcText(event_.timestamp_ns).view());
  return "r";
}

std::string_view ReportWriter::WriteState() {
  const OrderStateEvent& state = event_.order_state;
  order_.order_id = event_.order_id;
  order_.price = state.price;
  order_.quantity = state.quantity;
  order_.leaves = state.leaves;
  order_.cumulative = state.cumulative;
  Begin('I', state.status == OrderStatus::kPartiallyFilled ? '1' : '0');
  AddName();
  writer_.Add(tag::kOrdStatusReqID, request_ == nullptr ? "" : request_->orig_cl_ord_id);
  End();
  return "8";
}

std::string_view ReportWriter::WriteCommandRejected() {
  if (request_ == nullptr) {
    return {};
  }
  if (request_->detail == kSigningDetail) {
    session_.refused_signature = event_.client_sequence;
    session_.refused_signature_reason = event_.rejected.reason;
    return {};
  }
  const std::string_view name = RejectReasonName(event_.rejected.reason);
  if (request_->type == 'q') {
    writer_.Add(tag::kClOrdID, request_->cl_ord_id)
        .Add(tag::kOrderID, "NONE")
        .Add(tag::kMassCancelRequestType, request_->detail)
        .Add(tag::kMassCancelResponse, '0')
        .Add(tag::kMassCancelRejectReason, "99")
        .Add(tag::kTransactTime, UtcText(event_.timestamp_ns).view())
        .Add(tag::kText, name);
    return "r";
  }
  if (request_->type == 'M') {
    writer_.Add(tag::kProtectionReqID, request_->cl_ord_id)
        .Add(tag::kMarketMakerGroup, request_->order_id)
        .Add(tag::kProtectionStatus, kProtectionRefused)
        .Add(tag::kTransactTime, UtcText(event_.timestamp_ns).view())
        .Add(tag::kText, name);
    return "MR";
  }
  writer_.Count(tag::kRefSeqNum, request_->in_sequence)
      .Add(tag::kRefMsgType, request_->type)
      .Number(tag::kBusinessRejectReason, 0)
      .Add(tag::kText, name);
  return "j";
}

std::string_view ReportWriter::WriteTriggered() {
  order_.price = event_.triggered.price;
  order_.leaves = event_.triggered.leaves;
  Keep();
  Begin('D', StatusOf(order_));
  writer_.Add(tag::kClOrdID, order_.cl_ord_id)
      .Number(tag::kExecRestatementReason, kRestatementOther)
      .Add(tag::kText, "TRIGGERED");
  End();
  return "8";
}

std::string_view ReportWriter::WriteRestated() {
  order_.price = event_.restated.price;
  order_.stop_price = event_.restated.stop_price;
  order_.leaves = event_.restated.leaves;
  Keep();
  Begin('D', StatusOf(order_));
  AddName();
  writer_.Number(tag::kExecRestatementReason, kRestatementOther)
      .Add(tag::kText, RestateReasonName(event_.restated.reason));
  End();
  return "8";
}

// A reset of the protection.
std::string_view ReportWriter::WriteCommandDone() {
  if (request_ == nullptr || request_->type != 'M') {
    return {};
  }
  writer_.Add(tag::kProtectionReqID, request_->cl_ord_id)
      .Add(tag::kMarketMakerGroup, request_->order_id)
      .Add(tag::kProtectionStatus, kProtectionReset)
      .Add(tag::kTransactTime, UtcText(event_.timestamp_ns).view());
  return "MR";
}

std::string_view ReportWriter::WriteProtectionTripped() {
  const ProtectionTrippedEvent& tripped = event_.protection_tripped;
  writer_.Number(tag::kMarketMakerGroup, tripped.maker_group)
      .Add(tag::kProtectionStatus, kProtectionTripped)
      .Number(tag::kProtectionLots, tripped.quantity.value)
      .Number(tag::kProtectionDelta, tripped.delta.value)
      .Count(tag::kProtectionFills, tripped.count)
      .Count(tag::kTotalAffectedOrders, tripped.canceled_count)
      .Add(tag::kTransactTime, UtcText(event_.timestamp_ns).view());
  return "MR";
}

}  // namespace tally::gateway::fix
