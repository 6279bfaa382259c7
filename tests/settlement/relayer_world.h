#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "settlement/relayer/relayer.h"
#include "settlement/signing/policy_signer.h"
#include "tests/settlement/fake_chain.h"
#include "tests/settlement/fake_engine.h"
#include "tests/settlement/manual_clock.h"

namespace tally::settlement {

// A venue, a chain and a relayer between them, all simulated.
struct RelayerWorld {
  static constexpr uint32_t kFees = 4;

  RelayerWorld()
      : signer(PrivateKey::ForTest("operator", 1)),
        chain(VaultAddress(), signer.address(), &faults),
        engine(FakeChain::kChainId, &faults),
        store(&faults) {
    config.chain_id = FakeChain::kChainId;
    config.vault = VaultAddress();
    config.confirmations = 3;
    config.batch_fills_max = 8;
    config.batch_entries_max = 12;
    config.withdrawals_per_call_max = 3;
    config.scan_blocks_max = 5;
    config.log = [this](LogLevel, std::string_view text) { log.emplace_back(text); };
    engine.DefineInstrument(1, 0, 1, kFees);
    engine.DefineInstrument(2, 2, 1, kFees);
  }

  static Address VaultAddress() {
    return *ParseAddress("5fbdb2315678afecb367f032d93f642f64180aa3");
  }

  // Behind the policy, which must never refuse what an honest relayer sends.
  absl::Status StartRelayer() { return StartRelayerWith(&guard); }
  absl::Status StartRelayerWith(Signer* with) {
    relayer = std::make_unique<Relayer>(config, Relayer::Dependencies{.store = &store,
                                                                      .chain = &chain,
                                                                      .engine = &engine,
                                                                      .events = &engine,
                                                                      .signer = with,
                                                                      .clock = &clock});
    return relayer->Start();
  }

  // One step of the relayer process, started anew if it died.
  absl::Status StepRelayer() {
    if (faults.crashed() || relayer == nullptr) {
      faults.Restart();
      relayer.reset();
      const absl::Status started = StartRelayer();
      if (!started.ok()) {
        relayer.reset();
        return started;
      }
    }
    return relayer->Step();
  }

  // A block and a step, as long as `count` says; only simulated faults may stop the relayer.
  void Run(int count) {
    for (int i = 0; i < count; ++i) {
      const absl::Status status = StepRelayer();
      ASSERT_TRUE(status.ok() || faults.crashed() || Relayer::IsTransient(status))
          << status << Tail();
      chain.Mine();
      clock.Advance(2'000'000'000);
    }
  }

  // Runs without faults until everything is settled and both sides agree.
  void Settle() {
    faults.Disarm();
    for (int i = 0; i < 400; ++i) {
      Run(1);
      if (testing::Test::HasFatalFailure()) {
        return;
      }
      if (relayer != nullptr && relayer->idle() &&
          engine.deposit_count() == chain.vault().deposit_count &&
          engine.withdraw_count() == chain.vault().withdrawals.size() &&
          relayer->position().last_event == engine.event_count()) {
        break;
      }
    }
    CheckAgreement();
  }

  void CheckAgreement() {
    ASSERT_NE(relayer, nullptr);
    EXPECT_TRUE(relayer->idle()) << Tail();
    auto on_chain = chain.vault().balances;
    auto in_engine = engine.balances();
    std::erase_if(on_chain, [](const auto& item) { return item.second == 0; });
    std::erase_if(in_engine, [](const auto& item) { return item.second == 0; });
    EXPECT_TRUE(on_chain == in_engine) << Tail();
    for (const auto& [id, count] : chain.vault().settled_count) {
      EXPECT_EQ(count, 1) << "batch " << id;
    }
    EXPECT_EQ(engine.settled_batches() + 1, chain.vault().head.next_batch);
    for (const FakeVault::Withdrawal& withdrawal : chain.vault().withdrawals) {
      EXPECT_NE(withdrawal.status, WithdrawalStatus::kRequested);
    }
  }

  // Some of everything.
  void Trade(uint64_t seed) {
    const auto part = [&](uint64_t shift, uint64_t n) { return (seed * 2654435761u >> shift) % n; };
    engine.Execute({.instrument = static_cast<uint32_t>(1 + part(3, 2)),
                    .buyer = static_cast<uint32_t>(1 + part(5, 3)),
                    .seller = static_cast<uint32_t>(1 + part(9, 3)),
                    .ticks = static_cast<int64_t>(1 + part(13, 20)),
                    .lots = static_cast<int64_t>(1 + part(17, 9)),
                    .buyer_fee = static_cast<int64_t>(part(21, 3)),
                    .seller_fee = static_cast<int64_t>(part(23, 2))});
  }
  void Fund() {
    for (uint32_t account = 1; account <= 3; ++account) {
      for (uint16_t asset = 0; asset <= 2; ++asset) {
        chain.Deposit(account, asset, 100'000);
      }
    }
  }

  std::string Tail() const {
    std::string text =
        absl::StrCat("\nnonce ", chain.operator_nonce(), ", pool ", chain.pool_size(), ", failed ",
                     chain.failed_count(), ", batches ", engine.settled_batches());
    if (relayer != nullptr) {
      for (const auto& [id, job] : relayer->jobs()) {
        absl::StrAppend(&text, "\njob ", id, " state ", static_cast<int>(job.state), " nonce ",
                        job.nonce, " attempts ", job.attempts.size(), ", ", DescribeJob(job));
      }
    }
    absl::StrAppend(&text, "\nlog:");
    for (std::size_t i = log.size() > 25 ? log.size() - 25 : 0; i < log.size(); ++i) {
      absl::StrAppend(&text, "\n  ", log[i]);
    }
    return text;
  }

  FaultPlan faults;
  KeySigner signer;
  PolicySigner guard{{.chain_id = FakeChain::kChainId,
                      .account = signer.address(),
                      .calls = OperatorCalls(VaultAddress()),
                      .limits = {}},
                     {.signer = &signer, .clock = &clock, .alarm = [](std::string_view text) {
                        ADD_FAILURE() << text;
                      }}};
  FakeChain chain;
  FakeEngine engine;
  MemoryStore store;
  ManualClock clock;
  RelayerConfig config;
  std::vector<std::string> log;
  std::unique_ptr<Relayer> relayer;
};

}  // namespace tally::settlement
