#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"

#include "gateway/engine_link.h"
#include "gateway/fix/instruments.h"
#include "gateway/fix/message.h"
#include "gateway/fix/order_decoder.h"
#include "gateway/fix/session.h"
#include "gateway/fix/trade_query.h"
#include "gateway/fix_options.h"
#include "gateway/key_directory.h"
#include "gateway/order_verifier.h"
#include "gateway/session/counters.h"
#include "gateway/session/instant.h"
#include "gateway/session/send_queue.h"
#include "gateway/session/token_bucket.h"
#include "gateway/venue_config.h"

namespace tally::gateway::fix {

enum class Phase : uint8_t {
  kAwaitLogon,
  kLive,
  kLoggedOut,  // Our Logout is out; waits for the client's.
  kClosing,    // Nothing is read; closed when everything is written.
};

// Who is at the other end, as the transport knows it.
struct Peer {
  IpAddress address{};
  std::array<uint8_t, 32> certificate{};  // SHA-256 of the client's; zeros: none.
};

struct Connection {
  Connection(ConnectionId connection_id, const Peer& from, int64_t now_ns)
      : id(connection_id),
        peer(from),
        phase_since_ns(now_ns),
        received_ns(now_ns),
        sent_ns(now_ns) {}

  const ConnectionId id;
  const Peer peer;
  Phase phase = Phase::kAwaitLogon;
  std::vector<uint8_t> input;  // [input_begin, input_end) is not processed.
  std::size_t input_begin = 0;
  std::size_t input_end = 0;
  SendQueue output;
  int64_t phase_since_ns;
  int64_t received_ns;
  int64_t sent_ns;
  int64_t heartbeat_ns = 0;
  bool test_request_sent = false;
  int64_t closes_ns = 0;     // When the session's hours end, wall clock; 0: never.
  int64_t next_news_ns = 0;  // Of an end that is near.
  FixSession* session = nullptr;
  bool in_ready_list = false;
  bool waits_for_core = false;  // Its Logon is here; the core has not opened its session yet.
  bool snapshots_due = false;   // Of market data.
  std::vector<TradeQuery> trade_queries;
};

class MarketData;
struct Follower;
struct InstrumentFeed;

struct HubConfig {
  FixOptions options;
  const KeyDirectory* keys = nullptr;
  EngineLink* engine = nullptr;
  ReportSource* reports = nullptr;
  const FixInstruments* instruments = nullptr;
  const OrderVerifier* verifier = nullptr;  // Null: the venue takes no signatures.
  RecoveredState recovered;
};

struct FixCounters {
  Counter connections_accepted, connections_refused, logons, logons_failed;
  Counter messages_in, messages_garbled, messages_rejected, messages_out, messages_resent;
  Counter commands_published, slow_consumers, heartbeat_timeouts, market_data_conflated;
};

// The FIX 4.4 session layer and its application messages without sockets: bytes, events and time go
// in, bytes and the wish to close come out. docs/fix.md has the rules.
//
// The transport calls Accept, feeds ReadSpace/OnRead while WantsRead, closes on ShouldClose and
// then calls OnDisconnected. After any call it calls Commit, and only then writes
// NextWrite/OnWritten: Commit makes durable what the bytes say, and then publishes the commands.
//
// Thread safety: none (counters may be read by any thread).
//
// Invariants: every queue is bounded by FixOptions. A session has at most one connection. Each
// report of a session becomes at most one message, in order, exactly once across reconnects and
// restarts of the gateway.
class FixHub {
 public:
  explicit FixHub(HubConfig config);
  ~FixHub();
  FixHub(const FixHub&) = delete;
  FixHub& operator=(const FixHub&) = delete;

  // Reads the session logs. Before anything else.
  absl::Status Open();

  // ---- Transport
  ConnectionId Accept(Instant now, const Peer& peer = {});
  void OnDisconnected(ConnectionId id, Instant now);
  bool WantsRead(ConnectionId id) const;
  std::span<uint8_t> ReadSpace(ConnectionId id);
  void OnRead(ConnectionId id, std::size_t count, Instant now);
  std::span<const uint8_t> NextWrite(ConnectionId id);
  void OnWritten(ConnectionId id, std::size_t count, Instant now);
  bool ShouldClose(ConnectionId id, Instant now) const;
  std::vector<ConnectionId> TakeReady();
  // See the class comment.
  void Commit(Instant now);

