#pragma once

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

#include "gtest/gtest.h"

#include "base/clock.h"
#include "gateway/fix/hub.h"
#include "gateway/fix/values.h"
#include "gateway/order_verifier.h"
#include "gateway/session/signature.h"
#include "sdk/key.h"
#include "tests/fix/raw_message.h"
#include "tests/gateway/sync_engine.h"

namespace tally::gateway::fix {

// A FIX gateway on a synchronous engine, with a clock that only the test moves. BTC/USD has ticks
// of 0.01 and lots of 0.01; sessions KEEP and RESET of alice, BOB of bob, SIGNED and SECRET.
class FixHubFixture : public testing::Test {
 protected:
  FixHubFixture() {
    InitSignatures();
    static int counter = 0;
    directory_ = testing::TempDir() + "fix_hub_" + std::to_string(getpid()) + "_" +
                 std::to_string(++counter);
    venue_.assets = {{.asset = kBase, .symbol = Symbol::From("BTC"), .quantum_decimals = 2},
                     {.asset = kQuote, .symbol = Symbol::From("USD"), .quantum_decimals = 4}};
    InstrumentConfig& instrument = venue_.instruments.emplace_back();
    instrument.instrument = kInstrument;
    instrument.definition.symbol = Symbol::From("BTC/USD");
    instrument.definition.tick_quanta = {1};
    instrument.definition.lot_quanta = {1};
    instrument.definition.price_max = {1'000'000};
    instrument.definition.quantity_min = {1};
    instrument.definition.quantity_max = {1'000'000};
    instrument.definition.notional_min = {1};
    instrument.definition.notional_max = {1'000'000'000'000};
    instrument.definition.maker_fee_hundredths_bp = -100;
    instrument.definition.taker_fee_hundredths_bp = 250;
    instrument.definition.base_asset = kBase;
    instrument.definition.quote_asset = kQuote;
    options_.comp_id = "ISLD";
    options_.directory = directory_;
    AddSession("KEEP", kAlice);
    AddSession("BOB", kBob);
    AddSession("RESET", kAlice).reset_on_logon = true;
    FixSessionConfig& secret = AddSession("SECRET", kAlice);
    secret.authentication = FixAuthentication::kPassword;
    secret.username = "user";
    Sha256 hash;
    hash.Update("pass", 4);
    secret.password_sha256 = hash.Finish();
    FixSessionConfig& key_session = AddSession("SIGNED", kAlice);
    key_session.authentication = FixAuthentication::kSignature;
    key_session.key_id = 7;
    const std::array<uint8_t, 32> seed{1, 2, 3};
    key_ = std::make_unique<sdk::SigningKey>(sdk::SigningKey::FromSeed(seed));
    keys_.Add({.id = 7,
               .public_key = key_->public_key(),
               .account = kAlice,
               .permissions = kPermissionTrade});
    Restart();
  }
  ~FixHubFixture() override {
    hub_.reset();
    std::filesystem::remove_all(directory_);
  }

  FixSessionConfig& AddSession(const std::string& comp_id, AccountId account) {
    FixSessionConfig& session = options_.sessions.emplace_back();
    session.comp_id = comp_id;
    session.account = account;
    session.authentication = FixAuthentication::kNone;
    return session;
  }

  // A new gateway on the same engine and directory, as after kill -9: nothing was said goodbye to.
  void Restart() {
    Start();
    Pump();
  }
  // Without what the core says of it.
  void Start() {
    hub_.reset();
    engine_.ReleaseAll();
    engine_.ConsumeEvents(engine_.PeekEvents(SIZE_MAX).size());
    instruments_ = std::make_unique<FixInstruments>(venue_);
    hub_ = std::make_unique<FixHub>(HubConfig{.options = options_,
                                              .keys = &keys_,
                                              .engine = &engine_,
                                              .reports = &engine_,
                                              .instruments = instruments_.get(),
                                              .verifier = verifier_.get(),
                                              .recovered = engine_.Recover()});
    ASSERT_TRUE(hub_->Open().ok());
  }

  void Pump() {
    hub_->Commit(now_);
    while (hub_->PollEvents(1000, now_) != 0) {
      hub_->Commit(now_);
    }
    if (hub_->NeedsRetry()) {
      hub_->Retry(now_);
    }
    hub_->Commit(now_);
    while (hub_->PollEvents(1000, now_) != 0) {
      hub_->Commit(now_);
    }
    hub_->Commit(now_);
  }

