// FixHub: what is received, up to application messages.

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "base/status.h"
#include "gateway/fix/hub.h"
#include "gateway/fix/values.h"
#include "gateway/fix/writer.h"

namespace tally::gateway::fix {
namespace {

constexpr std::string_view kBeginString = "FIX.4.4";
constexpr std::size_t kResendRangesMax = 16;

std::optional<uint64_t> SequenceOf(const Message& message) {
  uint64_t sequence = 0;
  return ParseNumber(message.Get(tag::kMsgSeqNum), &sequence) ? std::optional(sequence)
                                                              : std::nullopt;
}

// Taken whatever its number is.
bool IsOutOfBand(const Message& message) { return message.type() == "2" || message.type() == "5"; }

bool IsReset(const Message& message) {
  return message.type() == "4" && !message.IsYes(tag::kGapFillFlag);
}

}  // namespace

void FixHub::ProcessInput(Connection* connection, Instant now) {
  while (connection->phase != Phase::kClosing) {
    const std::string_view bytes(
        reinterpret_cast<const char*>(connection->input.data()) + connection->input_begin,
        connection->input_end - connection->input_begin);
    std::string_view message;
    std::size_t consumed = 0;
    const Framer::Result result = Framer::Next(bytes, &message, &consumed);
    connection->waits_for_core =
        result == Framer::Result::kMessage && IsTooEarly(*connection, message);
    if (connection->waits_for_core) {
      return;
    }
    connection->input_begin += consumed;
    if (result == Framer::Result::kNeedMore) {
      return;
    }
    if (result == Framer::Result::kTooLarge) {
      if (connection->phase == Phase::kLive) {
        LogOut(connection, "message too large", now);
      }
      Close(connection, now);
      return;
    }
    HandleMessage(connection, message, now);
  }
}

// A Logon in the moment between the first start of a venue and the opening of the session.
bool FixHub::IsTooEarly(const Connection& connection, std::string_view bytes) {
  if (connection.phase != Phase::kAwaitLogon || !message_.Parse(bytes) || message_.type() != "A") {
    return false;
  }
  const auto found = by_comp_id_.find(ToAbsl(message_.Get(tag::kSenderCompID)));
  return found != by_comp_id_.end() && found->second->has_account() &&
         Raw(found->second->index) == 0;
}

void FixHub::HandleMessage(Connection* connection, std::string_view bytes, Instant now) {
  counters_.messages_in.Add();
  const bool whole = message_.Parse(bytes);
  if (connection->phase == Phase::kAwaitLogon) {
    if (whole && message_.type() == "A") {
      HandleLogon(connection, message_, now);
    } else {
      counters_.logons_failed.Add();
      Close(connection, now);
    }
    return;
  }
  MessageLog& log = *connection->session->messages;
  if (whole && message_.type() == "A") {
    log.AddLogon(now.wall_ns, /*inbound=*/true, bytes);
  } else {
    log.Add(now.wall_ns, /*inbound=*/true, bytes);
  }
  if (!whole) {
    counters_.messages_garbled.Add();  // As if it had not come; its number will be missed.
    return;
  }
  connection->received_ns = now.mono_ns;
  connection->test_request_sent = false;
  if (connection->phase == Phase::kLoggedOut) {
    if (message_.type() == "5") {
      const auto sequence = SequenceOf(message_);
      connection->session->progress.next_in +=
          sequence == connection->session->progress.next_in ? 1 : 0;
      Close(connection, now);
    }
    return;
  }
  if (message_.value(message_.fields()[0]) != kBeginString) {
    LogOut(connection, "Incorrect BeginString", now);
    return;
  }
  HandleSequenced(connection, message_, /*held=*/false, /*answered=*/false, now);
  if (connection->phase == Phase::kLive) {
    ReleaseHeld(connection, now);
  }
}

void FixHub::HandleSequenced(Connection* connection, const Message& message, bool held,
                             bool answered, Instant now) {
  FixSession& session = *connection->session;
  const auto sequence = SequenceOf(message);
  if (!sequence.has_value()) {
    LogOut(connection, "MsgSeqNum is missing or no number", now);
    return;
  }
  if (message.type() == "A" && message.IsYes(tag::kResetSeqNumFlag)) {
    HandleRelogon(connection, message, now);
    return;
  }
  const uint64_t expected = session.progress.next_in;
  if (!IsReset(message)) {
    if (*sequence > expected) {
      Hold(connection, message, *sequence, now);
      if (!IsOutOfBand(message)) {
        return;
      }
    } else if (*sequence < expected && !IsOutOfBand(message)) {
      HandleTooLow(connection, message, *sequence, now);
      return;
    }
    session.progress.next_in += *sequence == expected ? 1 : 0;
  }
  const MessageRule* const rule = FindMessage(message.type());
  if (rule == nullptr || !rule->inbound) {
    if (IsFix44Type(message.type())) {
      SendBusinessReject(connection, message, 3, "Unsupported Message Type", now);
    } else {
      SendReject(connection, message, SessionReject::kInvalidMsgType, std::nullopt, now);
    }
    return;
  }
  if (const auto fault = Validate(message, *rule); fault.has_value()) {
    SendReject(connection, message, fault->reason, fault->tag, now);
    return;
  }
  if (CheckOrigin(connection, message, held, now)) {
    Dispatch(connection, message, answered, now);
  }
}

// Keeps a message that came too early, and asks for what is missing before it, once.
void FixHub::Hold(Connection* connection, const Message& message, uint64_t sequence, Instant now) {
  FixSession& session = *connection->session;
  const FixOptions& options = config_.options;
  if (message.type() != "5") {
    if (session.held.size() >= options.held_messages_max ||
        session.held_bytes + message.bytes().size() > options.held_bytes_max) {
      session.held_dropped = true;  // It is asked for again when the rest is there.
    } else if (session.held
                   .try_emplace(sequence, HeldMessage{.bytes = std::string(message.bytes()),
                                                      .answered = IsOutOfBand(message) ||
                                                                  message.type() == "A"})
                   .second) {
      session.held_bytes += message.bytes().size();
    }
  }
  if (session.gap_requested || message.type() == "5") {
    return;
  }
  session.gap_requested = true;
  std::string body;
  FieldWriter(&body).Count(tag::kBeginSeqNo, session.progress.next_in).Add(tag::kEndSeqNo, '0');
  SendAdmin(connection, "2", body, now);
}

// A message that was taken before, or whose number was.
void FixHub::HandleTooLow(Connection* connection, const Message& message, uint64_t sequence,
                          Instant now) {
  if (!message.IsYes(tag::kPossDupFlag)) {
    LogOut(connection,
           absl::StrCat("MsgSeqNum too low, expecting ", connection->session->progress.next_in,
                        " but received ", sequence),
           now);
    return;
  }
  const auto original = message.Find(tag::kOrigSendingTime);
  if (!original.has_value()) {
    SendReject(connection, message, SessionReject::kRequiredTagMissing, tag::kOrigSendingTime, now);
    return;
  }
  const auto first = ParseUtcTimestamp(*original);
  const auto sent = ParseUtcTimestamp(message.Get(tag::kSendingTime));
  if (first.has_value() && sent.has_value() && *first > *sent) {
    SendReject(connection, message, SessionReject::kSendingTimeProblem, std::nullopt, now);
    LogOut(connection, "OrigSendingTime is after SendingTime", now);
  }
}

// The parties and the time of a valid message. False: it was answered.
bool FixHub::CheckOrigin(Connection* connection, const Message& message, bool held, Instant now) {
  const FixSession& session = *connection->session;
  if (message.Get(tag::kSenderCompID) != session.config.comp_id ||
      message.Get(tag::kTargetCompID) != config_.options.comp_id) {
    SendReject(connection, message, SessionReject::kCompIdProblem, std::nullopt, now);
    LogOut(connection, "CompID problem", now);
    return false;
  }
  // What was held was not late when it came.
  if (!held && !InWindow(message, now)) {
    SendReject(connection, message, SessionReject::kSendingTimeProblem, std::nullopt, now);
    LogOut(connection, "SendingTime accuracy problem", now);
    return false;
  }
  if (message.IsYes(tag::kPossDupFlag) && !IsReset(message)) {
    const auto first = ParseUtcTimestamp(message.Get(tag::kOrigSendingTime));
    if (!first.has_value()) {
      SendReject(connection, message, SessionReject::kRequiredTagMissing, tag::kOrigSendingTime,
                 now);
      return false;
    }
    if (*first > *ParseUtcTimestamp(message.Get(tag::kSendingTime))) {
      SendReject(connection, message, SessionReject::kSendingTimeProblem, std::nullopt, now);
      LogOut(connection, "OrigSendingTime is after SendingTime", now);
      return false;
    }
  }
  return true;
}

void FixHub::Dispatch(Connection* connection, const Message& message, bool answered, Instant now) {
  if (message.type().size() != 1) {
    HandleApplication(connection, message, now);
    return;
  }
  switch (message.type()[0]) {
    case '0':
    case '3':
      return;
    case '1': {
      std::string body;
      FieldWriter(&body).Add(tag::kTestReqID, message.Get(tag::kTestReqID));
      SendAdmin(connection, "0", body, now);
      return;
    }
    case '2':
      if (!answered) {
        HandleResendRequest(connection, message, now);
      }
      return;
    case '4':
      HandleSequenceReset(connection, message, now);
      return;
    case '5':
      HandleLogout(connection, now);
      return;
    case 'A':
      if (answered) {
        return;
      }
      LogOut(connection, "Logon while logged on", now);
      return;
    default:
      HandleApplication(connection, message, now);
  }
}

// Takes the messages whose turn has come.
void FixHub::ReleaseHeld(Connection* connection, Instant now) {
  FixSession& session = *connection->session;
  while (!session.held.empty() && connection->phase == Phase::kLive) {
    auto first = session.held.begin();
    if (first->first > session.progress.next_in) {
      return;
    }
    HeldMessage held = std::move(first->second);
    session.held_bytes -= held.bytes.size();
    const bool due = first->first == session.progress.next_in;
    session.held.erase(first);
    if (due && held_message_.Parse(held.bytes)) {
      HandleSequenced(connection, held_message_, /*held=*/true, held.answered, now);
    }
  }
  if (session.held.empty() && connection->phase == Phase::kLive) {
    session.gap_requested = false;  // What was dropped is missed again by what comes next.
    session.held_dropped = false;
  }
}

void FixHub::HandleResendRequest(Connection* connection, const Message& message, Instant now) {
  FixSession& session = *connection->session;
  const uint64_t sent = session.progress.next_out - 1;
  uint64_t begin = 0;
  uint64_t end = 0;
  CHECK(ParseNumber(message.Get(tag::kBeginSeqNo), &begin));
  CHECK(ParseNumber(message.Get(tag::kEndSeqNo), &end));
  if (begin == 0 || begin > sent) {
    SendReject(connection, message, SessionReject::kValueOutOfRange, tag::kBeginSeqNo, now);
    return;
  }
  if (end != 0 && end < begin) {
    SendReject(connection, message, SessionReject::kValueOutOfRange, tag::kEndSeqNo, now);
    return;
  }
  if (session.resends.size() >= kResendRangesMax) {
    LogOut(connection, "too many ResendRequests at once", now);
    return;
  }
  session.resends.push_back({.next = begin, .last = end == 0 ? sent : std::min(end, sent)});
  PumpResends(connection, now);
}

void FixHub::HandleSequenceReset(Connection* connection, const Message& message, Instant now) {
  FixSession& session = *connection->session;
  uint64_t next = 0;
  CHECK(ParseNumber(message.Get(tag::kNewSeqNo), &next));
  // A gap fill has used up its own number already.
  const uint64_t least = session.progress.next_in;
  if (next < least) {
    SendReject(connection, message, SessionReject::kValueOutOfRange, std::nullopt, now);
    return;
  }
  session.progress.next_in = next;
}

void FixHub::HandleLogout(Connection* connection, Instant now) {
  SendAdmin(connection, "5", {}, now);
  Close(connection, now);
}

}  // namespace tally::gateway::fix
