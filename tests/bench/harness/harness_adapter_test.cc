// Loads the adapter as the public harness does and drives it through the C interface.

#include <array>
#include <cstdint>
#include <dlfcn.h>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/harness/harness_abi.h"

namespace tally {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint8_t kBuy = 0;
constexpr uint8_t kSell = 1;

class HarnessAdapterTest : public ::testing::Test {
 protected:
  HarnessAdapterTest() : library_(dlopen(TALLY_HARNESS_ADAPTER, RTLD_NOW | RTLD_LOCAL)) {
    EXPECT_NE(library_, nullptr) << dlerror();
    transport_ = Symbol<decltype(engine_get_transport)>("engine_get_transport")();
    queue_ = transport_->create(1U << 12);
    Symbol<decltype(engine_init)>("engine_init")(1, transport_, queue_);
  }
  ~HarnessAdapterTest() override {
    Symbol<decltype(engine_shutdown)>("engine_shutdown")();
    transport_->destroy(queue_);
    dlclose(library_);
  }

  template <typename Function>
  Function* Symbol(const char* name) {
    void* symbol = dlsym(library_, name);
    EXPECT_NE(symbol, nullptr) << name;
    return reinterpret_cast<Function*>(symbol);
  }

  void New(uint64_t id, uint8_t side, uint32_t quantity, int64_t price, bool ioc = false) {
    const HarnessNewOrder message{.order_id = id,
                                  .sequence_number = sequence_++,
                                  .price_ticks = price,
                                  .quantity = quantity,
                                  .side = side,
                                  .immediate_or_cancel = ioc,
                                  .reserved = {}};
    Symbol<decltype(engine_on_new_order)>("engine_on_new_order")(&message);
  }
  void Cancel(uint64_t id) {
    const HarnessCancel message{.order_id = id, .sequence_number = sequence_++};
    Symbol<decltype(engine_on_cancel)>("engine_on_cancel")(&message);
  }
  void Modify(uint64_t id, uint8_t side, uint32_t quantity, int64_t price) {
    const HarnessModify message{.order_id = id,
                                .sequence_number = sequence_++,
                                .new_price_ticks = price,
                                .new_quantity = quantity,
                                .side = side,
                                .reserved = {}};
    Symbol<decltype(engine_on_modify)>("engine_on_modify")(&message);
  }

  int64_t BestBid() { return Symbol<decltype(engine_query_best_bid)>("engine_query_best_bid")(); }
  int64_t BestAsk() { return Symbol<decltype(engine_query_best_ask)>("engine_query_best_ask")(); }
  uint64_t DepthAt(int64_t price, uint8_t side) {
    return Symbol<decltype(engine_query_depth_at)>("engine_query_depth_at")(price, side);
  }

  // What was reported since the last call, a line each.
  std::vector<std::string> Reports() {
    Symbol<decltype(engine_flush)>("engine_flush")();
    transport_->flush(queue_);
    std::vector<std::string> lines;
    std::array<HarnessReport, 7> batch;
    uint32_t count;
    while ((count = transport_->drain(queue_, batch.data(), batch.size())) > 0) {
      for (uint32_t i = 0; i < count; ++i) {
        lines.push_back(ToLine(batch[i]));
      }
    }
    return lines;
  }

  static std::string ToLine(const HarnessReport& report) {
    static constexpr std::array<const char*, 6> kNames{
        "ack", "trade", "canceled", "modified", "cancel-reject", "modify-reject"};
    std::string line = std::to_string(report.sequence_number) + ' ' +
                       kNames.at(static_cast<std::size_t>(report.type));
    if (report.type == HarnessReportType::kTrade) {
      line += " maker " + std::to_string(report.maker_order_id) + " taker " +
              std::to_string(report.taker_order_id);
    } else {
      line += ' ' + std::to_string(report.order_id) + (report.side == kSell ? " sell" : " buy");
    }
    return line + ' ' + std::to_string(report.quantity) + '@' + std::to_string(report.price_ticks);
  }