  // ---- Engine
  std::size_t PollEvents(std::size_t limit, Instant now);
  void Retry(Instant now);
  bool NeedsRetry() const { return needs_retry_; }

  // ---- Time
  void OnTimer(Instant now);
  // Tells clients from now on that the venue will stop.
  void AnnounceStop(int64_t seconds, Instant now);
  void Shutdown(Instant now);

  const FixCounters& counters() const { return counters_; }
  // Not OK: a session log could not be written; nothing is sent any more.
  const absl::Status& health() const { return health_; }

 private:
  Connection* Find(ConnectionId id);
  const Connection* Find(ConnectionId id) const;
  Connection* ConnectionOf(const FixSession& session) { return Find(session.connection); }
  void MarkReady(Connection* connection);
  void SetPhase(Connection* connection, Phase phase, Instant now);
  void Detach(Connection* connection, Instant now);
  // Closes behind what is queued.
  void Close(Connection* connection, Instant now);
  // Logout with a reason; closes when the client answers, or in time.
  void LogOut(Connection* connection, std::string_view text, Instant now);
  void CheckConnection(Connection* connection, Instant now);
  void CheckHeartbeats(Connection* connection, Instant now);
  void CheckSendQueue(Connection* connection, Instant now);
  void PublishOpens();
  void PublishCancel(FixSession* session);
  std::string LogPath(const FixSession& session) const;

  // hub_out.cc: what is sent.
  void SendAdmin(Connection* connection, std::string_view type, std::string_view body, Instant now,
                 std::string_view routing = {});
  void SendApplication(Connection* connection, std::string_view type, std::string_view body,
                       Instant now, std::string_view routing = {});
  void Append(Connection* connection, std::string_view type, std::string_view body, Instant now,
              std::string_view routing);
  void SendReject(Connection* connection, const Message& message, SessionReject reason,
                  const std::optional<int32_t>& tag, Instant now);
  void SendBusinessReject(Connection* connection, const Message& message, int reason,
                          std::string_view text, Instant now);
  void PumpResends(Connection* connection, Instant now);
  bool ResendOne(Connection* connection, ResendRange* range, Instant now);
  void PumpBacklog(Connection* connection, Instant now);

  // hub_in.cc: what is received.
  void ProcessInput(Connection* connection, Instant now);
  bool IsTooEarly(const Connection& connection, std::string_view bytes);
  void HandleMessage(Connection* connection, std::string_view bytes, Instant now);
  void HandleSequenced(Connection* connection, const Message& message, bool held, bool answered,
                       Instant now);
  void Hold(Connection* connection, const Message& message, uint64_t sequence, Instant now);
  void HandleTooLow(Connection* connection, const Message& message, uint64_t sequence, Instant now);
  bool CheckOrigin(Connection* connection, const Message& message, bool held, Instant now);
  void Dispatch(Connection* connection, const Message& message, bool answered, Instant now);
  void ReleaseHeld(Connection* connection, Instant now);
  void HandleResendRequest(Connection* connection, const Message& message, Instant now);
  void HandleSequenceReset(Connection* connection, const Message& message, Instant now);
  void HandleLogout(Connection* connection, Instant now);

  // hub_logon.cc
  void HandleLogon(Connection* connection, const Message& message, Instant now);
  FixSession* Authenticate(const Peer& peer, const Message& message, Instant now);
  bool CheckCredentials(const FixSessionConfig& session, const Message& message) const;
  bool InWindow(const Message& message, Instant now) const;
  void AcceptLogon(Connection* connection, const Message& message, Instant now);
  void HandleRelogon(Connection* connection, const Message& message, Instant now);
  void SendLogon(Connection* connection, const Message& message, Instant now);

  // hub_hours.cc
  bool EnterHours(Connection* connection, Instant now);
  void CheckHours(Connection* connection, Instant now);
  void SendNews(Connection* connection, std::string_view headline, Instant now);

