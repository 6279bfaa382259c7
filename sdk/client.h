#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/clock.h"
#include "base/types.h"
#include "sdk/key.h"
#include "sdk/market_data.h"
#include "sdk/order_signing.h"
#include "sdk/report.h"
#include "sdk/requests.h"

namespace tally::sdk {

namespace internal {
class Session;
}

enum class CancelOnDisconnect : uint8_t { kNone = 1, kSession = 2 };

struct ClientOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 0;
  uint64_t key_id = 0;
  std::optional<SigningKey> key{};  // Required.
  uint64_t session_id = 0;          // The client's choice, not 0, the same after every reconnect.
  // First report wanted. 1: the whole history of the session; n: the caller has seen those below
  // n; 0: only what happens from now on. Later reconnects go on from what was seen.
  uint64_t resume_from = 1;
  CancelOnDisconnect cancel_on_disconnect = CancelOnDisconnect::kNone;
  uint32_t cancel_grace_ms = 0;
  uint32_t heartbeat_ms = 0;  // 0: the server's choice.
  // Commands the client keeps until they are answered; a send beyond it is refused.
  std::size_t commands_unanswered_max = 65'536;
  uint32_t reconnect_ms_min = 50;  // Doubles with every failed attempt up to reconnect_ms_max.
  uint32_t reconnect_ms_max = 5'000;
  uint32_t logon_timeout_ms = 10'000;  // From connecting to LogonAck.
  // Set: orders go out signed.
  std::optional<OrderSigning> signing{};
  // For the time in the logon, heartbeats and timeouts. Null: the system's clocks.
  const Clock* clock = nullptr;
};

// What a command was sent as. client_order_id is 0 where the command has none.
struct CommandTicket {
  uint64_t client_sequence = 0;
  ClientOrderId client_order_id{};
};

// Takes what the venue says, on the thread that polls. It may send commands from inside a call; it
// may not destroy the client.
class Listener {
 public:
  virtual ~Listener() = default;
  // Every report exactly once and in order, however often the connection was lost.
  virtual void OnReport(const Report& report) = 0;
  virtual void OnTrade(const MarketTrade&) {}
  virtual void OnBookTop(const BookTop&) {}
  virtual void OnInstrument(const Instrument&) {}
  virtual void OnPhase(const PhaseChange&) {}
  virtual void OnIndicative(const Indicative&) {}
  // Whenever it changes, and once after each logon.
  virtual void OnTradesStatus(const TradesStatus&) {}
  virtual void OnDisputeStatus(const DisputeStatus&) {}
  virtual void OnBookSnapshot(const BookSnapshot&) {}
  virtual void OnBookLevel(const BookLevel&) {}
  virtual void OnBookOrder(const BookOrder&) {}
  // A subscription was refused; commands are unaffected.
  virtual void OnSubscriptionRefused(ErrorCode code) { static_cast<void>(code); }
  virtual void OnLive() {}  // Logged on; commands flow.
  // The connection was lost, `why` says how; the client reconnects by itself.
  virtual void OnDisconnected(const absl::Status& why) { static_cast<void>(why); }
};

enum class ClientState : uint8_t {
  kClosed,      // Before Start, and after Close has completed.
  kConnecting,  // TCP connection under way.
  kLoggingOn,   // Connected, Logon not yet answered.
  kLive,
  kBackingOff,  // Waiting to connect again.
  kClosing,     // Logout sent.
  kFailed,      // For good; status() says why.
};

struct ClientStats {
  uint64_t commands = 0;           // Accepted for sending.
  uint64_t answers = 0;            // Commands completed by their report.
  uint64_t reports = 0;            // Handed to the listener.
  uint64_t reports_duplicate = 0;  // Dropped: seen before.
  uint64_t reports_missing = 0;    // Gaps in the report sequence; each ended in a reconnect.
  uint64_t commands_resent = 0;
  uint64_t throttled = 0;  // Times the venue asked to slow down.
  uint64_t logons = 0;
};

// A session with the venue over the binary protocol (docs/formats/wire.md).
//
// Exactly once: commands are numbered and kept until answered. When the connection is lost the
// client connects again, asks for the reports it has not seen, and sends every command that the
// venue has not taken, unchanged. A command accepted by Send functions is therefore applied once
// and answered once as long as this object lives; a process that restarts continues the session
// with `resume_from` and finds the fate of its last commands in the replayed reports.
//
// Fails for good, and says so in status(), where going on would break that promise or loop: the
// logon is refused, another process took the session over, the venue lost what it had answered, a
// command is malformed or needs a permission that the key does not have.
//
// Thread safety: none; one thread owns it. Nothing is read or written outside Poll and WaitAndPoll,
// which must be called at least every heartbeat interval.
//
// Invariants: reports reach the listener in the order of their sequence, each once. Commands reach
// the venue in the order of their client_sequence. Memory is bounded by commands_unanswered_max.
class Client {
 public:
  // The listener outlives the client. kInvalidArgument if an option is out of range.
  static absl::StatusOr<std::unique_ptr<Client>> Create(const ClientOptions& options,
                                                        Listener* listener);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Begins to connect; Poll does the rest.
  absl::Status Start();
  // Says good-bye: Poll until state() is kClosed. With keep_orders cancel-on-disconnect does not
  // fire.
  void Close(bool keep_orders);
  // Drops the connection as a failure of the network would; the client reconnects.
  void DropConnection();

