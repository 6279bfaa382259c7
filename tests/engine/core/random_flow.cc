#include "tests/engine/core/random_flow.h"

#include <algorithm>
#include <cstdlib>

namespace tally {

uint64_t SeedOr(uint64_t seed) {
  const char* const text = std::getenv("TALLY_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : seed;
}

CoreLimits FlowLimits() {
  CoreLimits limits = SmallLimits();
  limits.open_orders = 100;
  limits.open_orders_per_account = 100;
  limits.state_hash_interval = 512;
  return limits;
}

DefineInstrumentCommand EthUsdTerms(uint64_t step) {
  DefineInstrumentCommand terms = BtcUsdTerms();
  terms.symbol = Symbol::From("ETH/USD");
  terms.base_asset = kEth;
  terms.tick_quanta = {7};
  terms.lot_quanta = {3};
  terms.notional_min = {0};
  terms.taker_fee_hundredths_bp = static_cast<int32_t>(step * 977 % 50'000);
  terms.maker_fee_hundredths_bp = static_cast<int32_t>(step * 1'301 % 50'000) - 25'000;
  terms.maker_fee_hundredths_bp =
      std::max(terms.maker_fee_hundredths_bp, -terms.taker_fee_hundredths_bp);
  return terms;
}

void SetUpFlow(TestVenue& venue) {
  venue.DefineAsset(kBtc, "BTC");
  venue.DefineAsset(kUsd, "USD");
  venue.DefineAsset(kEth, "ETH");
  for (uint32_t account : {1U, 2U, 3U, 4U, Raw(kFees)}) {
    venue.DefineAccount(AccountId{account});
  }
  DefineInstrumentCommand btc = BtcUsdTerms();
  btc.notional_min = {0};
  venue.DefineInstrument(kBtcUsd, btc);
  venue.DefineInstrument(kEthUsd, EthUsdTerms(0));
  for (uint32_t session = 0; session < 6; ++session) {
    venue.Open(AccountId{session % 4 + 1}, session);
  }
  for (uint32_t account = 1; account <= 4; ++account) {
    venue.Deposit(AccountId{account}, kBtc, 400'000);
    venue.Deposit(AccountId{account}, kEth, 1'200);
    venue.Deposit(AccountId{account}, kUsd, 400'000);
  }
}

OrderId RandomFlow::SomeOrder(const TestVenue& venue) {
  // Recent ids, most of them open; some filled, some never issued.
  const int64_t last = static_cast<int64_t>(Raw(venue.last_order_id));
  return OrderId{static_cast<uint64_t>(std::max<int64_t>(1, last - Uniform(-2, 60)))};
}

Command RandomFlow::NewOrder(TestVenue& venue, SessionIndex session) {
  const Side side = Uniform(0, 1) == 0 ? Side::kBuy : Side::kSell;
  const int64_t price = Uniform(95, 105) + (side == Side::kBuy ? -1 : 1);
  OrderOptions options;
  options.self_trade_prevention = SelfTradePrevention{static_cast<uint8_t>(Uniform(1, 5))};
  const int64_t kind = Uniform(0, 99);
  if (kind < 10) {
    options.time_in_force = TimeInForce::kIoc;
  } else if (kind < 16) {
    options.time_in_force = TimeInForce::kFok;
  } else if (kind < 22) {
    options.type = OrderType::kMarket;
    options.time_in_force = kind < 19 ? TimeInForce::kIoc : TimeInForce::kFok;
  } else if (kind < 32) {
    options.flags = kOrderFlagPostOnly;
  }
  Command command = venue.OrderCommand(session, side, price, Uniform(1, 30), options);
  command.instrument = Uniform(0, 2) == 0 ? kEthUsd : kBtcUsd;
  return command;
}

Command RandomFlow::Next(TestVenue& venue) {
  ++steps_;
  const SessionIndex session{static_cast<uint32_t>(Uniform(1, 6))};
  const int64_t kind = Uniform(0, 999);
  if (kind < 600) {
    return NewOrder(venue, session);
  }
  if (kind < 790) {
    Command command = venue.FromSession(session, CommandType::kCancelOrder);
    command.cancel_order.target.order_id = SomeOrder(venue);
    return command;
  }
  if (kind < 970) {
    Command command = venue.FromSession(session, CommandType::kReplaceOrder);
    const uint64_t last_id = Raw(venue.core.session(session)->last_client_order_id);
    command.replace_order = {.target = {.order_id = SomeOrder(venue), .client_order_id = {}},
                             .new_client_order_id = ClientOrderId{last_id + 1},
                             .price = {Uniform(95, 105)},
                             .quantity = {Uniform(1, 30)},
                             .display_quantity = {},
                             .stop_price = {}};
    return command;
  }
  if (kind < 976) {
    Command command = venue.FromSession(session, CommandType::kMassCancel);
    command.mass_cancel = {.scope = MassCancelScope::kSession,
                           .trigger = MassCancelTrigger::kRequest,
                           .side = 0,
                           .quotes_only = 0,
                           .maker_group = 0,
                           .reserved = {}};
    return command;
  }
  if (kind < 982) {
    Command command = MakeCommand(CommandType::kDefineInstrument);
    command.instrument = kEthUsd;
    command.define_instrument = EthUsdTerms(steps_);
    return command;
  }
  Command command = MakeCommand(kind < 992 ? CommandType::kDeposit : CommandType::kWithdraw);
  const core::ChainProgress& chain = venue.core.chains()[0];
  command.account = AccountId{static_cast<uint32_t>(Uniform(1, 4))};
  command.chain_transfer.index =
      (kind < 992 ? chain.last_deposit_index : chain.last_withdrawal_index) + 1;
  command.chain_transfer.chain_id = 1;
  command.chain_transfer.asset = AssetId{static_cast<uint16_t>(Uniform(0, 2))};
  command.chain_transfer.amount = {Uniform(1, 30'000)};
  return command;
}

}  // namespace tally
