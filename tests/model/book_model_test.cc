// Random commands into OrderBook and into ReferenceBook: the same events, results and complete
// state after every step. TALLY_SEED=<n> replays the run that printed it.

#include <cstdlib>
#include <deque>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/book/order_book.h"
#include "tests/model/book_events.h"
#include "tests/model/reference_book.h"

namespace tally {
namespace {

uint64_t Seed() {
  const char* text = std::getenv("TALLY_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 20'260'101;
}

// Percent of the new orders.
struct Specials {
  int iceberg = 0;
  int hidden = 0;
  int all_or_none = 0;
  int minimum = 0;
  int pegged = 0;
  int slide = 0;    // Of the post-only orders.
  int dormant = 0;  // Wait before they enter; as many resting ones are parked.
};

struct Flow {
  const char* name;
  int64_t price_center;
  int64_t price_spread;  // Prices are within this of the center.
  int64_t quantity_max;
  uint32_t owner_count;
  int limit_percent;  // The rest of 100: cancels.
  int replace_percent;
  int self_trade_percent;  // Orders that prevent self-trades.
  int fok_percent;         // Of the new orders; the same for IOC.
  int market_percent;
  int post_only_percent;
  uint32_t capacity;
  Specials specials{};
};

constexpr Flow kFlows[] = {
    {"tight prices", 1'000, 4, 20, 50, 65, 5, 20, 5, 5, 5, 100'000},
    {"one price", 1'000, 0, 20, 5, 60, 10, 30, 5, 5, 10, 100'000},
    {"wide prices", 1'000'000, 5'000, 50, 50, 50, 10, 20, 5, 5, 5, 100'000},
    {"whole domain", int64_t{1} << 47, (int64_t{1} << 47) - 1, 50, 50, 55, 10, 20, 5, 5, 5, 4'096},
    {"across a power of 64", int64_t{1} << 36, 70, 50, 50, 55, 10, 20, 5, 5, 5, 100'000},
    {"few owners", 1'000, 20, 20, 2, 60, 10, 80, 10, 5, 5, 100'000},
    {"fill or kill", 1'000, 10, 40, 4, 60, 5, 50, 35, 5, 5, 100'000},
    {"replaces", 1'000, 30, 30, 10, 40, 40, 40, 5, 5, 20, 100'000},
    {"full pool", 1'000, 60, 10, 10, 75, 15, 30, 10, 5, 10, 24},
    {"post only", 1'000, 100, 10, 10, 55, 25, 30, 0, 10, 60, 100'000},
    {"icebergs", 1'000, 6, 60, 9, 60, 15, 20, 10, 5, 10, 100'000, {.iceberg = 50, .slide = 50}},
    {"hidden", 1'000, 6, 20, 9, 60, 10, 20, 10, 5, 10, 100'000, {.hidden = 40, .slide = 50}},
    {"all or none", 1'000, 5, 20, 9, 60, 15, 10, 5, 5, 0, 100'000, {.all_or_none = 40}},
    {"all or none, self-trades",
     1'000,
     3,
     20,
     2,
     60,
     15,
     60,
     15,
     5,
     0,
     100'000,
     {.hidden = 10, .all_or_none = 40, .minimum = 20}},
    {"minimum quantity",
     1'000,
     6,
     20,
     9,
     60,
     15,
     30,
     5,
     5,
     0,
     100'000,
     {.iceberg = 15, .hidden = 10, .all_or_none = 10, .minimum = 50}},
    {"slide", 1'000, 8, 10, 9, 60, 25, 30, 0, 10, 70, 100'000, {.hidden = 15, .slide = 80}},
    {"slide at the first price", 3, 3, 10, 9, 60, 25, 30, 0, 10, 70, 100'000, {.slide = 100}},
    {"dormant",
     1'000,
     6,
     20,
     9,
     55,
     15,
     30,
     5,
     5,
     10,
     100'000,
     {.iceberg = 10, .hidden = 10, .all_or_none = 10, .pegged = 10, .slide = 50, .dormant = 20}},
    {"everything",
     1'000,
     12,
     40,
     4,
     60,
     15,
     50,
     10,
     5,
     15,
     100'000,
     {.iceberg = 20,
      .hidden = 15,
      .all_or_none = 15,
      .minimum = 15,
      .pegged = 5,
      .slide = 50,
      .dormant = 5}},
    {"everything, one price",
     1'000,
     0,
     30,
     3,
     60,
     15,
     50,
     10,
     5,
     15,
     100'000,
     {.iceberg = 25, .hidden = 10, .all_or_none = 10, .minimum = 10, .slide = 50}},
    {"everything, full pool",
     1'000,
     30,
     15,
     5,
     75,
     10,
     30,
     10,
     5,
     15,
     24,
     {.iceberg = 20, .hidden = 10, .all_or_none = 10, .minimum = 5, .slide = 50, .dormant = 5}},
};

class BookModel {
 public:
  // Every other flow runs in a book whose sides have windows, of 512 to 4,096 prices in turn.
  BookModel(const Flow& flow, uint64_t seed)
      : flow_(flow),
        random_(seed),
        pool_({.capacity = flow.capacity,
               .windows = (&flow - kFlows) % 2 == 0 ? 2U : 0U,
               .window_ticks = 512U << ((&flow - kFlows) / 2 % 4)}),
        book_(&pool_),
        reference_(flow.capacity),
        recorder_(&pool_) {}

  void Step() {
    const int dice = Uniform(1, 100);
    recorder_.events.clear();
    expected_.clear();
    if (dice <= flow_.limit_percent || ids_.empty()) {
      SubmitRandom();
    } else if (dice <= flow_.limit_percent + flow_.replace_percent) {
      ReplaceRandom();
    } else if (Percent(flow_.specials.dormant)) {
      ParkOrEnterRandom();
    } else {
      CancelRandom();
    }
    CompareEvents();
    CompareState();
    ExecuteAllOrNone();
  }

  uint64_t fills() const { return fills_; }
  uint64_t executed() const { return executed_; }

 private:
  template <typename T>
  T Uniform(T low, T high) {
    return std::uniform_int_distribution<T>(low, high)(random_);
  }
  bool Percent(int percent) { return Uniform(1, 100) <= percent; }

  PriceTicks RandomPrice() {
    return {flow_.price_center + Uniform(-flow_.price_spread, flow_.price_spread)};
  }

  OrderId RandomId() {  // Mostly recent; not always open.
    const std::size_t window = std::min<std::size_t>(ids_.size(), 60);
    return ids_[ids_.size() - 1 - Uniform<std::size_t>(0, window - 1)];
  }

  void SubmitRandom() {
    IncomingOrder order{.id = OrderId{++last_id_},
                        .owner = OrderOwner{Uniform<uint32_t>(1, flow_.owner_count)},
                        .price = RandomPrice(),
                        .quantity = {Uniform<int64_t>(1, flow_.quantity_max)},
                        .side = Percent(50) ? Side::kBuy : Side::kSell};
    if (Percent(flow_.self_trade_percent)) {
      order.self_trade_prevention = static_cast<SelfTradePrevention>(Uniform(2, 5));
    }
    order.type = Percent(flow_.market_percent) ? OrderType::kMarket : OrderType::kLimit;
    if (Percent(flow_.fok_percent)) {
      order.time_in_force = TimeInForce::kFok;
    } else if (Percent(flow_.fok_percent)) {
      order.time_in_force = TimeInForce::kIoc;
    }
    order.post_only = Percent(flow_.post_only_percent);
    AddSpecials(&order);
    recorder_.command = order.id;
    if (Percent(flow_.specials.dormant) && reference_.order_count() < flow_.capacity) {
      reference_.Park(order);
      const OrderHandle handle = book_.Park(order);
      ASSERT_EQ(handle, pool_.Find(order.id));
      ids_.push_back(order.id);
      return;
    }
    const ReferenceResult expected = reference_.Submit(order, &expected_);
    CompareResult(order.id, book_.Submit(order, recorder_), expected);
    if (expected.outcome == BookOutcome::kResting) {
      ids_.push_back(order.id);
    }
  }

  void AddSpecials(IncomingOrder* order) {
    const Specials& specials = flow_.specials;
    const int64_t quantity = order->quantity.value;
    order->slide = order->post_only && Percent(specials.slide);
    order->hidden = Percent(specials.hidden);
    order->all_or_none = Percent(specials.all_or_none);
    order->pegged = Percent(specials.pegged);
    if (Percent(specials.iceberg)) {
      order->display_quantity = {Uniform<int64_t>(1, quantity)};
    }
    if (Percent(specials.minimum)) {
      order->min_quantity = {Uniform<int64_t>(1, quantity)};
    }
    if (!Percent(90)) {
      return;
    }
    // Mostly combinations that are accepted.
    order->post_only &= !order->all_or_none && !order->pegged;
    order->slide &= order->post_only;
    order->all_or_none &= !order->pegged;
    if (order->hidden || order->all_or_none || order->pegged) {
      order->display_quantity = {};
    }
    if (order->all_or_none || order->pegged || order->post_only) {
      order->min_quantity = {};
    }
    if (order->hidden || order->all_or_none || order->pegged || order->post_only ||
        order->display_quantity.value != 0) {
      order->type = OrderType::kLimit;
      order->time_in_force = TimeInForce::kGtc;
    }
  }

  void ParkOrEnterRandom() {
    const OrderId id = RandomId();
    const OrderHandle handle = pool_.Find(id);
    if (handle == kNoOrder) {
      return;
    }
    recorder_.command = id;
    ASSERT_EQ(pool_.place(handle) == OrderPlace::kDormant, reference_.IsDormant(id));
    if (!reference_.IsDormant(id)) {
      reference_.Park(id);
      book_.Park(handle);
      return;
    }
    ASSERT_EQ(ToBookOrder(pool_.View(handle)), reference_.Find(id));
    IncomingOrder order = ReferenceBook::ToIncoming(reference_.Find(id), reference_.SideOf(id));
    order.time_in_force = Percent(20) ? TimeInForce::kIoc : TimeInForce::kGtc;
    const ReferenceResult expected = reference_.Enter(order, &expected_);
    CompareResult(id, book_.Enter(handle, order, recorder_), expected);
  }

  // Until no all-or-none order can trade: as a venue does after every command.
  void ExecuteAllOrNone() {
    if (!Percent(flow_.specials.all_or_none)) {
      return;
    }
    for (const Side side : {Side::kBuy, Side::kSell}) {
      while (const std::optional<OrderId> id = reference_.FindExecutable(side)) {
        ASSERT_EQ(book_.FindExecutable(side), pool_.Find(*id));
        recorder_.events.clear();
        expected_.clear();
        recorder_.command = *id;
        const OrderHandle handle = pool_.Find(*id);
        const ReferenceResult expected = reference_.Execute(*id, &expected_);
        CompareResult(*id, book_.Execute(handle, recorder_), expected);
        CompareEvents();
        CompareState();
        ++executed_;
      }
      ASSERT_EQ(book_.FindExecutable(side), kNoOrder);
    }
  }

  void ReplaceRandom() {
    const OrderId id = RandomId();
    const OrderHandle handle = pool_.Find(id);
    ASSERT_EQ(handle != kNoOrder, reference_.Contains(id));
    if (handle == kNoOrder) {
      return;
    }
    const BookOrder order = reference_.Find(id);
    const PriceTicks price = Percent(40) ? order.price : RandomPrice();
    const QuantityLots leaves{Uniform<int64_t>(1, flow_.quantity_max)};
    ReplaceTerms terms{.price = price, .leaves = leaves};
    if (Percent(flow_.specials.iceberg / 2)) {
      terms.display_quantity = {Uniform<int64_t>(1, flow_.quantity_max)};
    }
    recorder_.command = id;
    const ReferenceResult expected = reference_.Replace(id, terms, &expected_);
    CompareResult(id, book_.Replace(handle, terms, recorder_), expected);
  }

  void CancelRandom() {
    const OrderId id = RandomId();
    const OrderHandle handle = pool_.Find(id);
    const std::optional<QuantityLots> expected = reference_.Cancel(id);
    ASSERT_EQ(handle != kNoOrder, expected.has_value());
    if (handle != kNoOrder) {
      ASSERT_EQ(book_.Cancel(handle), *expected);
    }
  }

  void CompareResult(OrderId id, const BookResult& result, const ReferenceResult& expected) {
    ASSERT_EQ(result.outcome, expected.outcome);
    ASSERT_EQ(result.reject_reason, expected.reject_reason);
    ASSERT_EQ(result.leaves, expected.leaves);
    ASSERT_EQ(result.handle != kNoOrder, expected.outcome == BookOutcome::kResting);
    if (result.handle != kNoOrder) {
      ASSERT_EQ(pool_.Find(id), result.handle);
    }
  }

  void CompareEvents() {
    ASSERT_EQ(recorder_.events.size(), expected_.size());
    for (std::size_t i = 0; i < expected_.size(); ++i) {
      ASSERT_EQ(recorder_.events[i], expected_[i])
          << ToString(recorder_.events[i]) << "\nexpected " << ToString(expected_[i]);
      fills_ += expected_[i].kind == BookEventKind::kFilled;
    }
  }

  void CompareState() {
    book_.CheckInvariants();
    ASSERT_EQ(pool_.used_count(), reference_.order_count());
    for (const Side side : {Side::kBuy, Side::kSell}) {
      ASSERT_EQ(OrdersOf(pool_, book_, side), reference_.Orders(side));
      const std::vector<BookLevel> expected = reference_.Levels(side);
      std::vector<BookLevel> levels;
      book_.ForEachLevel(side, 0xffff'ffff,
                         [&](const BookLevel& level) { levels.push_back(level); });
      ASSERT_EQ(levels, expected);
      const BookLevel best = side == Side::kBuy ? book_.best_bid() : book_.best_ask();
      ASSERT_EQ(best, expected.empty() ? BookLevel{} : expected.front());
    }
  }

  const Flow& flow_;
  std::mt19937_64 random_;
  OrderPool pool_;
  OrderBook book_;
  ReferenceBook reference_;
  BookRecorder recorder_;
  std::vector<BookEvent> expected_;
  std::vector<OrderId> ids_;
  uint64_t last_id_ = 0;
  uint64_t fills_ = 0;
  uint64_t executed_ = 0;  // All-or-none orders, after another command.
};

TEST(BookModelTest, EveryRandomFlowMatchesTheReferenceAfterEveryStep) {
  constexpr int kStepsPerFlow = 5'000;
  const uint64_t seed = Seed();
  uint64_t executed = 0;
  for (const Flow& flow : kFlows) {
    SCOPED_TRACE(std::string(flow.name) + ", TALLY_SEED=" + std::to_string(seed));
    BookModel model(flow, seed);
    for (int step = 0; step < kStepsPerFlow; ++step) {
      model.Step();
      ASSERT_FALSE(testing::Test::HasFailure()) << "at step " << step;
    }
    // The flow must not be a trivial one.
    EXPECT_GT(model.fills(), 300U);
    executed += model.executed();
  }
  EXPECT_GT(executed, 100U);
}

}  // namespace
}  // namespace tally
