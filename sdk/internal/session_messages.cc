#include "base/clock.h"
#include "sdk/internal/session.h"

// What the venue says: the receiving half of the state machine.

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "base/status.h"

namespace tally::sdk::internal {
namespace {

using wire::MessageType;

absl::Status CodeStatus(absl::StatusCode kind, std::string_view what, wire::ErrorCode code) {
  return absl::Status(
      kind, absl::StrCat(ToAbsl(what), ": ", ToAbsl(ErrorCodeName(static_cast<ErrorCode>(code)))));
}

// Whether a refused logon may succeed later without anybody's doing.
bool IsTransient(wire::ErrorCode code) {
  return code == wire::ErrorCode::ENGINE_DOWN || code == wire::ErrorCode::SHUTDOWN ||
         code == wire::ErrorCode::TOO_MANY_CONNECTIONS || code == wire::ErrorCode::LOGON_TIMEOUT ||
         code == wire::ErrorCode::CAPACITY;
}

// Whether sending the same again could only be refused again.
bool IsOurFault(wire::ErrorCode code) {
  return code == wire::ErrorCode::BAD_FRAME || code == wire::ErrorCode::FRAME_TOO_LARGE ||
         code == wire::ErrorCode::BAD_SCHEMA_VERSION || code == wire::ErrorCode::BAD_VALUE ||
         code == wire::ErrorCode::UNSUPPORTED_TYPE || code == wire::ErrorCode::PERMISSION ||
         code == wire::ErrorCode::KEY_DISABLED;
}

}  // namespace

void Session::Handle(const wire::Frame& frame) {
  const MessageType type = frame.hdr()->type();
  if (type == MessageType::HELLO && state_ == ClientState::kLoggingOn) {
    HandleHello(*frame.hello());
  } else if (type == MessageType::LOGON_ACK && state_ == ClientState::kLoggingOn) {
    HandleLogonAck(*frame.logon_ack());
  } else if (type == MessageType::LOGOUT) {
    HandleLogout(*frame.logout());
  } else if (type == MessageType::SESSION_REJECT) {
    HandleReject(*frame.session_reject());
  } else if (type == MessageType::TEST_REQUEST) {
    SendMessage(MessageType::HEARTBEAT, &wire::FrameBuilder::add_heartbeat,
                wire::Heartbeat(frame.test_request()->correlation()));
  } else if (state_ == ClientState::kLoggingOn) {
    Lose(absl::DataLossError("a report before the logon was answered"));
  } else if (!HandleMarketData(frame)) {
    HandleReport(frame);
  }
}

bool Session::HandleMarketData(const wire::Frame& frame) {
  switch (frame.hdr()->type()) {
    case MessageType::TRADE:
      listener_->OnTrade(DecodeTrade(*frame.trade()));
      return true;
    case MessageType::BBO:
      listener_->OnBookTop(DecodeBookTop(*frame.bbo()));
      return true;
    case MessageType::INSTRUMENT_DEF: {
      const Instrument instrument = DecodeInstrument(*frame.instrument_def());
      if (signer_.has_value()) {
        signer_->Learn(instrument);
      }
      listener_->OnInstrument(instrument);
      return true;
    }
    case MessageType::TRADES_STATUS:
      listener_->OnTradesStatus(DecodeTradesStatus(*frame.trades_status()));
      return true;
    case MessageType::DISPUTE_STATUS:
      listener_->OnDisputeStatus(DecodeDisputeStatus(*frame.dispute_status()));
      return true;
    case MessageType::PHASE:
      listener_->OnPhase(DecodePhase(*frame.phase()));
      return true;
    case MessageType::INDICATIVE:
      listener_->OnIndicative(DecodeIndicative(*frame.indicative()));
      return true;
    case MessageType::BOOK_LEVEL:
      listener_->OnBookLevel(DecodeBookLevel(*frame.book_level()));
      return true;
    case MessageType::BOOK_ORDER:
      listener_->OnBookOrder(DecodeBookOrder(*frame.book_order()));
      return true;
    case MessageType::BOOK_SNAPSHOT:
      HandleSnapshot(frame);
      return true;
    default:  // The enum is the server's and grows.
      return false;
  }
}

// The parts of a snapshot follow one another without another snapshot between them.
void Session::HandleSnapshot(const wire::Frame& frame) {
  DecodeSnapshotPart(frame, &snapshot_);
  if ((frame.hdr()->flags() & static_cast<uint16_t>(wire::HdrFlag::LAST)) != 0) {
    listener_->OnBookSnapshot(snapshot_);
    snapshot_ = {};
  }
}

void Session::HandleHello(const wire::Hello& hello) {
  if (hello.protocol_version() != kProtocolVersion) {
    Fail(absl::UnimplementedError(
        absl::StrCat("the venue speaks protocol version ", hello.protocol_version())));
    return;
  }
  const int64_t now_ns = WallNs();
  const std::array<uint8_t, 80> statement =
      LogonBytes({.nonce = std::span<const uint8_t, 32>(hello.nonce()->data(), 32),
                  .key_id = options_.key_id,
                  .session_id = options_.session_id,
                  .resume_from = next_report_,
                  .client_time_ns = now_ns});
  const Signature signature = options_.key->Sign(statement);
  constexpr std::array<uint8_t, 5> kReserved{};
  SendMessage(MessageType::LOGON, &wire::FrameBuilder::add_logon,
              wire::Logon(options_.key_id, options_.session_id, next_report_, now_ns,
                          flatbuffers::span<const uint8_t, 64>(signature), options_.heartbeat_ms,
                          options_.cancel_grace_ms, kProtocolVersion,
                          static_cast<wire::CancelOnDisconnect>(options_.cancel_on_disconnect),
                          flatbuffers::span<const uint8_t, 5>(kReserved)));
}

void Session::HandleLogonAck(const wire::LogonAck& ack) {
  if (ack.code() == wire::ErrorCode::RESUME_TOO_NEW) {
    Fail(absl::DataLossError("the venue has lost reports that this session has seen"));
    return;
  }
  if (ack.code() != wire::ErrorCode::OK) {
    const absl::Status why =
        CodeStatus(absl::StatusCode::kPermissionDenied, "logon refused", ack.code());
    IsTransient(ack.code()) ? Lose(why) : Fail(why);
    return;
  }
  Resume(ack);
}

// The venue says how far it has taken our commands; what it has not taken is sent again.
void Session::Resume(const wire::LogonAck& ack) {
  if (!logged_on_once_) {
    queue_.StartAfter(ack.last_client_seq());
    next_report_ = next_report_ == 0 ? ack.next_server_seq() : next_report_;
  } else if (ack.last_client_seq() + 1 < queue_.first_sequence()) {
    Fail(absl::DataLossError("the venue has lost commands that it had answered"));
    return;
  } else if (ack.last_client_seq() >= queue_.next_sequence()) {
    Fail(absl::FailedPreconditionError("another client has used this session"));
    return;
  }
  queue_.SendAfter(ack.last_client_seq());
  last_client_order_id_ = std::max(last_client_order_id_, ack.last_client_order_id());
  account_ = AccountId{ack.account()};
  heartbeat_ns_ = ack.heartbeat_ms() * kNsPerMs;
  throttled_until_ns_ = 0;
  retry_ms_ = options_.reconnect_ms_min;
  logged_on_once_ = true;
  state_ = ClientState::kLive;
  ++stats_.logons;
  for (const wire::Subscribe& subscription : subscriptions_) {
    SendSubscription(subscription, /*on=*/true);
  }
  listener_->OnLive();
}

void Session::HandleLogout(const wire::Logout& logout) {
  if (state_ == ClientState::kClosing) {
    Closed();
    return;
  }
  const absl::Status why =
      CodeStatus(absl::StatusCode::kUnavailable, "logged out by the venue", logout.code());
  // Coming back would take the session from whoever took it from us, and so on for ever.
  const bool taken_over = logout.code() == wire::ErrorCode::DUPLICATE_SESSION;
  taken_over || IsOurFault(logout.code()) ? Fail(why) : Lose(why);
}

void Session::HandleReject(const wire::SessionReject& reject) {
  const absl::Status why =
      CodeStatus(absl::StatusCode::kFailedPrecondition,
                 absl::StrCat("message ", wire::EnumNameMessageType(reject.ref_type()), " ",
                              reject.ref_seq(), " refused"),
                 reject.code());
  const bool command = reject.ref_seq() != 0;
  if (!command && reject.fatal() == 0) {
    listener_->OnSubscriptionRefused(static_cast<ErrorCode>(reject.code()));
  } else if (IsOurFault(reject.code())) {
    Fail(why);
  } else if (reject.fatal() != 0) {
    Lose(why);
  } else if (reject.ref_seq() >= queue_.first_sequence()) {
    // Throttled: the sequence was not used up, and neither were those behind it.
    queue_.GoBackTo(reject.ref_seq());
    throttled_until_ns_ = TimerNs() + std::max<uint32_t>(reject.detail(), 1) * kNsPerMs;
    ++stats_.throttled;
  }
}

void Session::HandleReport(const wire::Frame& frame) {
  Report report;
  if (!DecodeReport(frame, &report)) {
    return;  // A type of a later version.
  }
  if (report.sequence < next_report_) {
    ++stats_.reports_duplicate;
    return;
  }
  if (report.sequence > next_report_) {
    stats_.reports_missing += report.sequence - next_report_;
    Lose(absl::DataLossError(
        absl::StrCat("report ", report.sequence, " came where ", next_report_, " was due")));
    return;
  }
  if (!CompletesFront(&report)) {
    return;
  }
  ++next_report_;
  ++stats_.reports;
  listener_->OnReport(report);
}

// Marks the report if it answers the oldest command. False if the session failed: answers come in
// the order of the commands, so one that was skipped will never be answered.
bool Session::CompletesFront(Report* answer) {
  Report& report = *answer;
  const EncodedFrame* front = queue_.front();
  if (front != nullptr && front->type == MessageType::SIGN_ORDER &&
      report.client_sequence > front->sequence) {
    queue_.PopFront();  // A good signature has no answer of its own.
    ++stats_.answers;
    front = queue_.front();
  }
  if (front == nullptr || report.client_sequence < front->sequence) {
    return true;
  }
  if (report.client_sequence > front->sequence) {
    Fail(absl::InternalError(absl::StrCat("command ", front->sequence, " was never answered; ",
                                          report.client_sequence, " was")));
    return false;
  }
  const bool more = report.type == ReportType::kBalance && !report.last;
  if (IsAnswer(front->type, report.type) && !more) {
    report.answers = true;
    queue_.PopFront();
    ++stats_.answers;
  }
  return true;
}

}  // namespace tally::sdk::internal
