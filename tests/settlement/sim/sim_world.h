#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "settlement/chain/multi_chain_client.h"
#include "settlement/relayer/relayer.h"
#include "tests/settlement/fake_engine.h"
#include "tests/settlement/manual_clock.h"
#include "tests/settlement/sim/sim_chain.h"

namespace tally::settlement {

// A venue, a simulated chain of several nodes and a relayer process between them, which dies and is
// started again wherever the fault plan says. All of it from one seed.
class SimWorld {
 public:
  static constexpr uint32_t kFees = 4;
  static constexpr uint32_t kAccounts = 3;
  static constexpr int64_t kBlockNs = 12'000'000'000;
  // A start and the first round after it, in which everything stored is followed up, take at most
  // so many requests to nodes, store and engine, whatever happened before.
  static constexpr uint64_t kRecoveryOperationsMax = 600;

  explicit SimWorld(uint64_t seed, std::size_t node_count = 3, std::size_t lane_count = 1);

  // One block's time: the relayer takes some steps, then a block is mined. A failure of the test if
  // anything but a simulated crash or passing trouble stops the relayer.
  void Run(int blocks);
  // No more faults: runs until everything is settled on both sides, then CheckEnd().
  void Settle();
  // What must hold at the end of every story.
  void CheckEnd();

  void Fund();
  void Trade(uint64_t random);
  absl::Status StepRelayer();
  std::string Tail() const;

  FaultPlan faults;
  ManualClock clock;
  KeySigner signer;
  std::vector<std::unique_ptr<KeySigner>> senders;  // Further lanes.
  SimChain chain;
  FakeEngine engine;
  MemoryStore store;
  RelayerConfig config;
  std::unique_ptr<MultiChainClient> client;
  std::unique_ptr<Relayer> relayer;
  std::vector<std::string> log;
  uint64_t restart_count = 0;
  uint64_t recovery_operations_max = 0;
  uint64_t recovery_us_max = 0;  // Of this machine's time, for reports.

 private:
  absl::Status Start();
  bool IsSettled() const;
  void CheckBalances();
  void CheckWithdrawals();
  void CheckSpend();
  void CheckNonces();

  int steps_per_block_ = 3;
};

}  // namespace tally::settlement
