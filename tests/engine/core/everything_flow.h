#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <random>

#include "tests/engine/core/random_flow.h"

namespace tally {

// Commands of every kind on the venue of SetUpFlow(): most of them sensible, so that orders meet,
// expire, are triggered and uncrossed; some contradictory; a few with arbitrary bytes.
class EverythingFlow {
 public:
  explicit EverythingFlow(uint64_t seed) : random_(seed) {}

  // Also moves the time of the venue on.
  Command Next(TestVenue& venue);

 private:
  int64_t Uniform(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }
  bool Chance(int64_t percent) { return Uniform(0, 99) < percent; }
  template <typename Enum>
  Enum AnyOf(int first, int last) {
    return static_cast<Enum>(Uniform(first, last));
  }
  SessionIndex SomeSession() { return SessionIndex{static_cast<uint32_t>(Uniform(1, 6))}; }
  InstrumentId SomeInstrument() { return Chance(60) ? kBtcUsd : kEthUsd; }
  Command AboutSomeOrder(TestVenue& venue, CommandType type);
  void Remember(const TestVenue& venue);

  Command Next(TestVenue& venue, int64_t kind);
  Command Sign(TestVenue& venue, const Command& order);
  Command NewOrder(TestVenue& venue);
  void AddType(TestVenue& venue, NewOrderCommand& order);
  void AddVisibility(NewOrderCommand& order);
  void AddGroup(NewOrderCommand& order);
  Command Replace(TestVenue& venue);
  Command Cancel(TestVenue& venue);
  Command MassCancel(TestVenue& venue);
  Command Quote(TestVenue& venue);
  Command Phase(const TestVenue& venue);
  Command Rules();
  Command Fees();
  Command Account(TestVenue& venue);
  Command Switch();
  Command Protection();
  Command Transfer(TestVenue& venue);
  Command Settlement(TestVenue& venue);
  Command Garbage(TestVenue& venue);

  struct Recent {
    OrderId id;
    SessionIndex session;
  };

  std::mt19937_64 random_;
  std::deque<Recent> recent_;
  std::optional<Command> signed_order_;  // Comes next, whatever its signature says.
  uint64_t signed_count_ = 0;
  uint64_t nonce_ = 0;  // Of the last one; every twentieth uses it again.
  uint32_t group_id_ = 0;
  uint8_t group_leg_ = 0;  // Of the group that is being sent; 0: none.
  uint8_t group_legs_ = 0;
  Contingency contingency_ = Contingency::kNone;
  SessionIndex group_session_{};
};

}  // namespace tally