  void SetPhase(TradingPhase phase) {
    Command command = MakeCommand(CommandType::kSetPhase);
    command.instrument = kInstrument;
    command.set_phase.phase = phase;
    ASSERT_TRUE(engine_.TryPublish(command));
    Pump();
  }

  void Advance(int64_t ms) {
    for (; ms > 0; ms -= 100) {
      now_.mono_ns += 100 * kNsPerMs;
      now_.wall_ns += 100 * kNsPerMs;
      hub_->OnTimer(now_);
      Pump();
    }
  }

  // Everything that the gateway has for the connection, '|' for SOH, CheckSum checked and cut.
  std::vector<std::string> Receive(ConnectionId id) {
    std::string bytes;
    for (auto chunk = hub_->NextWrite(id); !chunk.empty(); chunk = hub_->NextWrite(id)) {
      bytes.append(chunk.begin(), chunk.end());
      hub_->OnWritten(id, chunk.size(), now_);
      hub_->Commit(now_);
    }
    std::vector<std::string> messages;
    Message message;
    std::string_view rest = bytes;
    while (!rest.empty()) {
      std::string_view one;
      std::size_t consumed = 0;
      CHECK(Framer::Next(rest, &one, &consumed) == Framer::Result::kMessage);
      CHECK(message.Parse(one));
      const MessageRule* const rule = FindMessage(message.type());
      CHECK(rule != nullptr);
      const auto fault = Validate(message, *rule);
      EXPECT_FALSE(fault.has_value())
          << Readable(std::string(one)) << " tag " << (fault.has_value() ? fault->tag : 0);
      messages.push_back(Readable(std::string(one)));
      rest.remove_prefix(consumed);
    }
    return messages;
  }

  void SendRaw(ConnectionId id, std::string_view bytes) {
    for (std::size_t sent = 0; sent < bytes.size() && hub_->WantsRead(id);) {
      const std::span<uint8_t> space = hub_->ReadSpace(id);
      const std::size_t count = std::min(space.size(), bytes.size() - sent);
      std::memcpy(space.data(), bytes.data() + sent, count);
      hub_->OnRead(id, count, now_);
      sent += count;
    }
    Pump();
  }

  std::string Text(const std::string& sender, char type, int sequence, const std::string& fields) {
    return Framed(std::string("35=") + type + "|34=" + std::to_string(sequence) + "|49=" + sender +
                  "|52=" + std::string(UtcText(now_.wall_ns).view()) + "|56=ISLD|" + fields);
  }
  std::vector<std::string> Send(ConnectionId id, const std::string& sender, char type, int sequence,
                                const std::string& fields = "") {
    SendRaw(id, Text(sender, type, sequence, fields));
    return Receive(id);
  }
  ConnectionId Connect() { return hub_->Accept(now_); }
  ConnectionId LogOn(const std::string& sender, int sequence = 1, const std::string& fields = "") {
    const ConnectionId id = Connect();
    logon_ = Send(id, sender, 'A', sequence, "98=0|108=30|" + fields);
    return id;
  }
  std::string Order(const std::string& cl_ord_id, char side, const std::string& price,
                    const std::string& more = "") {
    return "11=" + cl_ord_id + "|55=BTC/USD|54=" + side +
           "|60=20240101-00:00:00|40=2|38=1.50|44=" + price + "|59=1|" + more;
  }
  bool Closed(ConnectionId id) { return hub_->ShouldClose(id, now_); }

  static std::string Get(const std::string& message, const std::string& tag) {
    const std::size_t at = message.find("|" + tag + "=");
    if (at == std::string::npos) {
      return "";
    }
    const std::size_t begin = at + tag.size() + 2;
    return message.substr(begin, message.find('|', begin) - begin);
  }

  std::string directory_;
  VenueConfig venue_;
  FixOptions options_;
  KeyDirectory keys_;
  std::unique_ptr<sdk::SigningKey> key_;
  std::unique_ptr<OrderVerifier> verifier_;  // Null until a test makes one and restarts.
  SyncEngine engine_;
  std::unique_ptr<FixInstruments> instruments_;
  std::unique_ptr<FixHub> hub_;
  Instant now_{.wall_ns = 1'719'487'045'223'000'000, .mono_ns = 1'000'000'000'000};
  std::vector<std::string> logon_;
};

}  // namespace tally::gateway::fix
