// FixHub: what is traded, on what terms, and whether it is now.

#include <algorithm>
#include <string>

#include "base/status.h"
#include "gateway/fix/hub.h"
#include "gateway/fix/market_data.h"
#include "gateway/fix/values.h"
#include "gateway/fix/writer.h"

namespace tally::gateway::fix {
namespace {

constexpr std::size_t kInstrumentsPerMessage = 100;
constexpr int kBasisPointDigits = 2;
constexpr std::string_view kUnknownStatus = "20";

// SecurityTradingStatus (326) and the name of the phase (58).
struct PhaseText {
  std::string_view status;
  std::string_view name;
};

PhaseText TextOf(TradingPhase phase) {
  switch (phase) {
    case TradingPhase::kPreOpen:
      return {"21", "PRE_OPEN"};
    case TradingPhase::kOpeningAuction:
      return {"22", "OPENING_AUCTION"};
    case TradingPhase::kContinuous:
      return {"17", "CONTINUOUS"};
    case TradingPhase::kVolatilityAuction:
      return {"5", "VOLATILITY_AUCTION"};
    case TradingPhase::kHalt:
      return {"2", "HALT"};
    case TradingPhase::kClosingAuction:
      return {"5", "CLOSING_AUCTION"};
    case TradingPhase::kClosed:
      return {"18", "CLOSED"};
    case TradingPhase::kBatchAuction:
      return {"17", "BATCH_AUCTION"};
  }
  return {kUnknownStatus, ""};
}

void AddInstrument(const InstrumentFeed& feed, FieldWriter* writer) {
  const FixInstrument& instrument = *feed.instrument;
  writer->Add(tag::kSymbol, instrument.symbol)
      .Add(tag::kCurrency, instrument.quote)
      .Add(tag::kBaseAsset, instrument.base)
      .Add(tag::kMinPriceIncrement, instrument.PriceText(1))
      .Add(tag::kHighLimitPrice, instrument.PriceText(instrument.price_max.value))
      .Add(tag::kRoundLot, instrument.QuantityText(1))
      .Add(tag::kMinTradeVol, instrument.QuantityText(instrument.quantity_min.value))
      .Add(tag::kMaxTradeVol, instrument.QuantityText(instrument.quantity_max.value))
      .Add(tag::kMinNotional, instrument.QuoteText(instrument.notional_min.value))
      .Add(tag::kMaxNotional, instrument.QuoteText(instrument.notional_max.value))
      .Add(tag::kMakerFeeBp, DecimalText(instrument.maker_fee_hundredths_bp, kBasisPointDigits))
      .Add(tag::kTakerFeeBp, DecimalText(instrument.taker_fee_hundredths_bp, kBasisPointDigits))
      .Add(tag::kSecurityTradingStatus, TextOf(feed.phase.phase_changed.phase).status);
}

}  // namespace

void FixHub::HandleReferenceRequest(Connection* connection, const Message& message, Instant now) {
  if (!connection->session->throttle.Take(now.mono_ns)) {
    SendBusinessReject(connection, message, 0, "THROTTLED", now);
    return;
  }
  switch (message.type()[0]) {
    case 'x':
      HandleSecurityListRequest(connection, message, now);
      return;
    case 'c':
      HandleSecurityDefinitionRequest(connection, message, now);
      return;
    case 'e':
      HandleSecurityStatusRequest(connection, message, now);
      return;
    default:
      HandleTradingSessionStatusRequest(connection, message, now);
  }
}

void FixHub::HandleSecurityListRequest(Connection* connection, const Message& message,
                                       Instant now) {
  const bool one = message.Get(tag::kSecurityListRequestType) == "0";
  std::vector<const InstrumentFeed*> rows;
  for (const InstrumentFeed& feed : market_data_->feeds()) {
    if (!one || feed.instrument->symbol == message.Get(tag::kSymbol)) {
      rows.push_back(&feed);
    }
  }
  for (std::size_t first = 0; first < rows.size() || first == 0; first += kInstrumentsPerMessage) {
    const std::size_t count = std::min(kInstrumentsPerMessage, rows.size() - first);
    std::string body;
    FieldWriter writer(&body);
    writer.Add(tag::kSecurityReqID, message.Get(tag::kSecurityReqID))
        .Count(tag::kSecurityResponseID, ++next_exec_id_)
        .Add(tag::kSecurityRequestResult, rows.empty() ? '2' : '0');
    if (!rows.empty()) {
      writer.Count(tag::kTotNoRelatedSym, rows.size())
          .Add(tag::kLastFragment, first + count == rows.size() ? 'Y' : 'N')
          .Count(tag::kNoRelatedSym, count);
      for (std::size_t i = first; i < first + count; ++i) {
        AddInstrument(*rows[i], &writer);
      }
    }
    SendApplication(connection, "y", body, now);
  }
}

void FixHub::HandleSecurityDefinitionRequest(Connection* connection, const Message& message,
                                             Instant now) {
  const InstrumentFeed* const feed = market_data_->Find(message.Get(tag::kSymbol));
  const bool supported = message.Get(tag::kSecurityRequestType) == "0";
  std::string body;
  FieldWriter writer(&body);
  writer.Add(tag::kSecurityReqID, message.Get(tag::kSecurityReqID))
      .Count(tag::kSecurityResponseID, ++next_exec_id_);
  if (feed != nullptr && supported) {
    writer.Add(tag::kSecurityResponseType, '1');
    AddInstrument(*feed, &writer);
  } else {
    writer.Add(tag::kSecurityResponseType, '5')
        .Add(tag::kSymbol, message.Get(tag::kSymbol))
        .Add(tag::kText, supported ? "UNKNOWN_SYMBOL" : "UNSUPPORTED_REQUEST_TYPE");
  }
  SendApplication(connection, "d", body, now);
}

void FixHub::HandleSecurityStatusRequest(Connection* connection, const Message& message,
                                         Instant now) {
  const std::string id(message.Get(tag::kSecurityStatusReqID));
  InstrumentFeed* const feed = market_data_->Find(message.Get(tag::kSymbol));
  if (feed == nullptr) {
    std::string body;
    FieldWriter(&body)
        .Add(tag::kSecurityStatusReqID, id)
        .Add(tag::kSymbol, message.Get(tag::kSymbol))
        .Add(tag::kSecurityTradingStatus, kUnknownStatus)
        .Add(tag::kText, "UNKNOWN_SYMBOL");
    SendApplication(connection, "f", body, now);
    return;
  }
  const char type = message.Get(tag::kSubscriptionRequestType)[0];
  if (type != '0') {
    // One subscription for an instrument: the last one counts.
    std::erase_if(feed->status_followers,
                  [&](const auto& row) { return row.connection == connection->id; });
  }
  if (type == '1') {
    feed->status_followers.push_back({.connection = connection->id, .id = id});
  }
  if (type != '2') {
    SendSecurityStatus(connection, *feed, id, /*unsolicited=*/false, now);
  }
}

void FixHub::SendSecurityStatus(Connection* connection, const InstrumentFeed& feed,
                                std::string_view id, bool unsolicited, Instant now) {
  const PhaseChangedEvent& phase = feed.phase.phase_changed;
  const auto [status, name] = TextOf(phase.phase);
  std::string body;
  FieldWriter writer(&body);
  writer.Add(tag::kSecurityStatusReqID, id)
      .Add(tag::kSymbol, feed.instrument->symbol)
      .Add(tag::kUnsolicitedIndicator, unsolicited ? 'Y' : 'N')
      .Add(tag::kSecurityTradingStatus, status);
  if (phase.last_price.value != 0) {
    writer.Add(tag::kLastPx, feed.instrument->PriceText(phase.last_price.value));
  }
  if (unsolicited) {
    writer.Add(tag::kTransactTime, UtcText(feed.phase.timestamp_ns).view());
  }
  if (phase.until_ns != 0) {
    writer.Add(tag::kPhaseUntil, UtcText(phase.until_ns).view());
  }
  writer.Add(tag::kText, name);
  SendApplication(connection, "f", body, now);
}

// The phase of an instrument changed, and perhaps with it that of the venue.
void FixHub::TellStatus(const InstrumentFeed& feed, Instant now) {
  for (const auto& row : feed.status_followers) {
    if (Connection* const connection = Find(row.connection); connection->phase == Phase::kLive) {
      SendSecurityStatus(connection, feed, row.id, /*unsolicited=*/true, now);
    }
  }
  if (const char status = market_data_->venue_status(); status != venue_status_) {
    venue_status_ = status;
    for (const auto& [id, request] : market_data_->session_followers) {
      if (Connection* const connection = Find(ConnectionId{id});
          connection->phase == Phase::kLive) {
        SendTradingSessionStatus(connection, request, /*unsolicited=*/true, now);
      }
    }
  }
}

void FixHub::HandleTradingSessionStatusRequest(Connection* connection, const Message& message,
                                               Instant now) {
  const char type = message.Get(tag::kSubscriptionRequestType)[0];
  const std::string id(message.Get(tag::kTradSesReqID));
  auto& followers = market_data_->session_followers;
  if (type == '1') {
    followers[static_cast<uint64_t>(connection->id)] = id;
  } else if (type == '2') {
    followers.erase(static_cast<uint64_t>(connection->id));
    return;
  }
  SendTradingSessionStatus(connection, id, /*unsolicited=*/false, now);
}

void FixHub::SendTradingSessionStatus(Connection* connection, std::string_view id, bool unsolicited,
                                      Instant now) {
  std::string body;
  FieldWriter(&body)
      .Add(tag::kTradSesReqID, id)
      .Add(tag::kTradingSessionID, config_.options.comp_id)
      .Add(tag::kUnsolicitedIndicator, unsolicited ? 'Y' : 'N')
      .Add(tag::kTradSesStatus, venue_status_);
  SendApplication(connection, "h", body, now);
}

}  // namespace tally::gateway::fix
