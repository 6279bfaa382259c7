#pragma once

#include "base/zero_fill.h"
#include "engine/command.h"
#include "engine/core/internal/state.h"
#include "engine/event.h"

namespace tally::core::internal {

// Numbers events and hands them on, for the duration of one command. An event is either public
// (Publish), a numbered report to a session (Report), or a note to a session's gateway that is not
// part of its report stream (Notify).
//
// The frequent ones are made where they go (Begin...): an event that is put together elsewhere from
// fields of 8 bytes and then copied by whole vectors waits for its own stores. Of these the caller
// completes the payload, field by field for the same reason, before the next event.
class Emitter {
 public:
  Emitter(State& state, const Command& command, EventSink& sink)
      : state_(state), command_(command), sink_(sink) {}

  // A public event, numbered; every other byte is zero.
  Event& Begin(EventType type) {
    Event& event = sink_.Next();
    ZeroFill(event);
    Stamp(event);
    event.type = type;
    return event;
  }

  // A report.
  Event& BeginReport(EventType type, SessionIndex session, uint64_t client_sequence) {
    Event& event = Begin(type);
    event.session = session;
    event.report_sequence = state_.sessions[session].next_report_sequence++;
    event.client_sequence = client_sequence;
    return event;
  }

  void Publish(Event& event) {
    Stamp(event);
    sink_.Next() = event;
  }

  // client_sequence stays as the caller set it: 0 is unsolicited.
  void Report(SessionIndex session, Event& event) {
    event.session = session;
    event.report_sequence = state_.sessions[session].next_report_sequence++;
    Publish(event);
  }

  // A report that answers the current command, to its session.
  void Answer(Event& event) {
    event.client_sequence = command_.client_sequence;
    Report(command_.session, event);
  }

  // kCommandRejected (or the type that answers the command): a report if it has a session.
  void Reject(EventType type, RejectReason reason) {
    Event event = RejectEvent(type, reason);
    if (command_.session == SessionIndex{}) {
      Publish(event);
    } else {
      Answer(event);
    }
  }

  // Outside the report stream: the session's state must not change.
  void RejectUnnumbered(RejectReason reason) {
    Event event = RejectEvent(EventType::kCommandRejected, reason);
    event.session = command_.session;
    event.client_sequence = command_.client_sequence;
    Publish(event);
  }

  // kCommandDone for a command of a session; nothing for one of the venue.
  void Done(uint8_t flags = 0) {
    if (command_.session == SessionIndex{}) {
      return;
    }
    Event event = MakeEvent(EventType::kCommandDone);
    event.account = command_.account;
    event.instrument = command_.instrument;
    event.flags = flags;
    Answer(event);
  }

 private:
  void Stamp(Event& event) {
    event.sequence = state_.next_event_sequence;
    state_.next_event_sequence = EventSequence{Raw(event.sequence) + 1};
    event.command_sequence = state_.last_command_sequence;
    event.timestamp_ns = state_.time_ns;
  }

  Event RejectEvent(EventType type, RejectReason reason) const {
    Event event = MakeEvent(type);
    event.account = command_.account;
    event.instrument = command_.instrument;
    event.rejected = {.reason = reason, .rejected_type = command_.type, .reserved = {}};
    return event;
  }

  State& state_;
  const Command& command_;
  EventSink& sink_;
};

}  // namespace tally::core::internal
