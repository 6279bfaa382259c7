#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <unistd.h>

#include "gtest/gtest.h"

#include "base/clock.h"
#include "gateway/fix/values.h"
#include "gateway/fix_server.h"
#include "tests/fix/raw_message.h"
#include "tests/fix/socket_client.h"
#include "tests/gateway/sync_engine.h"

namespace tally::gateway::fix {

inline constexpr int64_t kServerWallNs = 1'719'487'045'223'000'000;

class FixedClock final : public Clock {
 public:
  int64_t NowNs() const override { return kServerWallNs; }
};

// A FIX server on real sockets and a synchronous engine. BTC/USD has ticks and lots of 0.01;
// sessions KEEP and QUIET of alice, BOB of bob, all without credentials.
class FixServerFixture : public testing::Test {
 protected:
  FixServerFixture() {
    static int counter = 0;
    directory_ = testing::TempDir() + "fix_server_" + std::to_string(getpid()) + "_" +
                 std::to_string(++counter);
    std::filesystem::create_directories(directory_);
    venue_.assets = {{.asset = kBase, .symbol = Symbol::From("BTC"), .quantum_decimals = 2},
                     {.asset = kQuote, .symbol = Symbol::From("USD"), .quantum_decimals = 4}};
    InstrumentConfig& instrument = venue_.instruments.emplace_back();
    instrument.instrument = kInstrument;
    instrument.definition.symbol = Symbol::From("BTC/USD");
    instrument.definition.tick_quanta = {1};
    instrument.definition.lot_quanta = {1};
    instrument.definition.base_asset = kBase;
    instrument.definition.quote_asset = kQuote;
    options().comp_id = "ISLD";
    options().directory = directory_ + "/fix";
    for (const char* comp_id : {"KEEP", "BOB", "QUIET"}) {
      FixSessionConfig& session = options().sessions.emplace_back();
      session.comp_id = comp_id;
      session.account = comp_id == std::string_view("BOB") ? kBob : kAlice;
      session.authentication = FixAuthentication::kNone;
    }
  }
  ~FixServerFixture() override {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  FixOptions& options() { return venue_.fix; }
  FixSessionConfig& session(std::size_t index) { return options().sessions[index]; }

  absl::Status TryStart() {
    server_ = std::make_unique<FixServer>(
        venue_, FixServer::Dependencies{.clock = &clock_, .engine = &engine_, .reports = &engine_},
        engine_.Recover());
    const auto port = server_->Start();
    port_ = port.ok() ? *port : uint16_t{0};
    return port.status();
  }
  void Start() { ASSERT_TRUE(TryStart().ok()); }

  static std::string Text(const std::string& sender, const std::string& type, int sequence,
                          const std::string& fields = "") {
    return Framed("35=" + type + "|34=" + std::to_string(sequence) + "|49=" + sender +
                  "|52=" + std::string(UtcText(kServerWallNs).view()) + "|56=ISLD|" + fields);
  }
  static std::string Logon(const std::string& sender, int sequence = 1,
                           const std::string& fields = "") {
    return Text(sender, "A", sequence, "98=0|108=30|" + fields);
  }
  static std::string Order(const std::string& sender, int sequence, const std::string& cl_ord_id,
                           char side = '1') {
    return Text(sender, "D", sequence,
                "11=" + cl_ord_id + "|55=BTC/USD|54=" + side +
                    "|60=20240101-00:00:00|40=2|38=1.50|44=1.00|59=1|");
  }

  std::string directory_;
  VenueConfig venue_;
  FixedClock clock_;
  SyncEngine engine_;
  std::unique_ptr<FixServer> server_;
  uint16_t port_ = 0;
};

}  // namespace tally::gateway::fix
