#pragma once

#include <string>

#include "base/clock.h"
#include "settlement/chain/chain_client.h"
#include "settlement/chain/private_key.h"
#include "settlement/engine_link.h"
#include "settlement/relayer/batcher.h"
#include "settlement/relayer/job_sender.h"
#include "settlement/relayer/key_value_store.h"
#include "settlement/relayer/records.h"
#include "settlement/relayer/relayer_config.h"
#include "settlement/relayer/transfer_feed.h"

namespace tally::settlement {

// Settles an engine on a chain: event log -> netted batches -> vault, and vault -> deposits and
// withdrawals -> engine. Driven by Step(), so that a test owns time and every failure.
//
// All progress is in the store. A relayer may be destroyed at any point and another one made on
// the same store; it continues. With an empty store it takes the vault's own word for what is
// settled and reads the event log from its beginning.
//
// Thread safety: one thread.
class Relayer {
 public:
  struct Dependencies {
    KeyValueStore* store;
    ChainClient* chain;
    EngineLink* engine;
    EventSource* events;
    const PrivateKey* key;
    const Clock* clock;
  };

  Relayer(const RelayerConfig& config, const Dependencies& dependencies);

  // Checks the node, the vault, the key and the store against each other, and loads the store.
  //   kFailedPrecondition  one of them is not what the configuration says; the message names it
  //   transient            the node does not answer: call again
  absl::Status Start();
  // One round over everything there is to do; never waits. Transient trouble (IsTransient) is
  // returned after the round, anything else ends it: the relayer is to be stopped then.
  absl::Status Step();
  // Lets the engine link work and logs what the engine rejected. Part of every Step; call it while
  // waiting, so that the link's heartbeats go on.
  void PollEngine();
  // Seals what is open without waiting for its age; before a shutdown.
  absl::Status Flush();

  // Everything read is settled and known to the engine, and the engine has every final transfer.
  bool idle() const;
  const Checkpoint& position() const { return batcher_.position(); }
  const std::map<uint64_t, Job>& jobs() const { return sender_.jobs(); }

  // The node, the engine or the price of gas may be better later.
  static bool IsTransient(const absl::Status& status);

 private:
  absl::Status StartFresh(const VaultHead& head);
  absl::Status AdoptSettledBatches(const VaultHead& head, std::vector<Job>* jobs);
  absl::Status CheckHead(const RelayerStore::Contents& contents, const VaultHead& head);
  absl::Status FinalNumber(uint64_t* latest, uint64_t* final_number);

  const RelayerConfig config_;
  const Dependencies dependencies_;
  RelayerStore store_;
  VaultReader vault_;
  Batcher batcher_;
  TransferFeed transfers_;
  JobSender sender_;
};

}  // namespace tally::settlement
