#pragma once

#include "engine/core/internal/context.h"
#include "engine/core/internal/order_table.h"
#include "engine/core/internal/quote_table.h"

namespace tally::core::internal {

// kQuote; docs/semantics/market-makers.md.
void HandleQuote(Context context);

// The entry that an order with kRecordQuote is a side of.
inline QuoteKey QuoteKeyOf(const OrderRecord& record) {
  return {.session = record.session,
          .instrument = record.instrument,
          .entry = record.flags >> kRecordQuoteEntryShift & (kMaxQuoteEntries - 1)};
}

}  // namespace tally::core::internal
