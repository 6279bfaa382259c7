// FixHub: reports of trades and how far they are settled.

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "gateway/fix/hub.h"
#include "gateway/fix/trade_query.h"
#include "gateway/fix/values.h"
#include "gateway/fix/writer.h"

namespace tally::gateway::fix {
namespace {

constexpr std::size_t kQueriesMax = 16;
constexpr uint64_t kRecoveredReportsMax = 10'000;  // Of a session.
constexpr std::size_t kReportsPerRead = 1'000;

// TradeRequestResult.
constexpr int kSuccessful = 0;
constexpr int kUnknownTradeSymbol = 1;
constexpr int kUnknownType = 8;
constexpr int kOtherTradeFault = 99;

std::vector<AccountId> AccountsOf(const FixSessionConfig& session) {
  if (session.kind == FixSessionKind::kDropCopy) {
    return session.accounts;
  }
  return {session.account};
}

}  // namespace

std::set<AccountId> FixHub::TradeAccounts(const FixOptions& options) {
  std::set<AccountId> accounts;
  for (const FixSessionConfig& session : options.sessions) {
    if (session.kind != FixSessionKind::kMarketData) {
      const std::vector<AccountId> own = AccountsOf(session);
      accounts.insert(own.begin(), own.end());
    }
  }
  return accounts;
}

// The newest trades of before, from the reports of every session of the accounts.
absl::Status FixHub::RecoverTrades() {
  std::vector<Event> reports;
  for (const RecoveredSession& session : config_.recovered.sessions) {
    const uint64_t end = session.next_report_sequence;
    uint64_t next = end > kRecoveredReportsMax ? end - kRecoveredReportsMax : 1;
    while (trades_.accounts().contains(session.account) && next < end) {
      ASSIGN_OR_RETURN(ReportSource::Batch batch,
                       config_.reports->FindReports(session.index, next, kReportsPerRead));
      if (batch.events.empty() && batch.next_report_sequence <= next) {
        break;  // The log is shorter than the journal says; it is being made up for.
      }
      reports.insert(reports.end(), batch.events.begin(), batch.events.end());
      next = std::max(next, batch.next_report_sequence);
    }
  }
  trades_.Recover(std::move(reports));
  return absl::OkStatus();
}

void FixHub::HandleTradeRequest(Connection* connection, const Message& message, Instant now) {
  const std::string_view id = message.Get(tag::kTradeRequestID);
  std::erase_if(connection->trade_queries, [&](const TradeQuery& query) { return query.id == id; });
  const std::string_view how = message.Get(tag::kSubscriptionRequestType);
  if (how == "2") {
    AckTradeRequest(connection, message, {.result = kSuccessful, .count = 0, .text = {}}, now);
    return;
  }
  TradeQuery query;
  query.id = id;
  query.subscribed = how == "1";
  TradeAck ack = ReadTradeFilter(*connection->session, message, &query.filter);
  if (ack.result == kSuccessful && connection->trade_queries.size() >= kQueriesMax) {
    ack = {.result = kOtherTradeFault, .count = 0, .text = "TOO_MANY_REQUESTS"};
  }
  if (ack.result != kSuccessful) {
    AckTradeRequest(connection, message, ack, now);
    return;
  }
  for (const TradeSide& trade : trades_.trades()) {
    if (query.filter.Matches(trade)) {
      ++query.requested_left;
      query.tasks.resize(1);
      query.tasks[0].requested = true;
      query.tasks[0].next = query.tasks[0].next == TradeId{} ? trade.trade_id : query.tasks[0].next;
      query.tasks[0].last = trade.trade_id;
    }
  }
  ack.count = query.requested_left;
  AckTradeRequest(connection, message, ack, now);
  connection->trade_queries.push_back(std::move(query));
  PumpTrades(connection, now);
}

FixHub::TradeAck FixHub::ReadTradeFilter(FixSession& session, const Message& message,
                                         TradeFilter* filter) const {
  const std::string_view type = message.Get(tag::kTradeRequestType);
  if (type != "0" && type != "1") {
    return {.result = kUnknownType, .count = 0, .text = "TRADE_REQUEST_TYPE"};
  }
  filter->accounts = AccountsOf(session.config);
  uint64_t number = 0;
  if (const auto trade = message.Find(tag::kTradeID); trade.has_value()) {
    filter->trade_id = TradeId{ParseNumber(*trade, &number) ? number : UINT64_MAX};
  }
  if (const auto order = message.Find(tag::kOrderID); order.has_value()) {
    filter->order_id = OrderId{ParseNumber(*order, &number) ? number : UINT64_MAX};
  }
  if (const auto cl_ord_id = message.Find(tag::kClOrdID); cl_ord_id.has_value()) {
    const OrderRecord* const order = session.orders.Find(*cl_ord_id);
    filter->order_id = order == nullptr ? OrderId{UINT64_MAX} : order->order_id;
  }
  if (const auto symbol = message.Find(tag::kSymbol); symbol.has_value()) {
    const FixInstrument* const instrument = config_.instruments->Find(*symbol);
    if (instrument == nullptr) {
      return {.result = kUnknownTradeSymbol, .count = 0, .text = "UNKNOWN_INSTRUMENT"};
    }
    filter->instrument = instrument->id;
  }
  if (const auto since = message.Find(tag::kTransactTime); since.has_value()) {
    filter->since_ns = ParseUtcTimestamp(*since).value_or(0);
  }
  if (const std::string_view side = message.Get(tag::kSide); !side.empty()) {
    filter->side = static_cast<uint8_t>(side[0] - '0');
  }
  return {};
}

void FixHub::AckTradeRequest(Connection* connection, const Message& message, const TradeAck& ack,
                             Instant now) {
  const char status = ack.result != kSuccessful ? '2' : ack.count == 0 ? '1' : '0';
  std::string body;
  FieldWriter(&body)
      .Add(tag::kTradeRequestID, message.Get(tag::kTradeRequestID))
      .Add(tag::kTradeRequestType, message.Get(tag::kTradeRequestType))
      .Add(tag::kSubscriptionRequestType, message.Get(tag::kSubscriptionRequestType))
      .Count(tag::kTotNumTradeReports, ack.count)
      .Number(tag::kTradeRequestResult, ack.result)
      .Add(tag::kTradeRequestStatus, status)
      .Add(tag::kSymbol, message.Find(tag::kSymbol).value_or("[N/A]"))
      .Add(tag::kText, ack.text);
  SendApplication(connection, "AQ", body, now);
}

void FixHub::OnTradeEvent(const Event& event, Instant now) {
  const TradeBook::Range range = trades_.Apply(event);
  if (range.first == TradeId{}) {
    return;
  }
  for (const auto& [id, connection] : connections_) {
    bool any = false;
    for (TradeQuery& query : connection->trade_queries) {
      if (query.subscribed) {
        query.Add({.next = range.first, .last = range.last});
        any = true;
      }
    }
    if (any) {
      PumpTrades(connection.get(), now);
    }
  }
}

// Tells what is to be told, as far as the client reads.
void FixHub::PumpTrades(Connection* connection, Instant now) {
  if (connection->phase != Phase::kLive) {
    return;
  }
  for (TradeQuery& query : connection->trade_queries) {
    while (!query.tasks.empty() &&
           connection->output.bytes() < config_.options.send_queue_bytes_soft) {
      if (!SendNextTrade(connection, &query, now)) {
        query.tasks.pop_front();
      }
    }
  }
  std::erase_if(connection->trade_queries,
                [](const TradeQuery& query) { return !query.subscribed && query.tasks.empty(); });
}

// Every side of the task's next trade that matches; false: there is none left.
bool FixHub::SendNextTrade(Connection* connection, TradeQuery* query, Instant now) {
  TradeTask& task = query->tasks.front();
  const std::deque<TradeSide>& trades = trades_.trades();
  std::size_t at = trades_.Find(task.next);
  while (at < trades.size() && !query->filter.Matches(trades[at])) {
    ++at;
  }
  if (at == trades.size() || trades[at].trade_id > task.last) {
    return false;
  }
  const TradeId trade = trades[at].trade_id;
  task.next = TradeId{Raw(trade) + 1};
  for (; at < trades.size() && trades[at].trade_id == trade; ++at) {
    if (query->filter.Matches(trades[at])) {
      SendTrade(connection, query, trades[at], now);
    }
  }
  return true;
}

void FixHub::SendTrade(Connection* connection, TradeQuery* query, const TradeSide& trade,
                       Instant now) {
  FixSession& session = *connection->session;
  const bool requested = query->tasks.front().requested;
  query->requested_left -= requested && query->requested_left != 0 ? 1 : 0;
  const OrderRecord* const order =
      trade.session == session.index ? session.orders.Find(trade.client_order_id) : nullptr;
  const std::string report_id = absl::StrCat(Raw(trade.trade_id), "-", session.progress.next_out);
  const std::string body =
      TradeReportBody({.trade = trade,
                       .status = trades_.StatusOf(trade),
                       .report_id = report_id,
                       .request_id = query->id,
                       .cl_ord_id = order == nullptr ? "" : std::string_view(order->cl_ord_id),
                       .requested = requested,
                       .last = requested && query->requested_left == 0},
                      *config_.instruments);
  SendApplication(connection, "AE", body, now);
}

}  // namespace tally::gateway::fix
