#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/status.h"

#include "base/clock.h"
#include "settlement/chain/private_key.h"
#include "settlement/engine_link.h"
#include "settlement/relayer/relayer_config.h"

namespace tally::settlement {

// Where the relayer's process finds everything.
struct RelayOptions {
  std::string node_url;
  int64_t node_timeout_ms = 10'000;
  std::string store_directory;  // <data>/relayer
  RelayerConfig relayer;
  int64_t poll_ms = 250;          // Between rounds.
  int64_t retry_ms_max = 30'000;  // Between rounds while something is down, doubling up to this.
};

// The event log in `directory`, also while the engine writes it.
std::unique_ptr<EventSource> OpenEventSource(const std::string& directory);

// Runs a relayer until `stop` is set or something needs an operator. On stop, seals what is open
// and returns once the store has it; the next start sends it. Trouble that may pass (node down, no
// funds, vault paused) is logged when it begins and ends, and retried. The engine link is used on
// this thread only.
absl::Status RunRelayer(const RelayOptions& options, const PrivateKey& key, EngineLink* engine,
                        EventSource* events, const std::atomic<bool>& stop);

}  // namespace tally::settlement
