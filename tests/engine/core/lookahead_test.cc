// Core::ApplyFirst() with what follows in a batch: the same outcome as one command at a time,
// whatever the commands further on say and however many orders are open.

#include <algorithm>
#include <cstring>
#include <random>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/core/test_venue.h"

namespace tally {
namespace {

constexpr uint32_t kOpenOrders = 20'000;

CoreLimits ManyOrders() {
  CoreLimits limits = SmallLimits();
  limits.open_orders = kOpenOrders;
  limits.open_orders_per_account = kOpenOrders;
  return limits;
}

// Orders of two sessions until the core is nearly full, then cancels until it is nearly empty, with
// moves, trades, and commands of random bytes in between.
class Flow {
 public:
  explicit Flow(TestVenue& venue)
      : sequence_(venue.commands.size()),
        parties_{{.session = venue.alice, .account = kAlice, .side = Side::kBuy},
                 {.session = venue.bob, .account = kBob, .side = Side::kSell}} {
    for (Party& party : parties_) {
      party.client_sequence = venue.core.session(party.session)->last_client_sequence;
    }
  }

  std::vector<Command> Make() {
    const uint32_t turn = kOpenOrders + kOpenOrders / 2;
    for (uint32_t i = 0; i < 2 * turn; ++i) {
      const uint32_t dice = Draw(100);
      if (dice < 3) {
        PushWild();
      } else if (dice < 8) {
        PushMove();
      } else if ((dice < 13) != (i < turn)) {
        PushOrder();
      } else {
        PushCancel();
      }
    }
    return std::move(commands_);
  }

 private:
  struct Party {
    SessionIndex session;
    AccountId account;
    Side side;
    uint64_t client_sequence = 0;
    uint64_t last_id = 0;
    std::vector<uint64_t> open{};  // Client order ids, as far as known; some have traded.
  };

  uint32_t Draw(uint32_t below) { return std::uniform_int_distribution(0U, below - 1)(random_); }

  Command& Push(CommandType type) {
    commands_.push_back(MakeCommand(type));
    commands_.back().sequence = CommandSequence{++sequence_};
    return commands_.back();
  }

  Command& PushFrom(Party& party, CommandType type) {
    Command& command = Push(type);
    command.session = party.session;
    command.account = party.account;
    command.instrument = kBtcUsd;
    command.client_sequence = ++party.client_sequence;
    return command;
  }

  // One of ten crosses.
  int64_t Price(const Party& party) {
    const bool low = (party.side == Side::kBuy) != (Draw(10) == 0);
    return (low ? 500 : 1'000) + Draw(500);
  }

  void PushOrder() {
    Party& party = parties_[Draw(2)];
    party.open.push_back(++party.last_id);
    PushFrom(party, CommandType::kNewOrder).new_order =
        MakeOrder({.client_order_id = ClientOrderId{party.last_id},
                   .price = {Price(party)},
                   .quantity = {1},
                   .side = party.side});
  }

  void PushCancel() {
    Party& party = parties_[Draw(2)];
    if (party.open.empty()) {
      return PushOrder();
    }
    std::swap(party.open[Draw(static_cast<uint32_t>(party.open.size()))], party.open.back());
    PushFrom(party, CommandType::kCancelOrder).cancel_order.target.client_order_id =
        ClientOrderId{party.open.back()};
    party.open.pop_back();
  }

  void PushMove() {
    Party& party = parties_[Draw(2)];
    if (party.open.empty()) {
      return PushOrder();
    }
    uint64_t& id = party.open[Draw(static_cast<uint32_t>(party.open.size()))];
    ReplaceOrderCommand& move = PushFrom(party, CommandType::kReplaceOrder).replace_order;
    move.target.client_order_id = ClientOrderId{id};
    id = ++party.last_id;
    move.new_client_order_id = ClientOrderId{id};
    move.price = {Price(party)};
    move.quantity = {1};
  }

  // Of no known session, so that it changes nothing.
  void PushWild() {
    static constexpr CommandType kTypes[] = {CommandType::kNewOrder, CommandType::kCancelOrder,
                                             CommandType::kReplaceOrder};
    Command& command = Push(kTypes[Draw(3)]);
    auto* const payload = reinterpret_cast<uint8_t*>(&command.payload);
    std::generate_n(payload, sizeof(command.payload),
                    [this] { return static_cast<uint8_t>(Draw(256)); });
    command.session = SessionIndex{1'000'000 + Draw(UINT32_MAX - 1'000'000)};
    command.account = AccountId{Draw(UINT32_MAX)};
    command.instrument = InstrumentId{Draw(4) == 0 ? Draw(UINT32_MAX) : Draw(3)};
  }

  uint64_t sequence_;
  Party parties_[2];
  std::vector<Command> commands_;
  std::mt19937 random_{7};
};

// The commands of a flow on `instrument`, the only one that is defined, in batches of so many.
void ExpectThatNothingChanges(InstrumentId instrument, std::size_t batch_min,
                              std::size_t batch_max) {
  TestVenue venue(ManyOrders());
  venue.SetUp();
  std::vector<Command> commands = Flow(venue).Make();
  for (std::vector<Command>* list : {&venue.commands, &commands}) {
    for (Command& command : *list) {
      if (command.instrument == kBtcUsd) {
        command.instrument = instrument;
      }
    }
  }

  core::Core one_by_one(ManyOrders());
  core::Core copy(ManyOrders());
  CollectingSink sink;
  CollectingSink copy_sink;
  for (const Command& command : venue.commands) {
    one_by_one.Apply(command, sink);
    copy.Apply(command, copy_sink);
  }

  std::mt19937 random(1);
  uint32_t most_open = 0;
  for (std::span<const Command> left(commands); !left.empty();) {
    const std::size_t size =
        std::min<std::size_t>(batch_min + random() % (batch_max - batch_min + 1), left.size());
    for (std::size_t i = 0; i < size; ++i) {
      one_by_one.Apply(left[i], sink);
      copy.ApplyFirst(left.subspan(i, size - i), copy_sink);
    }
    left = left.subspan(size);
    most_open = std::max(most_open, copy.open_order_count());
    ASSERT_EQ(copy.open_order_count(), one_by_one.open_order_count());
  }

  EXPECT_GT(most_open, 17'000u);  // Past all that lookahead.cc does.
  EXPECT_LT(copy.open_order_count(), 3'000u);
  ASSERT_EQ(copy_sink.events.size(), sink.events.size());
  EXPECT_EQ(
      std::memcmp(copy_sink.events.data(), sink.events.data(), sink.events.size() * sizeof(Event)),
      0);
  EXPECT_EQ(copy.StateHash(), one_by_one.StateHash());
  copy.CheckInvariants();
}

TEST(LookaheadTest, ChangesNothing) { ExpectThatNothingChanges(kBtcUsd, 1, 60); }

// The first command with many open orders is in the middle of a batch, with nothing noted of those
// that follow, and the first instrument, which is taken for theirs, is not there.
TEST(LookaheadTest, EqualBatchesChangeNothing) {
  ExpectThatNothingChanges(kOtherInstrument, 48, 48);
}

}  // namespace
}  // namespace tally
