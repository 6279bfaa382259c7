#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/types.h"
#include "gateway/ip_range.h"

namespace tally::gateway {

enum class FixAuthentication : uint8_t {
  kNone,       // Whoever connects: tests on loopback, or a pinned client certificate.
  kPassword,   // Username (553) and Password (554).
  kSignature,  // RawData (96): Ed25519 by the API key that Username names.
};

// What a session is for. Each takes only messages of its own.
enum class FixSessionKind : uint8_t {
  kOrders,      // One account, one session of the core.
  kMarketData,  // No account; nothing is kept of it, every Logon begins with 1.
  kDropCopy,    // The execution reports of accounts, whatever session they are of; sends nothing.
};

// When a session may be logged on: each of the weekdays from a time of day to another, UTC. An end
// not behind the start is one of the next day.
struct FixSchedule {
  bool enabled = false;
  uint8_t weekdays = 0x7f;  // Of the start; bit 0 is Monday.
  int64_t start_ns = 0;     // Since midnight.
  int64_t end_ns = 0;
  bool reset = false;  // Sequence numbers begin with 1 at the first Logon in the hours.
};

// A FIX session: one client's CompID.
struct FixSessionConfig {
  std::string comp_id;
  FixSessionKind kind = FixSessionKind::kOrders;
  AccountId account{};              // kOrders.
  std::vector<AccountId> accounts;  // kDropCopy.
  FixAuthentication authentication = FixAuthentication::kSignature;
  std::string username;                       // kPassword.
  std::array<uint8_t, 32> password_sha256{};  // kPassword.
  uint64_t key_id = 0;                        // kSignature: of [[keys]].
  bool reset_on_logon = false;                // Sequence numbers begin with 1 at every Logon.
  bool cancel_on_disconnect = false;          // Unless the Logon says otherwise (8013).
  SelfTradePrevention self_trade_prevention = SelfTradePrevention::kCancelNewest;  // Without 25001.
  FixSchedule schedule;
  std::vector<IpRange> allowed;  // Where it may log on from; empty: anywhere.
  // SHA-256 of the client certificates it may log on with; empty: with any, or without.
  std::vector<std::array<uint8_t, 32>> client_certificates;
};

// The TLS 1.3 listener, beside or instead of the plain one.
struct FixTlsOptions {
  bool enabled = false;
  std::string host;              // A numeric address.
  uint16_t port = 0;             // 0: any free one.
  std::string certificate_file;  // PEM: the venue's certificate, then its chain.
  std::string key_file;          // PEM.
  std::string client_ca_file;    // PEM; not empty: clients must show a certificate of these.
  uint32_t handshakes_max = 256;
  uint32_t handshake_deadline_ms = 3'000;
};

// Limits of the FIX gateway. Every queue and every wait has one.
struct FixOptions {
  bool enabled = false;
  std::string host = "127.0.0.1";  // A numeric address, of plain TCP; empty: only TLS.
  uint16_t port = 0;               // 0: any free one.
  FixTlsOptions tls;
  std::string comp_id;    // Ours.
  std::string directory;  // Of the session logs.
  std::vector<FixSessionConfig> sessions;

  std::vector<IpRange> allowed;  // Who may connect at all; empty: everybody.
  uint32_t connections_max = 256;
  uint32_t connects_per_address_max = 100;  // In ten seconds, for each listener.
  uint32_t logons_per_second_max = 100;
  uint32_t logon_deadline_ms = 5'000;
  uint32_t notice_s = 60;               // News before a session's hours end.
  uint32_t stop_notice_s = 0;           // News before the venue stops in order.
  uint32_t logout_deadline_ms = 2'000;  // For the client's answer to our Logout.
  uint32_t heartbeat_s_min = 1;
  uint32_t heartbeat_s_max = 300;
  uint32_t latency_window_ms = 120'000;  // SendingTime against our clock, either way.

  // Token bucket of each session. Cancels are free.
  uint32_t messages_per_second = 10'000;
  uint32_t burst = 1'000;

  // How far through the market a market order without a limit of its own may trade.
  uint32_t market_slippage_ticks = 10'000;

  // Messages behind a gap that wait for what is missing.
  uint32_t held_messages_max = 10'000;
  uint32_t held_bytes_max = 4 * 1024 * 1024;

  // Above this nothing is resent or taken from the backlog until the client has read.
  uint32_t send_queue_bytes_soft = 256 * 1024;
  // A connection whose unsent bytes are more, or older, is closed.
  uint32_t send_queue_bytes_max = 8 * 1024 * 1024;
  uint32_t send_queue_age_ms_max = 5'000;

  // What is kept for people of what each session said and heard (gateway/fix_log.h); 0: nothing.
  uint32_t message_log_mb = 64;

  // How many client order ids of orders that are done are remembered, per session.
  uint32_t closed_orders_max = 100'000;
  // How many sides of trades are remembered for trade capture reports.
  uint32_t trades_kept_max = 100'000;
};

}  // namespace tally::gateway
