// docs/semantics/settlement-status.md: statuses of batches, disputes, exposure limits.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/core/test_venue.h"

namespace tally {
namespace {

using R = RejectReason;

class SettlementTest : public testing::Test {
 protected:
  SettlementTest() {
    venue.SetUp();
    relayer = venue.Open(AccountId{0}, 99);
  }

  // Bob sells, Alice buys: `quantity` lots at 100 ticks.
  void Trade(int64_t quantity) {
    venue.Order(venue.bob, Side::kSell, 100, quantity);
    venue.Order(venue.alice, Side::kBuy, 100, quantity);
  }
  uint64_t last_event() const { return Raw(venue.core.next_event_sequence()) - 1; }

  void Batch(uint64_t id, SettlementStatus status, uint8_t hash = 0, uint64_t last = 0) {
    Command command = venue.FromSession(relayer, CommandType::kBatchStatus);
    command.batch_status.batch_id = id;
    command.batch_status.last_event = EventSequence{last == 0 ? last_event() : last};
    command.batch_status.last_trade = TradeId{1};
    command.batch_status.trade_count = 1;
    command.batch_status.status = status;
    command.batch_status.transaction_hash[0] = hash;
    venue.Send(command);
  }
  Command DisputeCommandOf(DisputeAction action, uint32_t step) {
    Command command = venue.FromSession(relayer, CommandType::kDispute);
    command.dispute.batch_id = 1;
    command.dispute.culprit = kBob;
    command.dispute.action = action;
    command.dispute.step = step;
    return command;
  }
  void Hold(uint32_t step, AccountId account, AssetId asset, int64_t amount) {
    Command command = DisputeCommandOf(DisputeAction::kHold, step);
    command.account = account;
    command.dispute.asset = asset;
    command.dispute.amount = {amount};
    venue.Send(command);
  }
  void Break(uint32_t step, AccountId account, SessionIndex session) {
    Command command = DisputeCommandOf(DisputeAction::kBreakTrade, step);
    command.account = account;
    command.instrument = kBtcUsd;
    command.dispute.session = session;
    command.dispute.trade_id = TradeId{1};
    command.dispute.order_id = OrderId{2};
    command.dispute.side = Raw(Side::kBuy);
    venue.Send(command);
  }
  void Resolve() { venue.Send(DisputeCommandOf(DisputeAction::kResolve, 0)); }
  void Limit(AccountId account, AssetId asset, int64_t limit, bool remove = false) {
    Command command = MakeCommand(CommandType::kDefineExposure);
    command.account = account;
    command.define_exposure.asset = asset;
    command.define_exposure.limit = {limit};
    command.define_exposure.remove = remove ? 1 : 0;
    venue.Send(command);
  }
  R Buy(int64_t quantity) {
    venue.Order(venue.alice, Side::kBuy, 100, quantity);
    return venue.reject_reason();
  }
  R Withdraw(uint64_t index, AccountId account, AssetId asset, int64_t amount) {
    Command command = venue.FromSession(relayer, CommandType::kWithdraw);
    command.account = account;
    command.chain_transfer.index = index;
    command.chain_transfer.chain_id = 1;
    command.chain_transfer.asset = asset;
    command.chain_transfer.amount = {amount};
    venue.Send(command);
    const Event* refused = venue.FindEvent(EventType::kWithdrawRefused);
    return refused == nullptr ? R::kNone : refused->transfer.reason;
  }

