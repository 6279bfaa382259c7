#include "bench/workloads/recorded_flow.h"

#include <map>
#include <utility>
#include <vector>

#include "base/status.h"
#include "bench/workloads/null_listener.h"
#include "engine/book/order_book.h"
#include "tools/flow/flow.h"
#include "tools/flow/recorded_row.h"

namespace tally {
namespace {

// A step's quantity is a total, what is executed included; a book wants the new leaves, so the
// steps are run here first.
class StepRunner {
 public:
  explicit StepRunner(uint32_t orders) : pool_({.capacity = orders}), book_(&pool_) {}

  // False if the step has no effect any more.
  bool Run(const flow::FlowStep& step, FlowCommand* command) {
    const OrderId id{step.order};
    const OrderHandle handle = pool_.Find(id);
    *command = {.kind = FlowKind::kSubmit,
                .instrument = 0,
                .order = {.id = id,
                          .owner = OrderOwner{Raw(step.account)},
                          .price = step.price,
                          .quantity = step.quantity,
                          .side = step.side}};
    NullListener listener;
    switch (step.action) {
      case flow::FlowAction::kNew:
        book_.Submit(command->order, listener);
        totals_[id] = step.quantity;
        return true;
      case flow::FlowAction::kCancel:
        command->kind = FlowKind::kCancel;
        if (handle != kNoOrder) {
          book_.Cancel(handle);
        }
        return true;
      case flow::FlowAction::kReplace:
        break;
    }
    if (handle == kNoOrder) {
      return false;
    }
    command->kind = FlowKind::kReplace;
    command->total = step.quantity;
    command->order.quantity = step.quantity - (totals_[id] - pool_.leaves(handle));
    if (command->order.quantity.value <= 0) {
      return false;
    }
    book_.Replace(handle, step.price, command->order.quantity, listener);
    totals_[id] = step.quantity;
    return true;
  }

 private:
  OrderPool pool_;
  OrderBook book_;
  std::map<OrderId, QuantityLots> totals_;
};

}  // namespace

absl::StatusOr<OrderFlow> MakeRecordedFlow() {
  ASSIGN_OR_RETURN(const std::vector<flow::RecordedRow> rows, flow::ReadRows(TALLY_RECORDED_FLOW));
  ASSIGN_OR_RETURN(const flow::Flow recorded, flow::BuildFlow(rows, {}));
  OrderFlow result{
      .warm_up = {}, .commands = {}, .instruments = 1, .open_orders_max = recorded.orders};
  StepRunner runner(recorded.orders);
  for (const flow::FlowStep& step : recorded.steps) {
    FlowCommand command{};
    if (runner.Run(step, &command)) {
      (step.seed ? result.warm_up : result.commands).push_back(command);
    }
  }
  return result;
}

}  // namespace tally
