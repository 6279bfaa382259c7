#include "gateway/fix/quote_decoder.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "engine/limits.h"
#include "gateway/fix/values.h"

namespace tally::gateway::fix {
namespace {

// QuoteRejectReason (300).
constexpr int kUnknownQuoteSymbol = 1;
constexpr int kDuplicateQuote = 6;
constexpr int kInvalidPrice = 8;

const GroupRule& GroupOf(const Message& message, int32_t count) {
  return *FindGroup(*FindMessage(message.type()), OrdinalOf(count));
}

// Reads the sets of a MassQuote and their entries; the first fault stays.
class QuoteReader {
 public:
  QuoteReader(const Message& message, const FixInstruments& instruments, DecodedQuote* out)
      : message_(message), instruments_(instruments), out_(out) {}

  void Read() {
    ReadCommon();
    const GroupRule& sets = GroupOf(message_, tag::kNoQuoteSets);
    const GroupRule& entries = *FindGroup(sets, OrdinalOf(tag::kNoQuoteEntries));
    for (const std::span<const Field> set : EntriesOf(message_.fields(), sets)) {
      entry_->Extract(message_, set);
      const std::string_view expected = entry_->Get(tag::kTotNoQuoteEntries);
      out_->quote.sets.emplace_back(entry_->Get(tag::kQuoteSetID));
      const auto rows = EntriesOf(set, entries);
      if (uint32_t count = 0; !ParseNumber(expected, &count) || count != rows.size()) {
        Refuse(kOtherQuoteFault, "TOT_NO_QUOTE_ENTRIES_IS_ANOTHER_NUMBER");
      }
      for (const std::span<const Field> row : rows) {
        entry_->Extract(message_, row);
        ReadEntry();
      }
    }
    if (out_->quote.entries.empty() || out_->quote.entries.size() > kQuoteEntriesMax) {
      Refuse(kOtherQuoteFault, "BAD_NUMBER_OF_QUOTE_ENTRIES");
    }
  }

 private:
  void Refuse(int reason, std::string_view text) {
    if (out_->refusal.empty()) {
      out_->reason = reason;
      out_->refusal = std::string(text);
    }
  }
  // Of the entry at hand.
  void RefuseEntry(int reason, std::string_view text) {
    Refuse(reason, absl::StrCat(ToAbsl(text), " ", ToAbsl(entry_->Get(tag::kSymbol)), " ",
                                ToAbsl(entry_->Get(tag::kQuoteEntryID))));
  }

  void ReadCommon() {
    QuoteCommand& common = out_->common;
    if (!ParseNumber(message_.Get(tag::kMarketMakerGroup), &common.maker_group)) {
      Refuse(kOtherQuoteFault, "BAD_NUMBER");
    }
    if (const auto id = message_.Find(tag::kAlgorithmID);
        id.has_value() && !ParseNumber(*id, &common.algorithm_id)) {
      Refuse(kOtherQuoteFault, "BAD_NUMBER");
    }
    if (const auto mode = message_.Find(tag::kSelfTradePreventionMode); mode.has_value()) {
      common.self_trade_prevention = static_cast<SelfTradePrevention>((*mode)[0] - '0');
    }
    const bool post_only = message_.Get(tag::kExecInst) == "6";
    if (message_.Find(tag::kExecInst).has_value() && !post_only) {
      Refuse(kOtherQuoteFault, "A_QUOTE_IS_POST_ONLY_OR_PLAIN");
    }
    common.flags =
        static_cast<uint8_t>((post_only ? kOrderFlagPostOnly : 0) |
                             (message_.IsYes(tag::kPostOnlySlide) ? kOrderFlagSlide : 0));
  }

  void ReadEntry() {
    const FixInstrument* const instrument = instruments_.Find(entry_->Get(tag::kSymbol));
    if (instrument == nullptr) {
      RefuseEntry(kUnknownQuoteSymbol, "UNKNOWN_SYMBOL");
      return;
    }
    QuoteEntry entry;
    entry.instrument = instrument->id;
    entry.set = static_cast<uint16_t>(out_->quote.sets.size() - 1);
    if (!ParseNumber(entry_->Get(tag::kQuoteEntryID), &entry.level) ||
        entry.level >= kMaxQuoteEntries) {
      RefuseEntry(kOtherQuoteFault, "QUOTE_ENTRY_ID_IS_NO_LEVEL");
    }
    ReadSide(*instrument, tag::kBidPx, tag::kBidSize, &entry.bid_price, &entry.bid_lots);
    ReadSide(*instrument, tag::kOfferPx, tag::kOfferSize, &entry.ask_price, &entry.ask_lots);
    const auto& others = out_->quote.entries;
    if (std::any_of(others.begin(), others.end(), [&](const QuoteEntry& other) {
          return other.instrument == entry.instrument && other.level == entry.level;
        })) {
      RefuseEntry(kDuplicateQuote, "DUPLICATE_QUOTE_ENTRY");
    }
    out_->quote.entries.push_back(entry);
  }

