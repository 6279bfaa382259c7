#include "tests/crash/random_trader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "tests/support/venue_client.h"

namespace tally {
namespace {

constexpr std::size_t kRecentMax = 16;
constexpr std::size_t kOpenOrdersMax = 60;  // Above it cancels are more frequent.
constexpr std::size_t kClosedAskedFor = 3;
constexpr OrderId kNoSuchOrder{uint64_t{1} << 60};
constexpr int64_t kMidPrice = 10'000;
constexpr int64_t kPriceSpread = 25;
constexpr int64_t kQuantityMax = 40;

int64_t Between(std::mt19937_64& random, int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(random);
}

}  // namespace

RandomTrader::RandomTrader(uint16_t port, const TraderSpec& spec)
    : spec_(spec), view_(absl::StrCat("session ", spec.session_id, " of key ", spec.key_id)) {
  sdk::ClientOptions options = TestClientOptions(port, spec.key_id, spec.session_id);
  options.cancel_on_disconnect = spec.cancels_on_disconnect ? sdk::CancelOnDisconnect::kSession
                                                            : sdk::CancelOnDisconnect::kNone;
  options.cancel_grace_ms = spec.cancel_grace_ms;
  absl::StatusOr<std::unique_ptr<sdk::Client>> client = sdk::Client::Create(options, &view_);
  CHECK(client.ok());
  client_ = *std::move(client);
  CHECK(client_->Start().ok());
}

void RandomTrader::SendSome(std::mt19937_64& random, int64_t in_flight_max) {
  const auto target = static_cast<std::size_t>(Between(random, 0, in_flight_max));
  while (client_->unanswered() < target) {
    SendOne(random);
  }
}

void RandomTrader::SendOne(std::mt19937_64& random) {
  const std::size_t open = view_.open_orders().size();
  const int64_t dice = Between(random, 0, open > kOpenOrdersMax ? 199 : 999);
  absl::Status sent;
  if (dice < 5) {
    sent = MassCancel(random);
  } else if (dice < 120) {
    sent = Cancel(random);
  } else if (dice < 200) {
    sent = Replace(random);
  } else if (dice < 230) {
    sent = client_->QueryOrder(PickOrder(random)).status();
  } else if (dice < 240) {
    sent = client_->QueryAccount().status();
  } else {
    sent = NewOrder(random);
  }
  CHECK(sent.ok());
}

absl::Status RandomTrader::NewOrder(std::mt19937_64& random) {
  sdk::NewOrderRequest order;
  order.instrument = InstrumentId{static_cast<uint32_t>(Between(random, 1, 2))};
  order.side = Between(random, 0, 1) == 0 ? Side::kBuy : Side::kSell;
  order.price = {kMidPrice + Between(random, -kPriceSpread, kPriceSpread)};
  order.quantity = {Between(random, 1, kQuantityMax)};
  order.self_trade_prevention = static_cast<SelfTradePrevention>(Between(random, 1, 5));
  const int64_t kind = Between(random, 0, 99);
  if (kind < 15) {
    order.time_in_force = TimeInForce::kIoc;
  } else if (kind < 20) {
    order.time_in_force = TimeInForce::kFok;
  } else if (kind < 25) {
    order.time_in_force = TimeInForce::kIoc;
    order.type = OrderType::kMarket;
  } else if (kind < 35) {
    order.post_only = true;
  } else if (kind == 35) {
    order.quantity = {1'000'000};  // Refused: more than the account or the limits allow.
  }
  const absl::StatusOr<sdk::CommandTicket> ticket = client_->NewOrder(order);
  if (!ticket.ok()) {
    return ticket.status();
  }
  recent_.push_back(ticket->client_order_id);
  if (recent_.size() > kRecentMax) {
    recent_.pop_front();
  }
  return absl::OkStatus();
}

// An open order by its id, or one of the last ones sent by the client's.
sdk::OrderName RandomTrader::PickOrder(std::mt19937_64& random) const {
  const auto& open = view_.open_orders();
  if (!open.empty() && Between(random, 0, 2) != 0) {
    const auto step = Between(random, 0, static_cast<int64_t>(open.size()) - 1);
    return {.order_id = std::next(open.begin(), step)->first, .client_order_id = {}};
  }
  if (!recent_.empty()) {
    const auto index = Between(random, 0, static_cast<int64_t>(recent_.size()) - 1);
    return {.order_id = {}, .client_order_id = recent_[static_cast<std::size_t>(index)]};
  }
  return {.order_id = kNoSuchOrder, .client_order_id = {}};
}

absl::Status RandomTrader::Cancel(std::mt19937_64& random) {
  if (sibling_ != nullptr && Between(random, 0, 9) == 0) {
    return client_->Cancel(sibling_->PickOrder(random)).status();
  }
  return client_->Cancel(PickOrder(random)).status();
}

absl::Status RandomTrader::Replace(std::mt19937_64& random) {
  return client_
      ->Replace({.target = PickOrder(random),
                 .new_client_order_id = {},
                 .price = {kMidPrice + Between(random, -kPriceSpread, kPriceSpread)},
                 .quantity = {Between(random, 1, kQuantityMax)}})
      .status();
}

absl::Status RandomTrader::MassCancel(std::mt19937_64& random) {
  return client_
      ->MassCancel({.instrument = InstrumentId{static_cast<uint32_t>(Between(random, 0, 2))},
                    .scope = Between(random, 0, 3) == 0 ? sdk::MassCancelScope::kAccount
                                                        : sdk::MassCancelScope::kSession,
                    .buys = true,
                    .sells = Between(random, 0, 1) == 0})
      .status();
}

void RandomTrader::AskForState() {
  for (const auto& [id, order] : view_.open_orders()) {
    CHECK(client_->QueryOrder({.order_id = id, .client_order_id = {}}).ok());
  }
  const auto& closed = view_.closed_orders();
  for (std::size_t i = 0; i < std::min(kClosedAskedFor, closed.size()); ++i) {
    CHECK(client_->QueryOrder({.order_id = closed[closed.size() - 1 - i], .client_order_id = {}})
              .ok());
  }
  CHECK(client_->QueryAccount().ok());
}

}  // namespace tally
