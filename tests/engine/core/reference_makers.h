#pragma once

// Quotes, market-maker protection, kill switches, mass cancels and fee classes as docs/semantics
// describes them, written as plainly as possible on top of the reference book. Slow on purpose.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/command.h"
#include "engine/event.h"
#include "tests/model/reference_book.h"

namespace tally {

using Lines = std::vector<std::string>;

// Of good-till-cancel and immediate limit orders, without any other attribute than a maker group.
class ReferenceMakers {
 public:
  explicit ReferenceMakers(uint32_t open_orders) : open_orders_(open_orders) {}

  void DefineInstrument(InstrumentId id, const DefineInstrumentCommand& terms);
  void OpenSession(SessionIndex session, AccountId account) { sessions_[session] = account; }
  void Deposit(AccountId account, AssetId asset, int64_t amount) {
    totals_[{account, asset}] += amount;
  }

  // What the venue should say about the command, as DescribeMakers() writes it.
  Lines Apply(const Command& command);

  int64_t total(AccountId account, AssetId asset) const;
  int64_t held(AccountId account, AssetId asset) const;
  std::size_t open_order_count() const { return orders_.size(); }

 private:
  struct Instrument {
    DefineInstrumentCommand terms;
    ReferenceBook book;
  };
  struct Fees {
    int32_t maker = 0;
    int32_t taker = 0;
    int64_t minimum = 0;
  };
  struct Order {
    SessionIndex session;
    AccountId account;
    InstrumentId instrument;
    Side side;
    PriceTicks price;
    QuantityLots leaves;
    Fees fees;
    uint16_t maker_group;
    std::optional<uint32_t> entry;  // Of a quote.
    bool traded = false;
    int64_t accrued = 0;
    int64_t paid = 0;
  };
  using GroupKey = std::pair<AccountId, uint16_t>;
  struct Group {
    DefineProtectionCommand limits;
    bool tripped = false;
    int64_t window_start = 0;
    int64_t quantity = 0;
    int64_t net = 0;
    int64_t count = 0;
  };
  using EntryKey = std::tuple<SessionIndex, InstrumentId, uint32_t, Side>;
  // What may go wrong before an order or side reaches the book.
  struct Entry {
    SelfTradePrevention self_trade_prevention;
    TimeInForce time_in_force;
    bool post_only;
  };

  Lines NewOrder(const Command& command);
  Lines CancelOrder(const Command& command);
  Lines Quote(const Command& command);
  Lines MassCancel(const Command& command);
  Lines KillSwitch(const Command& command);
  Lines DefineFees(const Command& command);
  Lines Reset(const Command& command);

  RejectReason CheckQuote(const Command& command) const;
  RejectReason PutSide(const Command& command, Side side, Lines* lines);
  RejectReason EnterSide(const Command& command, const Order& order, Lines* lines);
  RejectReason ReplaceSide(const Command& command, OrderId id, const Order& order, Lines* lines);
  bool Killed(const Command& command) const;

  Fees FeesOf(AccountId account, InstrumentId instrument) const;
  static int64_t RateFee(__int128 notional, int32_t rate);
  int64_t Notional(const Order& order, PriceTicks price, QuantityLots quantity) const;
  int64_t HoldOf(const Order& order) const;
  AssetId HoldAsset(const Order& order) const;
  int64_t available(AccountId account, AssetId asset) const {
    return total(account, asset) - held(account, asset);
  }

  RejectReason Enter(OrderId id, const Order& order, const Entry& entry, Lines* lines);
  void Follow(OrderId taker, const std::vector<BookEvent>& events, Lines* lines);
  void Trade(OrderId taker, const BookEvent& event, Lines* lines);
  int64_t Charge(Order* order, int64_t notional, int64_t rate_fee);
  void Settle(const Order& order, const BookEvent& fill, int64_t fee);
  void Count(const Order& order, QuantityLots quantity);
  template <typename Predicate>
  uint32_t CancelAll(CancelReason reason, Predicate in_scope, Lines* lines);
  void Forget(OrderId id);
  void EndTurn(Lines* lines);

  uint32_t open_orders_;
  uint64_t next_order_id_ = 1;
  int64_t time_ns_ = 0;
  std::map<InstrumentId, Instrument> instruments_;
  std::map<SessionIndex, AccountId> sessions_;
  std::map<AccountId, uint8_t> classes_;
  std::map<std::pair<uint8_t, InstrumentId>, Fees> schedule_;
  std::map<std::pair<AccountId, AssetId>, int64_t> totals_;
  std::map<OrderId, Order> orders_;
  std::map<EntryKey, OrderId> entries_;
  std::map<GroupKey, Group> groups_;
  std::vector<std::pair<GroupKey, SessionIndex>> tripped_;  // By this command.
  std::set<AccountId> killed_accounts_;
  std::set<SessionIndex> killed_sessions_;
  bool killed_venue_ = false;
};

// What was said, without the public book data and the answers that say only "done".
Lines DescribeMakers(const std::vector<Event>& events);

}  // namespace tally
