// The order book of the venue behind the interface of the public matching-engine benchmark.

#include <array>
#include <cstddef>
#include <cstring>
#include <limits>
#include <optional>
#include <sys/mman.h>

#include "base/assert.h"
#include "bench/harness/harness_abi.h"
#include "bench/harness/report_ring.h"
#include "engine/book/order_book.h"

namespace tally {
namespace {

constexpr uint32_t kOpenOrdersMax = 1U << 21;
constexpr uint32_t kOrderIdMax = (1U << 27) - 1;  // The workload's ids are dense, from 1.

// From the client's order id to the handle of the order. Client ids are dense but come in random
// order, so a table by id alone costs a cache miss per order; most orders, however, are asked for
// soon or never. Hence a small table of what came last before the large one: an order moves there
// only if it is still open when another one needs its place. Entries may be out of date: whoever
// follows one compares the id of the order it finds.
class HandleTable {
 public:
  HandleTable() {
    void* memory = mmap(nullptr, kSizeBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(memory != MAP_FAILED);
    static_cast<void>(madvise(memory, kSizeBytes, MADV_HUGEPAGE));
    older_ = static_cast<OrderHandle*>(memory);
    std::memset(memory, 0, kPrefaultBytes);
  }
  ~HandleTable() { static_cast<void>(munmap(older_, kSizeBytes)); }
  HandleTable(const HandleTable&) = delete;
  HandleTable& operator=(const HandleTable&) = delete;

  OrderHandle Find(uint64_t order_id) const {
    CHECK(order_id <= kOrderIdMax);
    const Entry& entry = recent_[order_id % kRecent];
    return entry.order_id == order_id ? entry.handle : older_[order_id];
  }

  void Put(uint64_t order_id, OrderHandle handle) {
    CHECK(order_id != kNone && order_id <= kOrderIdMax);
    Entry& entry = recent_[order_id % kRecent];
    if (entry.order_id != kNone) [[unlikely]] {
      older_[entry.order_id] = entry.handle;
    }
    entry = {.order_id = static_cast<uint32_t>(order_id), .handle = handle};
  }

  // The order is no longer open. Only saves the next Put() in this place some work.
  void Forget(uint64_t order_id) {
    Entry& entry = recent_[order_id % kRecent];
    entry.order_id = entry.order_id == order_id ? kNone : entry.order_id;
  }

 private:
  static constexpr std::size_t kSizeBytes = (std::size_t{kOrderIdMax} + 1) * sizeof(OrderHandle);
  static constexpr std::size_t kPrefaultBytes = std::size_t{1} << 23;
  static constexpr uint32_t kRecent = 1'024;
  static constexpr uint32_t kNone = 0;  // No order has this id.

  struct Entry {
    uint32_t order_id = kNone;
    OrderHandle handle{};
  };

  std::array<Entry, kRecent> recent_{};
  OrderHandle* older_;
};

// One book, and the reports of what it does.
class Engine {
 public:
  explicit Engine(ReportRing* reports) : reports_(reports) {}

  void OnNewOrder(const HarnessNewOrder& message) {
    reports_->Write(HarnessReportType::kOrderAck, message.side, message.sequence_number,
                    message.order_id, message.price_ticks, message.quantity);
    Submit(message);
  }

  void OnCancel(const HarnessCancel& message) {
    const OrderHandle handle = FindOpen(message.order_id);
    if (handle == kNoOrder) [[unlikely]] {
      reports_->Write(HarnessReportType::kCancelReject, 0, message.sequence_number,
                      message.order_id, 0, 0);
      return;
    }
    const uint8_t side = pool().side(handle) == Side::kSell;
    const int64_t price_ticks = pool().price(handle).value;
    const auto leaves = static_cast<uint32_t>(book_.Cancel(handle).value);
    handles_.Forget(message.order_id);
    reports_->Write(HarnessReportType::kCancelAck, side, message.sequence_number, message.order_id,
                    price_ticks, leaves);
  }

  void OnModify(const HarnessModify& message) {
    const OrderHandle handle = FindOpen(message.order_id);
    if (handle == kNoOrder) [[unlikely]] {
      reports_->Write(HarnessReportType::kModifyReject, 0, message.sequence_number,
                      message.order_id, 0, 0);
      return;
    }
    const uint8_t side = pool().side(handle) == Side::kSell;
    const HarnessNewOrder order{.order_id = message.order_id,
                                .sequence_number = message.sequence_number,
                                .price_ticks = message.new_price_ticks,
                                .quantity = message.new_quantity,
                                .side = side,
                                .immediate_or_cancel = 0,
                                .reserved = {}};
    reports_->Write(HarnessReportType::kModifyAck, side, message.sequence_number, message.order_id,
                    message.new_price_ticks, message.new_quantity);
    if (message.new_price_ticks == pool().price(handle).value &&
        message.new_quantity <= pool().leaves(handle).value) [[unlikely]] {
      // Replace() would keep the priority, which this interface takes away.
      book_.Cancel(handle);
      Submit(order);
      return;
    }
    Listener listener{this, &order};
    book_.Replace(handle, {message.new_price_ticks}, {message.new_quantity}, listener);
  }

