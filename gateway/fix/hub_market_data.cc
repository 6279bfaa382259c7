// FixHub: market data, to sessions of that kind.

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "gateway/fix/hub.h"
#include "gateway/fix/market_data.h"
#include "gateway/fix/values.h"
#include "gateway/fix/writer.h"

namespace tally::gateway::fix {
namespace {

constexpr std::size_t kRequestIdBytesMax = 64;
constexpr uint32_t kDepthMax = 1'000;
// Instruments in the subscriptions of a session.
constexpr std::size_t kFollowersMax = 1'000;
// Of a snapshot: what fits the send queue at once.
constexpr std::size_t kEntriesMax = 100'000;
constexpr std::size_t kEntriesPerToken = 100;

// MDReqRejReason (281) and Text (58); no reason: it is left out.
struct DataRefusal {
  std::string_view reason;
  std::string_view text;
};
constexpr DataRefusal kUnknownSymbol{"0", "UNKNOWN_SYMBOL"};
constexpr DataRefusal kDuplicateId{"1", "DUPLICATE_MD_REQ_ID"};
constexpr DataRefusal kThrottled{"2", "THROTTLED"};
constexpr DataRefusal kTooMany{"2", "TOO_MANY_SUBSCRIPTIONS"};
constexpr DataRefusal kTooLarge{"2", "SNAPSHOT_TOO_LARGE"};
constexpr DataRefusal kBadDepth{"5", "UNSUPPORTED_DEPTH"};
constexpr DataRefusal kTopOnly{"5", "ONLY_THE_TOP_IS_PUBLISHED"};
constexpr DataRefusal kNoFullRefresh{"6", "ONLY_INCREMENTAL_UPDATES"};
constexpr DataRefusal kOrdersNeedFullDepth{"7", "ORDERS_NEED_DEPTH_0"};
constexpr DataRefusal kBadEntryType{"8", "UNSUPPORTED_ENTRY_TYPE"};
constexpr DataRefusal kUnknownId{"", "UNKNOWN_MD_REQ_ID"};

// What the entry types and the depth ask for; the DataRefusal if there is no such thing.
std::optional<DataRefusal> ParseWish(const Message& message, DataWish* wish) {
  for (const Field& field : message.fields()) {
    if (field.tag != tag::kMDEntryType) {
      continue;
    }
    switch (message.value(field)[0]) {
      case entry_type::kBid:
        wish->bids = true;
        break;
      case entry_type::kOffer:
        wish->asks = true;
        break;
      case entry_type::kTrade:
        wish->trades = true;
        break;
      case entry_type::kImbalance:
        wish->imbalance = true;
        break;
      case entry_type::kClearingPrice:
        wish->clearing_price = true;
        break;
      default:
        return kBadEntryType;
    }
  }
  uint32_t depth = 0;
  if (!ParseNumber(message.Get(tag::kMarketDepth), &depth) || depth > kDepthMax) {
    return kBadDepth;
  }
  if (!wish->bids && !wish->asks) {
    return std::nullopt;
  }
  if (message.Get(tag::kAggregatedBook) == "N") {
    wish->book = BookKind::kOrders;
    return depth == 0 ? std::nullopt : std::optional(kOrdersNeedFullDepth);
  }
  wish->book = depth == 1 ? BookKind::kTop : BookKind::kLevels;
  wish->depth = depth;
  return std::nullopt;
}

// How many entries of a book a snapshot has at most.
std::size_t EntriesOf(const DataWish& wish, const InstrumentFeed& feed) {
  const std::size_t depth = wish.book == BookKind::kLevels && wish.depth != 0
                                ? std::size_t{2} * wish.depth
                                : kEntriesMax + 1;
  return wish.book == BookKind::kTop    ? 2
         : wish.book == BookKind::kNone ? 0
                                        : std::min(depth, feed.book.order_count());
}

struct Request {
  DataWish wish;
  std::vector<InstrumentFeed*> feeds;
  std::size_t tokens = 0;  // Of the throttle.
};

// What to send of which instruments.
std::optional<DataRefusal> ParseRequest(const Message& message, MarketData* data,
                                        Request* request) {
  DataWish& wish = request->wish;
  if (const auto refusal = ParseWish(message, &wish); refusal.has_value()) {
    return refusal;
  }
  if (message.Get(tag::kMDUpdateType) == "0") {
    return kNoFullRefresh;
  }
  const bool deep = wish.book == BookKind::kLevels || wish.book == BookKind::kOrders;
  for (const Field& field : message.fields()) {
    if (field.tag != tag::kSymbol) {
      continue;
    }
    InstrumentFeed* const feed = data->Find(message.value(field));
    if (feed == nullptr) {
      return kUnknownSymbol;
    }
    if (deep && !feed->has_deltas) {
      return kTopOnly;
    }
    if (EntriesOf(wish, *feed) > kEntriesMax) {
      return kTooLarge;
    }
    if (std::find(request->feeds.begin(), request->feeds.end(), feed) == request->feeds.end()) {
      request->feeds.push_back(feed);
      request->tokens += 1 + EntriesOf(wish, *feed) / kEntriesPerToken;
    }
  }
  return std::nullopt;
}

void AddBook(const DataWish& wish, const InstrumentFeed& feed, MarketDataEntries* entries) {
  const auto add = [&](Side side, const MarketDataEntry& entry) {
    if (side == Side::kBuy ? wish.bids : wish.asks) {
      MarketDataEntry row = entry;
      row.type = side == Side::kBuy ? entry_type::kBid : entry_type::kOffer;
      entries->Add(row, *feed.instrument);
    }
  };
  if (wish.book == BookKind::kTop) {
    const BookTopEvent& top = feed.top;
    if (top.bid_quantity.value != 0) {
      add(Side::kBuy, {.price = top.bid_price.value, .quantity = top.bid_quantity.value});
    }
    if (top.ask_quantity.value != 0) {
      add(Side::kSell, {.price = top.ask_price.value, .quantity = top.ask_quantity.value});
    }
  } else if (wish.book == BookKind::kOrders) {
    for (const wire::BookEntry& order : feed.book.Orders()) {
      add(order.side() == wire::Side::BUY ? Side::kBuy : Side::kSell,
          {.id = order.order_id(), .price = order.price(), .quantity = order.quantity()});
    }
  } else if (wish.book == BookKind::kLevels) {
    for (const Side side : {Side::kBuy, Side::kSell}) {
      uint32_t count = 0;
      for (auto level = feed.book.LevelBehind(side, std::nullopt);
           level.has_value() && (wish.depth == 0 || count < wish.depth);
           level = feed.book.LevelBehind(side, level->price)) {
        ++count;
        add(side, {.price = level->price,
                   .quantity = level->quantity,
                   .order_count = level->order_count});
      }
    }
  }
}

// All that the wish asks for, as it is.
void AddSnapshot(const DataWish& wish, const InstrumentFeed& feed, MarketDataEntries* entries) {
  const TradeEvent& trade = feed.last_trade.trade;
  if (wish.trades && trade.quantity.value != 0) {
    entries->Add({.type = entry_type::kTrade,
                  .id = Raw(trade.trade_id),
                  .price = trade.price.value,
                  .quantity = trade.quantity.value,
                  .side = feed.last_trade.side,
                  .time_ns = feed.last_trade.timestamp_ns},
                 *feed.instrument);
  }
  const IndicativeEvent& indicative = feed.indicative.indicative;
  if (wish.clearing_price && indicative.quantity.value != 0) {
    entries->Add({.type = entry_type::kClearingPrice,
                  .price = indicative.price.value,
                  .quantity = indicative.quantity.value},
                 *feed.instrument);
  }
  if (wish.imbalance && indicative.surplus.value != 0) {
    entries->Add({.type = entry_type::kImbalance,
                  .quantity = indicative.surplus.value,
                  .side = indicative.surplus_side},
                 *feed.instrument);
  }
  AddBook(wish, feed, entries);
}

}  // namespace

void FixHub::HandleMarketDataRequest(Connection* connection, const Message& message, Instant now) {
  const std::string id(message.Get(tag::kMDReqID));
  if (id.size() > kRequestIdBytesMax) {
    SendReject(connection, message, SessionReject::kValueOutOfRange, tag::kMDReqID, now);
    return;
  }
  const char request_type = message.Get(tag::kSubscriptionRequestType)[0];
  const bool known = market_data_->FindSubscription(connection->id, id) != nullptr;
  if (request_type == '2') {
    if (known) {
      market_data_->Unsubscribe(connection->id, id);
    } else {
      RefuseMarketData(connection, id, kUnknownId.reason, kUnknownId.text, now);
    }
    return;
  }
  for (const int32_t group : {tag::kNoMDEntryTypes, tag::kNoRelatedSym}) {
    if (!message.Find(group).has_value()) {
      SendReject(connection, message, SessionReject::kRequiredTagMissing, group, now);
      return;
    }
  }
  Request request;
  std::optional<DataRefusal> refusal =
      known ? std::optional(kDuplicateId) : ParseRequest(message, market_data_.get(), &request);
  if (!refusal.has_value() &&
      market_data_->FollowerCount(connection->id) + request.feeds.size() > kFollowersMax) {
    refusal = kTooMany;
  }
  // A large snapshot costs as much as many small ones.
  for (; request.tokens != 0 && !refusal.has_value(); --request.tokens) {
    if (!connection->session->throttle.Take(now.mono_ns)) {
      refusal = kThrottled;
    }
  }
  if (refusal.has_value()) {
    RefuseMarketData(connection, id, refusal->reason, refusal->text, now);
    return;
  }
  Subscription* const subscription =
      market_data_->Subscribe(connection->id, id, request.wish, request.feeds);
  subscription->once = request_type == '0';
  connection->snapshots_due = true;
  PumpSnapshots(connection, now);
}

void FixHub::RefuseMarketData(Connection* connection, std::string_view id, std::string_view reason,
                              std::string_view text, Instant now) {
  counters_.messages_rejected.Add();
  std::string body;
  FieldWriter(&body).Add(tag::kMDReqID, id).Add(tag::kMDReqRejReason, reason).Add(tag::kText, text);
  SendApplication(connection, "Y", body, now);
}

void FixHub::SendSnapshot(Connection* connection, Follower* follower, Instant now) {
  const InstrumentFeed& feed = *follower->feed;
  const DataWish& wish = follower->subscription->wish;
  if (EntriesOf(wish, feed) > kEntriesMax) {
    LogOut(connection, absl::StrCat("the book of ", feed.instrument->symbol, " became too large"),
           now);
    return;
  }
  MarketDataEntries entries;
  AddSnapshot(wish, feed, &entries);
  std::string body;
  FieldWriter writer(&body);
  writer.Add(tag::kMDReqID, follower->subscription->id).Add(tag::kSymbol, feed.instrument->symbol);
  if (wish.book != BookKind::kNone) {
    follower->last_sequence = feed.sequence(wish.book);
    writer.Count(tag::kLastBookUpdateID, follower->last_sequence);
  }
  if (follower->conflated) {
    writer.Add(tag::kMDConflated, 'Y');
  }
  writer.Count(tag::kNoMDEntries, entries.count);
  body += entries.text;
  SendApplication(connection, "W", body, now);
  follower->due = false;
  follower->conflated = false;
}

// What the events of a batch changed.
void FixHub::TellMarketData(Instant now) {
  for (InstrumentFeed* const feed : market_data_->TakeDirty()) {
    for (Follower* const follower : feed->followers) {
      SendUpdate(follower, now);
    }
    if (feed->phase_changed) {
      TellStatus(*feed, now);
    }
    MarketData::Clear(feed);
  }
}

void FixHub::SendUpdate(Follower* follower, Instant now) {
  Connection* const connection = Find(follower->subscription->connection);
  if (connection->phase != Phase::kLive || follower->due || follower->subscription->once) {
    return;
  }
  const InstrumentFeed& feed = *follower->feed;
  const DataWish& wish = follower->subscription->wish;
  const MarketDataEntries nothing;
  const std::array<const MarketDataEntries*, 4> parts{
      wish.trades ? &feed.trades : &nothing, wish.clearing_price ? &feed.clearing_price : &nothing,
      wish.imbalance ? &feed.imbalance : &nothing,
      follower->stream != nullptr ? &follower->stream->pending : &nothing};
  uint64_t count = 0;
  for (const MarketDataEntries* const part : parts) {
    count += part->count;
  }
  if (count == 0) {
    return;
  }
  // Who does not read gets a snapshot when it has read, instead of what it missed.
  if (connection->output.bytes() >= config_.options.send_queue_bytes_soft) {
    follower->due = true;
    follower->conflated = true;
    connection->snapshots_due = true;
    counters_.market_data_conflated.Add();
    return;
  }
  std::string body;
  FieldWriter writer(&body);
  writer.Add(tag::kMDReqID, follower->subscription->id);
  if (const uint64_t last = feed.sequence(wish.book);
      follower->stream != nullptr && last != follower->last_sequence) {
    writer.Count(tag::kFirstBookUpdateID, follower->last_sequence + 1)
        .Count(tag::kLastBookUpdateID, last);
    follower->last_sequence = last;
  }
  writer.Count(tag::kNoMDEntries, count);
  for (const MarketDataEntries* const part : parts) {
    body += part->text;
  }
  SendApplication(connection, "X", body, now);
}

// The snapshots that wait until the client has read.
void FixHub::PumpSnapshots(Connection* connection, Instant now) {
  if (!connection->snapshots_due) {
    return;
  }
  for (Follower* const follower : market_data_->DueFollowers(connection->id)) {
    if (connection->phase != Phase::kLive ||
        connection->output.bytes() >= config_.options.send_queue_bytes_soft) {
      return;
    }
    SendSnapshot(connection, follower, now);
  }
  connection->snapshots_due = false;
  market_data_->RemoveAnswered(connection->id);
}

}  // namespace tally::gateway::fix
