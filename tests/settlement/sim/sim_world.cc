#include "tests/settlement/sim/sim_world.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

namespace tally::settlement {
namespace {

Address VaultAddress() { return *ParseAddress("5fbdb2315678afecb367f032d93f642f64180aa3"); }

std::vector<std::unique_ptr<KeySigner>> MakeSenders(std::size_t lane_count) {
  std::vector<std::unique_ptr<KeySigner>> senders;
  for (std::size_t i = 1; i < lane_count; ++i) {
    senders.push_back(std::make_unique<KeySigner>(PrivateKey::ForTest("sender", i)));
  }
  return senders;
}

std::vector<Address> AddressesOf(const std::vector<std::unique_ptr<KeySigner>>& senders) {
  std::vector<Address> addresses;
  for (const auto& sender : senders) {
    addresses.push_back(sender->address());
  }
  return addresses;
}

}  // namespace

SimWorld::SimWorld(uint64_t seed, std::size_t node_count, std::size_t lane_count)
    : signer(PrivateKey::ForTest("operator", 1)),
      senders(MakeSenders(lane_count)),
      chain({.vault = VaultAddress(),
             .operator_address = signer.address(),
             .senders = AddressesOf(senders),
             .node_count = node_count,
             .seed = seed},
            &clock, &faults),
      engine(SimChain::kChainId, &faults),
      store(&faults) {
  config.chain_id = SimChain::kChainId;
  config.vault = VaultAddress();
  config.confirmations = 4;
  config.batch_fills_max = 8;
  config.batch_entries_max = 12;
  config.batch_age_ns_max = kBlockNs;
  config.withdrawals_per_call_max = 3;
  config.scan_blocks_max = 5;
  config.bump_ns = 3 * kBlockNs;
  config.rebroadcast_ns = kBlockNs;
  config.quarantine_after_ns = 2 * kBlockNs;
  config.held_retry_ns = 10 * kBlockNs;
  config.jobs_queued_max = 16;
  config.lane_retry_ns = 5 * kBlockNs;
  config.lane_stuck_ns = 10 * kBlockNs;
  config.log = [this](LogLevel, std::string_view text) { log.emplace_back(text); };
  engine.DefineInstrument(1, 0, 1, kFees);
  engine.DefineInstrument(2, 2, 1, kFees);
}

void SimWorld::Fund() {
  for (uint32_t account = 1; account <= kAccounts; ++account) {
    for (uint16_t asset = 0; asset <= 2; ++asset) {
      chain.Deposit(account, asset, 100'000);
    }
  }
}

void SimWorld::Trade(uint64_t random) {
  const auto part = [&](uint64_t shift, uint64_t n) { return (random >> shift) % n; };
  engine.Execute({.instrument = static_cast<uint32_t>(1 + part(0, 2)),
                  .buyer = static_cast<uint32_t>(1 + part(4, kAccounts)),
                  .seller = static_cast<uint32_t>(1 + part(12, kAccounts)),
                  .ticks = static_cast<int64_t>(1 + part(20, 20)),
                  .lots = static_cast<int64_t>(1 + part(28, 9)),
                  .buyer_fee = static_cast<int64_t>(part(36, 3)),
                  .seller_fee = static_cast<int64_t>(part(40, 2))});
}

absl::Status SimWorld::Start() {
  std::vector<MultiChainClient::Node> nodes;
  for (std::size_t i = 0; i < chain.node_count(); ++i) {
    nodes.push_back({.name = absl::StrCat("node", i), .client = chain.node(i)});
  }
  MultiChainOptions options;
  options.chain_id = SimChain::kChainId;
  options.log = [this](std::string_view text) { log.emplace_back(text); };
  client = std::make_unique<MultiChainClient>(std::move(nodes), &clock, std::move(options));
  std::vector<Signer*> lanes;
  for (const auto& sender : senders) {
    lanes.push_back(sender.get());
  }
  relayer = std::make_unique<Relayer>(config, Relayer::Dependencies{.store = &store,
                                                                    .chain = client.get(),
                                                                    .engine = &engine,
                                                                    .events = &engine,
                                                                    .signer = &signer,
                                                                    .clock = &clock,
                                                                    .senders = lanes});
  return relayer->Start();
}

absl::Status SimWorld::StepRelayer() {
  const bool is_start = faults.crashed() || relayer == nullptr;
  const uint64_t started_at = faults.operation_count();
  const auto wall_started_at = std::chrono::steady_clock::now();
  if (is_start) {
    restart_count += faults.crashed() ? 1 : 0;
    faults.Restart();
    relayer.reset();
    const absl::Status started = Start();
    if (!started.ok()) {
      relayer.reset();
      return started;
    }
  }
  const absl::Status status = relayer->Step();
  if (is_start) {
    recovery_operations_max =
        std::max(recovery_operations_max, faults.operation_count() - started_at);
    recovery_us_max = std::max<uint64_t>(
        recovery_us_max,
        static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                  std::chrono::steady_clock::now() - wall_started_at)
                                  .count()));
  }
  return status;
}

void SimWorld::Run(int blocks) {
  for (int i = 0; i < blocks; ++i) {
    for (int step = 0; step < steps_per_block_; ++step) {
      const absl::Status status = StepRelayer();
      ASSERT_TRUE(status.ok() || faults.crashed() || Relayer::IsTransient(status))
          << status << Tail();
      clock.Advance(kBlockNs / steps_per_block_);
    }
    chain.Mine();
  }
}

bool SimWorld::IsSettled() const {
  return relayer != nullptr && relayer->idle() &&
         engine.deposit_count() == chain.tip().vault.deposit_count &&
         engine.withdraw_count() == chain.tip().vault.withdrawals.size() &&
         relayer->position().last_event == engine.event_count();
}

