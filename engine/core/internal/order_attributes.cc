#include "engine/core/internal/order_attributes.h"

namespace tally::core::internal {
namespace {

// Codecs check enums, but the journal is the input of the core: any byte must have an answer.
bool EnumsAreKnown(const NewOrderCommand& order) {
  return (order.side == Side::kBuy || order.side == Side::kSell) &&
         (order.type == OrderType::kLimit || order.type == OrderType::kMarket) &&
         order.self_trade_prevention >= SelfTradePrevention::kNone &&
         order.self_trade_prevention <= SelfTradePrevention::kDecrementAndCancel &&
         (order.flags & ~kOrderFlagPostOnly) == 0;
}

}  // namespace

RejectReason CheckAttributes(const NewOrderCommand& order) {
  if (!EnumsAreKnown(order)) {
    return RejectReason::kUnsupported;
  }
  const TimeInForce tif = order.time_in_force;
  const bool post_only = (order.flags & kOrderFlagPostOnly) != 0;
  if (post_only &&
      (order.type != OrderType::kLimit || tif == TimeInForce::kIoc || tif == TimeInForce::kFok)) {
    return RejectReason::kUnsupported;
  }
  if (tif != TimeInForce::kGtc && tif != TimeInForce::kIoc && tif != TimeInForce::kFok) {
    return RejectReason::kBadTimeInForce;
  }
  if (order.type == OrderType::kMarket && tif == TimeInForce::kGtc) {
    return RejectReason::kBadTimeInForce;
  }
  return RejectReason::kNone;
}

}  // namespace tally::core::internal
