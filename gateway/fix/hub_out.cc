// FixHub: what is sent, and sent again.

#include <algorithm>

#include "base/assert.h"
#include "gateway/fix/hub.h"
#include "gateway/fix/values.h"
#include "gateway/fix/writer.h"

namespace tally::gateway::fix {
namespace {

constexpr std::size_t kBacklogReports = 512;

// The route back: who the message was on behalf of gets the answer delivered.
std::string ReverseRoute(const Message& message) {
  std::string routing;
  FieldWriter writer(&routing);
  const auto reverse = [&](int32_t from, int32_t to) { writer.Add(to, message.Get(from)); };
  reverse(tag::kOnBehalfOfCompID, tag::kDeliverToCompID);
  reverse(tag::kOnBehalfOfSubID, tag::kDeliverToSubID);
  reverse(tag::kOnBehalfOfLocationID, tag::kDeliverToLocationID);
  reverse(tag::kDeliverToCompID, tag::kOnBehalfOfCompID);
  reverse(tag::kDeliverToSubID, tag::kOnBehalfOfSubID);
  reverse(tag::kDeliverToLocationID, tag::kOnBehalfOfLocationID);
  return routing;
}

std::string_view TextOf(SessionReject reason) {
  switch (reason) {
    case SessionReject::kInvalidTag:
      return "Invalid tag number";
    case SessionReject::kRequiredTagMissing:
      return "Required tag missing";
    case SessionReject::kTagNotDefinedForType:
      return "Tag not defined for this message type";
    case SessionReject::kTagWithoutValue:
      return "Tag specified without a value";
    case SessionReject::kValueOutOfRange:
      return "Value is incorrect (out of range) for this tag";
    case SessionReject::kBadFormat:
      return "Incorrect data format for value";
    case SessionReject::kCompIdProblem:
      return "CompID problem";
    case SessionReject::kSendingTimeProblem:
      return "SendingTime accuracy problem";
    case SessionReject::kInvalidMsgType:
      return "Invalid MsgType";
    case SessionReject::kRepeatedTag:
      return "Tag appears more than once";
    case SessionReject::kOutOfOrder:
      return "Tag specified out of required order";
    case SessionReject::kGroupCount:
      return "Incorrect NumInGroup count for repeating group";
  }
  return "";
}

}  // namespace

void FixHub::Append(Connection* connection, std::string_view type, std::string_view body,
                    Instant now, std::string_view routing) {
  std::vector<uint8_t>* const out = connection->output.Tail(now.mono_ns);
  const std::size_t begin = out->size();
  AppendMessage({.type = type,
                 .sender = config_.options.comp_id,
                 .target = connection->session->config.comp_id,
                 .sequence = connection->session->progress.next_out,
                 .sending_time_ns = now.wall_ns,
                 .routing = routing},
                body, out);
  connection->session->messages->Add(
      now.wall_ns, /*inbound=*/false,
      {reinterpret_cast<const char*>(out->data()) + begin, out->size() - begin});
  connection->sent_ns = now.mono_ns;
  counters_.messages_out.Add();
  MarkReady(connection);
}

void FixHub::SendAdmin(Connection* connection, std::string_view type, std::string_view body,
                       Instant now, std::string_view routing) {
  Append(connection, type, body, now, routing);
  connection->session->NoteAdmin();
}

void FixHub::SendApplication(Connection* connection, std::string_view type, std::string_view body,
                             Instant now, std::string_view routing) {
  Append(connection, type, body, now, routing);
  FixSession& session = *connection->session;
  session.NoteSent({.sequence = session.progress.next_out,
                    .sending_time_ns = now.wall_ns,
                    .next_report = session.progress.next_report,
                    .type = type,
                    .body = body});
}

void FixHub::SendReject(Connection* connection, const Message& message, SessionReject reason,
                        const std::optional<int32_t>& tag, Instant now) {
  counters_.messages_rejected.Add();
  std::string body;
  FieldWriter writer(&body);
  writer.Add(tag::kRefSeqNum, message.Get(tag::kMsgSeqNum));
  if (tag.has_value()) {
    writer.Number(tag::kRefTagID, *tag);
  }
  writer.Add(tag::kRefMsgType, message.type())
      .Number(tag::kSessionRejectReason, static_cast<int>(reason))
      .Add(tag::kText, TextOf(reason));
  SendAdmin(connection, "3", body, now, ReverseRoute(message));
}

void FixHub::SendBusinessReject(Connection* connection, const Message& message, int reason,
                                std::string_view text, Instant now) {
  counters_.messages_rejected.Add();
  std::string body;
  FieldWriter(&body)
      .Add(tag::kRefSeqNum, message.Get(tag::kMsgSeqNum))
      .Add(tag::kRefMsgType, message.type())
      .Number(tag::kBusinessRejectReason, reason)
      .Add(tag::kText, text);
  SendApplication(connection, "j", body, now, ReverseRoute(message));
}

void FixHub::LogOut(Connection* connection, std::string_view text, Instant now) {
  std::string body;
  FieldWriter(&body).Add(tag::kText, text);
  SendAdmin(connection, "5", body, now);
  SetPhase(connection, Phase::kLoggedOut, now);
}

// Sends again what was asked for, as far as the client reads.
void FixHub::PumpResends(Connection* connection, Instant now) {
  FixSession& session = *connection->session;
  while (!session.resends.empty() &&
         connection->output.bytes() < config_.options.send_queue_bytes_soft) {
    ResendRange& range = session.resends.front();
    if (!ResendOne(connection, &range, now)) {
      return;
    }
    if (range.next > range.last) {
      session.resends.pop_front();
    }
  }
}

// The next application message of the range, or one SequenceReset for the others before it.
bool FixHub::ResendOne(Connection* connection, ResendRange* range, Instant now) {
  FixSession& session = *connection->session;
  MessageHeader header{.type = "4",
                       .sender = config_.options.comp_id,
                       .target = session.config.comp_id,
                       .sequence = range->next,
                       .sending_time_ns = now.wall_ns,
                       .original_time_ns = now.wall_ns};
  std::vector<uint8_t>* const out = connection->output.Tail(now.mono_ns);
  MarkReady(connection);
  connection->sent_ns = now.mono_ns;
  counters_.messages_resent.Add();
  const uint64_t begin = range->next;
  if (!session.KeepsSent()) {
    range->next = range->last + 1;
  }
  while (range->next <= range->last && !session.IsApplication(range->next)) {
    ++range->next;
  }
  if (range->next != begin) {
    std::string body;
    FieldWriter(&body).Count(tag::kNewSeqNo, range->next).Add(tag::kGapFillFlag, 'Y');
    AppendMessage(header, body, out);
    return true;
  }
  std::string payload;
  SentRecord message;
  if (const absl::Status status = session.ReadSent(begin, &payload, &message); !status.ok()) {
    health_.Update(status);
    return false;
  }
  header.type = message.type;
  header.original_time_ns = message.sending_time_ns;
  AppendMessage(header, message.body, out);
  ++range->next;
  return true;
}

// Reports that were released while the client was away, or while it did not read.
void FixHub::PumpBacklog(Connection* connection, Instant now) {
  FixSession& session = *connection->session;
  while (session.progress.next_report < session.released_report &&
         connection->output.bytes() < config_.options.send_queue_bytes_soft) {
    const auto batch = config_.reports->FindReports(
        session.index, session.progress.next_report,
        std::min<uint64_t>(session.released_report - session.progress.next_report,
                           kBacklogReports));
    if (!batch.ok()) {
      LogOut(connection, "the report log cannot be read", now);
      return;
    }
    for (const Event& event : batch->events) {
      if (event.report_sequence >= session.released_report) {
        break;
      }
      ApplyReport(connection, event, now);
    }
    if (batch->events.empty()) {
      needs_retry_ = true;  // The log follows the released events by a moment.
      return;
    }
  }
}

}  // namespace tally::gateway::fix
