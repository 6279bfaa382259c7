#include "settlement/relay.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <time.h>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/status.h"
#include "engine/journal/event_log.h"
#include "settlement/chain/multi_chain_client.h"
#include "settlement/chain/rpc_chain_client.h"
#include "settlement/relayer/relayer.h"
#include "settlement/signing/policy_signer.h"

namespace tally::settlement {
namespace {

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
  for (; ms > 0 && !stop.load(std::memory_order_relaxed); ms -= kPauseSliceMs) {
    relayer->PollEngine();
    const timespec slice{.tv_sec = 0, .tv_nsec = std::min(ms, kPauseSliceMs) * kNsPerMs};
    ::nanosleep(&slice, nullptr);
  }
}

struct Nodes {
  std::vector<std::unique_ptr<RpcChainClient>> clients;
  std::vector<MultiChainClient::Node> named;
};

absl::StatusOr<Nodes> ConnectNodes(const RelayOptions& options) {
  Nodes nodes;
  for (const absl::string_view url : absl::StrSplit(options.node_url, ',', absl::SkipEmpty())) {
    ASSIGN_OR_RETURN(std::unique_ptr<RpcChainClient> client,
                     ConnectChain({.url = std::string(absl::StripAsciiWhitespace(url)),
                                   .timeout_ms = options.node_timeout_ms}));
    nodes.named.push_back({.name = std::string(url), .client = client.get()});
    nodes.clients.push_back(std::move(client));
  }
  if (nodes.named.empty()) {
    return absl::InvalidArgumentError("no node of the chain is configured");
  }
  return nodes;
}

// The policy in front of a signer. What was signed is counted in the relayer's store, so that a
// restart does not refill the budget.
absl::StatusOr<std::unique_ptr<PolicySigner>> Guard(Signer* signer, std::vector<CallRule> calls,
                                                    const RelayOptions& options,
                                                    KeyValueStore* store, const Clock* clock) {
  const std::string key = absl::StrCat("spent/", Hex(signer->address()));
  auto guard = std::make_unique<PolicySigner>(
      SigningRules{.chain_id = options.relayer.chain_id,
                   .account = signer->address(),
                   .calls = std::move(calls),
                   .limits = options.signing_limits},
      PolicySigner::Dependencies{
          .signer = signer,
          .clock = clock,
          .alarm =
              [log = options.relayer.log](std::string_view text) { log(LogLevel::kError, text); },
          .save =
              [store, key](const std::string& ledger) {
                return store->Write({.puts = {{key, ledger}}, .deletes = {}});
              }});
  RETURN_IF_ERROR(store->Visit(
      key, [&](std::string_view, std::string_view ledger) { return guard->Restore(ledger); }));
  return guard;
}

// For monitoring; replaced in one step, so that a reader sees all of it or the one before.
void WriteStatus(const std::string& path, const Relayer& relayer) {
  nlohmann::json keys = nlohmann::json::array();
  for (const Runway& runway : relayer.runway().runways()) {
    keys.push_back({{"role", runway.role},
                    {"address", Hex(runway.account)},
                    {"balance_ether", EtherText(runway.balance_wei)},
                    {"fee_wei", runway.fee_wei},
                    {"gas_per_hour", runway.gas_per_hour},
                    {"runway_hours", nullptr},
                    {"level", runway.level == RunwayLevel::kGood      ? "good"
                              : runway.level == RunwayLevel::kWarning ? "warning"
                                                                      : "alarm"}});
    if (runway.hours.has_value()) {
      keys.back()["runway_hours"] = *runway.hours;
    }
  }
  const std::string fresh = path + ".new";
  std::ofstream file(fresh);
  file << nlohmann::json{{"keys", std::move(keys)}}.dump(2) << "\n";
  file.close();
  if (file) {
    std::rename(fresh.c_str(), path.c_str());
  }
}

}  // namespace

std::unique_ptr<EventSource> OpenEventSource(const std::string& directory) {
  return std::make_unique<EventLogSource>(directory);
}

absl::Status RunRelayer(const RelayOptions& options, Signer* signer, EngineLink* engine,
                        EventSource* events, const std::atomic<bool>& stop) {
  ASSIGN_OR_RETURN(std::unique_ptr<KeyValueStore> store, OpenRocksStore(options.store_directory));
  ASSIGN_OR_RETURN(Nodes nodes, ConnectNodes(options));
  const RealClock clock;
  const RelayerConfig& config = options.relayer;
  MultiChainOptions chain_options;
  chain_options.chain_id = config.chain_id;
  chain_options.log = [&](std::string_view text) { config.log(LogLevel::kWarning, text); };
  MultiChainClient chain(nodes.named, &clock, std::move(chain_options));
  ASSIGN_OR_RETURN(const auto guard,
                   Guard(signer, OperatorCalls(config.vault), options, store.get(), &clock));
  std::unique_ptr<PolicySigner> justifier;
  if (options.justifier != nullptr) {
    ASSIGN_OR_RETURN(justifier, Guard(options.justifier, JustifierCalls(config.vault), options,
                                      store.get(), &clock));
  }
  std::vector<std::unique_ptr<PolicySigner>> guards;
  std::vector<Signer*> senders;
  for (Signer* const sender : options.senders) {
    ASSIGN_OR_RETURN(auto sender_guard,
                     Guard(sender, OperatorCalls(config.vault), options, store.get(), &clock));
    senders.push_back(sender_guard.get());
    guards.push_back(std::move(sender_guard));
  }
  Relayer relayer(options.relayer, {.store = store.get(),
                                    .chain = &chain,
                                    .engine = engine,
                                    .events = events,
                                    .signer = guard.get(),
                                    .clock = &clock,
                                    .justifier = justifier.get(),
                                    .senders = senders});
  bool started = false;
  uint64_t status_count = 0;
  std::string trouble;
  int64_t pause_ms = options.poll_ms;
  while (!stop.load(std::memory_order_relaxed)) {
    absl::Status status = started ? relayer.Step() : relayer.Start();
    if (!status.ok() && !Relayer::IsTransient(status)) {
      return status;
    }
    if (!options.status_file.empty() && relayer.runway().looked_count() != status_count) {
      status_count = relayer.runway().looked_count();
      WriteStatus(options.status_file, relayer);
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
