#include "sdk/internal/frame_codec.h"

namespace tally::sdk::internal {
namespace {

ErrorCode ToCode(wire::ErrorCode code) { return static_cast<ErrorCode>(code); }

void Fill(const wire::Accepted& body, Report* report) {
  report->client_order_id = ClientOrderId{body.client_order_id()};
  report->order_id = OrderId{body.order_id()};
  report->price = {body.price()};
  report->quantity = {body.quantity()};
  report->leaves = {body.quantity()};
  report->engine_ns = body.engine_ns();
  report->instrument = InstrumentId{body.instrument()};
  report->side = ToSide(body.side());
  report->order_type = static_cast<OrderType>(body.order_type());
  report->time_in_force = static_cast<TimeInForce>(body.time_in_force());
  report->order_flags = body.flags();
}

void Fill(const wire::Rejected& body, Report* report) {
  report->client_order_id = ClientOrderId{body.client_order_id()};
  report->engine_ns = body.engine_ns();
  report->instrument = InstrumentId{body.instrument()};
  report->side = ToSide(body.side());
  report->code = ToCode(body.code());
}

void Fill(const wire::Fill& body, Report* report) {
  report->client_order_id = ClientOrderId{body.client_order_id()};
  report->order_id = OrderId{body.order_id()};
  report->trade_id = TradeId{body.trade_id()};
  report->event_sequence = EventSequence{body.event_sequence()};
  report->price = {body.price()};
  report->quantity = {body.quantity()};
  report->leaves = {body.leaves()};
  report->cumulative = {body.cumulative()};
  report->fee = {body.fee()};
  report->engine_ns = body.engine_ns();
  report->instrument = InstrumentId{body.instrument()};
  report->side = ToSide(body.side());
  report->liquidity = static_cast<Liquidity>(body.liquidity());
}

void Fill(const wire::Canceled& body, Report* report) {
  report->client_order_id = ClientOrderId{body.client_order_id()};
  report->order_id = OrderId{body.order_id()};
  report->quantity = {body.canceled()};
  report->leaves = {body.leaves()};
  report->cumulative = {body.cumulative()};
  report->engine_ns = body.engine_ns();
  report->instrument = InstrumentId{body.instrument()};
  report->side = ToSide(body.side());
  report->cancel_reason = static_cast<CancelReason>(body.reason());
}

void Fill(const wire::Replaced& body, Report* report) {
  report->client_order_id = ClientOrderId{body.client_order_id()};
  report->original_client_order_id = ClientOrderId{body.original_client_order_id()};
  report->order_id = OrderId{body.order_id()};
  report->price = {body.price()};
  report->quantity = {body.quantity()};
  report->leaves = {body.leaves()};
  report->engine_ns = body.engine_ns();
  report->instrument = InstrumentId{body.instrument()};
  report->side = ToSide(body.side());
  report->kept_priority = body.kept_priority() != 0;
}

void Fill(const wire::CancelReject& body, Report* report) {
  report->client_order_id = ClientOrderId{body.client_order_id()};
  report->order_id = OrderId{body.order_id()};
  report->engine_ns = body.engine_ns();
  report->code = ToCode(body.code());
}

void Fill(const wire::MassCancelDone& body, Report* report) {
  report->engine_ns = body.engine_ns();
  report->canceled_count = body.canceled_count();
  report->instrument = InstrumentId{body.instrument()};
}

void Fill(const wire::OrderState& body, Report* report) {
  report->client_order_id = ClientOrderId{body.client_order_id()};
  report->order_id = OrderId{body.order_id()};
  report->price = {body.price()};
  report->quantity = {body.quantity()};
  report->leaves = {body.leaves()};
  report->cumulative = {body.cumulative()};
  report->engine_ns = body.engine_ns();
  report->instrument = InstrumentId{body.instrument()};
  report->side = ToSide(body.side());
}

void Fill(const wire::Balance& body, Report* report) {
  report->account = AccountId{body.account()};
  report->asset = AssetId{body.asset()};
  report->available = {body.available()};
  report->held = {body.held()};
  report->engine_ns = body.engine_ns();
}

void Fill(const wire::CommandDone& body, Report* report) { report->engine_ns = body.engine_ns(); }

void Fill(const wire::CommandRejected& body, Report* report) {
  report->engine_ns = body.engine_ns();
  report->code = ToCode(body.code());
}

void FillIn(const wire::AcceptedDetails& details, Report* report) {
  report->displayed = {details.display_quantity()};
  report->min_quantity = {details.min_quantity()};
  report->stop_price = {details.stop_price()};
  report->algorithm_id = details.algorithm_id();
  report->group_id = details.group_id();
  report->self_trade_prevention = static_cast<SelfTradePrevention>(details.self_trade_prevention());
  report->phase = static_cast<TradingPhase>(details.phase());
  report->trigger = static_cast<TriggerSource>(details.trigger());
  report->peg = static_cast<PegReference>(details.peg());
  report->contingency = static_cast<Contingency>(details.contingency());
}

void Fill(const wire::Triggered& body, Report* report) {
  report->client_order_id = ClientOrderId{body.client_order_id()};
  report->order_id = OrderId{body.order_id()};
  report->price = {body.price()};
  report->leaves = {body.leaves()};
  report->stop_price = {body.stop_price()};
  report->trigger_price = {body.trigger_price()};
  report->engine_ns = body.engine_ns();
  report->instrument = InstrumentId{body.instrument()};
  report->side = ToSide(body.side());
  report->order_type = static_cast<OrderType>(body.order_type());
}

void Fill(const wire::Restated& body, Report* report) {
  report->client_order_id = ClientOrderId{body.client_order_id()};
  report->order_id = OrderId{body.order_id()};
  report->price = {body.price()};
  report->leaves = {body.leaves()};
  report->displayed = {body.displayed()};
  report->stop_price = {body.stop_price()};
  report->engine_ns = body.engine_ns();
  report->instrument = InstrumentId{body.instrument()};
  report->side = ToSide(body.side());
  report->restate_reason = static_cast<RestateReason>(body.reason());
  report->kept_priority = body.kept_priority() != 0;
}

void Fill(const wire::QuoteDone& body, Report* report) {
  report->client_order_id = ClientOrderId{body.client_order_id()};
  report->instrument = InstrumentId{body.instrument()};
  report->engine_ns = body.engine_ns();
  report->entry = body.entry();
  report->maker_group = body.maker_group();
  report->bid = {.order_id = OrderId{body.bid_order_id()},
                 .leaves = {body.bid_leaves()},
                 .code = ToCode(body.bid_code())};
  report->ask = {.order_id = OrderId{body.ask_order_id()},
                 .leaves = {body.ask_leaves()},
                 .code = ToCode(body.ask_code())};
}

void Fill(const wire::ProtectionTripped& body, Report* report) {
  report->instrument = InstrumentId{body.instrument()};
  report->engine_ns = body.engine_ns();
  report->maker_group = body.maker_group();
  report->quantity = {body.quantity()};
  report->delta = {body.delta()};
  report->fill_count = body.count();
  report->canceled_count = body.canceled_count();
}

void Fill(const wire::TradeBroken& body, Report* report) {
  report->batch_id = body.batch_id();
  report->trade_id = TradeId{body.trade_id()};
  report->order_id = OrderId{body.order_id()};
  report->client_order_id = ClientOrderId{body.client_order_id()};
  report->price = {body.price()};
  report->quantity = {body.quantity()};
  report->engine_ns = body.engine_ns();
  report->instrument = InstrumentId{body.instrument()};
  report->side = static_cast<Side>(body.side());
}

}  // namespace

bool DecodeReport(const wire::Frame& frame, Report* report) {
  const wire::Hdr& hdr = *frame.hdr();
  *report = Report{};
  report->type = static_cast<ReportType>(hdr.type());
  report->sequence = hdr.seq();
  report->client_sequence = hdr.ack();
  report->replayed = (hdr.flags() & static_cast<uint16_t>(wire::HdrFlag::REPLAY)) != 0;
  report->last = (hdr.flags() & static_cast<uint16_t>(wire::HdrFlag::LAST)) != 0;
  switch (report->type) {
    case ReportType::kAccepted:
      Fill(*frame.accepted(), report);
      if (frame.accepted_details() != nullptr) {
        FillIn(*frame.accepted_details(), report);
      }
      return true;
    case ReportType::kRejected:
      Fill(*frame.rejected(), report);
      return true;
    case ReportType::kFill:
      Fill(*frame.fill(), report);
      if (frame.fill_details() != nullptr) {
        report->phase = static_cast<TradingPhase>(frame.fill_details()->phase());
      }
      return true;
    case ReportType::kCanceled:
      Fill(*frame.canceled(), report);
      return true;
    case ReportType::kReplaced:
      Fill(*frame.replaced(), report);
      return true;
    case ReportType::kCancelReject:
      Fill(*frame.cancel_reject(), report);
      return true;
    case ReportType::kMassCancelDone:
      Fill(*frame.mass_cancel_done(), report);
      return true;
    case ReportType::kOrderState:
      Fill(*frame.order_state(), report);
      return true;
    case ReportType::kBalance:
      Fill(*frame.balance(), report);
      return true;
    case ReportType::kTriggered:
      Fill(*frame.triggered(), report);
      return true;
    case ReportType::kRestated:
      Fill(*frame.restated(), report);
      return true;
    case ReportType::kQuoteDone:
      Fill(*frame.quote_done(), report);
      return true;
    case ReportType::kProtectionTripped:
      Fill(*frame.protection_tripped(), report);
      return true;
    case ReportType::kTradeBroken:
      Fill(*frame.trade_broken(), report);
      return true;
    case ReportType::kCommandDone:
      Fill(*frame.command_done(), report);
      return true;
    case ReportType::kCommandRejected:
      Fill(*frame.command_rejected(), report);
      return true;
  }
  return false;
}

}  // namespace tally::sdk::internal
