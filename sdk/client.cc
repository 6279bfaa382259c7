#include "sdk/client.h"

#include <poll.h>
#include <utility>

#include "sdk/internal/session.h"

namespace tally::sdk {
namespace {

using wire::FrameBuilder;
using wire::MessageType;

absl::Status Check(const ClientOptions& options) {
  if (!options.key) {
    return absl::InvalidArgumentError("client options: a key is required");
  }
  if (options.session_id == 0 || options.port == 0) {
    return absl::InvalidArgumentError("client options: session_id and port must not be 0");
  }
  if (options.commands_unanswered_max == 0 || options.reconnect_ms_min == 0 ||
      options.reconnect_ms_max < options.reconnect_ms_min || options.logon_timeout_ms == 0) {
    return absl::InvalidArgumentError(
        "client options: limits and times must be positive, reconnect_ms_min <= _max");
  }
  return absl::OkStatus();
}

absl::Status Check(const NewOrderRequest& request) {
  if (request.side != Side::kBuy && request.side != Side::kSell) {
    return absl::InvalidArgumentError("an order is to buy or to sell");
  }
  return absl::OkStatus();
}

wire::ChainTransfer ToWire(const ChainTransfer& transfer) {
  constexpr std::array<uint8_t, 6> kReserved{};
  return {transfer.index,        transfer.chain_id,
          transfer.amount.value, flatbuffers::span<const uint8_t, 32>(transfer.transaction_hash),
          transfer.log_index,    Raw(transfer.account),
          Raw(transfer.asset),   flatbuffers::span<const uint8_t, 6>(kReserved)};
}

wire::Subscribe ToSubscription(InstrumentId instrument, bool book_top, bool trades) {
  const unsigned kinds = (book_top ? static_cast<unsigned>(wire::FeedKind::BBO) : 0u) |
                         (trades ? static_cast<unsigned>(wire::FeedKind::TRADES) : 0u);
  return {Raw(instrument), static_cast<uint8_t>(kinds)};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::Create(const ClientOptions& options,
                                                       Listener* listener) {
  if (absl::Status status = Check(options); !status.ok()) {
    return status;
  }
  absl::StatusOr<sockaddr_storage> address = internal::Resolve(options.host, options.port);
  if (!address.ok()) {
    return address.status();
  }
  auto session = std::make_unique<internal::Session>(options, *address, listener);
  return std::unique_ptr<Client>(new Client(std::move(session)));
}

Client::Client(std::unique_ptr<internal::Session> session) : session_(std::move(session)) {}
Client::~Client() = default;

absl::Status Client::Start() { return session_->Start(); }
void Client::Close(bool keep_orders) { session_->Close(keep_orders); }
void Client::DropConnection() { session_->Lose(absl::UnavailableError("dropped by the caller")); }

absl::StatusOr<CommandTicket> Client::NewOrder(const NewOrderRequest& request) {
  if (absl::Status status = Check(request); !status.ok()) {
    return status;
  }
  const absl::StatusOr<ClientOrderId> id = session_->TakeClientOrderId(request.client_order_id);
  if (!id.ok()) {
    return id.status();
  }
  const wire::NewOrder body(
      Raw(*id), request.price.value, request.quantity.value, Raw(request.instrument),
      static_cast<wire::Side>(request.side), static_cast<wire::OrderType>(request.type),
      static_cast<wire::TimeInForce>(request.time_in_force),
      static_cast<wire::SelfTradePrevention>(request.self_trade_prevention),
      request.post_only ? static_cast<uint8_t>(wire::OrderFlag::POST_ONLY) : uint8_t{0});
  return session_->Submit(MessageType::NEW_ORDER, &FrameBuilder::add_new_order, body, *id);
}

absl::StatusOr<CommandTicket> Client::Cancel(const OrderName& target) {
  return session_->Submit(MessageType::CANCEL, &FrameBuilder::add_cancel,
                          wire::Cancel(Raw(target.order_id), Raw(target.client_order_id)));
}

absl::StatusOr<CommandTicket> Client::Replace(const ReplaceRequest& request) {
  const absl::StatusOr<ClientOrderId> id = session_->TakeClientOrderId(request.new_client_order_id);
  if (!id.ok()) {
    return id.status();
  }
  const wire::Replace body(Raw(request.target.order_id), Raw(request.target.client_order_id),
                           Raw(*id), request.price.value, request.quantity.value);
  return session_->Submit(MessageType::REPLACE, &FrameBuilder::add_replace, body, *id);
}

absl::StatusOr<CommandTicket> Client::MassCancel(const MassCancelRequest& request) {
  if (!request.buys && !request.sells) {
    return absl::InvalidArgumentError("a mass cancel of neither side");
  }
  wire::Side side = wire::Side::NONE;
  if (request.buys != request.sells) {
    side = request.buys ? wire::Side::BUY : wire::Side::SELL;
  }
  const wire::MassCancel body(Raw(request.instrument),
                              static_cast<wire::MassCancelScope>(request.scope), side);
  return session_->Submit(MessageType::MASS_CANCEL, &FrameBuilder::add_mass_cancel, body);
}

absl::StatusOr<CommandTicket> Client::QueryOrder(const OrderName& target) {
  return session_->Submit(MessageType::ORDER_QUERY, &FrameBuilder::add_order_query,
                          wire::OrderQuery(Raw(target.order_id), Raw(target.client_order_id)));
}

absl::StatusOr<CommandTicket> Client::QueryAccount() {
  return session_->Submit(MessageType::ACCOUNT_QUERY, &FrameBuilder::add_account_query,
                          wire::AccountQuery(0));
}

absl::StatusOr<CommandTicket> Client::Deposit(const ChainTransfer& transfer) {
  return session_->Submit(MessageType::DEPOSIT, &FrameBuilder::add_deposit, ToWire(transfer));
}

absl::StatusOr<CommandTicket> Client::Withdraw(const ChainTransfer& transfer) {
  return session_->Submit(MessageType::WITHDRAW, &FrameBuilder::add_withdraw, ToWire(transfer));
}

absl::StatusOr<CommandTicket> Client::BatchSettled(const SettledBatch& batch) {
  const wire::BatchSettled body(batch.batch_id, Raw(batch.last_event), batch.block_number,
                                flatbuffers::span<const uint8_t, 32>(batch.transaction_hash));
  return session_->Submit(MessageType::BATCH_SETTLED, &FrameBuilder::add_batch_settled, body);
}

absl::Status Client::Subscribe(InstrumentId instrument, bool book_top, bool trades) {
  return session_->Subscribe(ToSubscription(instrument, book_top, trades), /*on=*/true);
}

absl::Status Client::Unsubscribe(InstrumentId instrument, bool book_top, bool trades) {
  return session_->Subscribe(ToSubscription(instrument, book_top, trades), /*on=*/false);
}

std::size_t Client::Poll() { return session_->Poll(); }

std::size_t Client::WaitAndPoll(int timeout_ms) {
  const std::size_t handled = session_->Poll();
  if (handled > 0) {
    return handled;
  }
  pollfd waiting{session_->fd(), POLLIN, 0};
  if (session_->wants_write()) {
    waiting.events |= POLLOUT;
  }
  // A negative descriptor is ignored: then this only sleeps until the next attempt to connect.
  poll(&waiting, 1, session_->SleepMs(timeout_ms));
  return session_->Poll();
}

int Client::fd() const { return session_->fd(); }
bool Client::wants_write() const { return session_->wants_write(); }
ClientState Client::state() const { return session_->state(); }
absl::Status Client::status() const { return session_->status(); }
const ClientStats& Client::stats() const { return session_->stats(); }
std::size_t Client::unanswered() const { return session_->unanswered(); }
AccountId Client::account() const { return session_->account(); }
uint64_t Client::next_report_sequence() const { return session_->next_report(); }

}  // namespace tally::sdk