  void Flush() { reports_->Publish(); }

  int64_t best_bid() const {
    const BookLevel best = book_.best_bid();
    return best.order_count == 0 ? std::numeric_limits<int64_t>::min() : best.price.value;
  }
  int64_t best_ask() const {
    const BookLevel best = book_.best_ask();
    return best.order_count == 0 ? std::numeric_limits<int64_t>::max() : best.price.value;
  }
  uint64_t QuantityAt(int64_t price_ticks, uint8_t side) const {
    return static_cast<uint64_t>(book_.LevelAt(SideOf(side), {price_ticks}).quantity.value);
  }

 private:
  struct Listener {
    Engine* engine;
    const HarnessNewOrder* taker;
    void OnAccepted(const IncomingOrder&) {}
    void OnReplaced(const Replacement&) {}
    void OnFill(const Fill& fill) {
      const uint64_t maker_order_id = Raw(engine->pool().id(fill.maker));
      if (fill.maker_leaves.value == 0) {
        engine->handles_.Forget(maker_order_id);
      }
      engine->reports_->WriteTrade(taker->sequence_number, maker_order_id, taker->order_id,
                                   fill.price.value, static_cast<uint32_t>(fill.quantity.value));
    }
    void OnMakerCanceled(const Cancellation&) {}
    void OnTakerCanceled(const Cancellation& cancellation) { remainder = cancellation.canceled; }
    QuantityLots remainder{};
  };

  static Side SideOf(uint8_t side) { return side == 0 ? Side::kBuy : Side::kSell; }

  // By way of the book, so that the compiler sees that both look at the same orders.
  const OrderPool& pool() const { return book_.pool(); }

  OrderHandle FindOpen(uint64_t order_id) {
    const OrderHandle handle = handles_.Find(order_id);
    return pool().Contains(handle) && pool().id(handle) == OrderId{order_id} ? handle : kNoOrder;
  }

  [[gnu::always_inline]] void Submit(const HarnessNewOrder& order) {
    Listener listener{this, &order};
    const BookResult result = book_.Submit(
        {.id = OrderId{order.order_id},
         .owner = {},
         .price = {order.price_ticks},
         .quantity = {order.quantity},
         .side = SideOf(order.side),
         .time_in_force = order.immediate_or_cancel != 0 ? TimeInForce::kIoc : TimeInForce::kGtc},
        listener);
    if (result.outcome == BookOutcome::kResting) {
      handles_.Put(order.order_id, result.handle);
    } else if (result.outcome == BookOutcome::kCanceled) {
      reports_->Write(HarnessReportType::kCancelAck, order.side, order.sequence_number,
                      order.order_id, order.price_ticks,
                      static_cast<uint32_t>(listener.remainder.value));
    } else {
      CHECK(result.outcome == BookOutcome::kFilled);
    }
  }

  ReportRing* reports_;
  OrderPool pool_{{.capacity = kOpenOrdersMax,
                   .index_order_ids = false,
                   .windows = 2,
                   .window_ticks = 65'536,
                   .prefault = true}};
  OrderBook book_{&pool_};
  HandleTable handles_;
};

// The interface has no handle for the engine, so there is one per process.
std::optional<Engine> engine;

constexpr HarnessTransport kTransport{
    .create = [](uint32_t capacity) -> void* { return ReportRing::Create(capacity); },
    .push = [](void* queue, const HarnessReport* report) -> int {
      return static_cast<ReportRing*>(queue)->TryWrite(*report);
    },
    .drain = [](void* queue, HarnessReport* reports, uint32_t reports_max) -> uint32_t {
      return static_cast<ReportRing*>(queue)->Drain(reports, reports_max);
    },
    .flush = [](void* queue) { static_cast<ReportRing*>(queue)->Publish(); },
    .destroy = [](void* queue) { ReportRing::Destroy(static_cast<ReportRing*>(queue)); },
};

}  // namespace
}  // namespace tally

extern "C" {

const HarnessTransport* engine_get_transport() { return &tally::kTransport; }

void engine_init(uint64_t /*nonce*/, const HarnessTransport* transport, void* queue) {
  CHECK(transport == &tally::kTransport);
  tally::engine.emplace(static_cast<tally::ReportRing*>(queue));
}

void engine_shutdown() { tally::engine.reset(); }
void engine_on_new_order(const HarnessNewOrder* message) { tally::engine->OnNewOrder(*message); }
void engine_on_cancel(const HarnessCancel* message) { tally::engine->OnCancel(*message); }
void engine_on_modify(const HarnessModify* message) { tally::engine->OnModify(*message); }
void engine_flush() { tally::engine->Flush(); }
int64_t engine_query_best_bid() { return tally::engine->best_bid(); }
int64_t engine_query_best_ask() { return tally::engine->best_ask(); }

uint64_t engine_query_depth_at(int64_t price_ticks, uint8_t side) {
  return tally::engine->QuantityAt(price_ticks, side);
}

}  // extern "C"