void SimWorld::Settle() {
  faults.Disarm();
  chain.set_faults({});
  for (const Address& lane : chain.lanes()) {
    chain.SetTrusted(lane, true);
    chain.SetFunded(lane, true);
  }
  chain.set_load_percent(25);
  for (std::size_t i = 0; i < chain.node_count(); ++i) {
    chain.SetNodeDown(i, false);
    chain.SetNodeStuck(i, false);
    chain.SetNodeChainId(i, SimChain::kChainId);
  }
  for (int i = 0; i < 1'500; ++i) {
    Run(1);
    if (testing::Test::HasFatalFailure() || IsSettled()) {
      break;
    }
  }
  CheckEnd();
}

void SimWorld::CheckEnd() {
  ASSERT_NE(relayer, nullptr);
  EXPECT_TRUE(relayer->idle()) << Tail();
  CheckBalances();
  CheckSpend();
  // Each batch once, on the canonical chain, and the engine knows all of them.
  const FakeVault& vault = chain.tip().vault;
  for (const auto& [id, count] : vault.settled_count) {
    EXPECT_EQ(count, 1) << "batch " << id;
  }
  EXPECT_EQ(vault.settled_count.size() + 1, vault.head.next_batch);
  EXPECT_EQ(engine.settled_batches() + 1, vault.head.next_batch) << Tail();
  CheckWithdrawals();
  CheckNonces();
  EXPECT_LE(recovery_operations_max, kRecoveryOperationsMax);
}

// No nonce gap: no filler is left to send (idle), and whatever still lies in a pool is
// executable.
void SimWorld::CheckNonces() {
  for (std::size_t i = 0; i < chain.node_count(); ++i) {
    const GethPool& pool = chain.node(i)->pool();
    std::size_t executable = 0;
    for (const Address& lane : chain.lanes()) {
      executable += pool.Executable(lane, chain.nonce(lane)).size();
    }
    EXPECT_EQ(pool.size(), executable) << Tail();
  }
}

void SimWorld::CheckBalances() {
  auto on_chain = chain.tip().vault.balances;
  auto in_engine = engine.balances();
  // What quarantine took out is the difference, to the quantum.
  for (const auto& [place, owed] : relayer->quarantine().owed()) {
    const auto entries = DecodeEntries(owed.data);
    ASSERT_TRUE(entries.ok());
    for (const NettedEntry& entry : *entries) {
      const auto even = static_cast<uint16_t>(2 * Raw(entry.pair));
      on_chain[{Raw(entry.account), even}] += entry.even;
      on_chain[{Raw(entry.account), static_cast<uint16_t>(even + 1)}] += entry.odd;
    }
  }
  for (uint64_t index : relayer->quarantine().held()) {
    const FakeVault::Withdrawal& held = chain.tip().vault.withdrawals[index - 1];
    on_chain[{held.account, held.asset}] -= held.quanta;
  }
  std::erase_if(on_chain, [](const auto& item) { return item.second == 0; });
  std::erase_if(in_engine, [](const auto& item) { return item.second == 0; });
  EXPECT_TRUE(on_chain == in_engine) << Tail();
}

void SimWorld::CheckWithdrawals() {
  const auto& withdrawals = chain.tip().vault.withdrawals;
  for (std::size_t i = 0; i < withdrawals.size(); ++i) {
    const bool is_held = relayer->quarantine().held().count(i + 1) > 0;
    EXPECT_EQ(withdrawals[i].status == WithdrawalStatus::kRequested, is_held);
  }
}

// Nothing was ever offered above the ceiling, and no more was bought than the work and what the
// faults made of it: every job once, a failed transaction or a filler for each thing that can take
// the sense out of what is on its way.
void SimWorld::CheckSpend() {
  EXPECT_LE(chain.fee_cap_wei_max(), config.fee_cap_wei_max);
  uint64_t gas = 0;
  uint64_t succeeded = 0;
  uint64_t wasted = 0;
  for (const SimBlock* block = &chain.tip(); block != nullptr; block = block->parent.get()) {
    for (const DecodedTransaction& sent : block->transactions) {
      const Receipt& receipt = block->receipts.at(sent.hash);
      gas += receipt.gas_used;
      const bool is_filler = sent.transaction.data.empty();
      (receipt.success && !is_filler ? succeeded : wasted) += 1;
    }
  }
  EXPECT_LE(chain.SpentWei(), Uint256(gas) * config.fee_cap_wei_max);
  const uint64_t settled = chain.tip().vault.settled_count.size();
  EXPECT_GE(succeeded, settled);
  EXPECT_LE(succeeded, settled + 2 * chain.tip().vault.withdrawals.size()) << Tail();
  EXPECT_LE(wasted, config.jobs_in_flight_max * chain.lanes().size() *
                        (1 + chain.disturbance_count() + restart_count))
      << Tail();
}

std::string SimWorld::Tail() const {
  std::string text = absl::StrCat("\nheight ", chain.height(), ", nonce ", chain.operator_nonce(),
                                  ", pool ", chain.pooled_count(), ", failed ",
                                  chain.failed_count(), ", batches ", engine.settled_batches());
  if (relayer != nullptr) {
    for (const auto& [id, job] : relayer->jobs()) {
      absl::StrAppend(&text, "\njob ", id, " state ", static_cast<int>(job.state), " lane ",
                      Hex(job.lane), " nonce ", job.nonce, " attempts ", job.attempts.size(), ", ",
                      DescribeJob(job));
    }
  }
  absl::StrAppend(&text, "\nlog:");
  for (std::size_t i = log.size() > 40 ? log.size() - 40 : 0; i < log.size(); ++i) {
    absl::StrAppend(&text, "\n  ", log[i]);
  }
  return text;
}

}  // namespace tally::settlement
