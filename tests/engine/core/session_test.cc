// Sessions, numbering, the chain's commands, mass cancel and queries.

#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/core/test_venue.h"

namespace tally {
namespace {

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() { venue.SetUp(); }

  Command Transfer(CommandType type, uint64_t index, int64_t amount) {
    Command command = venue.FromSession(relayer, type);
    command.account = kAlice;
    command.chain_transfer.index = index;
    command.chain_transfer.chain_id = 5;
    command.chain_transfer.amount = {amount};
    command.chain_transfer.asset = kUsd;
    return command;
  }

  TestVenue venue;
  SessionIndex relayer{};
};

TEST_F(SessionTest, OpeningAgainWithTheSameKeyGivesTheSameIndex) {
  EXPECT_EQ(venue.Open(kAlice, 11), venue.alice);
  EXPECT_EQ(venue.EventTypes(), "SessionOpened");
  EXPECT_EQ(venue.core.session_count(), 2u);
  EXPECT_EQ(venue.core.FindSession(kAlice, 11)->index, venue.alice);
  EXPECT_EQ(venue.core.FindSession(kBob, 11), nullptr);
}

TEST_F(SessionTest, OpeningWithAnotherKeyIsRejected) {
  EXPECT_EQ(venue.Open(kAlice, 11, /*key=*/8), SessionIndex{});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kBadDefinition);
}

TEST_F(SessionTest, SessionsNeedAnAccountAndRoom) {
  EXPECT_EQ(venue.Open(AccountId{8}, 1), SessionIndex{});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kUnknownAccount);
  for (uint64_t id = 100; venue.Open(AccountId{0}, id) != SessionIndex{}; ++id) {
  }
  EXPECT_EQ(venue.reject_reason(), RejectReason::kCapacity);
  EXPECT_EQ(venue.core.session_count(), venue.core.limits().sessions);
}

