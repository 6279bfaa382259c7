// Every combination of type, time in force and flags of an order, and the attributes beside them.

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "tests/engine/core/test_venue.h"

namespace tally {
namespace {

using R = RejectReason;

// What the reason would be, written as the documentation puts it: rules, not combinations.
R Expected(OrderType type, TimeInForce tif, uint8_t flags) {
  const bool rests =
      tif == TimeInForce::kGtc || tif == TimeInForce::kDay || tif == TimeInForce::kGtd;
  const bool limit = type == OrderType::kLimit;
  const auto has = [&](uint8_t flag) { return (flags & flag) != 0; };
  if (has(kOrderFlagSlide) && (!has(kOrderFlagPostOnly) || has(kOrderFlagHidden))) {
    return R::kUnsupported;
  }
  if (has(kOrderFlagPostOnly) && (!limit || !rests || has(kOrderFlagAllOrNone))) {
    return R::kUnsupported;
  }
  if (has(kOrderFlagHidden) && has(kOrderFlagAllOrNone)) {
    return R::kUnsupported;
  }
  const bool dark = has(kOrderFlagHidden) || has(kOrderFlagAllOrNone);
  if (dark && !(rests && (limit || type == OrderType::kStopLimit))) {
    return R::kUnsupported;
  }
  if (!limit && (type == OrderType::kMarket) == rests) {
    return R::kBadTimeInForce;
  }
  return R::kNone;
}

class OrderAttributesTest : public ::testing::Test {
 protected:
  OrderAttributesTest() { venue.SetUp(); }

