#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "gateway/fix/trade_book.h"

namespace tally::gateway::fix {

// Trades that are still to be told, by id.
struct TradeTask {
  TradeId next{};
  TradeId last{};
  bool requested = false;  // The answer to the request itself; else what changed later.
};

// A TradeCaptureReportRequest of a connection that is not done.
struct TradeQuery {
  static constexpr std::size_t kTasksMax = 64;

  std::string id;  // TradeRequestID.
  TradeFilter filter;
  bool subscribed = false;
  std::size_t requested_left = 0;  // Reports of the answer.
  std::deque<TradeTask> tasks;

  // Tells the range again. Too many ranges become one.
  void Add(const TradeTask& task) {
    if (tasks.size() >= kTasksMax) {
      TradeTask& merged = tasks.back();
      merged.next = std::min(merged.next, task.next);
      merged.last = std::max(merged.last, task.last);
    } else {
      tasks.push_back(task);
    }
  }
};

// The body of a TradeCaptureReport but for what is the session's: TradeReportID and the order's
// ClOrdID.
struct TradeReport {
  const TradeSide& trade;
  BatchStatusEvent status;
  std::string_view report_id;
  std::string_view request_id;
  std::string_view cl_ord_id;
  bool requested = false;
  bool last = false;
};
class FixInstruments;
std::string TradeReportBody(const TradeReport& report, const FixInstruments& instruments);

}  // namespace tally::gateway::fix
