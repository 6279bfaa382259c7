#include "gateway/fix/order_decoder.h"

#include <limits>

#include "gateway/fix/values.h"

namespace tally::gateway::fix {
namespace {

// OrdRejReason (103).
constexpr int kOtherOrderFault = 99;
constexpr int kUnsupportedByUs = 11;
constexpr int kBadQuantity = 13;

// Reads the fields of one order; the first fault stays.
class OrderReader {
 public:
  OrderReader(const Message& message, const FixInstrument& instrument, DecodedOrder* out)
      : message_(message), instrument_(instrument), out_(out), order_(out->order) {}

  void Read(const OrderDefaults& defaults) {
    order_.side = message_.Get(tag::kSide) == "1" ? Side::kBuy : Side::kSell;
    order_.self_trade_prevention = defaults.self_trade_prevention;
    if (const auto mode = message_.Find(tag::kSelfTradePreventionMode); mode.has_value()) {
      order_.self_trade_prevention = static_cast<SelfTradePrevention>((*mode)[0] - '0');
    }
    ReadType();
    ReadTimeInForce();
    ReadInstructions();
    ReadQuantities();
    ReadPrices(defaults);
    ReadPeg();
    ReadNumber(tag::kMarketMakerGroup, &order_.maker_group);
    ReadNumber(tag::kAlgorithmID, &order_.algorithm_id);
  }

 private:
  void Refuse(int reason, std::string_view text) {
    if (out_->refusal.empty()) {
      out_->reason = reason;
      out_->refusal = text;
    }
  }

  template <typename Number>
  void ReadNumber(int32_t tag, Number* number) {
    if (const auto text = message_.Find(tag); text.has_value() && !ParseNumber(*text, number)) {
      Refuse(kOtherOrderFault, "BAD_NUMBER");
    }
  }

  void ReadType() {
    switch (message_.Get(tag::kOrdType)[0]) {
      case '1':
        order_.type = OrderType::kMarket;
        return;
      case '2':
        order_.type = OrderType::kLimit;
        return;
      case '3':
        order_.type = OrderType::kStop;
        break;
      case '4':
        order_.type = OrderType::kStopLimit;
        break;
      default:
        order_.type = OrderType::kPegged;
        return;
    }
    ReadTrigger();
  }

  void ReadTrigger() {
    order_.trigger = message_.Get(tag::kTriggerSource) == "2" ? TriggerSource::kBestPrice
                                                              : TriggerSource::kLastTrade;
  }

  void ReadTimeInForce() {
    // A market order never rests, so it is IOC where FIX would have it DAY.
    const char standard = order_.type == OrderType::kMarket ? '3' : '0';
    out_->time_in_force =
        message_.Find(tag::kTimeInForce).value_or(std::string_view(&standard, 1))[0];
    switch (out_->time_in_force) {
      case '0':
        order_.time_in_force = TimeInForce::kDay;
        break;
      case '1':
        order_.time_in_force = TimeInForce::kGtc;
        break;
      case '2':
        order_.time_in_force = TimeInForce::kAtTheOpen;
        break;
      case '3':
        order_.time_in_force = TimeInForce::kIoc;
        break;
      case '4':
        order_.time_in_force = TimeInForce::kFok;
        break;
      case '6':
        order_.time_in_force = TimeInForce::kGtd;
        break;
      default:
        order_.time_in_force = TimeInForce::kAtTheClose;
    }
    const auto expires = message_.Find(tag::kExpireTime);
    if (expires.has_value() != (order_.time_in_force == TimeInForce::kGtd)) {
      Refuse(kOtherOrderFault, "EXPIRE_TIME_GOES_WITH_GTD");
    } else if (expires.has_value()) {
      order_.expire_time_ns = *ParseUtcTimestamp(*expires);
    }
  }

  // ExecInst, one character each.
  void ReadInstructions() {
    for (const char c : message_.Get(tag::kExecInst)) {
      switch (c) {
        case '6':
          Set(kOrderFlagPostOnly);
          break;
        case 'G':
          Set(kOrderFlagAllOrNone);
          break;
        case 'R':
          order_.peg = PegReference::kPrimary;
          break;
        case 'P':
          order_.peg = PegReference::kMarket;
          break;
        case 'M':
          order_.peg = PegReference::kMid;
          break;
        case 'a':
          order_.type = OrderType::kTrailingStop;
          order_.trail_unit = TrailUnit::kTicks;
          ReadTrigger();
          break;
        default:  // Spaces; the dictionary lets nothing else through.
          break;
      }
    }
    if (message_.IsYes(tag::kPostOnlySlide)) {
      Set(kOrderFlagSlide);
    }
    if (message_.IsYes(tag::kReduceOnly)) {
      Set(kOrderFlagReduceOnly);
    }
  }

  void Set(uint8_t flag) { order_.flags = static_cast<uint8_t>(order_.flags | flag); }