  // Commands. Before the first logon kUnavailable (the session's numbers are not known yet); later
  // they are accepted in every state and sent when the session is live. kResourceExhausted when
  // commands_unanswered_max wait for an answer: poll, then try again.
  absl::StatusOr<CommandTicket> NewOrder(const NewOrderRequest& request);
  // Sends the legs of an OCO (two), OTO (two: the second waits for the first) or OTOCO (three: one
  // of the others cancels the other) as consecutive commands, all or none; nothing trades before
  // the last has arrived. Sets contingency, leg, client order ids and the group id, which is made
  // from the first of them. kInvalidArgument for another number of legs, or legs with ids.
  absl::StatusOr<std::vector<CommandTicket>> NewGroup(Contingency contingency,
                                                      std::span<const NewOrderRequest> legs);
  // Answered by kQuoteDone. A ladder is one after the other, all or none, without ids.
  absl::StatusOr<CommandTicket> Quote(const QuoteRequest& request);
  absl::StatusOr<std::vector<CommandTicket>> QuoteLadder(std::span<const QuoteRequest> ladder);
  absl::StatusOr<CommandTicket> Cancel(const OrderName& target);
  absl::StatusOr<CommandTicket> Replace(const ReplaceRequest& request);
  absl::StatusOr<CommandTicket> MassCancel(const MassCancelRequest& request);
  absl::StatusOr<CommandTicket> QueryOrder(const OrderName& target);
  absl::StatusOr<CommandTicket> QueryAccount();
  absl::StatusOr<CommandTicket> Deposit(const ChainTransfer& transfer);
  absl::StatusOr<CommandTicket> Withdraw(const ChainTransfer& transfer);
  absl::StatusOr<CommandTicket> BatchSettled(const SettledBatch& batch);
  absl::StatusOr<CommandTicket> BatchStatus(const BatchStatusRequest& request);
  absl::StatusOr<CommandTicket> Dispute(const DisputeRequest& request);

  // Lets a tripped market-maker group of the account quote again.
  absl::StatusOr<CommandTicket> ResetProtection(uint16_t maker_group);

  // Of an operator: the key needs the permission `admin`.
  absl::StatusOr<CommandTicket> SetPhase(const SetPhaseRequest& request);
  absl::StatusOr<CommandTicket> DefineRules(const RulesRequest& request);
  absl::StatusOr<CommandTicket> DefineFees(const FeesRequest& request);
  absl::StatusOr<CommandTicket> DefineProtection(const ProtectionRequest& request);
  absl::StatusOr<CommandTicket> KillSwitch(const KillSwitchRequest& request);
  absl::StatusOr<CommandTicket> DefineAccount(const AccountRequest& request);
  absl::StatusOr<CommandTicket> DefineExposure(const ExposureRequest& request);

  // Market data; kept across reconnects. Instrument 0: all.
  absl::Status Subscribe(InstrumentId instrument, const Feeds& feeds);
  absl::Status Unsubscribe(InstrumentId instrument, const Feeds& feeds);
  absl::Status Subscribe(InstrumentId instrument, bool book_top, bool trades);
  absl::Status Unsubscribe(InstrumentId instrument, bool book_top, bool trades);

  // Reads, writes and runs timers without blocking. Returns how many messages were handled.
  std::size_t Poll();
  // Sleeps until there is something to do, at most timeout_ms, then polls.
  std::size_t WaitAndPoll(int timeout_ms);
  // Polls until `done` returns true. kDeadlineExceeded after timeout_ms; status() once failed.
  template <typename Done>
  absl::Status RunUntil(Done&& done, int timeout_ms) {
    const int64_t deadline_ns = MonotonicNs() + int64_t{timeout_ms} * 1'000'000;
    while (!done()) {
      if (state() == ClientState::kFailed) {
        return status();
      }
      if (MonotonicNs() >= deadline_ns) {
        return absl::DeadlineExceededError("the venue has not done what was waited for");
      }
      WaitAndPoll(10);
    }
    return absl::OkStatus();
  }

  // For a caller with its own poll(2) loop over many clients: the socket, -1 if there is none, and
  // whether to wait for it to become writable. Changes with every Poll.
  int fd() const;
  bool wants_write() const;

  ClientState state() const;
  absl::Status status() const;  // Why it failed, or why the last connection was lost.
  const ClientStats& stats() const;
  std::size_t unanswered() const;         // Commands sent or waiting without an answer yet.
  AccountId account() const;              // Of the key; 0 before the first logon.
  uint64_t next_report_sequence() const;  // To be stored by a caller that wants to resume later.

 private:
  explicit Client(std::unique_ptr<internal::Session> session);
  std::unique_ptr<internal::Session> session_;
};

}  // namespace tally::sdk
