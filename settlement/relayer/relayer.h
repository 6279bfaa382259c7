#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "settlement/chain/chain_client.h"
#include "settlement/chain/signer.h"
#include "settlement/engine_link.h"
#include "settlement/fees/fee_window.h"
#include "settlement/relayer/batch_reporter.h"
#include "settlement/relayer/batcher.h"
#include "settlement/relayer/dispute_teller.h"
#include "settlement/relayer/job_sender.h"
#include "settlement/relayer/justifier.h"
#include "settlement/relayer/key_value_store.h"
#include "settlement/relayer/quarantine.h"
#include "settlement/relayer/records.h"
#include "settlement/relayer/relayer_config.h"
#include "settlement/relayer/runway.h"
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
    Signer* signer;  // Of the vault's operator: the first lane.
    const Clock* clock;
    Signer* justifier = nullptr;     // Not the operator's; null: see Justifier.
    std::vector<Signer*> senders{};  // Further lanes: senders that the vault knows.
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

  // How long the gas money of the keys lasts.
  const RunwayMonitor& runway() const { return runway_; }

  // What the vault refused and operators have to sort out.
  const Quarantine& quarantine() const { return quarantine_; }

  // The node, the engine or the price of gas may be better later.
  static bool IsTransient(const absl::Status& status);

 private:
  absl::Status StartFresh(const VaultHead& head);
  absl::Status AdoptSettledBatches(const VaultHead& head, std::vector<Job>* jobs);
  absl::Status CheckHead(const RelayerStore::Contents& contents, const VaultHead& head);
  absl::StatusOr<JobSender::Heads> Heads();
  absl::Status ReadFees(uint64_t latest);
  // What the engine has to know of batches and disputes.
  absl::Status ReportToEngine();

  const RelayerConfig config_;
  const Dependencies dependencies_;
  RelayerStore store_;
  VaultReader vault_;
  FeeWindow fees_;
  uint64_t fees_read_at_ = 0;  // The newest block then.
  Batcher batcher_;
  TransferFeed transfers_;
  JobSender sender_;
  Justifier justifier_;
  Quarantine quarantine_;
  BatchReporter reporter_;
  DisputeTeller disputes_;
  RunwayMonitor runway_;
};

}  // namespace tally::settlement