  // hub_orders.cc: application messages from clients.
  void HandleApplication(Connection* connection, const Message& message, Instant now);
  void HandleNewOrder(Connection* connection, const Message& message, Instant now);
  void HandleCancel(Connection* connection, const Message& message, Instant now);
  void HandleReplace(Connection* connection, const Message& message, Instant now);
  void HandleMassCancel(Connection* connection, const Message& message, Instant now);
  // hub_lists.cc
  struct ListReport {
    char type = '0';  // ListStatusType (429) and ListOrderStatus (431).
    char status = '0';
  };
  void HandleNewOrderList(Connection* connection, const Message& message, Instant now);
  void HandleListCancel(Connection* connection, const Message& message, Instant now);
  void HandleListStatus(Connection* connection, const Message& message, Instant now);
  void SendListStatus(Connection* connection, const ListRecord& list, ListReport report,
                      Instant now);
  void SendUnknownList(Connection* connection, const Message& message, Instant now);
  struct Refusal {
    int reason = 0;
    std::string_view text;
  };
  void RejectList(Connection* connection, const Message& message, const Refusal& refusal,
                  std::size_t order_at_fault, Instant now);
  struct PreparedOrder {
    const FixInstrument* instrument = nullptr;
    DecodedOrder decoded;
    std::optional<SignOrderCommand> sign;
  };
  Refusal CheckList(const Message& message, Contingency contingency,
                    std::span<const PreparedOrder> prepared);
  void SubmitList(FixSession* session, const Message& message, Contingency contingency,
                  std::span<PreparedOrder> prepared, Instant now);
  void UpdateList(Connection* connection, ClientOrderId id, Instant now);
  // hub_quotes.cc
  void HandleMassQuote(Connection* connection, const Message& message, Instant now);
  void HandleQuoteCancel(Connection* connection, const Message& message, Instant now);
  void HandleProtectionReset(Connection* connection, const Message& message);
  void PublishQuote(FixSession* session, const Message& message, MassQuote quote,
                    std::span<const Command> commands);
  void RejectQuote(Connection* connection, const Message& message, int reason,
                   std::string_view text, Instant now);
  bool AnswerQuote(Connection* connection, const Event& event, Instant now);
  static void NoteQuoteSide(FixSession* session, const MassQuote& quote, const QuoteEntry& entry,
                            const Event& event, Side side);
  void SendQuoteAcknowledgement(Connection* connection, const MassQuote& quote, Instant now);
  // hub_status.cc
  void HandleStatus(Connection* connection, const Message& message, Instant now);
  void HandleMassStatus(Connection* connection, const Message& message, Instant now);
  void RejectOrder(Connection* connection, const Message& message, int reason,
                   std::string_view text, Instant now);
  void RejectCancel(Connection* connection, const Message& message, int reason,
                    std::string_view text, Instant now);
  struct Target {
    OrderReference reference{};
    const OrderRecord* order = nullptr;  // If it is known.
  };
  std::optional<Target> FindTarget(const FixSession& session, const Message& message) const;
  static RequestRecord MakeRequest(const Message& message);
  void Publish(FixSession* session, Command command, RequestRecord request, bool follows = false);
  struct OrderToPublish {
    Command command{};
    RequestRecord request;
    std::optional<SignOrderCommand> sign;
    Side side{};  // As signed.
    bool follows = false;
  };
  void PublishOrder(FixSession* session, OrderToPublish order, Instant now);
  PreparedOrder PrepareOrder(const FixSession& session, const Message& message, Instant now) const;
  ClientOrderId SubmitOrder(FixSession* session, const Message& message,
                            const PreparedOrder& prepared, bool follows, Instant now);
  Refusal CheckReplace(const FixSession& session, const Message& message, const OrderRecord* order,
                       Instant now) const;
  static void PutReplacement(FixSession* session, const Message& message, const OrderRecord* old,
                             const RequestRecord& request);
  bool IsStale(const Message& message, Instant now) const;

  // hub_market_data.cc
  void HandleMarketDataRequest(Connection* connection, const Message& message, Instant now);
  void RefuseMarketData(Connection* connection, std::string_view id, std::string_view reason,
                        std::string_view text, Instant now);
  void SendSnapshot(Connection* connection, Follower* follower, Instant now);
  void TellMarketData(Instant now);
  void SendUpdate(Follower* follower, Instant now);
  void PumpSnapshots(Connection* connection, Instant now);