  // A side without price and size is withdrawn, as is one of size 0.
  void ReadSide(const FixInstrument& instrument, int32_t price_tag, int32_t size_tag,
                PriceTicks* price, QuantityLots* lots) {
    const auto price_text = entry_->Find(price_tag);
    const auto size_text = entry_->Find(size_tag);
    if (size_text.has_value()) {
      const auto value = instrument.Lots(*size_text);
      if (!value.has_value() || *value < 0) {
        RefuseEntry(kOtherQuoteFault, "SIZE_IS_NO_WHOLE_NUMBER_OF_LOTS");
      }
      lots->value = value.value_or(0);
    }
    if (price_text.has_value()) {
      const auto value = instrument.Ticks(*price_text);
      if (!value.has_value()) {
        RefuseEntry(kInvalidPrice, "PRICE_IS_NO_WHOLE_NUMBER_OF_TICKS");
      }
      price->value = value.value_or(0);
    }
    if (price_text.has_value() && !size_text.has_value()) {
      RefuseEntry(kOtherQuoteFault, "SIZE_MISSING");
    }
    if (lots->value != 0 && !price_text.has_value()) {
      RefuseEntry(kInvalidPrice, "PRICE_MISSING");
    }
  }

  const Message& message_;
  const FixInstruments& instruments_;
  DecodedQuote* const out_;
  const std::unique_ptr<Message> entry_ = std::make_unique<Message>();
};

DecodedQuote Begin(const Message& message) {
  DecodedQuote decoded;
  MassQuoteRecord& record = decoded.quote.record;
  record.type = message.type()[0];
  record.quote_id = message.Get(tag::kQuoteID);
  record.quote_req_id = message.Get(tag::kQuoteReqID);
  record.response_level = message.Find(tag::kQuoteResponseLevel).value_or("2")[0];
  return decoded;
}

}  // namespace

DecodedQuote DecodeMassQuote(const Message& message, const FixInstruments& instruments,
                             SelfTradePrevention standard) {
  DecodedQuote decoded = Begin(message);
  decoded.common.self_trade_prevention = standard;
  QuoteReader(message, instruments, &decoded).Read();
  decoded.quote.record.maker_group = decoded.common.maker_group;
  return decoded;
}

DecodedQuote DecodeQuoteCancel(const Message& message, const FixInstruments& instruments) {
  DecodedQuote decoded = Begin(message);
  MassQuoteRecord& record = decoded.quote.record;
  record.cancel_type = message.Get(tag::kQuoteCancelType)[0];
  if (const auto group = message.Find(tag::kMarketMakerGroup);
      group.has_value() && !ParseNumber(*group, &record.maker_group)) {
    decoded.reason = kOtherQuoteFault;
    decoded.refusal = "BAD_NUMBER";
  }
  if (record.cancel_type == '4') {
    decoded.quote.entries.emplace_back();
    return decoded;
  }
  if (message.Find(tag::kNoQuoteEntries).has_value()) {
    const auto entry_fields = std::make_unique<Message>();
    for (const auto row : EntriesOf(message.fields(), GroupOf(message, tag::kNoQuoteEntries))) {
      entry_fields->Extract(message, row);
      const FixInstrument* const instrument = instruments.Find(entry_fields->Get(tag::kSymbol));
      if (instrument == nullptr) {
        decoded.reason = kUnknownQuoteSymbol;
        decoded.refusal = "UNKNOWN_SYMBOL " + std::string(entry_fields->Get(tag::kSymbol));
        return decoded;
      }
      decoded.quote.entries.emplace_back().instrument = instrument->id;
    }
  }
  if (decoded.quote.entries.empty() || decoded.quote.entries.size() > kQuoteEntriesMax) {
    decoded.reason = kOtherQuoteFault;
    decoded.refusal = "BAD_NUMBER_OF_QUOTE_ENTRIES";
  }
  return decoded;
}

}  // namespace tally::gateway::fix
