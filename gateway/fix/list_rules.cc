#include "gateway/fix/list_rules.h"

namespace tally::gateway::fix {
namespace {

bool IsStopOrder(const NewOrderCommand& order) {
  return order.type == OrderType::kStop || order.type == OrderType::kStopLimit ||
         order.type == OrderType::kTrailingStop;
}

std::string_view FaultOfOrder(const NewOrderCommand& order) {
  if (order.type != OrderType::kLimit && !IsStopOrder(order)) {
    return "LIST_TAKES_LIMIT_AND_STOP_ORDERS";
  }
  if (order.time_in_force != TimeInForce::kDay && order.time_in_force != TimeInForce::kGtc &&
      order.time_in_force != TimeInForce::kGtd) {
    return "LIST_TAKES_DAY_GTC_AND_GTD";
  }
  return order.min_quantity.value != 0 ? "LIST_TAKES_NO_MIN_QTY" : "";
}

// Of two orders of which one cancels the other.
std::string_view FaultOfPair(const NewOrderCommand& a, const NewOrderCommand& b) {
  if (IsStopOrder(a) || IsStopOrder(b)) {
    return "";
  }
  if (a.side == b.side) {
    return "OCO_NEEDS_A_STOP_ON_ONE_SIDE";
  }
  const bool crossed = a.side == Side::kBuy ? a.price >= b.price : b.price >= a.price;
  return crossed ? "OCO_ORDERS_CROSS" : "";
}

}  // namespace

Contingency ContingencyOf(std::string_view type, std::size_t count) {
  if (type == "1") {
    return count == 2 ? Contingency::kOco : Contingency::kNone;
  }
  return count == 2 ? Contingency::kOto : count == 3 ? Contingency::kOtoco : Contingency::kNone;
}

std::string_view FaultOfList(Contingency contingency, std::span<const NewOrderCommand> orders) {
  for (const NewOrderCommand& order : orders) {
    if (const std::string_view fault = FaultOfOrder(order); !fault.empty()) {
      return fault;
    }
  }
  switch (contingency) {
    case Contingency::kOco:
      return FaultOfPair(orders[0], orders[1]);
    case Contingency::kOtoco:
      return FaultOfPair(orders[1], orders[2]);
    case Contingency::kNone:
    case Contingency::kOto:
      return "";
  }
  return "";
}

}  // namespace tally::gateway::fix
