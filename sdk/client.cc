#include "sdk/client.h"

#include <poll.h>
#include <utility>

#include "sdk/internal/request_codec.h"
#include "sdk/internal/session.h"

namespace tally::sdk {
namespace {

using wire::FrameBuilder;
using wire::MessageType;

absl::Status Check(const ClientOptions& options) {
  if (!options.key) {
    return absl::InvalidArgumentError("client options: a key is required");
  }
  if (options.signing.has_value() &&
      (options.signing->key == nullptr || options.commands_unanswered_max < 2)) {
    return absl::InvalidArgumentError(
        "client options: signing needs a key, and room for two commands");
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

internal::SignedTerms TermsOf(const NewOrderRequest& order, ClientOrderId id = {}) {
  return {.client_order_id = id,
          .instrument = order.instrument,
          .side = order.side,
          .price = order.price,
          .quantity = order.quantity};
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
  absl::Status possible = internal::Check(request);
  possible.Update(session_->CanSign(TermsOf(request)));
  if (!possible.ok()) {
    return possible;
  }
  const absl::StatusOr<ClientOrderId> id =
      session_->TakeClientOrderId(request.client_order_id, session_->commands_per_order());
  if (!id.ok()) {
    return id.status();
  }
  if (absl::Status status = session_->SubmitSignature(TermsOf(request, *id)); !status.ok()) {
    return status;
  }
  return internal::IsPlain(request)
             ? session_->Submit(MessageType::NEW_ORDER, &FrameBuilder::add_new_order,
                                internal::ToPlainWire(request, *id), *id)
             : session_->Submit(MessageType::NEW_ORDER_FULL, &FrameBuilder::add_new_order_full,
                                internal::ToWire(request, *id), *id);
}

absl::StatusOr<std::vector<CommandTicket>> Client::NewGroup(Contingency contingency,
                                                            std::span<const NewOrderRequest> legs) {
  const std::size_t expected = contingency == Contingency::kOtoco ? 3 : 2;
  if (contingency == Contingency::kNone || legs.size() != expected) {
    return absl::InvalidArgumentError("an OCO or OTO has two legs, an OTOCO has three");
  }
  absl::Status possible = session_->CanSubmit(legs.size() * session_->commands_per_order());
  for (const NewOrderRequest& leg : legs) {
    possible.Update(internal::Check(leg));
    possible.Update(session_->CanSign(TermsOf(leg)));
    possible.Update(internal::CheckUnnamed(leg.client_order_id));
  }
  if (!possible.ok()) {
    return possible;
  }
  std::vector<CommandTicket> tickets;
  uint32_t group_id = 0;
  for (const NewOrderRequest& leg : legs) {
    NewOrderRequest request = leg;
    const absl::StatusOr<ClientOrderId> id =
        session_->TakeClientOrderId({}, session_->commands_per_order());
    if (!id.ok()) {
      return id.status();
    }
    if (group_id == 0) {
      group_id = static_cast<uint32_t>((Raw(*id) - 1) % UINT32_MAX) + 1;
    }
    request.contingency = contingency;
    request.group_id = group_id;
    request.group_leg = static_cast<uint8_t>(tickets.size() + 1);
    if (absl::Status status = session_->SubmitSignature(TermsOf(request, *id)); !status.ok()) {
      return status;
    }
    const absl::StatusOr<CommandTicket> ticket =
        session_->Submit(MessageType::NEW_ORDER_FULL, &FrameBuilder::add_new_order_full,
                         internal::ToWire(request, *id), *id);
    if (!ticket.ok()) {
      return ticket.status();
    }
    tickets.push_back(*ticket);
  }
  return tickets;
}

absl::StatusOr<CommandTicket> Client::Quote(const QuoteRequest& request) {
  const absl::StatusOr<ClientOrderId> id = session_->TakeClientOrderId(request.client_order_id);
  if (!id.ok()) {
    return id.status();
  }
  return session_->Submit(MessageType::QUOTE, &FrameBuilder::add_quote,
                          internal::ToWire(request, *id), *id);
}

absl::StatusOr<std::vector<CommandTicket>> Client::QuoteLadder(
    std::span<const QuoteRequest> ladder) {
  absl::Status possible = session_->CanSubmit(ladder.size());
  for (const QuoteRequest& entry : ladder) {
    possible.Update(internal::CheckUnnamed(entry.client_order_id));
  }
  if (!possible.ok()) {
    return possible;
  }
  std::vector<CommandTicket> tickets;
  for (const QuoteRequest& entry : ladder) {
    const absl::StatusOr<CommandTicket> ticket = Quote(entry);
    if (!ticket.ok()) {
      return ticket.status();
    }
    tickets.push_back(*ticket);
  }
  return tickets;
}

absl::StatusOr<CommandTicket> Client::Cancel(const OrderName& target) {
  return session_->Submit(MessageType::CANCEL, &FrameBuilder::add_cancel,
                          wire::Cancel(Raw(target.order_id), Raw(target.client_order_id)));
}

absl::StatusOr<CommandTicket> Client::Replace(const ReplaceRequest& request) {
  internal::SignedTerms terms = {.client_order_id = {},
                                 .instrument = request.instrument,
                                 .side = request.side,
                                 .price = request.price,
                                 .quantity = request.quantity};
  if (absl::Status status = session_->CanSign(terms); !status.ok()) {
    return status;
  }
  const absl::StatusOr<ClientOrderId> id =
      session_->TakeClientOrderId(request.new_client_order_id, session_->commands_per_order());
  if (!id.ok()) {
    return id.status();
  }
  terms.client_order_id = *id;
  if (absl::Status status = session_->SubmitSignature(terms); !status.ok()) {
    return status;
  }
  const wire::ReplaceFull full = internal::ToWire(request, *id);
  if (full.display_quantity() != 0 || full.stop_price() != 0) {
    return session_->Submit(MessageType::REPLACE_FULL, &FrameBuilder::add_replace_full, full, *id);
  }
  const wire::Replace body(full.order_id(), full.client_order_id(), full.new_client_order_id(),
                           full.price(), full.quantity());
  return session_->Submit(MessageType::REPLACE, &FrameBuilder::add_replace, body, *id);
}

absl::StatusOr<CommandTicket> Client::MassCancel(const MassCancelRequest& request) {
  if (absl::Status status = internal::Check(request); !status.ok()) {
    return status;
  }
  const wire::MassCancelFull full = internal::ToWire(request);
  if (full.maker_group() != 0 || full.quotes_only() != 0) {
    return session_->Submit(MessageType::MASS_CANCEL_FULL, &FrameBuilder::add_mass_cancel_full,
                            full);
  }
  const wire::MassCancel body(full.instrument(), full.scope(), full.side());
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
  return session_->Submit(MessageType::DEPOSIT, &FrameBuilder::add_deposit,
                          internal::ToWire(transfer));
}

absl::StatusOr<CommandTicket> Client::Withdraw(const ChainTransfer& transfer) {
  return session_->Submit(MessageType::WITHDRAW, &FrameBuilder::add_withdraw,
                          internal::ToWire(transfer));
}

absl::StatusOr<CommandTicket> Client::BatchSettled(const SettledBatch& batch) {
  const wire::BatchSettled body(batch.batch_id, Raw(batch.last_event), batch.block_number,
                                flatbuffers::span<const uint8_t, 32>(batch.transaction_hash));
  return session_->Submit(MessageType::BATCH_SETTLED, &FrameBuilder::add_batch_settled, body);
}

absl::StatusOr<CommandTicket> Client::BatchStatus(const BatchStatusRequest& request) {
  return session_->Submit(MessageType::BATCH_STATUS, &FrameBuilder::add_batch_status,
                          internal::ToWire(request));
}

absl::StatusOr<CommandTicket> Client::Dispute(const DisputeRequest& request) {
  return session_->Submit(MessageType::DISPUTE, &FrameBuilder::add_dispute,
                          internal::ToWire(request));
}

absl::StatusOr<CommandTicket> Client::DefineExposure(const ExposureRequest& request) {
  return session_->Submit(MessageType::DEFINE_EXPOSURE, &FrameBuilder::add_define_exposure,
                          internal::ToWire(request));
}

absl::StatusOr<CommandTicket> Client::ResetProtection(uint16_t maker_group) {
  return session_->Submit(MessageType::RESET_PROTECTION, &FrameBuilder::add_reset_protection,
                          wire::ResetProtection(maker_group));
}

absl::StatusOr<CommandTicket> Client::SetPhase(const SetPhaseRequest& request) {
  return session_->Submit(MessageType::SET_PHASE, &FrameBuilder::add_set_phase,
                          internal::ToWire(request));
}

absl::StatusOr<CommandTicket> Client::DefineRules(const RulesRequest& request) {
  return session_->Submit(MessageType::DEFINE_RULES, &FrameBuilder::add_define_rules,
                          internal::ToWire(request));
}

absl::StatusOr<CommandTicket> Client::DefineFees(const FeesRequest& request) {
  return session_->Submit(MessageType::DEFINE_FEES, &FrameBuilder::add_define_fees,
                          internal::ToWire(request));
}

absl::StatusOr<CommandTicket> Client::DefineProtection(const ProtectionRequest& request) {
  return session_->Submit(MessageType::DEFINE_PROTECTION, &FrameBuilder::add_define_protection,
                          internal::ToWire(request));
}

absl::StatusOr<CommandTicket> Client::KillSwitch(const KillSwitchRequest& request) {
  return session_->Submit(MessageType::KILL_SWITCH, &FrameBuilder::add_kill_switch,
                          internal::ToWire(request));
}

absl::StatusOr<CommandTicket> Client::DefineAccount(const AccountRequest& request) {
  return session_->Submit(MessageType::DEFINE_ACCOUNT, &FrameBuilder::add_define_account,
                          internal::ToWire(request));
}

absl::Status Client::Subscribe(InstrumentId instrument, const Feeds& feeds) {
  return session_->Subscribe(internal::ToWire(instrument, feeds), /*on=*/true);
}

absl::Status Client::Unsubscribe(InstrumentId instrument, const Feeds& feeds) {
  return session_->Subscribe(internal::ToWire(instrument, feeds), /*on=*/false);
}

absl::Status Client::Subscribe(InstrumentId instrument, bool book_top, bool trades) {
  return Subscribe(instrument, Feeds{.book_top = book_top, .trades = trades});
}

absl::Status Client::Unsubscribe(InstrumentId instrument, bool book_top, bool trades) {
  return Unsubscribe(instrument, Feeds{.book_top = book_top, .trades = trades});
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
