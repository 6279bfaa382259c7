#pragma once

// The two programs that check a venue from outside: the watcher of batches and the reconciliation
// of balances. Both read only what is public: the chain and the event log.

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "settlement/chain/signer.h"
#include "settlement/watch/reconciler.h"
#include "settlement/watch/watcher.h"

namespace tally::settlement {

// Where an outside program finds everything.
struct WatchOptions {
  std::string node_url;
  int64_t node_timeout_ms = 10'000;
  std::string events_directory;  // A copy of the venue's event log, maybe still growing.
  WatcherConfig watcher;
  bool once = false;  // Stop when everything settled so far is looked at and challenged.
  int64_t poll_ms = 2'000;
};

// Runs a watcher until `stop` is set (or, with `once`, until it caught up) and returns what it
// found. Trouble that may pass is logged and retried; with `once`, for at most a minute. `key` pays
// for challenges; null: none are made.
absl::StatusOr<std::vector<Finding>> RunWatcher(const WatchOptions& options, Signer* signer,
                                                const std::atomic<bool>& stop);

struct ReconcileOptions {
  std::string node_url;
  int64_t node_timeout_ms = 10'000;
  std::string events_directory;
  Reconciler::Options reconciler;
  int64_t interval_ms = 0;  // 0: once. Otherwise again and again, until a difference or `stop`.
};

// Each comparison is given to `report`; returns the last one.
absl::StatusOr<Reconciliation> RunReconciler(
    const ReconcileOptions& options, const std::function<void(const Reconciliation&)>& report,
    const std::atomic<bool>& stop);

}  // namespace tally::settlement
