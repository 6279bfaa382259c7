// FixHub: Logon.

#include <algorithm>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/sha256.h"
#include "base/status.h"
#include "gateway/fix/hub.h"
#include "gateway/fix/values.h"
#include "gateway/fix/writer.h"
#include "gateway/session/signature.h"

namespace tally::gateway::fix {
namespace {

// Takes as long whether or not the texts are alike.
bool SameBytes(const Sha256Digest& a, const Sha256Digest& b) {
  uint8_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<uint8_t>(difference | (a[i] ^ b[i]));
  }
  return difference == 0;
}

Sha256Digest HashOf(std::string_view text) {
  Sha256 hash;
  hash.Update(text.data(), text.size());
  return hash.Finish();
}

// Whether the session may be used from there, with that certificate.
bool MayUse(const FixSessionConfig& session, const Peer& peer) {
  const auto& pins = session.client_certificates;
  return IsAllowed(session.allowed, peer.address) &&
         (pins.empty() || std::find(pins.begin(), pins.end(), peer.certificate) != pins.end());
}

}  // namespace

// What a client signs: MsgType, SenderCompID, TargetCompID, MsgSeqNum and SendingTime, with the
// separator between them.
std::string LogonSignedText(const Message& message) {
  std::string text = "A";
  for (const int32_t tag :
       {tag::kSenderCompID, tag::kTargetCompID, tag::kMsgSeqNum, tag::kSendingTime}) {
    text.push_back(kSoh);
    text.append(message.Get(tag));
  }
  return text;
}

bool LogonSignatureIsGood(const Message& message, const std::array<uint8_t, 32>& public_key) {
  std::string signature;
  if (!absl::Base64Unescape(ToAbsl(message.Get(tag::kRawData)), &signature) ||
      signature.size() != 64) {
    return false;
  }
  const std::string text = LogonSignedText(message);
  std::array<uint8_t, 64> bytes;
  std::memcpy(bytes.data(), signature.data(), bytes.size());
  return VerifyEd25519(
      public_key, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()), bytes);
}

// Before a client has shown who it is it gets no answer, only the end of the connection.
void FixHub::HandleLogon(Connection* connection, const Message& message, Instant now) {
  FixSession* const session = Authenticate(connection->peer, message, now);
  if (session == nullptr) {
    counters_.logons_failed.Add();
    Close(connection, now);
    return;
  }
  session->messages->AddLogon(now.wall_ns, /*inbound=*/true, message.bytes());
  session->connection = connection->id;
  connection->session = session;
  connection->received_ns = now.mono_ns;
  SetPhase(connection, Phase::kLive, now);
  AcceptLogon(connection, message, now);
}

FixSession* FixHub::Authenticate(const Peer& peer, const Message& message, Instant now) {
  const auto found = by_comp_id_.find(ToAbsl(message.Get(tag::kSenderCompID)));
  if (message.value(message.fields()[0]) != "FIX.4.4" || found == by_comp_id_.end() ||
      message.Get(tag::kTargetCompID) != config_.options.comp_id || shutting_down_ ||
      !health_.ok() || !config_.engine->health().ok() || !logon_limit_.Take(now.mono_ns)) {
    return nullptr;
  }
  FixSession* const session = found->second;
  if ((session->has_account() && Raw(session->index) == 0) ||
      Find(session->connection) != nullptr || Validate(message, *FindMessage("A")).has_value() ||
      !InWindow(message, now) || !MayUse(session->config, peer) ||
      !CheckCredentials(session->config, message)) {
    return nullptr;
  }
  return session;
}

bool FixHub::CheckCredentials(const FixSessionConfig& session, const Message& message) const {
  switch (session.authentication) {
    case FixAuthentication::kNone:
      return true;
    case FixAuthentication::kPassword:
      return message.Get(tag::kUsername) == session.username &&
             SameBytes(HashOf(message.Get(tag::kPassword)), session.password_sha256);
    case FixAuthentication::kSignature: {
      const ApiKey* const key = config_.keys->Find(session.key_id);
      uint64_t named = 0;
      return key != nullptr && key->enabled &&
             (!message.Find(tag::kUsername).has_value() ||
              (ParseNumber(message.Get(tag::kUsername), &named) && named == session.key_id)) &&
             LogonSignatureIsGood(message, key->public_key);
    }
  }
  return false;
}

