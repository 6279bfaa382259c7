// Random quotes, orders, protections, kill switches, mass cancels and fee schedules into a core and
// into the reference: the same reports and the same balances after every command. TALLY_SEED
// replays a failure.

#include <cstdlib>
#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "tests/engine/core/random_flow.h"
#include "tests/engine/core/reference_makers.h"

namespace tally {
namespace {

class MakersModelTest : public ::testing::Test {
 protected:
  static uint64_t Seed() { return SeedOr(20'260'708); }

  MakersModelTest() : venue(FlowLimits()), reference(FlowLimits().open_orders), random(Seed()) {
    SetUpFlow(venue);
    DefineInstrumentCommand btc = BtcUsdTerms();
    btc.notional_min = {0};
    reference.DefineInstrument(kBtcUsd, btc);
    reference.DefineInstrument(kEthUsd, EthUsdTerms(0));
    for (uint32_t session = 0; session < 6; ++session) {
      reference.OpenSession(SessionIndex{session + 1}, AccountId{session % 4 + 1});
    }
    for (uint32_t account = 1; account <= 4; ++account) {
      reference.Deposit(AccountId{account}, kBtc, 400'000);
      reference.Deposit(AccountId{account}, kEth, 1'200);
      reference.Deposit(AccountId{account}, kUsd, 400'000);
      for (const AssetId asset : {kBtc, kUsd}) {
        venue.Deposit(AccountId{account}, asset, 600'000);
        reference.Deposit(AccountId{account}, asset, 600'000);
      }
    }
  }

  int64_t Uniform(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
  }
  bool OneIn(int64_t n) { return Uniform(1, n) == 1; }
  SessionIndex AnySession() { return SessionIndex{static_cast<uint32_t>(Uniform(1, 6))}; }
  AccountId AnyAccount() { return AccountId{static_cast<uint32_t>(Uniform(1, 4))}; }
  InstrumentId AnyInstrument() { return OneIn(3) ? kEthUsd : kBtcUsd; }
  uint16_t AnyGroup() { return static_cast<uint16_t>(OneIn(40) ? 9 : Uniform(1, 2)); }

  Command Quote() {
    const SessionIndex session = AnySession();
    Command command = venue.FromSession(session, CommandType::kQuote);
    command.instrument = AnyInstrument();
    const int64_t middle = Uniform(97, 103);
    command.quote = {.client_order_id =
                         ClientOrderId{Raw(venue.core.session(session)->last_client_order_id) + 1},
                     .bid_price = {OneIn(50) ? 0 : middle - Uniform(0, 5)},
                     .bid_quantity = {OneIn(8)    ? 0
                                      : OneIn(60) ? 20'000
                                                  : Uniform(1, 30)},
                     .ask_price = {OneIn(50) ? 2'000'000 : middle + Uniform(OneIn(20) ? -2 : 1, 5)},
                     .ask_quantity = {OneIn(8)    ? 0
                                      : OneIn(60) ? -1
                                                  : Uniform(1, 30)},
                     .algorithm_id = 0,
                     .entry = static_cast<uint16_t>(OneIn(60) ? 32 : Uniform(0, 3)),
                     .maker_group = AnyGroup(),
                     .self_trade_prevention =
                         OneIn(30)
                             ? SelfTradePrevention::kDecrementAndCancel
                             : SelfTradePrevention{static_cast<uint8_t>(1 + Raw(session) % 5)},
                     .flags = OneIn(10) ? kOrderFlagPostOnly : uint8_t{0},
                     .reserved = {}};
    return command;
  }

  Command Order() {
    OrderOptions options;
    options.self_trade_prevention = SelfTradePrevention{static_cast<uint8_t>(Uniform(1, 5))};
    options.time_in_force = OneIn(2) ? TimeInForce::kIoc : TimeInForce::kGtc;
    options.flags =
        options.time_in_force == TimeInForce::kGtc && OneIn(8) ? kOrderFlagPostOnly : uint8_t{0};
    Command command = venue.OrderCommand(AnySession(), OneIn(2) ? Side::kBuy : Side::kSell,
                                         Uniform(95, 105), Uniform(1, 40), options);
    command.instrument = AnyInstrument();
    command.new_order.maker_group = OneIn(4) ? AnyGroup() : uint16_t{0};
    return command;
  }

  Command CancelOrMassCancel() {
    if (!OneIn(6)) {
      Command command = venue.FromSession(AnySession(), CommandType::kCancelOrder);
      const int64_t last = static_cast<int64_t>(Raw(venue.core.next_event_sequence()));
      command.cancel_order.target.order_id =
          OrderId{static_cast<uint64_t>(Uniform(std::max<int64_t>(1, last / 6 - 80), last / 6))};
      if (!open_ids.empty() && !OneIn(4)) {
        command.cancel_order.target.order_id =
            open_ids[static_cast<std::size_t>(Uniform(0, std::ssize(open_ids) - 1))];
      }
      return command;
    }
    Command command = venue.FromSession(AnySession(), CommandType::kMassCancel);
    command.instrument = OneIn(2) ? InstrumentId{} : AnyInstrument();
    command.mass_cancel = {
        .scope = OneIn(2) ? MassCancelScope::kSession : MassCancelScope::kAccount,
        .trigger = MassCancelTrigger::kRequest,
        .side = static_cast<uint8_t>(Uniform(0, 2)),
        .quotes_only = static_cast<uint8_t>(Uniform(0, 1)),
        .maker_group = OneIn(2) ? uint16_t{0} : AnyGroup(),
        .reserved = {}};
    return command;
  }

  Command Operator() {
    switch (Uniform(0, 3)) {
      case 0: {
        Command command = MakeCommand(CommandType::kDefineProtection);
        command.account = AnyAccount();
        command.define_protection = {
            .window_ns = OneIn(3) ? 0 : Uniform(1, 500),
            .quantity_max = {OneIn(2) ? 0 : Uniform(1, 200)},
            .delta_max = {OneIn(2) ? 0 : Uniform(1, 100)},
            .count_max = static_cast<uint32_t>(OneIn(2) ? 0 : Uniform(1, 10)),
            .maker_group = static_cast<uint16_t>(Uniform(1, 2)),
            .reserved = {}};
        return command;
      }
      case 1: {
        Command command = MakeCommand(CommandType::kKillSwitch);
        const bool engage = OneIn(4);  // The venue's is released more often than engaged.
        const int64_t scope = engage ? (OneIn(6) ? 3 : Uniform(1, 2)) : Uniform(1, 4);
        command.account = AnyAccount();
        command.kill_switch = {
            .scope = KillScope{static_cast<uint8_t>(std::min<int64_t>(scope, 3))},
            .engaged = static_cast<uint8_t>(engage ? 1 : 0),
            .reserved = {},
            .session = AnySession()};
        return command;
      }
      case 2: {
        Command command = MakeCommand(CommandType::kDefineFees);
        command.instrument = OneIn(3) ? InstrumentId{} : AnyInstrument();
        const int32_t taker = static_cast<int32_t>(Uniform(0, 20'000));
        command.define_fees = {
            .minimum_fee = {OneIn(2) ? 0 : Uniform(1, 4'000)},
            .maker_fee_hundredths_bp = static_cast<int32_t>(Uniform(-taker, 50'000)),
            .taker_fee_hundredths_bp = taker,
            .fee_class = static_cast<uint8_t>(Uniform(0, 2)),
            .remove = static_cast<uint8_t>(OneIn(3) ? 1 : 0),
            .reserved = {}};
        return command;
      }
      default: {
        Command command = MakeCommand(CommandType::kDefineAccount);
        command.account = AnyAccount();
        command.define_account.owner[0] = static_cast<uint8_t>(Raw(command.account));
        command.define_account.enabled = 1;
        command.define_account.fee_class = static_cast<uint8_t>(Uniform(0, 2));
        return command;
      }
    }
  }

  Command Next() {
    const int64_t kind = Uniform(0, 99);
    if (kind < 40) {
      return Quote();
    }
    if (kind < 75) {
      return Order();
    }
    if (kind < 87) {
      return CancelOrMassCancel();
    }
    if (kind < 98) {
      Command command = venue.FromSession(AnySession(), CommandType::kResetProtection);
      command.reset_protection.maker_group = AnyGroup();
      return command;
    }
    return Operator();
  }

  void CompareBalances() {
    ASSERT_EQ(venue.core.open_order_count(), reference.open_order_count());
    for (const uint32_t row : {1U, 2U, 3U, 4U, Raw(kFees)}) {
      const AccountId account{row};
      for (const AssetId asset : {kBtc, kUsd, kEth}) {
        ASSERT_EQ(venue.held(account, asset), reference.held(account, asset));
        ASSERT_EQ(venue.available(account, asset),
                  reference.total(account, asset) - reference.held(account, asset));
      }
    }
  }

  void Remember() {
    for (const Event& event : venue.events) {
      if (event.type == EventType::kQuoteDone && event.quote_done.bid_order_id != OrderId{}) {
        open_ids.push_back(event.quote_done.bid_order_id);
      } else if (event.type == EventType::kOrderAccepted) {
        open_ids.push_back(event.order_id);
      }
    }
    if (open_ids.size() > 60) {
      open_ids.erase(open_ids.begin(), open_ids.end() - 30);
    }
  }

  TestVenue venue;
  ReferenceMakers reference;
  std::mt19937_64 random;
  std::vector<OrderId> open_ids;  // Most of them.
};

TEST_F(MakersModelTest, ReportsAndBalancesAreThoseOfTheReference) {
  std::map<EventType, int> seen;
  for (int step = 0; step < 40'000; ++step) {
    SCOPED_TRACE(testing::Message() << "seed " << Seed() << " step " << step);
    Command command = Next();
    venue.time_ns += Uniform(1, 20);
    command.timestamp_ns = venue.time_ns;
    const Lines expected = reference.Apply(command);
    venue.Send(command);
    ASSERT_EQ(DescribeMakers(venue.events), expected) << venue.EventTypes();
    ASSERT_NO_FATAL_FAILURE(CompareBalances());
    for (const Event& event : venue.events) {
      ++seen[event.type];
    }
    Remember();
  }
  EXPECT_GT(seen[EventType::kQuoteDone], 2'000);
  EXPECT_GT(seen[EventType::kTrade], 1'000);
  EXPECT_GT(seen[EventType::kProtectionTripped], 80);
  EXPECT_GT(seen[EventType::kKillSwitched], 100);

  core::Core copy(FlowLimits());
  CollectingSink sink;
  for (const Command& command : venue.commands) {
    copy.Apply(command, sink);
  }
  ASSERT_EQ(sink.events.size(), venue.all_events.size());
  EXPECT_EQ(
      std::memcmp(sink.events.data(), venue.all_events.data(), sink.events.size() * sizeof(Event)),
      0);
  EXPECT_EQ(copy.StateHash(), venue.core.StateHash());
}

}  // namespace
}  // namespace tally
