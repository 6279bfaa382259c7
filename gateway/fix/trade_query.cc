#include "gateway/fix/trade_query.h"

#include <algorithm>

#include "evm/bytes.h"
#include "gateway/fix/instruments.h"
#include "gateway/fix/message.h"
#include "gateway/fix/values.h"
#include "gateway/fix/writer.h"

namespace tally::gateway::fix {
namespace {

// SettlementStatus (20060).
char StatusCode(SettlementStatus status) {
  return static_cast<char>('0' + static_cast<int>(status) - 1);
}

}  // namespace

std::string TradeReportBody(const TradeReport& report, const FixInstruments& instruments) {
  const TradeSide& trade = report.trade;
  const FixInstrument* const instrument = instruments.Find(trade.instrument);
  const UtcText time(trade.time_ns);
  std::string body;
  FieldWriter writer(&body);
  writer.Add(tag::kTradeReportID, report.report_id)
      .Add(tag::kTradeReportTransType, report.requested ? '0' : '2')
      .Add(tag::kTradeRequestID, report.request_id)
      .Add(tag::kExecType, 'F')
      .Count(tag::kTradeID, Raw(trade.trade_id))
      .Add(tag::kPreviouslyReported, 'N')
      .Add(tag::kSymbol, instrument == nullptr ? "[N/A]" : std::string_view(instrument->symbol));
  if (instrument != nullptr) {
    writer.Add(tag::kLastQty, instrument->QuantityText(trade.quantity.value))
        .Add(tag::kLastPx, instrument->PriceText(trade.price.value));
  }
  writer.Add(tag::kTradeDate, time.view().substr(0, 8)).Add(tag::kTransactTime, time.view());
  if (report.last) {
    writer.Add(tag::kLastRptRequested, 'Y');
  }
  writer.Add(tag::kSettlementStatus, StatusCode(report.status.status));
  if (report.status.batch_id != 0) {
    writer.Count(tag::kSettlementBatchID, report.status.batch_id);
  }
  if (report.status.transaction_hash != std::array<uint8_t, 32>{}) {
    writer.Add(tag::kSettlementTransaction, evm::Hex(evm::Hash32{report.status.transaction_hash}));
  }
  writer.Add(tag::kNoSides, '1')
      .Add(tag::kSide, static_cast<char>('0' + trade.side))
      .Count(tag::kOrderID, Raw(trade.order_id))
      .Add(tag::kClOrdID, report.cl_ord_id)
      .Count(tag::kAccount, Raw(trade.account));
  if (instrument != nullptr) {
    writer.Add(tag::kNoMiscFees, '1')
        .Add(tag::kMiscFeeAmt, instrument->QuoteText(trade.fee.value))
        .Add(tag::kMiscFeeCurr, instrument->quote)
        .Add(tag::kMiscFeeType, '4');
  }
  return body;
}

}  // namespace tally::gateway::fix
