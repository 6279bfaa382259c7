// Every two causes for which a new order can be refused, at once: the one that reject_reason.h
// lists first is the answer. docs/semantics/README.md.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/core/test_venue.h"

namespace tally {
namespace {

using R = RejectReason;

// What a cause says of the order, and what it cannot be together with.
enum Trait : uint32_t {
  kStopType = 1,
  kPegType = 2,
  kMarketType = 4,
  kTif = 8,
  kImmediate = 16,
  kAtOpen = 32,
  kPrice = 64,
  kQuantity = 128,
  kGroup = 256,
  kMaker = 512,
  kName = 1024,
  kMinimum = 2048,
  kHidden = 4096,
  kDisplay = 8192,
  kPostOnly = 16384,
  kSigned = 32768,
  kBand = 65536,
  kPhase = 131072,
};
constexpr uint32_t kOtherTypes = kStopType | kPegType | kMarketType;

// How the venue is made before the order comes; what several causes want of it adds up.
struct Setting {
  DefineAccountCommand alice{};
  DefineRulesCommand rules{};
  TradingPhase phase = TradingPhase::kContinuous;
  int64_t reference_price = 0;
  bool kill_switch = false;
  bool trip = false;
  bool fill_account = false;
  bool fill_groups = false;
};

struct Cause {
  R reason;
  uint32_t is;
  uint32_t not_with;  // Of another cause, besides what this one is itself.
  std::function<void(Setting&)> make;
  std::function<void(Command&)> change;
};

void NoSetting(Setting&) {}
void NoChange(Command&) {}

// In the order of reject_reason.h. What needs a signed order is in signed_orders_test.cc.
const std::vector<Cause>& Causes() {
  static const std::vector<Cause> causes = {
      {R::kUnknownAccount, 0, 0, NoSetting, [](Command& c) { c.account = AccountId{7}; }},
      {R::kAccountDisabled, 0, 0, [](Setting& s) { s.alice.enabled = 0; }, NoChange},
      {R::kUnknownInstrument, 0, 0, NoSetting, [](Command& c) { c.instrument = InstrumentId{2}; }},
      {R::kKillSwitch, 0, 0, [](Setting& s) { s.kill_switch = true; }, NoChange},
      {R::kMarketHalted, kPhase, 0, [](Setting& s) { s.phase = TradingPhase::kHalt; }, NoChange},
      {R::kUnsupported, 0, 0, NoSetting, [](Command& c) { c.new_order.flags |= 128; }},
      {R::kBadTimeInForce, kTif, 0, NoSetting,
       [](Command& c) { c.new_order.time_in_force = TimeInForce{5}; }},
      {R::kPhaseForbids, kTif | kAtOpen, kOtherTypes | kHidden | kDisplay | kMinimum | kPostOnly,
       NoSetting, [](Command& c) { c.new_order.time_in_force = TimeInForce::kAtTheOpen; }},
      {R::kBadSignature, kSigned, 0, NoSetting,
       [](Command& c) { c.flags = kCommandFlagSignatureBad; }},
      {R::kSignatureRequired, 0, kSigned, [](Setting& s) { s.alice.must_sign = 1; }, NoChange},
      {R::kHiddenNotAllowed, kHidden, kDisplay | kPegType | kMarketType | kImmediate, NoSetting,
       [](Command& c) { c.new_order.flags |= kOrderFlagHidden; }},
      {R::kReduceOnly, 0, 0, NoSetting,
       [](Command& c) { c.new_order.flags |= kOrderFlagReduceOnly; }},
      {R::kBadDisplayQuantity, kDisplay, kPegType | kMarketType | kImmediate, NoSetting,
       [](Command& c) { c.new_order.display_quantity = {10'001}; }},
      {R::kBadMinQuantity, kMinimum, kOtherTypes | kPostOnly | kImmediate, NoSetting,
       [](Command& c) { c.new_order.min_quantity = {10'001}; }},
      {R::kBadStopPrice, kStopType, kOtherTypes | kImmediate | kPostOnly, NoSetting,
       [](Command& c) { c.new_order.type = OrderType::kStopLimit; }},
      {R::kBadPeg, kPegType, kOtherTypes | kImmediate | kPostOnly,
       [](Setting& s) { s.rules.flags = kRulesFlagHidden; },
       [](Command& c) { c.new_order.type = OrderType::kPegged; }},
      {R::kBadExpireTime, kTif, kMarketType, NoSetting,
       [](Command& c) {
         c.new_order.time_in_force = TimeInForce::kGtd;
         c.new_order.expire_time_ns = 1;
       }},
      {R::kBadGroup, kGroup, 0, NoSetting,
       [](Command& c) {
         c.new_order.contingency = Contingency::kOco;
         c.new_order.group_id = 5;
         c.new_order.group_leg = 2;
       }},
      {R::kUnknownMakerGroup, kMaker, 0, NoSetting,
       [](Command& c) { c.new_order.maker_group = 9; }},
      {R::kDuplicateClientOrderId, kName, 0, NoSetting,
       [](Command& c) { c.new_order.client_order_id = ClientOrderId{1}; }},
      {R::kClientOrderIdNotIncreasing, kName, 0, NoSetting,
       [](Command& c) { c.new_order.client_order_id = ClientOrderId{2}; }},
      {R::kBadTick, kPrice, 0, NoSetting, [](Command& c) { c.new_order.price = {0}; }},
      {R::kBadLot, kQuantity, 0, NoSetting, [](Command& c) { c.new_order.quantity = {0}; }},
      {R::kMinNotional, kPrice | kQuantity, 0, NoSetting,
       [](Command& c) {
         c.new_order.price = {1};
         c.new_order.quantity = {9};
       }},
      {R::kMaxNotional, kPrice | kQuantity, 0, NoSetting,
       [](Command& c) {
         c.new_order.price = {10'001};
         c.new_order.quantity = {10'000};
       }},
      {R::kNoReferencePrice, kMarketType | kTif | kImmediate | kPrice,
       kOtherTypes | kSigned | kHidden | kDisplay | kMinimum | kPostOnly, NoSetting,
       [](Command& c) {
         c.new_order.type = OrderType::kMarket;
         c.new_order.time_in_force = TimeInForce::kIoc;
         c.new_order.price = {};
         c.new_order.slippage_ticks = 5;
         c.new_order.side = Side::kSell;
       }},
      {R::kFatFinger, 0, 0, [](Setting& s) { s.rules.order_quantity_max = {5}; }, NoChange},
      {R::kPriceBand, kBand, kMarketType,
       [](Setting& s) {
         s.rules.static_band_bp = 100;
         s.reference_price = 3'000;
       },
       NoChange},
      {R::kProtectionTripped, kMaker, 0, [](Setting& s) { s.trip = true; },
       [](Command& c) { c.new_order.maker_group = 1; }},
      {R::kMaxOpenOrders, 0, kImmediate, [](Setting& s) { s.fill_account = true; }, NoChange},
      {R::kCapacity, kGroup, kImmediate | kMinimum, [](Setting& s) { s.fill_groups = true; },
       [](Command& c) {
         c.new_order.contingency = Contingency::kOco;
         c.new_order.group_id = 78;
         c.new_order.group_leg = 1;
       }},
      {R::kInsufficientBalance, kPrice | kQuantity, 0, NoSetting,
       [](Command& c) {
         c.new_order.price = {10'000};
         c.new_order.quantity = {10'000};
       }},
      {R::kPostOnlyWouldCross, kPostOnly | kPrice, kOtherTypes | kMinimum | kImmediate | kGroup,
       NoSetting,
       [](Command& c) {
         c.new_order.flags |= kOrderFlagPostOnly;
         c.new_order.price = {5'000};
       }},
      {R::kFokUnfillable, kTif | kImmediate | kPrice | kQuantity,
       kStopType | kPegType | kHidden | kDisplay | kMinimum | kPostOnly, NoSetting,
       [](Command& c) {
         c.new_order.time_in_force = TimeInForce::kFok;
         c.new_order.price = {5'000};
         c.new_order.quantity = {11};
       }},
      {R::kMinQuantityUnfillable, kMinimum, kOtherTypes | kPostOnly | kQuantity, NoSetting,
       [](Command& c) { c.new_order.min_quantity = {10}; }},
      {R::kMarketNoLiquidity, kMarketType | kTif | kImmediate,
       kOtherTypes | kHidden | kDisplay | kMinimum | kPostOnly, NoSetting,
       [](Command& c) {
         c.new_order.type = OrderType::kMarket;
         c.new_order.time_in_force = TimeInForce::kIoc;
       }},
  };
  return causes;
}

CoreLimits FewGroups() {
  CoreLimits limits = SmallLimits();
  limits.order_groups = 1;
  return limits;
}

class PrecedenceTest : public ::testing::Test {
 protected:
  // Alice: client order id 3 is her last, 2 was canceled, 1 is open. Nobody buys.
  void Make(const Setting& setting) {
    venue = std::make_unique<TestVenue>(FewGroups());
    venue->SetUp();
    venue->Order(venue->bob, Side::kSell, 5'000, 10);
    venue->Order(venue->alice, Side::kSell, 9'000, 10);
    venue->Cancel(venue->alice, venue->Order(venue->alice, Side::kSell, 9'000, 10));
    venue->Cancel(venue->alice, venue->Order(venue->alice, Side::kSell, 9'000, 10));
    if (setting.trip) {
      Trip();
    }
    if (setting.fill_groups) {
      Command leg = venue->OrderCommand(venue->alice, Side::kSell, 9'000, 10);
      leg.new_order.contingency = Contingency::kOco;
      leg.new_order.group_id = 77;
      leg.new_order.group_leg = 1;
      venue->Send(leg);
    }
    if (setting.fill_account) {
      while (venue->Order(venue->alice, Side::kSell, 9'000, 10) != OrderId{}) {
      }
    }
    Send(CommandType::kDefineRules, [&](Command& c) { c.define_rules = setting.rules; });
    Send(CommandType::kSetPhase, [&](Command& c) {
      c.set_phase.phase = setting.phase;
      c.set_phase.reference_price = {setting.reference_price};
    });
    Send(CommandType::kDefineAccount, [&](Command& c) { c.define_account = setting.alice; });
    if (setting.kill_switch) {
      Send(CommandType::kKillSwitch, [](Command& c) {
        c.kill_switch = {.scope = KillScope::kAccount, .engaged = 1, .reserved = {}, .session = {}};
      });
    }
  }

  void Send(CommandType type, const std::function<void(Command&)>& change) {
    Command command = MakeCommand(type);
    command.instrument = kBtcUsd;
    command.account = kAlice;
    change(command);
    venue->Send(command);
    ASSERT_EQ(venue->reject_reason(), R::kNone);
  }

  void Trip() {
    Send(CommandType::kDefineProtection, [](Command& c) {
      c.define_protection = {.window_ns = 1'000,
                             .quantity_max = {},
                             .delta_max = {},
                             .count_max = 1,
                             .maker_group = 1,
                             .reserved = {}};
    });
    Command order = venue->OrderCommand(venue->alice, Side::kBuy, 5'000, 1);
    order.new_order.maker_group = 1;
    venue->Send(order);
    ASSERT_NE(venue->FindEvent(EventType::kProtectionTripped), nullptr);
  }

  // The answer to an order with both causes.
  R Answer(const Cause& one, const Cause& other) {
    Setting setting;
    setting.alice = {.owner = venue == nullptr ? std::array<uint8_t, 20>{} : owner,
                     .enabled = 1,
                     .fee_class = 0,
                     .must_sign = 0,
                     .reserved = {},
                     .owner_group = 0};
    one.make(setting);
    other.make(setting);
    Make(setting);
    Command command = venue->OrderCommand(venue->alice, Side::kBuy, 1'000, 10);
    other.change(command);
    one.change(command);
    venue->Send(command);
    return venue->reject_reason();
  }

  std::unique_ptr<TestVenue> venue;
  std::array<uint8_t, 20> owner{};
};

TEST_F(PrecedenceTest, OfTwoCausesTheOneThatIsListedFirstIsTheAnswer) {
  TestVenue plain(SmallLimits());
  plain.SetUp();
  owner = plain.core.accounts().Find(kAlice)->owner;
  venue = std::make_unique<TestVenue>(FewGroups());
  std::size_t pairs = 0;
  for (std::size_t i = 0; i < Causes().size(); ++i) {
    const Cause& first = Causes()[i];
    for (std::size_t j = i; j < Causes().size(); ++j) {
      const Cause& second = Causes()[j];
      const bool apart =
          (first.is & (second.is | second.not_with)) == 0 && (second.is & first.not_with) == 0;
      if (i == j || apart) {
        EXPECT_EQ(RejectReasonName(Answer(first, second)), RejectReasonName(first.reason))
            << "with " << RejectReasonName(second.reason);
        ++pairs;
      }
    }
  }
  EXPECT_GT(pairs, 400u);
}

}  // namespace
}  // namespace tally