  void ReadQuantities() {
    const auto read = [&](int32_t tag, QuantityLots* lots) {
      const auto text = message_.Find(tag);
      if (!text.has_value()) {
        return;
      }
      const auto value = instrument_.Lots(*text);
      if (!value.has_value() || *value < 0) {
        Refuse(kBadQuantity, "QUANTITY_IS_NO_WHOLE_NUMBER_OF_LOTS");
      } else {
        lots->value = *value;
      }
    };
    if (message_.Find(tag::kCashOrderQty).has_value()) {
      Refuse(kUnsupportedByUs, "CASH_ORDER_QTY_IS_NOT_SUPPORTED");
    }
    if (!message_.Find(tag::kOrderQty).has_value()) {
      Refuse(kBadQuantity, "ORDER_QTY_MISSING");
    }
    read(tag::kOrderQty, &order_.quantity);
    read(tag::kMinQty, &order_.min_quantity);
    read(tag::kMaxFloor, &order_.display_quantity);
    if (message_.Find(tag::kMaxFloor).has_value() && order_.display_quantity.value == 0) {
      Set(kOrderFlagHidden);
    }
  }

  void ReadPrices(const OrderDefaults& defaults) {
    const auto read = [&](int32_t tag, PriceTicks* ticks) {
      const auto text = message_.Find(tag);
      if (!text.has_value()) {
        return;
      }
      const auto value = instrument_.Ticks(*text);
      if (!value.has_value()) {
        Refuse(kOtherOrderFault, "PRICE_IS_NO_WHOLE_NUMBER_OF_TICKS");
      } else {
        ticks->value = *value;
      }
    };
    read(tag::kPrice, &order_.price);
    read(tag::kStopPx, &order_.stop_price);
    const bool priced = message_.Find(tag::kPrice).has_value();
    if (!priced && (order_.type == OrderType::kLimit || order_.type == OrderType::kStopLimit)) {
      Refuse(kOtherOrderFault, "PRICE_MISSING");
    }
    if (!message_.Find(tag::kStopPx).has_value() &&
        (order_.type == OrderType::kStop || order_.type == OrderType::kStopLimit)) {
      Refuse(kOtherOrderFault, "STOP_PX_MISSING");
    }
    ReadNumber(tag::kSlippageTicks, &order_.slippage_ticks);
    const bool takes_slippage = order_.type == OrderType::kMarket ||
                                order_.type == OrderType::kStop ||
                                order_.type == OrderType::kTrailingStop;
    if (!priced && takes_slippage && order_.slippage_ticks == 0) {
      order_.slippage_ticks = defaults.slippage_ticks;
    }
  }

  void ReadPeg() {
    if (order_.type == OrderType::kPegged && order_.peg == PegReference::kNone) {
      Refuse(kOtherOrderFault, "EXEC_INST_MUST_SAY_THE_PEG");
    }
    const auto text = message_.Find(tag::kPegOffsetValue);
    const char unit = message_.Find(tag::kPegOffsetType).value_or("0")[0];
    if (unit == '1') {
      if (order_.type != OrderType::kTrailingStop) {
        Refuse(kUnsupportedByUs, "BASIS_POINTS_ARE_FOR_TRAILING_STOPS");
      }
      order_.trail_unit = TrailUnit::kBasisPoints;
    }
    if (!text.has_value()) {
      return;
    }
    const auto offset = unit == '0' ? instrument_.Ticks(*text) : WholeNumber(*text);
    if (!offset.has_value() || *offset > std::numeric_limits<int32_t>::max() ||
        *offset < std::numeric_limits<int32_t>::min()) {
      Refuse(kOtherOrderFault, unit == '1' ? "PEG_OFFSET_IS_NO_WHOLE_NUMBER_OF_BASIS_POINTS"
                                           : "PEG_OFFSET_IS_NO_WHOLE_NUMBER_OF_TICKS");
    } else {
      order_.offset = static_cast<int32_t>(*offset);
    }
  }

  static std::optional<int64_t> WholeNumber(std::string_view text) {
    const auto decimal = ParseFixDecimal(text);
    return decimal.has_value() && decimal->scale == 0 ? std::optional(decimal->mantissa)
                                                      : std::nullopt;
  }

  const Message& message_;
  const FixInstrument& instrument_;
  DecodedOrder* const out_;
  NewOrderCommand& order_;
};

}  // namespace

DecodedOrder DecodeNewOrder(const Message& message, const FixInstrument& instrument,
                            const OrderDefaults& defaults) {
  DecodedOrder decoded;
  OrderReader(message, instrument, &decoded).Read(defaults);
  return decoded;
}

DecodedReplace DecodeReplace(const Message& message, const FixInstrument& instrument) {
  DecodedReplace decoded;
  const auto read = [&](int32_t tag, bool price, int64_t* value) {
    const auto text = message.Find(tag);
    if (!text.has_value()) {
      return;
    }
    const auto units = price ? instrument.Ticks(*text) : instrument.Lots(*text);
    if (!units.has_value() || *units < 0) {
      decoded.refusal =
          price ? "PRICE_IS_NO_WHOLE_NUMBER_OF_TICKS" : "QUANTITY_IS_NO_WHOLE_NUMBER_OF_LOTS";
    } else {
      *value = *units;
    }
  };
  read(tag::kPrice, true, &decoded.replace.price.value);
  read(tag::kStopPx, true, &decoded.replace.stop_price.value);
  read(tag::kOrderQty, false, &decoded.replace.quantity.value);
  read(tag::kMaxFloor, false, &decoded.replace.display_quantity.value);
  return decoded;
}

}  // namespace tally::gateway::fix
