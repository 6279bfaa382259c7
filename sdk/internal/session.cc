#include "sdk/internal/session.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "base/clock.h"
#include "base/status.h"

namespace tally::sdk::internal {
namespace {

using wire::MessageType;

constexpr std::size_t kReadsPerPoll = 16;  // Keeps one busy session from starving the caller.

}  // namespace

Session::Session(const ClientOptions& options, const sockaddr_storage& address, Listener* listener)
    : options_(options),
      address_(address),
      listener_(listener),
      queue_(options.commands_unanswered_max),
      next_report_(options.resume_from),
      retry_ms_(options.reconnect_ms_min) {
  if (options.signing.has_value()) {
    signer_.emplace(*options.signing);
  }
}

int64_t Session::TimerNs() const {
  return options_.clock != nullptr ? options_.clock->NowNs() : MonotonicNs();
}

int64_t Session::WallNs() const {
  return options_.clock != nullptr ? options_.clock->NowNs() : RealClock().NowNs();
}

FrameHeader Session::Header(uint64_t sequence) const {
  return {.sequence = sequence, .ack = logged_on_once_ ? next_report_ - 1 : 0, .send_ns = WallNs()};
}

absl::Status Session::CanSubmit(std::size_t commands) const {
  if (state_ == ClientState::kFailed) {
    return status_;
  }
  if (!logged_on_once_ || state_ == ClientState::kClosed || state_ == ClientState::kClosing) {
    return absl::UnavailableError("the session is not open");
  }
  if (commands > queue_.room()) {
    return absl::ResourceExhaustedError("too many commands without an answer");
  }
  return absl::OkStatus();
}

absl::Status Session::CanSign(const SignedTerms& terms) const {
  return signer_.has_value() ? signer_->CanSign(terms) : absl::OkStatus();
}

absl::Status Session::SubmitSignature(const SignedTerms& terms) {
  if (!signer_.has_value()) {
    return absl::OkStatus();
  }
  return Submit(MessageType::SIGN_ORDER, &wire::FrameBuilder::add_sign_order,
                signer_->Sign(account_, terms, WallNs()), terms.client_order_id)
      .status();
}

absl::StatusOr<ClientOrderId> Session::TakeClientOrderId(ClientOrderId wanted,
                                                         std::size_t commands) {
  if (absl::Status status = CanSubmit(commands); !status.ok()) {
    return status;
  }
  const uint64_t id = Raw(wanted) == 0 ? last_client_order_id_ + 1 : Raw(wanted);
  if (id <= last_client_order_id_) {
    return absl::InvalidArgumentError(
        absl::StrCat("client order id ", id, " is not above ", last_client_order_id_));
  }
  last_client_order_id_ = id;
  return ClientOrderId{id};
}

absl::Status Session::Start() {
  if (state_ != ClientState::kClosed) {
    return absl::FailedPreconditionError("the session is started already");
  }
  status_ = absl::OkStatus();
  Connect();
  return absl::OkStatus();
}

void Session::Connect() {
  connect_started_ns_ = TimerNs();
  state_ = ClientState::kConnecting;
  if (absl::Status status = connection_.Open(address_); !status.ok()) {
    Lose(status);
  }
}

void Session::Close(bool keep_orders) {
  if (state_ == ClientState::kFailed || state_ == ClientState::kClosed) {
    return;
  }
  if (state_ != ClientState::kLive) {
    Closed();
    return;
  }
  SendCommands();
  SendMessage(MessageType::LOGOUT, &wire::FrameBuilder::add_logout,
              wire::Logout(wire::ErrorCode::OK, keep_orders ? 1 : 0));
  connect_started_ns_ = TimerNs();
  state_ = ClientState::kClosing;
  Flush();
}

void Session::Closed() {
  connection_.Close();
  state_ = ClientState::kClosed;
}

void Session::Lose(const absl::Status& why) {
  if (state_ == ClientState::kFailed || state_ == ClientState::kClosed) {
    return;
  }
  const bool closing = state_ == ClientState::kClosing;
  connection_.Close();
  status_ = why;
  if (closing) {
    state_ = ClientState::kClosed;
    return;
  }
  state_ = ClientState::kBackingOff;
  retry_at_ns_ = TimerNs() + retry_ms_ * kNsPerMs;
  retry_ms_ = std::min(retry_ms_ * 2, options_.reconnect_ms_max);
  listener_->OnDisconnected(why);
}

void Session::Fail(const absl::Status& why) {
  connection_.Close();
  status_ = why;
  state_ = ClientState::kFailed;
  listener_->OnDisconnected(why);
}

bool Session::wants_write() const {
  return state_ == ClientState::kConnecting || connection_.unsent_bytes() > 0;
}

std::size_t Session::Poll() {
  RunTimers();
  if (state_ == ClientState::kConnecting) {
    const absl::StatusOr<bool> connected = connection_.FinishConnect();
    if (!connected.ok()) {
      Lose(connected.status());
    } else if (*connected) {
      state_ = ClientState::kLoggingOn;
      last_received_ns_ = last_sent_ns_ = TimerNs();
    }
  }
  std::size_t handled = 0;
  for (std::size_t reads = 0; reads < kReadsPerPoll; ++reads) {
    const std::size_t received = Receive();
    handled += received;
    if (received == 0) {
      break;
    }
  }
  if (connection_.is_open() && state_ != ClientState::kConnecting) {
    SendCommands();
    Flush();
  }
  return handled;
}

std::size_t Session::Receive() {
  if (!connection_.is_open() || state_ == ClientState::kConnecting) {
    return 0;
  }
  const absl::StatusOr<bool> read = connection_.Read();
  if (!read.ok()) {
    Lose(read.status());
    return 0;
  }
  if (!*read) {
    return 0;
  }
  last_received_ns_ = TimerNs();
  test_request_sent_ = false;
  std::size_t handled = 0;
  while (connection_.is_open()) {
    const absl::StatusOr<std::span<const uint8_t>> bytes = connection_.NextFrame();
    if (!bytes.ok()) {
      Lose(bytes.status());
      break;
    }
    if (bytes->empty()) {
      break;
    }
    const wire::Frame* frame = DecodeFrame(*bytes);
    if (frame == nullptr) {
      Lose(absl::DataLossError("malformed frame from the venue"));
      break;
    }
    Handle(*frame);
    ++handled;
  }
  return handled;
}

absl::Status Session::Subscribe(const wire::Subscribe& subscription, bool on) {
  if (state_ == ClientState::kFailed) {
    return status_;
  }
  const auto same_instrument = [&](const wire::Subscribe& s) {
    return s.instrument() == subscription.instrument();
  };
  const auto known = std::find_if(subscriptions_.begin(), subscriptions_.end(), same_instrument);
  const uint8_t before = known == subscriptions_.end() ? uint8_t{0} : known->kinds();
  const auto kinds =
      static_cast<uint8_t>(on ? before | subscription.kinds() : before & ~subscription.kinds());
  if (known != subscriptions_.end()) {
    subscriptions_.erase(known);
  }
  if (kinds != 0) {
    subscriptions_.emplace_back(subscription.instrument(), kinds);
  }
  if (state_ == ClientState::kLive) {
    SendSubscription(subscription, on);
  }
  return absl::OkStatus();
}

void Session::SendSubscription(const wire::Subscribe& subscription, bool on) {
  if (on) {
    SendMessage(MessageType::SUBSCRIBE, &wire::FrameBuilder::add_subscribe, subscription);
  } else {
    SendMessage(MessageType::UNSUBSCRIBE, &wire::FrameBuilder::add_unsubscribe, subscription);
  }
}

void Session::SendCommands() {
  if (state_ != ClientState::kLive) {
    return;
  }
  if (throttled_until_ns_ != 0) {
    if (TimerNs() < throttled_until_ns_) {
      return;
    }
    throttled_until_ns_ = 0;
  }
  while (connection_.unsent_bytes() < Connection::kSendBytesMax) {
    const EncodedFrame* frame = queue_.Unsent();
    if (frame == nullptr) {
      return;
    }
    connection_.Send(frame->view());
    stats_.commands_resent += queue_.MarkSent() ? 1 : 0;
  }
}

void Session::Flush() {
  const absl::StatusOr<bool> wrote = connection_.Flush();
  if (!wrote.ok()) {
    Lose(wrote.status());
  } else if (*wrote) {
    last_sent_ns_ = TimerNs();
  }
}

void Session::RunTimers() {
  const int64_t now_ns = TimerNs();
  switch (state_) {
    case ClientState::kBackingOff:
      if (now_ns >= retry_at_ns_) {
        Connect();
      }
      return;
    case ClientState::kConnecting:
    case ClientState::kLoggingOn:
    case ClientState::kClosing:
      if (now_ns - connect_started_ns_ >= options_.logon_timeout_ms * kNsPerMs) {
        Lose(absl::DeadlineExceededError("the venue did not answer in time"));
      }
      return;
    case ClientState::kLive:
      RunLiveTimers(now_ns);
      return;
    case ClientState::kClosed:
    case ClientState::kFailed:
      return;
  }
}

void Session::RunLiveTimers(int64_t now_ns) {
  if (heartbeat_ns_ == 0) {
    return;
  }
  const int64_t silent_ns = now_ns - last_received_ns_;
  if (silent_ns >= 3 * heartbeat_ns_) {
    Lose(absl::DeadlineExceededError("the venue has fallen silent"));
    return;
  }
  if (silent_ns >= 2 * heartbeat_ns_ && !test_request_sent_) {
    test_request_sent_ = true;
    SendMessage(MessageType::TEST_REQUEST, &wire::FrameBuilder::add_test_request,
                wire::TestRequest(stats_.logons));
  }
  if (now_ns - last_sent_ns_ >= heartbeat_ns_ && connection_.unsent_bytes() == 0) {
    SendMessage(MessageType::HEARTBEAT, &wire::FrameBuilder::add_heartbeat, wire::Heartbeat(0));
  }
}

int Session::SleepMs(int timeout_ms) const {
  const int64_t now_ns = TimerNs();
  int64_t due_ns = now_ns + timeout_ms * kNsPerMs;
  if (state_ == ClientState::kBackingOff) {
    due_ns = std::min(due_ns, retry_at_ns_);
  } else if (state_ == ClientState::kLive && heartbeat_ns_ != 0) {
    due_ns = std::min(due_ns, last_sent_ns_ + heartbeat_ns_);
    due_ns = std::min(due_ns, last_received_ns_ + 2 * heartbeat_ns_);
  }
  if (state_ == ClientState::kLive && throttled_until_ns_ != 0) {
    due_ns = std::min(due_ns, throttled_until_ns_);
  }
  return static_cast<int>(std::max<int64_t>(0, (due_ns - now_ns + kNsPerMs - 1) / kNsPerMs));
}

}  // namespace tally::sdk::internal
