// Random commands into a core and into the reference venue: the same reports and the same balances
// after every command. TALLY_SEED replays a failure.

#include <cstdlib>
#include <cstring>

#include <gtest/gtest.h>

#include "tests/engine/core/random_flow.h"
#include "tests/engine/core/reference_venue.h"
#include "tests/engine/core/test_venue.h"

namespace tally {
namespace {

uint64_t CoreModelSeed() { return SeedOr(20'260'607); }

class CoreModelTest : public ::testing::Test {
 protected:
  CoreModelTest() : venue(FlowLimits()), reference(FlowLimits().open_orders) {
    SetUpFlow(venue);
    DefineInstrumentCommand btc = BtcUsdTerms();
    reference.DefineInstrument(kBtcUsd, btc);
    reference.DefineInstrument(kEthUsd, EthUsdTerms(0));
    for (uint32_t account = 1; account <= 4; ++account) {
      reference.Move(AccountId{account}, kBtc, 400'000);
      reference.Move(AccountId{account}, kEth, 1'200);
      reference.Move(AccountId{account}, kUsd, 400'000);
    }
  }

  // What the reference makes of a command that the core is about to get.
  std::vector<std::string> Expect(const Command& command) {
    switch (command.type) {
      case CommandType::kNewOrder:
        return reference.NewOrder(command, OrderId{Raw(venue.last_order_id) + 1});
      case CommandType::kReplaceOrder:
        return reference.ReplaceOrder(command);
      case CommandType::kMassCancel:
        return reference.MassCancel(command.session);
      case CommandType::kDefineInstrument:
        reference.DefineInstrument(command.instrument, command.define_instrument);
        return {};
      case CommandType::kDeposit:
        reference.Move(command.account, command.chain_transfer.asset,
                       command.chain_transfer.amount.value);
        return {};
      case CommandType::kWithdraw: {
        const int64_t amount = command.chain_transfer.amount.value;
        if (amount <= reference.available(command.account, command.chain_transfer.asset)) {
          reference.Move(command.account, command.chain_transfer.asset, -amount);
        }
        return {};
      }
      case CommandType::kCancelOrder:
      case CommandType::kOrderQuery:
      case CommandType::kAccountQuery:
      case CommandType::kSignOrder:
      case CommandType::kOpenSession:
      case CommandType::kDefineAsset:
      case CommandType::kDefineAccount:
      case CommandType::kStateHashMark:
      case CommandType::kBatchSettled:
      case CommandType::kBatchStatus:
      case CommandType::kDispute:
      case CommandType::kDefineExposure:
      case CommandType::kQuote:
      case CommandType::kResetProtection:
      case CommandType::kTimer:
      case CommandType::kSetPhase:
      case CommandType::kDefineRules:
      case CommandType::kDefineFees:
      case CommandType::kDefineProtection:
      case CommandType::kKillSwitch:
        break;
    }
    return CancelOfAccount(command);
  }

  // A cancel reaches the orders of every session of the account.
  std::vector<std::string> CancelOfAccount(const Command& command) {
    const OrderId id = command.cancel_order.target.order_id;
    const auto found = reference.orders().find(id);
    const bool own = found != reference.orders().end() && found->second.account == command.account;
    return reference.CancelOrder(own ? found->second.session : SessionIndex{}, id);
  }

  void CompareBalances() {
    for (uint32_t account : {1U, 2U, 3U, 4U, Raw(kFees)}) {
      for (const AssetId asset : {kBtc, kUsd, kEth}) {
        ASSERT_EQ(venue.held(AccountId{account}, asset), reference.held(AccountId{account}, asset));
        ASSERT_EQ(venue.available(AccountId{account}, asset),
                  reference.available(AccountId{account}, asset));
      }
    }
  }

  void CompareBooks() {
    ASSERT_EQ(venue.core.open_order_count(), reference.orders().size());
    for (const InstrumentId instrument : {kBtcUsd, kEthUsd}) {
      for (const Side side : {Side::kBuy, Side::kSell}) {
        core::DepthLevel levels[64];
        const std::vector<BookLevel> expected = reference.book(instrument).Levels(side);
        ASSERT_EQ(venue.core.BookDepth(instrument, side, levels), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
          ASSERT_EQ(levels[i].price, expected[i].price);
          ASSERT_EQ(levels[i].quantity, expected[i].quantity);
        }
      }
    }
  }

  TestVenue venue;
  ReferenceVenue reference;
};

TEST_F(CoreModelTest, ReportsAndBalancesAreThoseOfTheReference) {
  const uint64_t seed = CoreModelSeed();
  RandomFlow flow(seed);
  std::size_t fills = 0;
  for (int step = 0; step < 60'000; ++step) {
    SCOPED_TRACE(testing::Message() << "seed " << seed << " step " << step);
    const Command command = flow.Next(venue);
    const std::vector<std::string> expected = Expect(command);
    venue.Send(command);
    ASSERT_EQ(DescribeEvents(venue.events), expected);
    ASSERT_NO_FATAL_FAILURE(CompareBalances());
    ASSERT_NO_FATAL_FAILURE(CompareBooks());
    fills += venue.FindEvent(EventType::kTrade) != nullptr ? 1 : 0;
  }
  EXPECT_GT(fills, 5'000u);
}

TEST_F(CoreModelTest, SameCommandsGiveTheSameBytes) {
  RandomFlow flow(CoreModelSeed() + 1);
  core::Core copy(FlowLimits());
  CollectingSink sink;
  for (int step = 0; step < 20'000; ++step) {
    const Command command = flow.Next(venue);
    venue.Send(command);
    if (step % 50 == 0) {
      venue.Send(command);  // Duplicates and old transfers are part of the input.
    }
  }
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
