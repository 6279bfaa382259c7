#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "engine/command.h"
#include "engine/event.h"
#include "gateway/codec/frame_buffer.h"
#include "gateway/gateway_options.h"
#include "gateway/key_directory.h"
#include "gateway/order_verifier.h"
#include "gateway/session/send_queue.h"
#include "gateway/session/session_directory.h"
#include "gateway/session/token_bucket.h"
#include "schemas/wire_generated.h"

namespace tally::gateway {

// Where a connection stands; docs/formats/wire.md draws it.
enum class Phase : uint8_t {
  kAwaitLogon,  // Hello was sent.
  kOpening,     // Waits for the core to journal a new session; nothing more is read.
  kReplay,      // Logged on; reports come from the log.
  kLive,        // Logged on; reports come as they are released.
  kClosing,     // The last message is queued; nothing is read.
};

// The protocol state of one connection. A struct: SessionHub keeps its rules.
struct Connection {
  Connection(ConnectionId connection_id, const GatewayOptions& options, int64_t now_ns)
      : id(connection_id),
        throttle(options.messages_per_second, options.burst),
        phase_since_ns(now_ns),
        received_ns(now_ns),
        sent_ns(now_ns) {}

  const ConnectionId id;
  Phase phase = Phase::kAwaitLogon;
  FrameBuffer input;
  SendQueue output;
  TokenBucket throttle;
  std::array<uint8_t, 32> nonce{};

  int64_t phase_since_ns;
  int64_t received_ns;           // Last byte from the client.
  int64_t sent_ns;               // Last message appended.
  int64_t partial_since_ns = 0;  // When the frame that is not complete began; 0: there is none.
  int64_t heartbeat_ns = 0;
  bool test_request_sent = false;

  // Of the logon.
  const ApiKey* key = nullptr;
  wire::Logon logon;
  SessionState* session = nullptr;
  bool open_published = false;  // kOpening: the command is in the ring.
  bool keep_orders = false;     // The client's Logout waived cancel-on-disconnect.

  // Nothing is read until the input ring has room for `stalled_commands` or, if `repeated_seq` is
  // not 0, until the log has the answer to that command.
  bool stalled = false;
  std::array<Command, 2> stalled_commands{};
  std::size_t stalled_count = 0;
  uint64_t repeated_seq = 0;

  // A SignOrder that waits for its order; its seq is used up, but nobody else knows of it yet.
  std::optional<SignedIntent> signed_intent{};

  // The command refused last, and why; it does not use up its seq.
  uint64_t refused_seq = 0;
  wire::ErrorCode refused_code = wire::ErrorCode::OK;
  uint32_t refused_in_row = 0;

  // kReplay: reports in [replay_next, replay_end) come from the log, later ones wait in `pending`.
  uint64_t replay_next = 0;
  uint64_t replay_end = 0;
  std::deque<Event> pending;

  // What is still to be sent in its newest state: the instrument's position in the feed and the
  // FeedKind, kBbo or kIndicative.
  std::vector<std::pair<uint32_t, uint8_t>> conflated;
  bool subscribed = false;

  bool in_ready_list = false;

  bool logged_on() const { return phase == Phase::kReplay || phase == Phase::kLive; }
  bool reads() const { return !stalled && phase != Phase::kOpening && phase != Phase::kClosing; }
};

}  // namespace tally::gateway
