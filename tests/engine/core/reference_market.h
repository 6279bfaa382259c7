#pragma once

// What one instrument in continuous trading should do with orders of every attribute, stops, pegs
// and groups, and with what follows from them: docs/semantics in the plainest code we could write,
// on top of the reference book and the money of ReferenceVenue. After each step it looks at
// everything there is for the next one. Slow on purpose.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/engine/core/reference_venue.h"

namespace tally {

class ReferenceMarket : public ReferenceVenue {
 public:
  ReferenceMarket(uint32_t open_orders, const DefineInstrumentCommand& terms)
      : ReferenceVenue(open_orders) {
    DefineInstrument(kOnly, terms);
  }

  // The lines of the command and of all that follows from it.
  std::vector<std::string> New(const Command& command, OrderId next_id);
  std::vector<std::string> Replace(const Command& command);
  std::vector<std::string> Cancel(const Command& command);

  using ReferenceVenue::book;

 private:
  using Lines = std::vector<std::string>;
  using GroupKey = std::pair<SessionIndex, uint32_t>;

  static constexpr InstrumentId kOnly{1};

  enum class Stage { kCollecting, kFirst, kOneCancels };

  struct Leg {
    OrderId id;
    QuantityLots quantity;
    bool touched = false;
  };
  struct Group {
    Contingency kind;
    Stage stage = Stage::kCollecting;
    bool broken = false;
    std::vector<Leg> legs;  // That have arrived, open or not.

    uint32_t count() const { return kind == Contingency::kOtoco ? 3 : 2; }
  };
  // Of orders that are not plain limit orders any more, or not yet.
  struct Special {
    NewOrderCommand terms;
    bool waits_for_trigger = false;
    int64_t stop = 0;
    uint64_t waits_since = 0;
    bool is_peg = false;
    int64_t peg_price = 0;  // 0: it waits for a reference.
  };
  struct Due {
    OrderId id{};
    PriceTicks price{};
  };

  ReferenceBook& book() { return instruments_.at(kOnly).book; }
  const ReferenceBook& book() const { return instruments_.at(kOnly).book; }
  int64_t Best(Side side) const;  // Displayed; 0: none.
  bool IsOpen(OrderId id) const { return orders_.contains(id); }

  int64_t HeldBy(OrderId id, const Order& order) const override;

  // Whatever the order is, its funds or its book allow it or not.
  RejectReason Check(const Command& command, const Order& order) const;
  RejectReason CheckGroup(const Command& command) const;
  bool MayExclude(OrderId first, const NewOrderCommand& order) const;
  bool IsReached(const NewOrderCommand& order, int64_t stop) const;
  int64_t NeedOnEntry(const Command& command, const Order& order) const;
  void Accept(const Command& command, OrderId id, Lines* lines);

  // An order that waits goes to the book; false if the book rejects it.
  void Enter(OrderId id, Lines* lines);
  void Start(OrderId id, Lines* lines);
  void AwaitTrigger(OrderId id);
  void ForgetTradesIfNoneWaits();
  void End(OrderId id, CancelReason reason, Lines* lines);
  // Follow(), and what the groups and stops learn from it.
  void Take(OrderId taker, const std::vector<BookEvent>& events, Lines* lines);
  void Touch(OrderId id);
  void NoteEnd(OrderId id, QuantityLots executed);

  GroupKey GroupOf(OrderId id) const;  // Number 0: it is in none.
  const Leg* OtherLeg(OrderId id) const;
  void MarkDue(const GroupKey& key);
  void EndGroup(const GroupKey& key, OrderId spared, Lines* lines);
  void Release(const GroupKey& key, Lines* lines);
  void StartGroup(const GroupKey& key, Lines* lines);
  void StartLegs(const GroupKey& key, std::size_t first, Lines* lines);
  void Resolve(const GroupKey& key, Lines* lines);

  void EndTurn(Lines* lines);
  bool Step(Lines* lines);
  bool ExecuteAllOrNone(Lines* lines);
  bool TriggerNext(Lines* lines);
  Due FirstDue() const;
  bool RepriceNext(Lines* lines);
  int64_t PegPrice(const NewOrderCommand& terms) const;

  std::map<GroupKey, Group> groups_;
  std::vector<GroupKey> cancels_due_;
  std::vector<GroupKey> starts_due_;
  std::map<OrderId, Special> specials_;
  uint64_t clock_ = 0;
  int64_t last_ = 0;
  // Of the trades since the stops were looked at, while any waits.
  int64_t low_ = 0;
  int64_t high_ = 0;
};

}  // namespace tally
