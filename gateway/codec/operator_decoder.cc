#include <algorithm>

#include "gateway/codec/body_decoder.h"

namespace tally::gateway {

using wire::ErrorCode;

static_assert(static_cast<int>(wire::TradingPhase::BATCH_AUCTION) ==
              static_cast<int>(TradingPhase::kBatchAuction));
static_assert(static_cast<int>(wire::KillScope::VENUE) == static_cast<int>(KillScope::kVenue));
static_assert(static_cast<int>(wire::RulesFlag::HIDDEN) == kRulesFlagHidden);
static_assert(static_cast<int>(wire::RulesFlag::BOOK_DELTA) == kRulesFlagBookDelta);
static_assert(static_cast<int>(wire::RulesFlag::BATCH_STOPS) == kRulesFlagBatchStops);
static_assert(static_cast<int>(wire::RulesFlag::HOLD_AUCTION) == kRulesFlagHoldAuction);

ErrorCode DecodeSetPhase(const wire::SetPhase& body, Command* command) {
  // `next` may be UNSET where there is no end.
  const wire::TradingPhase next_first =
      body.until_ns() == 0 ? wire::TradingPhase::UNSET : wire::TradingPhase::PRE_OPEN;
  if (!InRange(body.phase(), wire::TradingPhase::PRE_OPEN, wire::TradingPhase::BATCH_AUCTION) ||
      !InRange(body.next(), next_first, wire::TradingPhase::BATCH_AUCTION) ||
      !AllZero(body.reserved())) {
    return ErrorCode::BAD_VALUE;
  }
  *command = MakeCommand(CommandType::kSetPhase);
  command->instrument = InstrumentId{body.instrument()};
  command->set_phase = {.until_ns = body.until_ns(),
                        .reference_price = {body.reference_price()},
                        .phase = static_cast<TradingPhase>(body.phase()),
                        .next = static_cast<TradingPhase>(body.next()),
                        .flags = kSetPhaseFlagBounded,
                        .reserved = {}};
  return ErrorCode::OK;
}

ErrorCode DecodeDefineRules(const wire::DefineRules& body, Command* command) {
  if ((body.flags() & ~kRulesFlagsKnown) != 0) {
    return ErrorCode::BAD_VALUE;
  }
  *command = MakeCommand(CommandType::kDefineRules);
  command->instrument = InstrumentId{body.instrument()};
  command->define_rules = {.static_band_bp = body.static_band_bp(),
                           .dynamic_band_bp = body.dynamic_band_bp(),
                           .fat_finger_bp = body.fat_finger_bp(),
                           .breaker_bp = body.breaker_bp(),
                           .breaker_window_ns = body.breaker_window_ns(),
                           .breaker_halt_ns = body.breaker_halt_ns(),
                           .volatility_call_ns = body.volatility_call_ns(),
                           .batch_interval_ns = body.batch_interval_ns(),
                           .order_quantity_max = {body.order_quantity_max()},
                           .order_notional_max = {body.order_notional_max()},
                           .flags = body.flags(),
                           .auction_extensions_max = body.auction_extensions_max(),
                           .auction_band_bp = body.auction_band_bp(),
                           .reserved = {}};
  return ErrorCode::OK;
}

ErrorCode DecodeDefineFees(const wire::DefineFees& body, Command* command) {
  if (body.remove() > 1 || !AllZero(body.reserved())) {
    return ErrorCode::BAD_VALUE;
  }
  *command = MakeCommand(CommandType::kDefineFees);
  command->instrument = InstrumentId{body.instrument()};
  command->define_fees = {.minimum_fee = {body.minimum_fee()},
                          .maker_fee_hundredths_bp = body.maker_fee_hundredths_bp(),
                          .taker_fee_hundredths_bp = body.taker_fee_hundredths_bp(),
                          .fee_class = body.fee_class(),
                          .remove = body.remove(),
                          .reserved = {}};
  return ErrorCode::OK;
}

ErrorCode DecodeDefineAccount(const wire::DefineAccount& body, Command* command) {
  if (body.enabled() > 1 || body.must_sign() > 1 || body.reserved() != 0) {
    return ErrorCode::BAD_VALUE;
  }
  *command = MakeCommand(CommandType::kDefineAccount);
  command->account = AccountId{body.account()};
  std::copy(body.owner()->begin(), body.owner()->end(), command->define_account.owner.begin());
  command->define_account.enabled = body.enabled();
  command->define_account.fee_class = body.fee_class();
  command->define_account.must_sign = body.must_sign();
  command->define_account.owner_group = body.owner_group();
  return ErrorCode::OK;
}

ErrorCode DecodeDefineProtection(const wire::DefineProtection& body, Command* command) {
  if (!AllZero(body.reserved())) {
    return ErrorCode::BAD_VALUE;
  }
  *command = MakeCommand(CommandType::kDefineProtection);
  command->account = AccountId{body.account()};
  command->define_protection = {.window_ns = body.window_ns(),
                                .quantity_max = {body.quantity_max()},
                                .delta_max = {body.delta_max()},
                                .count_max = body.count_max(),
                                .maker_group = body.maker_group(),
                                .reserved = {}};
  return ErrorCode::OK;
}

ErrorCode DecodeDefineExposure(const wire::DefineExposure& body, Command* command) {
  if (body.remove() > 1 || !AllZero(body.reserved())) {
    return ErrorCode::BAD_VALUE;
  }
  *command = MakeCommand(CommandType::kDefineExposure);
  command->account = AccountId{body.account()};
  command->define_exposure = {.limit = {body.limit()},
                              .asset = AssetId{body.asset()},
                              .remove = body.remove(),
                              .reserved = {}};
  return ErrorCode::OK;
}

ErrorCode DecodeKillSwitch(const wire::KillSwitch& body, Command* command) {
  if (!InRange(body.scope(), wire::KillScope::ACCOUNT, wire::KillScope::VENUE) ||
      body.engaged() > 1 || !AllZero(body.reserved())) {
    return ErrorCode::BAD_VALUE;
  }
  *command = MakeCommand(CommandType::kKillSwitch);
  command->account = AccountId{body.account()};
  command->kill_switch = {.scope = static_cast<KillScope>(body.scope()),
                          .engaged = body.engaged(),
                          .reserved = {},
                          .session = {}};
  return ErrorCode::OK;
}

}  // namespace tally::gateway
