// FixHub: mass quotes, their cancellation, and market-maker protection.

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "gateway/fix/hub.h"
#include "gateway/fix/quote_decoder.h"
#include "gateway/fix/report_text.h"
#include "gateway/fix/report_writer.h"
#include "gateway/fix/values.h"
#include "gateway/fix/writer.h"

namespace tally::gateway::fix {
namespace {

// QuoteResponseLevel (301): nothing, only what failed, everything.
constexpr char kAcknowledgeNothing = '0';
constexpr char kAcknowledgeFailures = '1';

bool HasFailed(const QuoteEntry& entry) {
  return entry.reason != RejectReason::kNone || entry.bid_reason != RejectReason::kNone ||
         entry.ask_reason != RejectReason::kNone;
}

bool IsRefused(const QuoteEntry& entry) { return entry.reason != RejectReason::kNone; }

// QuoteStatus (297): as asked for, or rejected if nothing was done.
int StatusOf(const MassQuote& quote) {
  const bool refused = std::all_of(quote.entries.begin(), quote.entries.end(), IsRefused);
  if (refused) {
    return 5;
  }
  return quote.record.type == 'Z' ? quote.record.cancel_type - '0' : 0;
}

void AppendSide(RejectReason reason, OrderId order, bool bid, FieldWriter* writer) {
  if (Raw(order) != 0) {
    writer->Count(bid ? tag::kBidOrderID : tag::kOfferOrderID, Raw(order));
  }
  if (reason != RejectReason::kNone) {
    writer->Add(bid ? tag::kBidReason : tag::kOfferReason, RejectReasonName(reason));
  }
}

void AppendEntry(const QuoteEntry& entry, const FixInstrument& instrument, FieldWriter* writer) {
  writer->Number(tag::kQuoteEntryID, entry.level)
      .Add(tag::kSymbol, instrument.symbol)
      .Add(tag::kBidSize, instrument.QuantityText(entry.bid_lots.value))
      .Add(tag::kOfferSize, instrument.QuantityText(entry.ask_lots.value));
  AppendSide(entry.bid_reason, entry.bid_order, true, writer);
  AppendSide(entry.ask_reason, entry.ask_order, false, writer);
  const RejectReason reason = IsRefused(entry)                          ? entry.reason
                              : entry.bid_reason != RejectReason::kNone ? entry.bid_reason
                                                                        : entry.ask_reason;
  if (reason != RejectReason::kNone) {
    writer->Number(tag::kQuoteEntryRejectReason, QuoteRejectReasonOf(reason));
  }
  if (IsRefused(entry)) {
    writer->Add(tag::kBidReason, RejectReasonName(entry.reason))
        .Add(tag::kOfferReason, RejectReasonName(entry.reason));
  }
}

// The entries of each set that are to be told.
void AppendSets(const MassQuote& quote, const FixInstruments& instruments, FieldWriter* writer) {
  const bool failures = quote.record.response_level == kAcknowledgeFailures;
  std::vector<std::vector<const QuoteEntry*>> sets(quote.sets.size());
  for (const QuoteEntry& entry : quote.entries) {
    if (!failures || HasFailed(entry)) {
      sets[entry.set].push_back(&entry);
    }
  }
  const auto count =
      std::count_if(sets.begin(), sets.end(), [](const auto& set) { return !set.empty(); });
  if (count == 0) {
    return;
  }
  writer->Number(tag::kNoQuoteSets, count);
  for (std::size_t i = 0; i < sets.size(); ++i) {
    if (sets[i].empty()) {
      continue;
    }
    writer->Add(tag::kQuoteSetID, quote.sets[i])
        .Count(tag::kTotNoQuoteEntries, sets[i].size())
        .Count(tag::kNoQuoteEntries, sets[i].size());
    for (const QuoteEntry* const entry : sets[i]) {
      AppendEntry(*entry, *instruments.Find(entry->instrument), writer);
    }
  }
}

}  // namespace

// A mass quote or its cancellation that does not reach the core.
void FixHub::RejectQuote(Connection* connection, const Message& message, int reason,
                         std::string_view text, Instant now) {
  counters_.messages_rejected.Add();
  std::string body;
  FieldWriter(&body)
      .Add(tag::kQuoteReqID, message.Get(tag::kQuoteReqID))
      .Add(tag::kQuoteID, message.Get(tag::kQuoteID))
      .Number(tag::kQuoteStatus, 5)
      .Number(tag::kQuoteRejectReason, reason)
      .Add(tag::kMarketMakerGroup, message.Get(tag::kMarketMakerGroup))
      .Add(tag::kTransactTime, UtcText(now.wall_ns).view())
      .Add(tag::kText, text);
  SendApplication(connection, "b", body, now);
}

void FixHub::HandleMassQuote(Connection* connection, const Message& message, Instant now) {
  FixSession& session = *connection->session;
  const auto refuse = [&](int reason, std::string_view text) {
    RejectQuote(connection, message, reason, text, now);
  };
  if (message.IsYes(tag::kPossResend)) {
    return refuse(kOtherQuoteFault, "POSS_RESEND");  // Prices of another time.
  }
  if (!IsClientId(message.Get(tag::kQuoteID))) {
    return refuse(kOtherQuoteFault, "BAD_QUOTE_ID");
  }
  if (IsStale(message, now)) {
    return refuse(4, "STALE");
  }
  DecodedQuote decoded =
      DecodeMassQuote(message, *config_.instruments, session.config.self_trade_prevention);
  if (!decoded.refusal.empty()) {
    return refuse(decoded.reason, decoded.refusal);
  }
  MassQuote& quote = decoded.quote;
  if (!session.throttle.Take(now.mono_ns, static_cast<uint32_t>(quote.entries.size()))) {
    return refuse(kOtherQuoteFault, "THROTTLED");
  }
  quote.record.first_client_order_id = session.last_client_order_id + 1;
  std::vector<Command> commands;
  for (const QuoteEntry& entry : quote.entries) {
    Command& command = commands.emplace_back(MakeCommand(CommandType::kQuote));
    command.instrument = entry.instrument;
    command.quote = decoded.common;
    command.quote.client_order_id = ClientOrderId{++session.last_client_order_id};
    command.quote.entry = entry.level;
    command.quote.bid_price = entry.bid_price;
    command.quote.bid_quantity = entry.bid_lots;
    command.quote.ask_price = entry.ask_price;
    command.quote.ask_quantity = entry.ask_lots;
  }
  PublishQuote(&session, message, std::move(quote), commands);
}

void FixHub::HandleQuoteCancel(Connection* connection, const Message& message, Instant now) {
  DecodedQuote decoded = DecodeQuoteCancel(message, *config_.instruments);
  if (!decoded.refusal.empty()) {
    RejectQuote(connection, message, decoded.reason, decoded.refusal, now);
    return;
  }
  std::vector<Command> commands;
  for (const QuoteEntry& entry : decoded.quote.entries) {
    Command& command = commands.emplace_back(MakeCommand(CommandType::kMassCancel));
    command.instrument = entry.instrument;
    command.mass_cancel.scope = MassCancelScope::kSession;
    command.mass_cancel.trigger = MassCancelTrigger::kRequest;
    command.mass_cancel.quotes_only = 1;
    command.mass_cancel.maker_group = decoded.quote.record.maker_group;
  }
  PublishQuote(connection->session, message, std::move(decoded.quote), commands);
}

// One command for each entry, all of them or none.
void FixHub::PublishQuote(FixSession* session, const Message& message, MassQuote quote,
                          std::span<const Command> commands) {
  quote.record.first_client_sequence = session->client_sequence + 1;
  session->AddQuote(std::move(quote));
  for (std::size_t i = 0; i < commands.size(); ++i) {
    RequestRecord request = MakeRequest(message);
    request.instrument = commands[i].instrument;
    if (commands[i].type == CommandType::kQuote) {
      request.client_order_id = commands[i].quote.client_order_id;
    }
    Publish(session, commands[i], std::move(request), /*follows=*/i != 0);
  }
}

void FixHub::HandleProtectionReset(Connection* connection, const Message& message) {
  Command command = MakeCommand(CommandType::kResetProtection);
  RequestRecord request = MakeRequest(message);
  request.cl_ord_id = message.Get(tag::kProtectionReqID);
  request.order_id = message.Get(tag::kMarketMakerGroup);
  // One that is no such number is no group: the core says so.
  if (!ParseNumber(request.order_id, &command.reset_protection.maker_group)) {
    command.reset_protection.maker_group = 0;
  }
  Publish(connection->session, command, std::move(request));
}

// Takes an answer of the core to an entry. False: the report is none.
bool FixHub::AnswerQuote(Connection* connection, const Event& event, Instant now) {
  FixSession& session = *connection->session;
  const bool answers = event.type == EventType::kQuoteDone ||
                       event.type == EventType::kCommandRejected ||
                       event.type == EventType::kMassCancelDone;
  MassQuote* const quote =
      answers && event.client_sequence != 0 ? session.quotes.Find(event.client_sequence) : nullptr;
  if (quote == nullptr) {
    return false;
  }
  session.TakeRequest(event.client_sequence);
  QuoteEntry& entry = quote->entries[event.client_sequence - quote->record.first_client_sequence];
  if (event.type == EventType::kCommandRejected) {
    entry.reason = event.rejected.reason;
    entry.bid_lots = entry.ask_lots = {};
  } else if (event.type == EventType::kMassCancelDone) {
    entry.canceled = event.mass_cancel_done.canceled_count;
  } else {
    const QuoteDoneEvent& done = event.quote_done;
    NoteQuoteSide(&session, *quote, entry, event, Side::kBuy);
    NoteQuoteSide(&session, *quote, entry, event, Side::kSell);
    entry.bid_order = done.bid_order_id;
    entry.ask_order = done.ask_order_id;
    entry.bid_lots = done.bid_leaves;
    entry.ask_lots = done.ask_leaves;
    entry.bid_reason = done.bid_reason;
    entry.ask_reason = done.ask_reason;
  }
  session.NoteQuoteAnswer(event.client_sequence, entry);
  if (event.client_sequence + 1 == quote->end()) {
    SendQuoteAcknowledgement(connection, *quote, now);
    session.quotes.PopFirst();
  }
  return true;
}

// The order of a side as it stands now, for the reports to come.
void FixHub::NoteQuoteSide(FixSession* session, const MassQuote& quote, const QuoteEntry& entry,
                           const Event& event, Side side) {
  const bool bid = side == Side::kBuy;
  const QuoteDoneEvent& done = event.quote_done;
  const OrderId id = bid ? done.bid_order_id : done.ask_order_id;
  if (Raw(id) == 0) {
    return;
  }
  const QuoteOrderRecord* const known = session->quotes.FindOrder(id);
  QuoteOrderRecord record = known == nullptr ? QuoteOrderRecord{} : *known;
  const bool as_asked = (bid ? done.bid_reason : done.ask_reason) == RejectReason::kNone;
  if (as_asked || known == nullptr) {
    NameQuoteOrder(quote, entry, side, &record);
  }
  record.order.order_id = id;
  record.order.leaves = bid ? done.bid_leaves : done.ask_leaves;
  record.order.quantity = record.order.cumulative + record.order.leaves;
  session->PutQuoteOrder(record);
}

void FixHub::SendQuoteAcknowledgement(Connection* connection, const MassQuote& quote, Instant now) {
  const MassQuoteRecord& record = quote.record;
  const bool failed = std::any_of(quote.entries.begin(), quote.entries.end(), HasFailed);
  if (record.response_level == kAcknowledgeNothing ||
      (record.response_level == kAcknowledgeFailures && !failed)) {
    return;
  }
  const int status = StatusOf(quote);
  std::string body;
  FieldWriter writer(&body);
  writer.Add(tag::kQuoteReqID, record.quote_req_id)
      .Add(tag::kQuoteID, record.quote_id)
      .Number(tag::kQuoteStatus, status);
  if (status == 5) {
    writer.Number(tag::kQuoteRejectReason, QuoteRejectReasonOf(quote.entries[0].reason));
  }
  if (record.maker_group != 0) {
    writer.Number(tag::kMarketMakerGroup, record.maker_group);
  }
  writer.Add(tag::kTransactTime, UtcText(now.wall_ns).view());
  if (status == 5) {
    writer.Add(tag::kText, RejectReasonName(quote.entries[0].reason));
  }
  if (record.type == 'Z') {
    uint64_t canceled = 0;
    for (const QuoteEntry& entry : quote.entries) {
      canceled += entry.canceled;
    }
    writer.Count(tag::kTotalAffectedOrders, canceled);
  } else {
    AppendSets(quote, *config_.instruments, &writer);
  }
  SendApplication(connection, "b", body, now);
}

}  // namespace tally::gateway::fix
