#include "gateway/fix/market_data_writer.h"

#include "gateway/fix/message.h"
#include "gateway/fix/values.h"
#include "gateway/fix/writer.h"

namespace tally::gateway::fix {

void MarketDataEntries::Add(const MarketDataEntry& entry, const FixInstrument& instrument) {
  ++count;
  FieldWriter writer(&text);
  if (entry.action != 0) {
    writer.Add(tag::kMDUpdateAction, entry.action);
  }
  writer.Add(tag::kMDEntryType, entry.type);
  if (entry.id != 0) {
    writer.Count(tag::kMDEntryID, entry.id);
  }
  if (entry.action != 0) {
    writer.Add(tag::kSymbol, instrument.symbol);
  }
  if (entry.price != 0) {
    writer.Add(tag::kMDEntryPx, instrument.PriceText(entry.price));
  }
  if (entry.action != update_action::kDelete) {
    writer.Add(tag::kMDEntrySize, instrument.QuantityText(entry.quantity));
  }
  if (entry.order_count != 0) {
    writer.Count(tag::kNumberOfOrders, entry.order_count);
  }
  if (entry.side != 0) {
    writer.Count(tag::kAggressorSide, entry.side);
  }
  if (entry.time_ns != 0) {
    const UtcText time(entry.time_ns);
    constexpr std::size_t kDateBytes = 8;
    writer.Add(tag::kMDEntryDate, time.view().substr(0, kDateBytes))
        .Add(tag::kMDEntryTime, time.view().substr(kDateBytes + 1));
  }
}

void MarketDataEntries::Clear() {
  text.clear();
  count = 0;
}

}  // namespace tally::gateway::fix
