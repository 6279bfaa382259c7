#include "settlement/watch.h"

#include <algorithm>
#include <time.h>

#include "absl/strings/str_cat.h"

#include "base/clock.h"
#include "base/status.h"
#include "settlement/relay.h"
#include "settlement/relayer/relayer.h"

namespace tally::settlement {
namespace {

constexpr int64_t kOnceRetryNs = 60'000'000'000;

void Pause(int64_t ms, const std::atomic<bool>& stop) {
  for (; ms > 0 && !stop.load(std::memory_order_relaxed); ms -= kPauseSliceMs) {
    const timespec slice{.tv_sec = 0, .tv_nsec = std::min(ms, kPauseSliceMs) * kNsPerMs};
    ::nanosleep(&slice, nullptr);
  }
}

}  // namespace

absl::StatusOr<std::vector<Finding>> RunWatcher(const WatchOptions& options, Signer* signer,
                                                const std::atomic<bool>& stop) {
  ASSIGN_OR_RETURN(std::unique_ptr<RpcChainClient> chain,
                   ConnectChain({.url = options.node_url, .timeout_ms = options.node_timeout_ms}));
  const std::unique_ptr<EventSource> events = OpenEventSource(options.events_directory);
  const RealClock clock;
  Watcher watcher(
      options.watcher,
      {.chain = chain.get(), .events = events.get(), .signer = signer, .clock = &clock});
  bool started = false;
  std::string trouble;
  const int64_t begin_ns = MonotonicNs();
  while (!stop.load(std::memory_order_relaxed)) {
    const absl::Status status = started ? watcher.Step() : watcher.Start();
    const bool may_pass =
        Relayer::IsTransient(status) && (!options.once || MonotonicNs() - begin_ns < kOnceRetryNs);
    if (!status.ok() && !may_pass) {
      return status;
    }
    if (!status.ok() && status.message() != trouble) {
      options.watcher.log(LogLevel::kWarning, absl::StrCat("waiting: ", status.message()));
    }
    trouble = std::string(status.message());
    if (started && status.ok() && options.once && watcher.caught_up()) {
      break;
    }
    const bool was_started = std::exchange(started, started || status.ok());
    if (was_started || !status.ok()) {
      Pause(options.poll_ms, stop);
    }
  }
  options.watcher.log(LogLevel::kInfo,
                      absl::StrCat("looked at the batches up to ", watcher.last_batch(),
                                   ", judged ", watcher.debits_judged(), " debits, found ",
                                   watcher.findings().size(), " that nothing explains"));
  return watcher.findings();
}

absl::StatusOr<Reconciliation> RunReconciler(
    const ReconcileOptions& options, const std::function<void(const Reconciliation&)>& report,
    const std::atomic<bool>& stop) {
  ASSIGN_OR_RETURN(std::unique_ptr<RpcChainClient> chain,
                   ConnectChain({.url = options.node_url, .timeout_ms = options.node_timeout_ms}));
  const std::unique_ptr<EventSource> events = OpenEventSource(options.events_directory);
  Reconciler reconciler(options.reconciler, chain.get(), events.get());
  for (;;) {
    absl::StatusOr<Reconciliation> result = reconciler.Check();
    if (result.ok()) {
      report(*result);
    }
    const bool goes_on = options.interval_ms > 0 && !stop.load(std::memory_order_relaxed) &&
                         (result.ok() ? result->agrees() : Relayer::IsTransient(result.status()));
    if (!goes_on) {
      return result;
    }
    Pause(options.interval_ms, stop);
  }
}

}  // namespace tally::settlement
