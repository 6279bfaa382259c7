#pragma once

// A test venue with verbs for phases and rules, already set up.

#include <cstdint>
#include <string>

#include "tests/engine/core/test_venue.h"

namespace tally {

struct PhaseOptions {
  int64_t until_ns = 0;
  TradingPhase next{};
  int64_t reference = 0;
  InstrumentId instrument = kBtcUsd;
  uint8_t flags = 0;
};

struct RuleOptions {
  uint32_t static_band_bp = 0;
  uint32_t dynamic_band_bp = 0;
  uint32_t fat_finger_bp = 0;
  uint32_t breaker_bp = 0;
  int64_t breaker_window_ns = 0;
  int64_t breaker_halt_ns = 0;
  int64_t volatility_call_ns = 0;
  int64_t batch_interval_ns = 0;
  int64_t order_quantity_max = 0;
  int64_t order_notional_max = 0;
  uint8_t flags = 0;
  uint8_t auction_extensions_max = 0;
  uint16_t auction_band_bp = 0;
};

struct PhaseVenue {
  explicit PhaseVenue(const CoreLimits& limits = SmallLimits()) : venue(limits) { venue.SetUp(); }

  void SetPhase(TradingPhase phase, const PhaseOptions& options = {}) {
    Command command = MakeCommand(CommandType::kSetPhase);
    command.instrument = options.instrument;
    command.set_phase = {.until_ns = options.until_ns,
                         .reference_price = {options.reference},
                         .phase = phase,
                         .next = options.next,
                         .flags = options.flags,
                         .reserved = {}};
    venue.Send(command);
  }

  void DefineRules(const RuleOptions& rules, InstrumentId instrument = kBtcUsd) {
    Command command = MakeCommand(CommandType::kDefineRules);
    command.instrument = instrument;
    command.define_rules = {.static_band_bp = rules.static_band_bp,
                            .dynamic_band_bp = rules.dynamic_band_bp,
                            .fat_finger_bp = rules.fat_finger_bp,
                            .breaker_bp = rules.breaker_bp,
                            .breaker_window_ns = rules.breaker_window_ns,
                            .breaker_halt_ns = rules.breaker_halt_ns,
                            .volatility_call_ns = rules.volatility_call_ns,
                            .batch_interval_ns = rules.batch_interval_ns,
                            .order_quantity_max = {rules.order_quantity_max},
                            .order_notional_max = {rules.order_notional_max},
                            .flags = rules.flags,
                            .auction_extensions_max = rules.auction_extensions_max,
                            .auction_band_bp = rules.auction_band_bp,
                            .reserved = {}};
    venue.Send(command);
  }

  void Timer(int64_t time_ns, bool bounded = false) {
    Command command = MakeCommand(CommandType::kTimer);
    command.timer.bounded = bounded ? 1 : 0;
    command.timestamp_ns = venue.time_ns = time_ns;
    venue.Send(command);
  }

  OrderId Buy(int64_t price, int64_t quantity, const OrderOptions& options = {}) {
    return venue.Order(venue.alice, Side::kBuy, price, quantity, options);
  }
  OrderId Sell(int64_t price, int64_t quantity, const OrderOptions& options = {}) {
    return venue.Order(venue.bob, Side::kSell, price, quantity, options);
  }

  // Of the trades of the last command: quantity@price.
  std::string Trades() const {
    std::string text;
    for (const Event& event : venue.events) {
      if (event.type == EventType::kTrade) {
        text += (text.empty() ? "" : " ") + std::to_string(event.trade.quantity.value) + "@" +
                std::to_string(event.trade.price.value);
      }
    }
    return text;
  }

  // The first kPhaseChanged of the last command; all zero if there is none.
  PhaseChangedEvent Changed() const {
    const Event* const event = venue.FindEvent(EventType::kPhaseChanged);
    return event == nullptr ? PhaseChangedEvent{} : event->phase_changed;
  }

  // Of the last command, if it published one: quantity@price, and +surplus of buyers or -surplus of
  // sellers.
  std::string Indicative() const {
    const Event* const event = venue.FindEvent(EventType::kIndicative);
    if (event == nullptr) {
      return "";
    }
    const IndicativeEvent& now = event->indicative;
    std::string text = std::to_string(now.quantity.value) + "@" + std::to_string(now.price.value);
    if (now.surplus_side != 0) {
      text += now.surplus_side == Raw(Side::kBuy) ? "+" : "-";
      text += std::to_string(now.surplus.value);
    }
    return text;
  }

  TestVenue venue;
};

}  // namespace tally