  void* library_;
  const HarnessTransport* transport_;
  void* queue_;
  uint64_t sequence_ = 0;
};

TEST_F(HarnessAdapterTest, AnEmptyBookHasTheSentinelPrices) {
  EXPECT_EQ(BestBid(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(BestAsk(), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(DepthAt(100, kBuy), 0);
  EXPECT_THAT(Reports(), IsEmpty());
}

TEST_F(HarnessAdapterTest, TradesAreAtTheMakersPriceInPriceTimeOrder) {
  New(1, kSell, 10, 102);
  New(2, kSell, 10, 101);
  New(3, kSell, 10, 101);
  New(4, kBuy, 25, 105);
  EXPECT_THAT(Reports(),
              ElementsAre("0 ack 1 sell 10@102", "1 ack 2 sell 10@101", "2 ack 3 sell 10@101",
                          "3 ack 4 buy 25@105", "3 trade maker 2 taker 4 10@101",
                          "3 trade maker 3 taker 4 10@101", "3 trade maker 1 taker 4 5@102"));
  EXPECT_EQ(BestAsk(), 102);
  EXPECT_EQ(DepthAt(102, kSell), 5);
}

TEST_F(HarnessAdapterTest, TheRemainderOfAnIocOrderIsCanceled) {
  New(1, kBuy, 3, 50);
  New(2, kSell, 5, 50, true);
  New(3, kSell, 5, 50, true);
  EXPECT_THAT(Reports(),
              ElementsAre("0 ack 1 buy 3@50", "1 ack 2 sell 5@50", "1 trade maker 1 taker 2 3@50",
                          "1 canceled 2 sell 2@50", "2 ack 3 sell 5@50", "2 canceled 3 sell 5@50"));
}

TEST_F(HarnessAdapterTest, WhatIsNotRestingCanNeitherBeCanceledNorModified) {
  New(1, kBuy, 3, 50);
  New(2, kSell, 3, 50);
  Cancel(1);
  Modify(2, kSell, 4, 51);
  Cancel(2'000'000);
  New(3, kBuy, 3, 50);
  Cancel(3);
  Cancel(3);
  EXPECT_THAT(Reports(),
              ElementsAre("0 ack 1 buy 3@50", "1 ack 2 sell 3@50", "1 trade maker 1 taker 2 3@50",
                          "2 cancel-reject 1 buy 0@0", "3 modify-reject 2 buy 0@0",
                          "4 cancel-reject 2000000 buy 0@0", "5 ack 3 buy 3@50",
                          "6 canceled 3 buy 3@50", "7 cancel-reject 3 buy 0@0"));
}

TEST_F(HarnessAdapterTest, AModifiedOrderMatchesAndLosesItsPriority) {
  New(1, kBuy, 5, 50);
  New(2, kBuy, 5, 50);
  Modify(1, kBuy, 5, 50);  // The same again: to the end of the queue.
  New(3, kSell, 5, 50);
  Modify(1, kBuy, 6, 49);
  New(4, kSell, 2, 51);
  Modify(1, kBuy, 6, 51);
  EXPECT_THAT(
      Reports(),
      ElementsAre("0 ack 1 buy 5@50", "1 ack 2 buy 5@50", "2 modified 1 buy 5@50",
                  "3 ack 3 sell 5@50", "3 trade maker 2 taker 3 5@50", "4 modified 1 buy 6@49",
                  "5 ack 4 sell 2@51", "6 modified 1 buy 6@51", "6 trade maker 4 taker 1 2@51"));
  EXPECT_EQ(BestBid(), 51);
  EXPECT_EQ(DepthAt(51, kBuy), 4);
}

TEST_F(HarnessAdapterTest, AnIdCanBeUsedAgain) {
  New(1, kBuy, 5, 50);
  Cancel(1);
  New(1, kSell, 5, 60);
  Cancel(1);
  EXPECT_THAT(Reports(), ElementsAre("0 ack 1 buy 5@50", "1 canceled 1 buy 5@50",
                                     "2 ack 1 sell 5@60", "3 canceled 1 sell 5@60"));
}

TEST_F(HarnessAdapterTest, AFullTransportRefusesAndLosesNothing) {
  void* const small = transport_->create(8);
  HarnessReport report{};
  report.type = HarnessReportType::kTrade;  // The kind that takes the most room.
  for (uint64_t round = 0; round < 3; ++round) {
    uint64_t pushed = 0;
    for (; report.sequence_number = pushed, transport_->push(small, &report) != 0; ++pushed) {
    }
    EXPECT_EQ(pushed, 8);
    std::array<HarnessReport, 16> drained;
    ASSERT_EQ(transport_->drain(small, drained.data(), 3), 3);
    EXPECT_EQ(drained[2].sequence_number, 2);
    ASSERT_EQ(transport_->drain(small, drained.data(), 16), 5);
    EXPECT_EQ(drained[4].sequence_number, 7);
  }
  transport_->destroy(small);
}

}  // namespace
}  // namespace tally