bool FixHub::InWindow(const Message& message, Instant now) const {
  const auto sent = ParseUtcTimestamp(message.Get(tag::kSendingTime));
  const int64_t window_ns = config_.options.latency_window_ms * kNsPerMs;
  return sent.has_value() && *sent >= now.wall_ns - window_ns && *sent <= now.wall_ns + window_ns;
}

// The client is who it says. From here on a refusal is a Logout with a reason.
void FixHub::AcceptLogon(Connection* connection, const Message& message, Instant now) {
  FixSession& session = *connection->session;
  const FixOptions& options = config_.options;
  uint32_t heartbeat_s = 0;
  uint64_t sequence = 0;
  CHECK(ParseNumber(message.Get(tag::kMsgSeqNum), &sequence));
  const bool reset = message.IsYes(tag::kResetSeqNumFlag);
  // Orders of a session that never was logged on are not cancelled by its end.
  session.cancel_on_disconnect = false;
  if (!ParseNumber(message.Get(tag::kHeartBtInt), &heartbeat_s) ||
      heartbeat_s < options.heartbeat_s_min || heartbeat_s > options.heartbeat_s_max) {
    LogOut(connection,
           absl::StrCat("HeartBtInt must be ", options.heartbeat_s_min, " to ",
                        options.heartbeat_s_max),
           now);
    return;
  }
  if (!EnterHours(connection, now)) {
    return;
  }
  if (reset || session.config.reset_on_logon || !session.KeepsSent()) {
    session.Reset();
  }
  if (session.must_reset) {
    LogOut(connection, "sequence numbers were lost, log on with ResetSeqNumFlag (141) = Y", now);
    return;
  }
  if (sequence < session.progress.next_in || (reset && sequence != 1)) {
    LogOut(connection,
           absl::StrCat("MsgSeqNum too low, expecting ", session.progress.next_in, " but received ",
                        sequence),
           now);
    return;
  }
  uint64_t wanted = 0;
  const uint64_t next_out = session.progress.next_out;
  if (ParseNumber(message.Get(tag::kNextExpectedMsgSeqNum), &wanted) && wanted > next_out) {
    LogOut(connection,
           absl::StrCat("NextExpectedMsgSeqNum too high, expecting at most ", next_out,
                        " but received ", wanted),
           now);
    return;
  }
  connection->heartbeat_ns = heartbeat_s * kNsPerSecond;
  const std::string_view cancel = message.Get(tag::kCancelOrdersOnDisconnect);
  session.cancel_on_disconnect =
      session.has_account() &&
      (cancel.empty() ? session.config.cancel_on_disconnect : cancel != "N");
  session.cancel_scope = cancel == "Y" ? MassCancelScope::kAccount : MassCancelScope::kSession;
  counters_.logons.Add();
  const bool early = sequence > session.progress.next_in;
  session.progress.next_in += early ? 0 : 1;
  SendLogon(connection, message, now);
  if (wanted != 0 && wanted < next_out) {
    session.resends.push_back({.next = wanted, .last = next_out - 1});
    PumpResends(connection, now);
  }
  if (early) {
    // Our answer said what we expect: a client that uses 789 sends it without being asked.
    session.gap_requested = wanted != 0;
    Hold(connection, message, sequence, now);
  }
  PumpBacklog(connection, now);
  PumpCopies(connection, now);
}

void FixHub::SendLogon(Connection* connection, const Message& message, Instant now) {
  std::string body;
  FieldWriter writer(&body);
  writer.Add(tag::kEncryptMethod, '0').Add(tag::kHeartBtInt, message.Get(tag::kHeartBtInt));
  if (message.IsYes(tag::kResetSeqNumFlag)) {
    writer.Add(tag::kResetSeqNumFlag, 'Y');
  }
  if (message.Find(tag::kNextExpectedMsgSeqNum).has_value()) {
    writer.Count(tag::kNextExpectedMsgSeqNum, connection->session->progress.next_in);
  }
  SendAdmin(connection, "A", body, now);
}

// A Logon with ResetSeqNumFlag from a client that is logged on: both numbers begin again.
void FixHub::HandleRelogon(Connection* connection, const Message& message, Instant now) {
  if (Validate(message, *FindMessage("A")).has_value() || message.Get(tag::kMsgSeqNum) != "1") {
    LogOut(connection, "a Logon that resets the numbers must have MsgSeqNum 1", now);
    return;
  }
  if (!CheckOrigin(connection, message, /*held=*/false, now)) {
    return;
  }
  connection->session->Reset();
  connection->session->progress.next_in = 2;
  SendLogon(connection, message, now);
}

}  // namespace tally::gateway::fix
