#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "sdk/client.h"
#include "sdk/internal/command_queue.h"
#include "sdk/internal/connection.h"
#include "sdk/internal/frame_codec.h"
#include "sdk/internal/order_signer.h"

namespace tally::sdk::internal {

// The state machine behind Client: connection, logon, resume, heartbeats, throttling.
// Thread safety: none.
//
//   kClosed -Start-> kConnecting -> kLoggingOn -LogonAck-> kLive -Close-> kClosing -> kClosed
//        any connected state --lost--> kBackingOff --later--> kConnecting
//        any state --refused for good--> kFailed
class Session {
 public:
  Session(const ClientOptions& options, const sockaddr_storage& address, Listener* listener);

  absl::Status Start();
  void Close(bool keep_orders);
  void Lose(const absl::Status& why);

  // Whether `commands` more would be accepted now.
  absl::Status CanSubmit(std::size_t commands) const;

  // Encodes a command into the queue. `add` and `body` as in FrameEncoder::Encode.
  template <typename Body>
  absl::StatusOr<CommandTicket> Submit(wire::MessageType type,
                                       void (wire::FrameBuilder::*add)(const Body*),
                                       const Body& body, ClientOrderId client_order_id = {}) {
    if (absl::Status status = CanSubmit(1); !status.ok()) {
      return status;
    }
    const FrameHeader header = Header(queue_.next_sequence());
    encoder_.Encode(header, type, add, body, queue_.Append());
    ++stats_.commands;
    return CommandTicket{header.sequence, client_order_id};
  }
  // The commands an order needs: itself and, of a client that signs, its signature.
  std::size_t commands_per_order() const { return signer_.has_value() ? 2 : 1; }
  // Of a client that signs: whether these terms can be signed, and the SIGN_ORDER that goes right
  // before the order. Nothing of another client.
  absl::Status CanSign(const SignedTerms& terms) const;
  absl::Status SubmitSignature(const SignedTerms& terms);
  // The id to use for an order: `wanted`, or the next one if that is 0. There must be room for its
  // `commands`.
  absl::StatusOr<ClientOrderId> TakeClientOrderId(ClientOrderId wanted, std::size_t commands = 1);

  absl::Status Subscribe(const wire::Subscribe& subscription, bool on);

  std::size_t Poll();
  // How long a caller may sleep before a timer is due, at most `timeout_ms`.
  int SleepMs(int timeout_ms) const;

  int fd() const { return connection_.fd(); }
  bool wants_write() const;
  ClientState state() const { return state_; }
  absl::Status status() const { return status_; }
  const ClientStats& stats() const { return stats_; }
  std::size_t unanswered() const { return queue_.size(); }
  AccountId account() const { return account_; }
  uint64_t next_report() const { return next_report_; }

 private:
  FrameHeader Header(uint64_t sequence) const;
  int64_t TimerNs() const;
  int64_t WallNs() const;

  void Connect();
  void Fail(const absl::Status& why);
  void Closed();
  std::size_t Receive();
  void Handle(const wire::Frame& frame);
  void HandleHello(const wire::Hello& hello);
  void HandleLogonAck(const wire::LogonAck& ack);
  void Resume(const wire::LogonAck& ack);
  void HandleLogout(const wire::Logout& logout);
  void HandleReject(const wire::SessionReject& reject);
  bool HandleMarketData(const wire::Frame& frame);
  void HandleSnapshot(const wire::Frame& frame);
  void HandleReport(const wire::Frame& frame);
  bool CompletesFront(Report* report);
  void RunTimers();
  void RunLiveTimers(int64_t now_ns);
  void SendCommands();
  void Flush();
  void SendSubscription(const wire::Subscribe& subscription, bool on);
  template <typename Body>
  void SendMessage(wire::MessageType type, void (wire::FrameBuilder::*add)(const Body*),
                   const Body& body) {
    EncodedFrame frame;
    encoder_.Encode(Header(0), type, add, body, &frame);
    connection_.Send(frame.view());
  }

  const ClientOptions options_;
  const sockaddr_storage address_;
  Listener* const listener_;

  ClientState state_ = ClientState::kClosed;
  absl::Status status_;
  ClientStats stats_;
  Connection connection_;
  FrameEncoder encoder_;
  CommandQueue queue_;
  std::optional<OrderSigner> signer_;
  std::vector<wire::Subscribe> subscriptions_;
  BookSnapshot snapshot_;  // The parts so far.

  bool logged_on_once_ = false;
  AccountId account_{};
  uint64_t last_client_order_id_ = 0;
  uint64_t next_report_;  // The next report expected; ClientOptions::resume_from before a logon.

  // Times of TimerNs.
  int64_t connect_started_ns_ = 0;
  int64_t retry_at_ns_ = 0;
  int64_t throttled_until_ns_ = 0;
  int64_t last_sent_ns_ = 0;
  int64_t last_received_ns_ = 0;
  int64_t heartbeat_ns_ = 0;
  uint32_t retry_ms_;
  bool test_request_sent_ = false;
};

}  // namespace tally::sdk::internal
