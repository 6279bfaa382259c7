#pragma once

#include <cstdint>
#include <deque>
#include <utility>

#include "engine/command.h"
#include "gateway/engine_link.h"
#include "gateway/phase_schedule.h"

namespace tally::gateway {

// The only place where the clock becomes commands: kTimer when something in the core is due,
// kSetPhase when the schedule says so. The core itself never reads a clock.
//
// Thread safety: none. Cost: an atomic load when nothing is due.
//
// Invariants: nothing is published while nothing is due, so an idle venue journals nothing. A
// scheduled phase is published once; one that fell into a time when the venue did not run is made
// up for, unless a later one has replaced it. So is one that a crash took from the journal while
// commands stamped after its time stayed: the core tells when the clock last set a phase.
class Timekeeper {
 public:
  // `engine` outlives this. The schedule is done up to the time of the recovered core, but for what
  // its instruments did not get.
  Timekeeper(EngineLink* engine, PhaseSchedule schedule, const RecoveredState& recovered);

  // Publishes what is due by `now_ns` (wall time). Returns when to call again at the latest, though
  // released events can bring it forward; 0: nothing waits for a time.
  int64_t Run(int64_t now_ns);

 private:
  // Each returns when it wants to be called again; INT64_MAX: not by itself.
  int64_t RunSchedule(int64_t now_ns);
  int64_t RunTimer(int64_t now_ns);
  void Await(const ScheduledPhase& entry);

  EngineLink* const engine_;
  const PhaseSchedule schedule_;
  int64_t schedule_done_ns_;
  std::deque<Command> waiting_;     // The input ring had no room.
  int64_t next_scheduled_ns_ = -1;  // Of schedule_, after schedule_done_ns_; -1: to be asked.
  int64_t asked_deadline_ns_ = 0;   // For which the last kTimer was published.
  int64_t asked_ns_ = 0;            // And when.
};

}  // namespace tally::gateway