  TestVenue venue;
  SessionIndex relayer{};
};

TEST_F(SettlementTest, ABatchGoesFromPendingToFinalAndBackAfterAReorganisation) {
  Trade(1);
  struct Row {
    SettlementStatus status;
    uint8_t hash;
    const char* events;
  };
  const uint64_t last = last_event();
  const std::vector<Row> rows = {
      {SettlementStatus::kPending, 0, "BatchStatus CommandDone"},
      {SettlementStatus::kMined, 5, "BatchStatus CommandDone"},
      {SettlementStatus::kMined, 5, "CommandDone"},  // Told before.
      {SettlementStatus::kMined, 6, "BatchStatus CommandDone"},
      {SettlementStatus::kPending, 0, "BatchStatus CommandDone"},  // Taken back.
      {SettlementStatus::kFailed, 7, "BatchStatus CommandDone"},
      {SettlementStatus::kMined, 8, "BatchStatus CommandDone"},
      {SettlementStatus::kFinal, 8, "BatchSettled BatchStatus CommandDone"},
      {SettlementStatus::kFinal, 8, "CommandDone"},
      {SettlementStatus::kPending, 0, "CommandDone"},  // It is final.
  };
  for (const Row& row : rows) {
    Batch(1, row.status, row.hash, last);
    EXPECT_EQ(venue.EventTypes(), row.events);
    if (const Event* event = venue.FindEvent(EventType::kBatchStatus); event != nullptr) {
      EXPECT_EQ(event->batch_status.status, row.status);
      EXPECT_EQ(event->batch_status.transaction_hash[0], row.hash);
      EXPECT_EQ(event->batch_status.last_trade, TradeId{1});
      EXPECT_EQ(event->batch_status.trade_count, 1u);
    }
  }
  EXPECT_EQ(venue.core.last_settled_batch(), 1u);
  EXPECT_EQ(venue.core.last_settled_event(), EventSequence{last});
  ASSERT_EQ(venue.core.BatchStatuses().size(), 1u);
  EXPECT_EQ(venue.core.BatchStatuses()[0].status, SettlementStatus::kFinal);
}

TEST_F(SettlementTest, ImpossibleStatusesAreRejected) {
  Trade(1);
  Batch(1, SettlementStatus::kFinal, 1, 10);
  struct Row {
    uint64_t id;
    SettlementStatus status;
    uint64_t last;
    R reason;
  };
  const std::vector<Row> rows = {
      {0, SettlementStatus::kMined, 0, R::kOutOfOrderBatch},
      {2, SettlementStatus{0}, 0, R::kBadDefinition},
      {2, SettlementStatus{5}, 0, R::kBadDefinition},
      {3, SettlementStatus::kFinal, 0, R::kOutOfOrderBatch},
      {2 + kMaxOpenBatches, SettlementStatus::kMined, 0, R::kOutOfOrderBatch},
      {2, SettlementStatus::kMined, 9, R::kOutOfOrderBatch},  // Before what is settled.
      {2, SettlementStatus::kMined, 1'000, R::kOutOfOrderBatch},
      {1 + kMaxOpenBatches, SettlementStatus::kMined, 0, R::kNone},
  };
  for (const Row& row : rows) {
    Batch(row.id, row.status, 1, row.last);
    EXPECT_EQ(venue.reject_reason(), row.reason) << row.id << " " << Raw(row.status);
  }
}

TEST_F(SettlementTest, TheStateHoldsTheStatusesAndNothingOfThemWhereThereAreNone) {
  Trade(1);
  const Sha256Digest before = venue.core.StateHash();
  Limit(AccountId{}, kUsd, -1);
  EXPECT_EQ(venue.reject_reason(), R::kBadDefinition);
  Batch(1, SettlementStatus::kMined, 1);
  const Sha256Digest mined = venue.core.StateHash();
  EXPECT_NE(mined, before);
  Batch(1, SettlementStatus::kMined, 2);
  EXPECT_NE(venue.core.StateHash(), mined);
}

TEST_F(SettlementTest, DisputedFundsCanNeitherBeWithdrawnNorTraded) {
  Trade(10);  // Alice has got 10'000 quanta of BTC from Bob.
  const int64_t all = venue.available(kAlice, kBtc);
  Hold(1, kAlice, kBtc, 10'000);
  EXPECT_EQ(venue.EventTypes(), "Dispute CommandDone");
  EXPECT_EQ(venue.events[0].account, kAlice);
  EXPECT_EQ(venue.events[0].dispute.held, Quanta{10'000});
  EXPECT_EQ(venue.available(kAlice, kBtc), all - 10'000);
  EXPECT_EQ(venue.core.Disputed(kAlice, kBtc), Quanta{10'000});
  EXPECT_EQ(Withdraw(1, kAlice, kBtc, all), R::kInsufficientBalance);
  EXPECT_EQ(Withdraw(2, kAlice, kBtc, all - 10'000), R::kNone);
  venue.Order(venue.alice, Side::kSell, 200, 1);
  EXPECT_EQ(venue.reject_reason(), R::kInsufficientBalance);
  Resolve();
  EXPECT_EQ(venue.EventTypes(), "Dispute Dispute CommandDone");
  EXPECT_EQ(venue.events[0].dispute.resolved, 1);
  EXPECT_EQ(venue.available(kAlice, kBtc), 10'000);
  EXPECT_EQ(Withdraw(3, kAlice, kBtc, 10'000), R::kNone);
}

TEST_F(SettlementTest, WhatTheAccountHasSpentIsHeldAsSoonAsItHasItAgain) {
  Trade(10);
  const int64_t all = venue.available(kAlice, kBtc);
  EXPECT_EQ(Withdraw(1, kAlice, kBtc, all - 3'000), R::kNone);
  const OrderId resting = venue.Order(venue.alice, Side::kSell, 200, 1);
  Hold(1, kAlice, kBtc, 10'000);
  EXPECT_EQ(venue.core.Disputed(kAlice, kBtc), Quanta{2'000});
  venue.Cancel(venue.alice, resting);
  EXPECT_EQ(venue.core.Disputed(kAlice, kBtc), Quanta{3'000});
  venue.Deposit(kAlice, kBtc, 5'000);
  EXPECT_EQ(venue.core.Disputed(kAlice, kBtc), Quanta{8'000});
  EXPECT_EQ(venue.available(kAlice, kBtc), 0);
  venue.Deposit(kAlice, kBtc, 5'000);
  EXPECT_EQ(venue.core.Disputed(kAlice, kBtc), Quanta{10'000});
  EXPECT_EQ(venue.available(kAlice, kBtc), 3'000);
  Resolve();
  EXPECT_EQ(venue.available(kAlice, kBtc), 13'000);
}

TEST_F(SettlementTest, StepsOfADisputeAreTakenOnceAndInOrder) {
  Trade(1);
  Hold(2, kAlice, kBtc, 100);
  EXPECT_EQ(venue.reject_reason(), R::kOutOfOrderDispute);
  Resolve();
  EXPECT_EQ(venue.reject_reason(), R::kOutOfOrderDispute);
  Hold(1, kAlice, kBtc, 100);
  Break(2, kAlice, venue.alice);
  EXPECT_EQ(venue.EventTypes(), "TradeBroken CommandDone");
  EXPECT_EQ(venue.events[0].session, venue.alice);
  EXPECT_EQ(venue.events[0].trade_broken.trade_id, TradeId{1});
  EXPECT_NE(venue.events[0].report_sequence, 0u);
  Break(2, kAlice, venue.alice);
  EXPECT_EQ(venue.EventTypes(), "CommandDone");
  Hold(1, kAlice, kBtc, 100);  // Whoever lost count learns it.
  EXPECT_EQ(venue.EventTypes(), "Dispute CommandDone");
  EXPECT_EQ(venue.events[0].dispute.steps, 2u);
  EXPECT_EQ(venue.events[0].dispute.action, DisputeAction::kNone);
  EXPECT_EQ(venue.core.Disputed(kAlice, kBtc), Quanta{100});
  Resolve();
  Resolve();
  EXPECT_EQ(venue.events.back().flags, kEventFlagDuplicate);
  Hold(3, kAlice, kBtc, 100);  // What is resolved stays resolved.
  EXPECT_EQ(venue.events.back().flags, kEventFlagDuplicate);
  EXPECT_EQ(venue.core.Disputed(kAlice, kBtc), Quanta{0});
}

TEST_F(SettlementTest, DisputesOfTheUnknownAreRejected) {
  Trade(1);
  struct Row {
    AccountId account;
    AssetId asset;
    int64_t amount;
    R reason;
  };
  for (const Row& row : std::vector<Row>{{AccountId{8}, kBtc, 1, R::kUnknownAccount},
                                         {kAlice, AssetId{3}, 1, R::kUnknownAsset},
                                         {kAlice, kBtc, 0, R::kBadAmount},
                                         {kAlice, kBtc, INT64_MIN, R::kBadAmount}}) {
    Hold(1, row.account, row.asset, row.amount);
    EXPECT_EQ(venue.reject_reason(), row.reason);
  }
  Break(1, kAlice, venue.bob);
  EXPECT_EQ(venue.reject_reason(), R::kUnknownSession);
  venue.Send(DisputeCommandOf(DisputeAction::kNone, 1));
  EXPECT_EQ(venue.reject_reason(), R::kBadDefinition);
}

// A buy order of 100 ticks costs 1'000 quanta a lot and a fee of at most 0.02 %.
TEST_F(SettlementTest, WhatIsUnsettledAndWhatOrdersCouldGiveIsBounded) {
  Limit(AccountId{}, kUsd, 10'010);
  EXPECT_EQ(venue.EventTypes(), "ExposureDefined");
  EXPECT_EQ(Buy(11), R::kExposureLimit);
  const OrderId resting = venue.Order(venue.alice, Side::kBuy, 100, 4);
  EXPECT_EQ(Buy(7), R::kExposureLimit);
  venue.Cancel(venue.alice, resting);
  venue.Order(venue.bob, Side::kSell, 100, 10);
  EXPECT_EQ(Buy(10), R::kNone);
  EXPECT_GE(venue.core.UnsettledDebit(kAlice, kUsd).value, 10'000);
  EXPECT_EQ(Buy(1), R::kExposureLimit);
  venue.Order(venue.alice, Side::kSell, 100, 1);  // It gives another asset, without a limit.
  EXPECT_EQ(venue.reject_reason(), R::kNone);
  Batch(1, SettlementStatus::kMined, 1);
  EXPECT_EQ(Buy(1), R::kExposureLimit);  // Mined is not final.
  Batch(1, SettlementStatus::kFinal, 1);
  EXPECT_EQ(venue.core.UnsettledDebit(kAlice, kUsd), Quanta{0});
  EXPECT_EQ(Buy(10), R::kNone);
}

TEST_F(SettlementTest, TheLimitOfAnAccountComesBeforeThatOfAll) {
  Limit(AccountId{}, kUsd, 1'001);
  Limit(kAlice, kUsd, 5'001);
  EXPECT_EQ(Buy(5), R::kNone);
  EXPECT_EQ(Buy(1), R::kExposureLimit);
  venue.Order(venue.bob, Side::kBuy, 90, 2);
  EXPECT_EQ(venue.reject_reason(), R::kExposureLimit);
  Limit(kAlice, kUsd, kMaxBalanceQuanta);
  EXPECT_EQ(Buy(7), R::kNone);
  Limit(kAlice, kUsd, 0, /*remove=*/true);
  EXPECT_EQ(Buy(1), R::kExposureLimit);
  Limit(AccountId{}, kUsd, 0, /*remove=*/true);
  EXPECT_EQ(Buy(1), R::kNone);
  Limit(AccountId{}, kUsd, 0, /*remove=*/true);
  EXPECT_EQ(venue.reject_reason(), R::kBadDefinition);
  Limit(AccountId{8}, kUsd, 1);
  EXPECT_EQ(venue.reject_reason(), R::kUnknownAccount);
  Limit(kAlice, AssetId{3}, 1);
  EXPECT_EQ(venue.reject_reason(), R::kUnknownAsset);
}

TEST_F(SettlementTest, AReplaceIsBoundedWhereItHoldsMore) {
  const OrderId order = venue.Order(venue.alice, Side::kBuy, 100, 10);
  Limit(AccountId{}, kUsd, 8'010);
  venue.Replace(venue.alice, order, 100, 9);  // Less than before, though above the limit.
  EXPECT_EQ(venue.reject_reason(), R::kNone);
  venue.Replace(venue.alice, order, 100, 10);
  EXPECT_EQ(venue.reject_reason(), R::kExposureLimit);
  venue.Replace(venue.alice, order, 100, 7);
  venue.Replace(venue.alice, order, 100, 8);
  EXPECT_EQ(venue.reject_reason(), R::kNone);
}

TEST_F(SettlementTest, ALaterBatchReleasesOnlyWhatItCovers) {
  Limit(AccountId{}, kUsd, 1'000'000);
  Trade(3);
  const uint64_t first = last_event();
  Trade(2);
  const int64_t unsettled = venue.core.UnsettledDebit(kAlice, kUsd).value;
  Batch(1, SettlementStatus::kFinal, 1, first);
  const int64_t rest = venue.core.UnsettledDebit(kAlice, kUsd).value;
  EXPECT_GE(rest, 2'000);
  EXPECT_LT(rest, 2'010);
  EXPECT_GE(unsettled, 5'000);
  EXPECT_LT(unsettled, 5'010);
}

// Many trades, few sums: never less than what is unsettled, and nothing is left at the end.
TEST_F(SettlementTest, UnsettledIsNeverUnderestimated) {
  Limit(AccountId{}, kUsd, kMaxBalanceQuanta);
  struct Debit {
    uint64_t event;
    int64_t amount;
  };
  std::vector<Debit> debits;
  int64_t before = 0;
  for (int i = 0; i < 60; ++i) {
    Trade(1 + i * 7 % 5);
    const int64_t now = venue.core.UnsettledDebit(kAlice, kUsd).value;
    debits.push_back({last_event(), now - before});
    before = now;
  }
  uint64_t batch = 0;
  int64_t last = before;
  for (std::size_t settled = 0; settled < debits.size(); settled += 4) {
    Batch(++batch, SettlementStatus::kFinal, 1, debits[settled].event);
    int64_t truth = 0;
    for (std::size_t i = settled + 1; i < debits.size(); ++i) {
      truth += debits[i].amount;
    }
    const int64_t counted = venue.core.UnsettledDebit(kAlice, kUsd).value;
    EXPECT_GE(counted, truth);
    EXPECT_LE(counted, last);
    last = counted;
  }
  EXPECT_LT(last, before / 2);
  Batch(++batch, SettlementStatus::kFinal, 1);
  EXPECT_EQ(venue.core.UnsettledDebit(kAlice, kUsd).value, 0);
}

}  // namespace
}  // namespace tally
