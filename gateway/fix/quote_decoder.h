#pragma once

#include <string>
#include <string_view>

#include "gateway/fix/instruments.h"
#include "gateway/fix/message.h"
#include "gateway/fix/quote_store.h"

namespace tally::gateway::fix {

inline constexpr std::size_t kQuoteEntriesMax = 100;
inline constexpr int kOtherQuoteFault = 99;  // Of QuoteRejectReason (300).

// A MassQuote as the commands it becomes, or why it is none: QuoteRejectReason (300) and Text (58).
struct DecodedQuote {
  MassQuote quote;
  QuoteCommand common{};  // What all entries have in common.
  int reason = 0;
  std::string refusal;  // Empty: it is one. Names the entry at fault.
};
DecodedQuote DecodeMassQuote(const Message& message, const FixInstruments& instruments,
                             SelfTradePrevention standard);

// A QuoteCancel likewise; an instrument for each entry, 0 for all of them.
DecodedQuote DecodeQuoteCancel(const Message& message, const FixInstruments& instruments);

}  // namespace tally::gateway::fix
