#pragma once

#include <map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "settlement/engine_link.h"
#include "settlement/relayer/records.h"
#include "settlement/relayer/relayer_config.h"

namespace tally::settlement {

// How far the engine is with a dispute, as its event log says.
struct DisputeProgress {
  uint32_t steps = 0;
  bool resolved = false;
};
using DisputeProgresses = std::map<std::pair<uint64_t, AccountId>, DisputeProgress>;

// Notes what an event says of a dispute.
void NoteDispute(const Event& event, DisputeProgresses* progresses);

// The steps of the dispute about what was taken out of a batch: what each account got from the
// trades is held, then each side of each trade is told. Derived from the record and the event log
// alone, so always the same. kDataLoss if the log lacks the trades.
absl::StatusOr<std::vector<Command>> DisputeSteps(const Owed& owed, EventSource* events);

// Opens a dispute in the engine for everything that was taken out of batches, and takes it to its
// last step. The engine counts the steps; one that was lost is sent again.
//
// Thread safety: one thread. Cost: a dispute's trades are read from the log once per process.
class DisputeTeller {
 public:
  struct Dependencies {
    EngineLink* engine;
    EventSource* events;
    const Clock* clock;
  };
  DisputeTeller(const RelayerConfig* config, const Dependencies& dependencies)
      : config_(*config), dependencies_(dependencies) {}

  absl::Status Step(const std::map<std::pair<uint64_t, AccountId>, Owed>& owed,
                    const DisputeProgresses& progresses);
  // The engine has every step of what is owed.
  bool idle() const { return is_idle_; }

 private:
  struct Telling {
    std::vector<Command> steps;
    std::size_t sent = 0;
    std::size_t known = 0;  // To be taken, from the log.
    int64_t moved_at_ns = 0;
  };
  absl::Status Tell(Telling* telling, std::size_t taken);

  const RelayerConfig& config_;
  const Dependencies dependencies_;
  std::map<std::pair<uint64_t, AccountId>, Telling> tellings_;
  bool is_idle_ = true;
};

}  // namespace tally::settlement
