// The order book of the venue behind the interface of the public matching-engine benchmark.

#include <cstddef>
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

// From the client's order id to the handle of the order. Entries of orders that are no longer open
// stay: whoever follows one compares the id of the order it finds there.
class HandleTable {
 public:
  HandleTable() {
    void* memory = mmap(nullptr, kSizeBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(memory != MAP_FAILED);
    static_cast<void>(madvise(memory, kSizeBytes, MADV_HUGEPAGE));
    handles_ = static_cast<OrderHandle*>(memory);
  }
  ~HandleTable() { static_cast<void>(munmap(handles_, kSizeBytes)); }
  HandleTable(const HandleTable&) = delete;
  HandleTable& operator=(const HandleTable&) = delete;

  OrderHandle* At(uint64_t order_id) {
    CHECK(order_id <= kOrderIdMax);
    return &handles_[order_id];
  }

 private:
  static constexpr std::size_t kSizeBytes = (std::size_t{kOrderIdMax} + 1) * sizeof(OrderHandle);
  OrderHandle* handles_;
};

// One book, and the reports of what it does.
class Engine {
 public:
  explicit Engine(ReportRing* reports) : reports_(reports) {}

  void OnNewOrder(const HarnessNewOrder& message) {
    HarnessReport ack{};
    ack.type = HarnessReportType::kOrderAck;
    ack.side = message.side;
    ack.sequence_number = message.sequence_number;
    ack.order_id = message.order_id;
    ack.price_ticks = message.price_ticks;
    ack.quantity = message.quantity;
    reports_->Write(ack);
    Submit(message.order_id, message.sequence_number, message.price_ticks, message.quantity,
           message.side, message.immediate_or_cancel != 0);
  }

  void OnCancel(const HarnessCancel& message) {
    const OrderHandle handle = FindOpen(message.order_id);
    HarnessReport report{};
    report.sequence_number = message.sequence_number;
    report.order_id = message.order_id;
    if (handle == kNoOrder) {
      report.type = HarnessReportType::kCancelReject;
    } else {
      const OrderView order = pool_.View(handle);
      report.type = HarnessReportType::kCancelAck;
      report.side = order.side == Side::kSell;
      report.price_ticks = order.price.value;
      report.quantity = static_cast<uint32_t>(book_.Cancel(handle).value);
    }
    reports_->Write(report);
  }

  void OnModify(const HarnessModify& message) {
    const OrderHandle handle = FindOpen(message.order_id);
    HarnessReport report{};
    report.sequence_number = message.sequence_number;
    report.order_id = message.order_id;
    if (handle == kNoOrder) {
      report.type = HarnessReportType::kModifyReject;
      reports_->Write(report);
      return;
    }
    const OrderView order = pool_.View(handle);
    report.type = HarnessReportType::kModifyAck;
    report.side = order.side == Side::kSell;
    report.price_ticks = message.new_price_ticks;
    report.quantity = message.new_quantity;
    reports_->Write(report);
    if (message.new_price_ticks == order.price.value && message.new_quantity <= order.leaves.value)
        [[unlikely]] {
      // Replace() would keep the priority, which this interface takes away.
      book_.Cancel(handle);
      Submit(message.order_id, message.sequence_number, message.new_price_ticks,
             message.new_quantity, report.side, false);
      return;
    }
    Listener listener{this, message.order_id, message.sequence_number};
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
    uint64_t quantity = 0;
    book_.ForEachLevel(SideOf(side), book_.level_count(SideOf(side)), [&](const BookLevel& level) {
      quantity +=
          level.price.value == price_ticks ? static_cast<uint64_t>(level.quantity.value) : 0;
    });
    return quantity;
  }

 private:
  struct Listener {
    Engine* engine;
    uint64_t taker_order_id;
    uint64_t sequence_number;
    void OnAccepted(const IncomingOrder&) {}
    void OnReplaced(const Replacement&) {}
    void OnFill(const Fill& fill) {
      HarnessReport trade{};
      trade.type = HarnessReportType::kTrade;
      trade.sequence_number = sequence_number;
      trade.price_ticks = fill.price.value;
      trade.quantity = static_cast<uint32_t>(fill.quantity.value);
      trade.maker_order_id = Raw(engine->pool_.id(fill.maker));
      trade.taker_order_id = taker_order_id;
      engine->reports_->Write(trade);
    }
    void OnMakerCanceled(const Cancellation&) {}
    void OnTakerCanceled(const Cancellation& cancellation) { remainder = cancellation.canceled; }
    QuantityLots remainder{};
  };

  static Side SideOf(uint8_t side) { return side == 0 ? Side::kBuy : Side::kSell; }

  OrderHandle FindOpen(uint64_t order_id) {
    const OrderHandle handle = *handles_.At(order_id);
    return pool_.Contains(handle) && pool_.id(handle) == OrderId{order_id} ? handle : kNoOrder;
  }

  void Submit(uint64_t order_id, uint64_t sequence_number, int64_t price_ticks, uint32_t quantity,
              uint8_t side, bool immediate_or_cancel) {
    Listener listener{this, order_id, sequence_number};
    const BookResult result =
        book_.Submit({.id = OrderId{order_id},
                      .owner = {},
                      .price = {price_ticks},
                      .quantity = {quantity},
                      .side = SideOf(side),
                      .time_in_force = immediate_or_cancel ? TimeInForce::kIoc : TimeInForce::kGtc},
                     listener);
    if (result.outcome == BookOutcome::kResting) {
      *handles_.At(order_id) = result.handle;
    } else if (result.outcome == BookOutcome::kCanceled) {
      HarnessReport ack{};
      ack.type = HarnessReportType::kCancelAck;
      ack.side = side;
      ack.sequence_number = sequence_number;
      ack.order_id = order_id;
      ack.price_ticks = price_ticks;
      ack.quantity = static_cast<uint32_t>(listener.remainder.value);
      reports_->Write(ack);
    } else {
      CHECK(result.outcome == BookOutcome::kFilled);
    }
  }

  ReportRing* reports_;
  OrderPool pool_{{.capacity = kOpenOrdersMax, .index_order_ids = false}};
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
