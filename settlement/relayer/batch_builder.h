#pragma once

#include <vector>

#include "absl/status/status.h"

#include "engine/event.h"
#include "settlement/netting/executions.h"
#include "settlement/netting/netting_window.h"
#include "settlement/relayer/order_archive.h"

namespace tally::settlement {

// What one stretch of the event log does to the vault, and why.
struct BatchContent {
  std::vector<NettedEntry> entries;
  BatchExecutions executions;
};

// Turns the event log into the content of batches. The relayer and the watcher both use it: what
// one seals the other derives again, from the same public log. Pure.
//
// Thread safety: one thread.
class BatchBuilder {
 public:
  explicit BatchBuilder(const OrderDomain& domain, InstrumentTerms terms = {})
      : domain_(domain), netting_(std::move(terms)) {}

  // Takes the next event. Fills of an event that is settled already (`is_settled`) are not
  // content; orders and instruments are learned from it all the same.
  absl::Status Add(const Event& event, bool is_settled);

  const NettingWindow& netting() const { return netting_; }
  const ExecutionWindow& executions() const { return executions_; }
  OrderArchive& archive() { return archive_; }

  // Trades are complete and conserve every asset: what Take() asks for. Always so between the
  // trades of an honest log.
  bool is_whole() const { return netting_.balanced() && netting_.IsConserved(); }
  // The content since the last call. Must be whole.
  BatchContent Take();
  // Forgets the content since the last call.
  void Discard();

 private:
  bool IsPlausible(const Event& event) const;

  OrderDomain domain_;
  NettingWindow netting_;
  OrderArchive archive_;
  ExecutionWindow executions_;
};

}  // namespace tally::settlement
