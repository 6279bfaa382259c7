#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "gateway/codec/client_message.h"
#include "gateway/codec/frame_encoder.h"
#include "gateway/engine_link.h"
#include "gateway/gateway_options.h"
#include "gateway/key_directory.h"
#include "gateway/order_verifier.h"
#include "gateway/session/batch_statuses.h"
#include "gateway/session/connection.h"
#include "gateway/session/counters.h"
#include "gateway/session/feed.h"
#include "gateway/session/instant.h"
#include "gateway/session/session_directory.h"
#include "gateway/session/token_bucket.h"

namespace tally::gateway {

// What a hub is built from; everything pointed to outlives it.
struct HubConfig {
  GatewayOptions options;
  const KeyDirectory* keys = nullptr;
  EngineLink* engine = nullptr;
  ReportSource* reports = nullptr;
  const OrderVerifier* verifier = nullptr;  // Null: the venue takes no signatures.
  std::vector<wire::InstrumentDef> instruments;
  RecoveredState recovered;
  // Fills a nonce; tests give predictable ones.
  std::function<void(std::span<uint8_t>)> random;
};

// The session layer of the binary protocol without its sockets: bytes, events and time go in, bytes
// and the wish to close come out. All rules of docs/formats/wire.md are here.
//
// The transport calls Accept, feeds ReadSpace/OnRead while WantsRead, writes NextWrite/OnWritten,
// closes on ShouldClose and then calls OnDisconnected. After any call, TakeReady lists the
// connections for which one of these answers may have changed.
//
// Thread safety: none (counters() may be read by any thread).
//
// Invariants: every queue is bounded by GatewayOptions. A session has at most one connection. A
// command reaches the engine at most once per seq. Reports of a session reach its connection in
// order, each once, without gap from the replay to live.
//
// Cost: no allocation per message once buffers have grown, but for log reads.
class SessionHub {
 public:
  explicit SessionHub(HubConfig config);
  SessionHub(const SessionHub&) = delete;
  SessionHub& operator=(const SessionHub&) = delete;

  // ---- Transport
  ConnectionId Accept(Instant now);
  void OnDisconnected(ConnectionId id, Instant now);

  bool WantsRead(ConnectionId id) const;
  std::span<uint8_t> ReadSpace(ConnectionId id);
  void OnRead(ConnectionId id, std::size_t count, Instant now);

  std::span<const uint8_t> NextWrite(ConnectionId id);
  void OnWritten(ConnectionId id, std::size_t count, Instant now);

  bool ShouldClose(ConnectionId id, Instant now) const;
  std::vector<ConnectionId> TakeReady();

  // ---- Engine
  // Dispatches up to `limit` released events; returns how many.
  std::size_t PollEvents(std::size_t limit, Instant now);
  // Tries again what the engine had no room for and what the log did not have yet.
  void Retry(Instant now);
  bool NeedsRetry() const { return needs_retry_; }

  // ---- Time
  // Heartbeats and deadlines; call every 100 ms or so.
  void OnTimer(Instant now);

  // Logs every connection out. No cancel-on-disconnect fires from now on.
  void Shutdown(Instant now);

  std::size_t connection_count() const { return connections_.size(); }
  const Counters& counters() const { return counters_; }

 private:
  Connection* Find(ConnectionId id);
  const Connection* Find(ConnectionId id) const;
  FrameEncoder::Header Header(const Connection& connection, Instant now) const;
  // Every message is appended through this: it notes the time and marks the connection ready.
  std::vector<uint8_t>* Output(Connection* connection, Instant now);
  void MarkReady(Connection* connection);
  void SetPhase(Connection* connection, Phase phase, Instant now);

  // Queues Logout(code) and closes behind it.
  void Close(Connection* connection, wire::ErrorCode code, Instant now);
  void CloseAll(wire::ErrorCode code, Instant now);
  void Detach(Connection* connection, Instant now);
  void CheckSendQueue(Connection* connection, Instant now);
  void CheckTimeouts(Connection* connection, Instant now);
  void CheckHeartbeats(Connection* connection, Instant now);
  void FireDueCancels(Instant now);

