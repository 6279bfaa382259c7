#pragma once

#include <array>
#include <memory>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "evm/private_key.h"
#include "gateway/gateway_server.h"
#include "sdk/key.h"
#include "tests/gateway/sync_engine.h"

namespace tally::sdk {

inline constexpr int kPatienceMs = 20'000;

// The real gateway over loopback TCP in front of a real core without disk: what a client meets,
// but for durability. Two funded accounts; key n belongs to account n; key 4 is the relayer's.
class GatewayVenue {
 public:
  static constexpr uint64_t kRelayerKey = 4;
  static constexpr uint64_t kChainId = 31'337;

  explicit GatewayVenue(const gateway::GatewayOptions& options = {}) : options_(options) {
    for (const uint64_t id : {uint64_t{1}, uint64_t{2}, kRelayerKey}) {
      const bool relayer = id == kRelayerKey;
      config_.keys.push_back(
          {.id = id,
           .public_key = Key(id).public_key(),
           .account = AccountId{relayer ? 0 : static_cast<uint32_t>(id)},
           .permissions = relayer ? gateway::kPermissionSettlement : gateway::kPermissionTrade});
    }
    config_.assets.push_back({.asset = gateway::kBase, .symbol = Symbol::From("BTC")});
    config_.assets.push_back({.asset = gateway::kQuote, .symbol = Symbol::From("USD")});
    gateway::InstrumentConfig instrument{.instrument = gateway::kInstrument};
    instrument.definition.base_asset = gateway::kBase;
    instrument.definition.quote_asset = gateway::kQuote;
    instrument.definition.tick_quanta = {1};
    instrument.definition.lot_quanta = {1};
    config_.instruments.push_back(instrument);
    config_.chain = {.configured = true, .chain_id = kChainId};
    for (const uint64_t id : {uint64_t{1}, uint64_t{2}}) {
      config_.accounts.push_back(
          {.account = AccountId{static_cast<uint32_t>(id)}, .owner = Owner(id).address().bytes});
    }
    Start();
  }

  static SigningKey Key(uint64_t id) {
    std::array<uint8_t, SigningKey::kSeedBytes> seed;
    seed.fill(static_cast<uint8_t>(id));
    return SigningKey::FromSeed(seed);
  }

  // Signs for account n on the chain whose vault has the address 0.
  static evm::PrivateKey Owner(uint64_t id) { return evm::PrivateKey::ForTest("owner", id); }

  uint16_t port() const { return options_.port; }
  gateway::SyncEngine& engine() { return engine_; }  // Only while stopped.

  // The gateway alone crashes; the engine goes on.
  void Stop() { server_.reset(); }
  void Start() {
    engine_.ConsumeEvents(engine_.PeekEvents(SIZE_MAX).size());
    server_ = std::make_unique<gateway::GatewayServer>(
        options_, config_,
        gateway::GatewayServer::Dependencies{
            .clock = &clock_, .engine = &engine_, .reports = &engine_},
        engine_.Recover());
    const auto port = server_->Start();
    ASSERT_TRUE(port.ok()) << port.status();
    options_.port = *port;  // The same after a restart, as a client expects.
  }

 private:
  gateway::GatewayOptions options_;
  gateway::VenueConfig config_;
  RealClock clock_;
  gateway::SyncEngine engine_;
  std::unique_ptr<gateway::GatewayServer> server_;
};

}  // namespace tally::sdk