  // A client order id that is used, so that an order that passes is refused for that.
  R ReasonOf(const std::function<void(NewOrderCommand&)>& change) {
    Command command = venue.OrderCommand(venue.alice, Side::kBuy, 1'000, 10);
    change(command.new_order);
    command.new_order.client_order_id = {};
    venue.Send(command);
    EXPECT_EQ(venue.events.size(), 1u);
    return venue.reject_reason();
  }

  TestVenue venue;
};

TEST_F(OrderAttributesTest, EveryCombinationOfTypeTimeInForceAndFlagsHasItsReason) {
  int meaningful = 0;
  for (uint8_t type = 1; type <= 2; ++type) {
    for (const int tif : {1, 2, 3, 4, 6, 7, 8}) {
      for (uint8_t flags = 0; flags <= kOrderFlagsKnown; ++flags) {
        SCOPED_TRACE(testing::Message()
                     << "type " << int{type} << " tif " << tif << " flags " << int{flags});
        const R reason = ReasonOf([&](NewOrderCommand& order) {
          order.type = OrderType{type};
          order.time_in_force = static_cast<TimeInForce>(tif);
          order.flags = flags;
          order.expire_time_ns = tif == 6 ? INT64_MAX : 0;
        });
        const R expected = Expected(OrderType{type}, static_cast<TimeInForce>(tif), flags);
        if (expected != R::kNone) {
          EXPECT_EQ(RejectReasonName(reason), RejectReasonName(expected));
          continue;
        }
        ++meaningful;
        EXPECT_NE(reason, R::kUnsupported);
        EXPECT_NE(reason, R::kBadTimeInForce);
      }
    }
  }
  EXPECT_EQ(meaningful, 52);
}

struct AttributeCase {
  const char* what;
  R reason;
  std::function<void(NewOrderCommand&)> change;
};

TEST_F(OrderAttributesTest, EachAttributeOutOfItsPlaceHasItsReason) {
  const AttributeCase cases[] = {
      {"trigger of a limit order", R::kUnsupported,
       [](NewOrderCommand& o) { o.trigger = TriggerSource::kLastTrade; }},
      {"stop price of a limit order", R::kUnsupported,
       [](NewOrderCommand& o) { o.stop_price = {5}; }},
      {"peg of a limit order", R::kUnsupported,
       [](NewOrderCommand& o) { o.peg = PegReference::kMid; }},
      {"trail unit of a limit order", R::kUnsupported,
       [](NewOrderCommand& o) { o.trail_unit = TrailUnit::kTicks; }},
      {"offset of a limit order", R::kUnsupported, [](NewOrderCommand& o) { o.offset = -1; }},
      {"slippage of a limit order", R::kUnsupported,
       [](NewOrderCommand& o) {
         o.slippage_ticks = 1;
         o.price = {};
       }},
      {"slippage and price", R::kUnsupported,
       [](NewOrderCommand& o) {
         o.type = OrderType::kMarket;
         o.time_in_force = TimeInForce::kIoc;
         o.slippage_ticks = 1;
       }},
      {"expire time of a GTC order", R::kUnsupported,
       [](NewOrderCommand& o) { o.expire_time_ns = INT64_MAX; }},
      {"group id without a contingency", R::kUnsupported,
       [](NewOrderCommand& o) { o.group_id = 1; }},
      {"leg without a contingency", R::kUnsupported, [](NewOrderCommand& o) { o.group_leg = 1; }},
      {"reserved byte", R::kUnsupported, [](NewOrderCommand& o) { o.reserved[3] = 1; }},
      {"unknown trigger", R::kUnsupported,
       [](NewOrderCommand& o) { o.trigger = TriggerSource{3}; }},
      {"unknown peg", R::kUnsupported, [](NewOrderCommand& o) { o.peg = PegReference{4}; }},
      {"unknown contingency", R::kUnsupported,
       [](NewOrderCommand& o) { o.contingency = Contingency{4}; }},
      {"hidden iceberg", R::kUnsupported,
       [](NewOrderCommand& o) {
         o.flags = kOrderFlagHidden;
         o.display_quantity = {1};
       }},
      {"iceberg IOC", R::kUnsupported,
       [](NewOrderCommand& o) {
         o.display_quantity = {1};
         o.time_in_force = TimeInForce::kIoc;
       }},
      {"minimum FOK", R::kUnsupported,
       [](NewOrderCommand& o) {
         o.min_quantity = {1};
         o.time_in_force = TimeInForce::kFok;
       }},
      {"post-only minimum", R::kUnsupported,
       [](NewOrderCommand& o) {
         o.min_quantity = {1};
         o.flags = kOrderFlagPostOnly;
       }},
      {"unknown time in force", R::kBadTimeInForce,
       [](NewOrderCommand& o) { o.time_in_force = TimeInForce{5}; }},
      {"hidden where it is not allowed", R::kHiddenNotAllowed,
       [](NewOrderCommand& o) { o.flags = kOrderFlagHidden; }},
      {"all-or-none where it is not allowed", R::kHiddenNotAllowed,
       [](NewOrderCommand& o) { o.flags = kOrderFlagAllOrNone; }},
      {"reduce-only", R::kReduceOnly, [](NewOrderCommand& o) { o.flags = kOrderFlagReduceOnly; }},
      {"displays more than it is", R::kBadDisplayQuantity,
       [](NewOrderCommand& o) { o.display_quantity = {11}; }},
      {"displays less than nothing", R::kBadDisplayQuantity,
       [](NewOrderCommand& o) { o.display_quantity = {-1}; }},
      {"too many parts", R::kBadDisplayQuantity,
       [](NewOrderCommand& o) {
         o.quantity = {101};
         o.display_quantity = {1};
       }},
      {"minimum above the quantity", R::kBadMinQuantity,
       [](NewOrderCommand& o) { o.min_quantity = {11}; }},
      {"minimum below nothing", R::kBadMinQuantity,
       [](NewOrderCommand& o) { o.min_quantity = {INT64_MIN}; }},
      {"GTD without a time", R::kBadExpireTime,
       [](NewOrderCommand& o) { o.time_in_force = TimeInForce::kGtd; }},
      {"reserved for the id", R::kClientOrderIdNotIncreasing, [](NewOrderCommand&) {}},
      {"an algorithm is no attribute", R::kClientOrderIdNotIncreasing,
       [](NewOrderCommand& o) { o.algorithm_id = 7; }},
  };
  for (const AttributeCase& row : cases) {
    EXPECT_EQ(RejectReasonName(ReasonOf(row.change)), RejectReasonName(row.reason)) << row.what;
  }
}

}  // namespace
}  // namespace tally