  // hub_logon.cc
  void HandleLogon(Connection* connection, const ClientMessage& message, Instant now);
  wire::ErrorCode CheckLogon(Connection* connection, const wire::Logon& logon, Instant now);
  uint32_t ConnectionsOf(const ApiKey& key, const Connection& except, uint64_t session_id) const;
  void RefuseLogon(Connection* connection, wire::ErrorCode code, Instant now);
  void PublishOpen(Connection* connection);
  void OnSessionOpened(const Event& event, Instant now);
  void OnOpenRejected(const Event& event, Instant now);
  void Attach(Connection* connection, SessionState* session, Instant now);
  void SendLogonAck(Connection* connection, wire::ErrorCode code, Instant now);
  void PumpReplay(Connection* connection, Instant now);
  void FinishReplay(Connection* connection, Instant now);

  // hub_traffic.cc
  void ProcessInput(Connection* connection, Instant now);
  void HandleFrame(Connection* connection, std::span<const uint8_t> frame, Instant now);
  void HandleMessage(Connection* connection, const ClientMessage& message, Instant now);
  void HandleCommand(Connection* connection, const ClientMessage& message, Instant now);
  void HandleRepeated(Connection* connection, const ClientMessage& message, Instant now);
  void ResendOutcome(Connection* connection, uint64_t client_sequence, Instant now);
  void Publish(Connection* connection, std::span<const Command> commands);
  void PublishBehindSignature(Connection* connection, Command command, Instant now);
  struct Refusal {
    wire::ErrorCode code;
    uint32_t detail = 0;
    bool fatal = false;
  };
  void Reject(Connection* connection, const ClientMessage& message, Refusal refusal, Instant now);
  bool TakeToken(Connection* connection, const ClientMessage& message, Instant now);
  void OnReport(const Event& event, Instant now);

  // hub_settlement.cc
  void OnSettlement(const Event& event, Instant now);
  void SendSettlement(Connection* connection, Instant now);

  // hub_feed.cc
  void HandleSubscription(Connection* connection, const ClientMessage& message, Instant now);
  void SendState(Connection* connection, const FeedInstrument& instrument, uint8_t kinds,
                 Instant now);
  void SendSnapshots(Connection* connection, const FeedInstrument& instrument, uint8_t kinds,
                     Instant now);
  void OnMarketData(const Event& event, Instant now);
  void OnPhaseChanged(const Event& event, uint32_t position, Instant now);
  void OnBookDelta(const Event& event, FeedInstrument* instrument, Instant now);
  template <typename Encode>
  void SendToAll(const std::vector<Connection*>& subscribers, Instant now, Encode&& encode);
  void SendNewest(uint32_t position, uint8_t kind, Instant now);
  void SendOne(Connection* connection, const FeedInstrument& instrument, uint8_t kind, Instant now);
  void SendBbo(Connection* connection, const FeedInstrument& instrument, Instant now);
  void SendIndicative(Connection* connection, const FeedInstrument& instrument, Instant now);
  void SendConflated(Connection* connection, Instant now);

  const HubConfig config_;
  SessionDirectory sessions_;
  Feed feed_;
  BatchStatuses batches_;
  FrameEncoder encoder_;
  TokenBucket logon_limit_;
  ClientMessage message_;  // Of the frame being handled; kept to avoid its construction.
  uint64_t epoch_ = 0;
  uint64_t last_connection_id_ = 0;
  bool shutting_down_ = false;
  bool needs_retry_ = false;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Connection>> connections_;
  std::vector<ConnectionId> ready_;
  std::vector<SessionState*> cancels_due_;  // Those with cancel_due_ns != 0.
  Counters counters_;
};

}  // namespace tally::gateway