  // hub_securities.cc
  void SendSecurityStatus(Connection* connection, const InstrumentFeed& feed, std::string_view id,
                          bool unsolicited, Instant now);
  void TellStatus(const InstrumentFeed& feed, Instant now);
  void HandleReferenceRequest(Connection* connection, const Message& message, Instant now);
  void HandleSecurityListRequest(Connection* connection, const Message& message, Instant now);
  void HandleSecurityDefinitionRequest(Connection* connection, const Message& message, Instant now);
  void HandleSecurityStatusRequest(Connection* connection, const Message& message, Instant now);
  void HandleTradingSessionStatusRequest(Connection* connection, const Message& message,
                                         Instant now);
  void SendTradingSessionStatus(Connection* connection, std::string_view id, bool unsolicited,
                                Instant now);

  // hub_drop_copy.cc
  void CopyToAll(const Event& event, Instant now);
  void Copy(Connection* connection, const Event& event, Instant now);
  void PumpCopies(Connection* connection, Instant now);

  // hub_trades.cc
  struct TradeAck {
    int result = 0;  // TradeRequestResult.
    std::size_t count = 0;
    std::string_view text{};
  };
  static std::set<AccountId> TradeAccounts(const FixOptions& options);
  absl::Status RecoverTrades();
  void HandleTradeRequest(Connection* connection, const Message& message, Instant now);
  TradeAck ReadTradeFilter(FixSession& session, const Message& message, TradeFilter* filter) const;
  void AckTradeRequest(Connection* connection, const Message& message, const TradeAck& ack,
                       Instant now);
  void OnTradeEvent(const Event& event, Instant now);
  void PumpTrades(Connection* connection, Instant now);
  bool SendNextTrade(Connection* connection, TradeQuery* query, Instant now);
  void SendTrade(Connection* connection, TradeQuery* query, const TradeSide& trade, Instant now);

  // hub_reports.cc: events of the core.
  void OnReport(const Event& event, Instant now);
  void OnSessionOpened(const Event& event, Instant now);
  void ApplyReport(Connection* connection, const Event& event, Instant now);

  HubConfig config_;
  TradeBook trades_;
  FixCounters counters_;
  absl::Status health_;
  std::vector<std::unique_ptr<FixSession>> sessions_;
  absl::flat_hash_map<std::string, FixSession*> by_comp_id_;
  absl::flat_hash_map<uint32_t, FixSession*> by_index_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Connection>> connections_;
  std::unique_ptr<MarketData> market_data_;
  char venue_status_ = 0;  // TradSesStatus.
  std::vector<ConnectionId> ready_;
  std::deque<Command> commands_;     // Wait for the log, then for room in the ring.
  std::size_t commands_logged_ = 0;  // Of them.
  std::vector<FixSession*> unopened_;
  std::vector<FixSession*> drop_copies_;
  EventSequence last_event_{};  // Seen; 0: none yet. With drop copies.
  uint64_t next_connection_ = 1;
  uint64_t next_exec_id_ = 0;  // Of reports that are not from the core.
  bool needs_retry_ = false;
  bool shutting_down_ = false;
  int64_t stop_at_ns_ = 0;  // Announced, monotonic; 0: not.
  TokenBucket logon_limit_;
  Message message_;
  Message held_message_;
  Message entry_message_;  // An entry of a group of the message at hand.
};

// 1 to 36 printable characters: a ClOrdID, ListID or QuoteID.
bool IsClientId(std::string_view text);

// The core's session of a FIX session, which no binary client can log on to.
OpenSessionCommand FixSessionIdentity(std::string_view our_comp_id, std::string_view comp_id);

// The signature of a Logon: RawData (96), base64, by Ed25519 over MsgType, SenderCompID,
// TargetCompID, MsgSeqNum and SendingTime with the separator between them.
std::string LogonSignedText(const Message& message);
bool LogonSignatureIsGood(const Message& message, const std::array<uint8_t, 32>& public_key);

}  // namespace tally::gateway::fix
