#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "base/clock.h"
#include "settlement/chain/signer.h"
#include "settlement/engine_link.h"
#include "settlement/relayer/relayer_config.h"
#include "settlement/signing/signing_policy.h"

namespace tally::settlement {

inline constexpr int64_t kPauseSliceMs = 50;  // How soon a pause notices that it shall end.

// Where the relayer's process finds everything.
struct RelayOptions {
  std::string node_url;  // Several nodes of the chain: their URLs with commas between them.
  int64_t node_timeout_ms = 10'000;
  std::string store_directory;  // <data>/relayer
  RelayerConfig relayer;
  // Answers challenges; not the operator's key. Null: they are only logged.
  Signer* justifier = nullptr;
  std::vector<Signer*> senders;  // Further lanes beside the operator's key; all of other accounts.
  SigningLimits signing_limits;
  std::string status_file;        // Not empty: the keys' runways are kept there, as JSON.
  int64_t poll_ms = 250;          // Between rounds.
  int64_t retry_ms_max = 30'000;  // Between rounds while something is down, doubling up to this.
};

// The event log in `directory`, also while the engine writes it.
std::unique_ptr<EventSource> OpenEventSource(const std::string& directory);

// Runs a relayer, which signs with `signer` what its policy allows (signing_policy.h), until `stop`
// is set or something needs an operator. On stop, seals what is open and returns once the store has
// it; the next start sends it. Trouble that may pass (node down, no funds, vault paused) is logged
// when it begins and ends, and retried. The engine link is used on this thread only.
absl::Status RunRelayer(const RelayOptions& options, Signer* signer, EngineLink* engine,
                        EventSource* events, const std::atomic<bool>& stop);

}  // namespace tally::settlement