TEST_F(SessionTest, RepeatedCommandHasNoEffect) {
  const Command command = venue.OrderCommand(venue.alice, Side::kBuy, 1'000, 10);
  venue.Send(command);
  venue.Send(command);
  EXPECT_EQ(venue.EventTypes(), "DuplicateCommand");
  EXPECT_EQ(venue.events[0].session, venue.alice);
  EXPECT_EQ(venue.events[0].client_sequence, command.client_sequence);
  EXPECT_EQ(venue.events[0].report_sequence, 0u);
  EXPECT_EQ(venue.core.open_order_count(), 1u);
}

TEST_F(SessionTest, GapIsRefusedAndNotTaken) {
  Command command = venue.OrderCommand(venue.alice, Side::kBuy, 1'000, 10);
  command.client_sequence += 1;
  venue.Send(command);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kSequenceGap);
  EXPECT_EQ(venue.events[0].report_sequence, 0u);
  EXPECT_EQ(venue.core.session(venue.alice)->last_client_sequence, 0u);
}

TEST_F(SessionTest, UnknownSessionsAreRefused) {
  for (uint32_t index : {0U, 3U, UINT32_MAX}) {
    Command command = venue.OrderCommand(venue.alice, Side::kBuy, 1'000, 10);
    command.session = SessionIndex{index};
    venue.Send(command);
    EXPECT_EQ(venue.reject_reason(), RejectReason::kUnknownSession);
    EXPECT_EQ(venue.core.open_order_count(), 0u);
  }
}

TEST_F(SessionTest, RejectTakesTheClientSequenceButNotTheOrderId) {
  venue.Order(venue.alice, Side::kBuy, 0, 10);
  EXPECT_EQ(venue.core.session(venue.alice)->last_client_sequence, 1u);
  EXPECT_EQ(venue.core.session(venue.alice)->last_client_order_id, ClientOrderId{0});
  EXPECT_EQ(venue.Order(venue.alice, Side::kBuy, 1'000, 10), OrderId{1});
}

TEST_F(SessionTest, TimeNeverRunsBackwards) {
  Command command = venue.OrderCommand(venue.alice, Side::kBuy, 1'000, 10);
  command.timestamp_ns = 5'000'000;
  venue.Send(command);
  command = venue.OrderCommand(venue.alice, Side::kBuy, 1'000, 10);
  command.timestamp_ns = 4'000'000;
  venue.Send(command);
  EXPECT_EQ(venue.events[0].timestamp_ns, 5'000'000);
}

TEST_F(SessionTest, OrdersAreFoundByClientOrderIdOfTheirSession) {
  venue.Order(venue.alice, Side::kBuy, 1'000, 10, {.client_order_id = 77});
  Command command = venue.FromSession(venue.bob, CommandType::kCancelOrder);
  command.cancel_order.target.client_order_id = ClientOrderId{77};
  venue.Send(command);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kUnknownOrder);
  command = venue.FromSession(venue.alice, CommandType::kCancelOrder);
  command.cancel_order.target.client_order_id = ClientOrderId{77};
  venue.Send(command);
  EXPECT_EQ(venue.EventTypes(), "Canceled BookTop");
}

TEST_F(SessionTest, ReplaceKeepsTheOrderIdAndTakesTheNewClientOrderId) {
  const OrderId order = venue.Order(venue.alice, Side::kBuy, 1'000, 10);
  venue.Replace(venue.alice, order, 1'001, 10);
  EXPECT_EQ(venue.events[0].order_id, order);
  EXPECT_EQ(venue.events[0].client_order_id, ClientOrderId{2});
  EXPECT_EQ(venue.events[0].replaced.original_client_order_id, ClientOrderId{1});
  Command query = venue.FromSession(venue.alice, CommandType::kOrderQuery);
  query.order_query.target.client_order_id = ClientOrderId{1};
  venue.Send(query);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kUnknownOrder);
  query = venue.FromSession(venue.alice, CommandType::kOrderQuery);
  query.order_query.target.client_order_id = ClientOrderId{2};
  venue.Send(query);
  EXPECT_EQ(venue.EventTypes(), "OrderState");
  EXPECT_EQ(venue.events[0].order_state.price, PriceTicks{1'001});
  EXPECT_EQ(venue.events[0].order_state.status, OrderStatus::kNew);
}

TEST_F(SessionTest, CancelOfAnotherSessionsOrderReportsToBoth) {
  const SessionIndex second = venue.Open(kAlice, 12);
  const OrderId order = venue.Order(venue.alice, Side::kBuy, 1'000, 10);
  venue.Replace(second, order, 1'001, 10);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kUnknownOrder);
  venue.Cancel(second, order);
  EXPECT_EQ(venue.EventTypes(), "Canceled CommandDone BookTop");
  EXPECT_EQ(venue.events[0].session, venue.alice);
  EXPECT_EQ(venue.events[0].client_sequence, 0u);
  EXPECT_EQ(venue.events[1].session, second);
  EXPECT_EQ(venue.events[1].client_sequence, 2u);
}

TEST_F(SessionTest, MassCancelGoesInPriorityOrder) {
  const SessionIndex second = venue.Open(kAlice, 12);
  venue.Order(venue.alice, Side::kSell, 5'001, 1);   // 1
  venue.Order(venue.alice, Side::kSell, 5'000, 1);   // 2
  venue.Order(venue.alice, Side::kBuy, 4'000, 3);    // 3
  venue.Order(venue.alice, Side::kBuy, 4'000, 1);    // 4
  venue.Order(venue.alice, Side::kBuy, 4'001, 1);    // 5
  venue.Order(second, Side::kBuy, 4'002, 1);         // 6
  venue.Replace(venue.alice, OrderId{3}, 4'000, 4);  // Loses its place to 4.
  venue.MassCancel(venue.alice, MassCancelScope::kSession, MassCancelTrigger::kRequest);
  EXPECT_EQ(venue.EventTypes(),
            "Canceled Canceled Canceled Canceled Canceled MassCancelDone BookTop");
  std::vector<uint64_t> order_ids;
  for (int i = 0; i < 5; ++i) {
    order_ids.push_back(Raw(venue.events[static_cast<std::size_t>(i)].order_id));
    EXPECT_EQ(venue.events[static_cast<std::size_t>(i)].canceled.reason, CancelReason::kMassCancel);
  }
  EXPECT_EQ(order_ids, (std::vector<uint64_t>{5, 4, 3, 2, 1}));
  EXPECT_EQ(venue.events[5].mass_cancel_done.canceled_count, 5u);
  EXPECT_EQ(venue.core.open_order_count(), 1u);
  venue.MassCancel(venue.alice, MassCancelScope::kAccount, MassCancelTrigger::kRequest);
  EXPECT_EQ(venue.EventTypes(), "Canceled MassCancelDone BookTop");
  EXPECT_EQ(venue.events[0].session, second);
}

TEST_F(SessionTest, DisconnectCancelsWithoutDone) {
  venue.Order(venue.alice, Side::kBuy, 4'000, 3);
  venue.MassCancel(venue.alice, MassCancelScope::kSession, MassCancelTrigger::kDisconnect);
  EXPECT_EQ(venue.EventTypes(), "Canceled BookTop");
  EXPECT_EQ(venue.events[0].canceled.reason, CancelReason::kDisconnect);
  EXPECT_EQ(venue.events[0].client_sequence, 0u);
  EXPECT_EQ(venue.core.session(venue.alice)->last_client_sequence, 1u);
}

TEST_F(SessionTest, AccountQueryListsWhatIsHeldAndFlagsTheLast) {
  venue.Send(venue.FromSession(venue.alice, CommandType::kAccountQuery));
  EXPECT_EQ(venue.EventTypes(), "Balance Balance");
  EXPECT_EQ(venue.events[0].flags, 0);
  EXPECT_EQ(venue.events[1].flags, kEventFlagLast);
  EXPECT_EQ(venue.events[1].balance.asset, kUsd);
  const SessionIndex fees = venue.Open(kFees, 1);
  venue.Send(venue.FromSession(fees, CommandType::kAccountQuery));
  EXPECT_EQ(venue.EventTypes(), "Balance");
  EXPECT_EQ(venue.events[0].flags, kEventFlagLast);
}

TEST_F(SessionTest, TransfersApplyOnceEachInOrder) {
  relayer = venue.Open(AccountId{0}, 99);
  const int64_t before = venue.available(kAlice, kUsd);
  venue.Send(Transfer(CommandType::kDeposit, 2, 100));
  EXPECT_EQ(venue.reject_reason(), RejectReason::kOutOfOrderTransfer);
  venue.Send(Transfer(CommandType::kDeposit, 1, 100));
  EXPECT_EQ(venue.EventTypes(), "Deposited CommandDone");
  venue.Send(Transfer(CommandType::kDeposit, 1, 100));
  EXPECT_EQ(venue.EventTypes(), "CommandDone");
  EXPECT_EQ(venue.events[0].flags, kEventFlagDuplicate);
  EXPECT_EQ(venue.available(kAlice, kUsd), before + 100);
  venue.Send(Transfer(CommandType::kWithdraw, 1, 30));
  EXPECT_EQ(venue.EventTypes(), "Withdrawn CommandDone");
  EXPECT_EQ(venue.events[0].transfer.chain_id, 5u);
  venue.Send(Transfer(CommandType::kWithdraw, 1, 30));
  EXPECT_EQ(venue.events[0].flags, kEventFlagDuplicate);
  EXPECT_EQ(venue.available(kAlice, kUsd), before + 70);
  ASSERT_EQ(venue.core.chains().size(), 2u);
  EXPECT_EQ(venue.core.chains()[1].last_withdrawal_index, 1u);
}

TEST_F(SessionTest, DepositThatCannotBeCreditedKeepsItsTurn) {
  relayer = venue.Open(AccountId{0}, 99);
  Command command = Transfer(CommandType::kDeposit, 1, 100);
  command.account = AccountId{8};
  venue.Send(command);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kUnknownAccount);
  command = Transfer(CommandType::kDeposit, 1, 100);
  command.chain_transfer.asset = AssetId{3};
  venue.Send(command);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kUnknownAsset);
  venue.Send(Transfer(CommandType::kDeposit, 1, -100));
  EXPECT_EQ(venue.reject_reason(), RejectReason::kBadAmount);
  venue.Send(Transfer(CommandType::kDeposit, 1, 100));
  EXPECT_EQ(venue.reject_reason(), RejectReason::kNone);
}

TEST_F(SessionTest, ChainsAreLimited) {
  relayer = venue.Open(AccountId{0}, 99);
  for (uint64_t chain = 100; chain < 100 + kMaxChains; ++chain) {
    Command command = Transfer(CommandType::kDeposit, 1, 1);
    command.chain_transfer.chain_id = chain;
    venue.Send(command);
  }
  EXPECT_EQ(venue.reject_reason(), RejectReason::kCapacity);  // One is in use by SetUp().
  EXPECT_EQ(venue.core.chains().size(), kMaxChains);
}

TEST_F(SessionTest, WithdrawalOfTheUnknownIsRefused) {
  relayer = venue.Open(AccountId{0}, 99);
  Command command = Transfer(CommandType::kWithdraw, 1, 100);
  command.account = AccountId{8};
  venue.Send(command);
  EXPECT_EQ(venue.EventTypes(), "WithdrawRefused CommandDone");
  EXPECT_EQ(venue.events[0].transfer.reason, RejectReason::kUnknownAccount);
  command = Transfer(CommandType::kWithdraw, 2, INT64_MIN);
  venue.Send(command);
  EXPECT_EQ(venue.events[0].transfer.reason, RejectReason::kBadAmount);
}

TEST_F(SessionTest, BatchesSettleInOrder) {
  relayer = venue.Open(AccountId{0}, 99);
  Command command = venue.FromSession(relayer, CommandType::kBatchSettled);
  command.batch_settled.batch_id = 1;
  command.batch_settled.last_event = venue.core.next_event_sequence();
  venue.Send(command);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kOutOfOrderBatch);  // Not emitted yet.
  command.client_sequence = 2;
  command.batch_settled.last_event = EventSequence{3};
  venue.Send(command);
  EXPECT_EQ(venue.EventTypes(), "BatchSettled CommandDone");
  command.client_sequence = 3;
  venue.Send(command);
  EXPECT_EQ(venue.events[0].flags, kEventFlagDuplicate);
  command.client_sequence = 4;
  command.batch_settled.batch_id = 3;
  venue.Send(command);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kOutOfOrderBatch);
  EXPECT_EQ(venue.core.last_settled_batch(), 1u);
  EXPECT_EQ(venue.core.last_settled_event(), EventSequence{3});
}

TEST_F(SessionTest, BookDepthListsTheBestLevels) {
  venue.Order(venue.alice, Side::kBuy, 4'000, 3);
  venue.Order(venue.bob, Side::kBuy, 4'000, 4);
  venue.Order(venue.bob, Side::kBuy, 4'001, 5);
  core::DepthLevel levels[4];
  ASSERT_EQ(venue.core.BookDepth(kBtcUsd, Side::kBuy, levels), 2u);
  EXPECT_EQ(levels[0].price, PriceTicks{4'001});
  EXPECT_EQ(levels[1].quantity, QuantityLots{7});
  EXPECT_EQ(levels[1].order_count, 2u);
  EXPECT_EQ(venue.core.book_top(kBtcUsd).bid_quantity, QuantityLots{5});
}

}  // namespace
}  // namespace tally
