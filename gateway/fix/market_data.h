#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "engine/event.h"
#include "gateway/engine_link.h"
#include "gateway/fix/instruments.h"
#include "gateway/fix/market_data_writer.h"
#include "gateway/fix/session.h"
#include "gateway/session/public_book.h"

namespace tally::gateway::fix {

enum class BookKind : uint8_t {
  kNone,
  kTop,     // Best prices, of kBookTop: every instrument has them.
  kLevels,  // Of kBookDelta, as the next one.
  kOrders,
};

// What a MarketDataRequest asks of each of its instruments.
struct DataWish {
  BookKind book = BookKind::kNone;
  uint32_t depth = 0;  // kLevels: of each side; 0: all.
  bool bids = false;
  bool asks = false;
  bool trades = false;
  bool clearing_price = false;
  bool imbalance = false;
};

struct InstrumentFeed;

// What changed in a book since the last message, in the words of one kind of subscriber.
class BookStream {
 public:
  BookStream(const DataWish& wish, const InstrumentFeed& feed);

  bool Serves(const DataWish& wish) const;
  // After the book of the feed has taken it.
  void OnDelta(const Event& event, const InstrumentFeed& feed);
  void OnTop(const BookTopEvent& before, const InstrumentFeed& feed);

  MarketDataEntries pending;
  uint32_t users = 0;

 private:
  bool Wants(Side side) const { return side == Side::kBuy ? bids_ : asks_; }
  void AddLevel(char action, Side side, const PublicBook::LevelView& level,
                const FixInstrument& instrument);
  void MoveWindow(const Event& event, const InstrumentFeed& feed);
  void TopSide(Side side, std::array<int64_t, 2> before, std::array<int64_t, 2> after,
               const FixInstrument& instrument);

  const BookKind kind_;
  const uint32_t depth_;
  const bool bids_;
  const bool asks_;
  // The prices that the subscribers see, best first, if the depth is limited.
  std::array<std::vector<int64_t>, 2> windows_;
};

struct Subscription;

// A subscription's part in one instrument.
struct Follower {
  Subscription* subscription = nullptr;
  InstrumentFeed* feed = nullptr;
  BookStream* stream = nullptr;  // Null without a book.
  uint64_t last_sequence = 0;    // Of the book, that the client knows of.
  bool due = false;              // It waits for a snapshot, and gets nothing else until then.
  bool conflated = false;        // Because it did not read.
};

// A MarketDataRequest that is in force.
struct Subscription {
  ConnectionId connection{};
  std::string id;  // MDReqID.
  DataWish wish;
  bool once = false;  // Only snapshots.
  std::vector<std::unique_ptr<Follower>> followers;
};

// An instrument as market data knows it.
struct InstrumentFeed {
  const FixInstrument* instrument = nullptr;
  PublicBook book;
  BookTopEvent top{};
  bool has_deltas = false;  // There is more than the top.
  Event phase{};            // The last kPhaseChanged; continuous trading before the first.
  Event last_trade{};       // Quantity 0: none since the start.
  Event indicative{};       // Quantity 0: no auction would trade.

  // Since the last message.
  bool dirty = false;
  bool phase_changed = false;
  MarketDataEntries trades;
  MarketDataEntries clearing_price;
  MarketDataEntries imbalance;

  std::vector<std::unique_ptr<BookStream>> streams;
  std::vector<Follower*> followers;
  struct StatusFollower {
    ConnectionId connection{};
    std::string id;  // SecurityStatusReqID.
  };
  std::vector<StatusFollower> status_followers;

  uint64_t sequence(BookKind kind) const {
    return kind == BookKind::kTop ? top.book_sequence : book.sequence();
  }
};

// The public events as books and as what there is to tell of them.
//
// Thread safety: none. Memory: a book for each instrument, if books are kept at all, and what
// changed since Clear(). Cost: of an event without a subscriber that of PublicBook::Apply, without
// books nothing.
class MarketData {
 public:
  // Without books only trading phases are known.
  MarketData(const FixInstruments& instruments, const std::vector<RecoveredBook>& recovered,
             bool with_books);
  MarketData(const MarketData&) = delete;
  MarketData& operator=(const MarketData&) = delete;

  // An event that is no report.
  void Apply(const Event& event);

  // Null if there is no such instrument.
  InstrumentFeed* Find(std::string_view symbol);
  std::vector<InstrumentFeed>& feeds() { return feeds_; }
  // TradSesStatus (340) of the venue: that of the instruments if they agree, else open.
  char venue_status() const;
  // Those with something new since the last call; Clear() each when it is told.
  std::vector<InstrumentFeed*> TakeDirty();
  static void Clear(InstrumentFeed* feed);

  // Null if the connection has none of that id.
  Subscription* FindSubscription(ConnectionId connection, const std::string& id);
  // How many instruments the subscriptions of the connection have.
  std::size_t FollowerCount(ConnectionId connection) const;
  // Its followers are due. Nothing may be pending.
  Subscription* Subscribe(ConnectionId connection, const std::string& id, const DataWish& wish,
                          const std::vector<InstrumentFeed*>& feeds);
  void Unsubscribe(ConnectionId connection, const std::string& id);
  // Forgets the subscriptions that were for one snapshot.
  void RemoveAnswered(ConnectionId connection);
  // Forgets a connection.
  void Remove(ConnectionId connection);
  // The followers of the connection that wait for a snapshot.
  std::vector<Follower*> DueFollowers(ConnectionId connection);

  // Who is told when the venue's status changes: the last TradSesReqID of each connection.
  std::map<uint64_t, std::string> session_followers;

 private:
  void OnTrade(const Event& event, InstrumentFeed* feed);
  void OnTop(const Event& event, InstrumentFeed* feed);
  void OnDelta(const Event& event, InstrumentFeed* feed);
  void OnIndicative(const Event& event, InstrumentFeed* feed);
  void OnPhase(const Event& event, InstrumentFeed* feed);
  void MarkDirty(InstrumentFeed* feed);
  static BookStream* JoinStream(const DataWish& wish, InstrumentFeed* feed);
  static void Leave(Follower* follower);

  const FixInstruments& instruments_;
  const bool with_books_;
  std::vector<InstrumentFeed> feeds_;
  absl::flat_hash_map<uint32_t, std::size_t> by_id_;
  std::vector<InstrumentFeed*> dirty_;
  // By the id of the connection.
  std::map<uint64_t, std::map<std::string, std::unique_ptr<Subscription>>> subscriptions_;
};

}  // namespace tally::gateway::fix
