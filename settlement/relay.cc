#include "settlement/relay.h"

#include <algorithm>
#include <time.h>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "engine/journal/event_log.h"
#include "settlement/chain/rpc_chain_client.h"
#include "settlement/relayer/relayer.h"

namespace tally::settlement {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;
constexpr int64_t kSliceMs = 50;  // How soon a pause notices `stop`.

class EventLogSource final : public EventSource {
 public:
  explicit EventLogSource(const std::string& directory) : reader_(directory) {}
  absl::StatusOr<std::size_t> ReadFrom(EventSequence from, std::span<Event> events) override {
    return reader_.ReadFrom(from, events);
  }

 private:
  EventLogReader reader_;
};

void Pause(int64_t ms, Relayer* relayer, const std::atomic<bool>& stop) {
  for (; ms > 0 && !stop.load(std::memory_order_relaxed); ms -= kSliceMs) {
    relayer->PollEngine();
    const timespec slice{.tv_sec = 0, .tv_nsec = std::min(ms, kSliceMs) * kNsPerMs};
    ::nanosleep(&slice, nullptr);
  }
}

}  // namespace

std::unique_ptr<EventSource> OpenEventSource(const std::string& directory) {
  return std::make_unique<EventLogSource>(directory);
}

absl::Status RunRelayer(const RelayOptions& options, const PrivateKey& key, EngineLink* engine,
                        EventSource* events, const std::atomic<bool>& stop) {
  ASSIGN_OR_RETURN(std::unique_ptr<KeyValueStore> store, OpenRocksStore(options.store_directory));
  ASSIGN_OR_RETURN(std::unique_ptr<RpcChainClient> chain,
                   ConnectChain({.url = options.node_url, .timeout_ms = options.node_timeout_ms}));
  const RealClock clock;
  Relayer relayer(options.relayer, {.store = store.get(),
                                    .chain = chain.get(),
                                    .engine = engine,
                                    .events = events,
                                    .key = &key,
                                    .clock = &clock});
  bool started = false;
  std::string trouble;
  int64_t pause_ms = options.poll_ms;
  while (!stop.load(std::memory_order_relaxed)) {
    absl::Status status = started ? relayer.Step() : relayer.Start();
    if (!status.ok() && !Relayer::IsTransient(status)) {
      return status;
    }
    const std::string message(status.message());
    if (message != trouble && !status.ok()) {
      options.relayer.log(LogLevel::kWarning, absl::StrCat("waiting: ", message));
    } else if (!trouble.empty() && status.ok()) {
      options.relayer.log(LogLevel::kInfo, "running again");
    }
    trouble = message;
    pause_ms = status.ok() ? options.poll_ms : std::min(2 * pause_ms, options.retry_ms_max);
    const bool was_started = std::exchange(started, started || status.ok());
    if (was_started || !status.ok()) {
      Pause(pause_ms, &relayer, stop);
    }
  }
  return started ? relayer.Flush() : absl::OkStatus();
}

}  // namespace tally::settlement
