#include "bench/venue/bench_venue.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "base/status.h"
#include "engine/core/core.h"

namespace tally::bench {
namespace {

constexpr AssetId kBase{0};
constexpr AssetId kQuote{1};
constexpr AccountId kFees{BenchVenue::kAccounts + 1};
constexpr Quanta kFunds{int64_t{1} << 50};

constexpr DefineInstrumentCommand kTerms = {.symbol = Symbol::From("BTC/USD"),
                                            .tick_quanta = {1},
                                            .lot_quanta = {1},
                                            .price_max = {1'000'000},
                                            .quantity_min = {1},
                                            .quantity_max = {1'000'000},
                                            .notional_min = {1},
                                            .notional_max = {int64_t{1} << 40},
                                            .maker_fee_hundredths_bp = 100,
                                            .taker_fee_hundredths_bp = 300,
                                            .fee_account = kFees,
                                            .base_asset = kBase,
                                            .quote_asset = kQuote};

gateway::VenueConfig Config() {
  gateway::VenueConfig config;
  config.assets.push_back({.asset = kBase, .symbol = Symbol::From("BTC")});
  config.assets.push_back({.asset = kQuote, .symbol = Symbol::From("USD")});
  config.instruments.push_back({.instrument = BenchVenue::kInstrument, .definition = kTerms});
  for (uint32_t id = 1; id <= BenchVenue::kAccounts; ++id) {
    config.keys.push_back({.id = id,
                           .public_key = BenchVenue::Key(id).public_key(),
                           .account = AccountId{id},
                           .permissions = gateway::kPermissionTrade});
  }
  return config;
}

// What is measured is the venue, not its throttle.
gateway::GatewayOptions Unthrottled() {
  return {.messages_per_second = 100'000'000, .burst = 100'000'000};
}

}  // namespace

absl::StatusOr<std::unique_ptr<BenchVenue>> BenchVenue::Open(Durability durability, WaitKind wait) {
  std::unique_ptr<BenchVenue> venue(new BenchVenue());
  venue->durability_ = durability;
  venue->wait_ = wait;
  RETURN_IF_ERROR(venue->Start());
  return venue;
}

BenchVenue::~BenchVenue() {
  server_.reset();
  adapter_.reset();
  engine_.reset();
  if (!directory_.empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
}

sdk::SigningKey BenchVenue::Key(uint64_t id) {
  std::array<uint8_t, sdk::SigningKey::kSeedBytes> seed;
  seed.fill(static_cast<uint8_t>(id));
  return sdk::SigningKey::FromSeed(seed);
}

EngineOptions BenchVenue::Options() const {
  EngineOptions options;
  options.data_directory = directory_.string();
  options.durability = durability_;
  options.wait = wait_;
  options.clock = &clock_;
  return options;
}

absl::Status BenchVenue::Start() {
  // Beside the program's working directory, not in a temporary file system that may be memory: the
  // journal has to reach a disk.
  std::string pattern = (std::filesystem::current_path() / "venue_bench.XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    return ErrnoStatus("mkdtemp", pattern);
  }
  directory_ = pattern;
  ASSIGN_OR_RETURN(engine_, Engine::Open(Options()));
  gateway::RecoveredState recovered = gateway::RecoveredStateOf(*engine_);
  engine_->Start();
  RETURN_IF_ERROR(Define());
  adapter_ = std::make_unique<gateway::EngineAdapter>(engine_.get());
  server_ = std::make_unique<gateway::GatewayServer>(
      Unthrottled(), Config(),
      gateway::GatewayServer::Dependencies{
          .clock = &clock_, .engine = adapter_.get(), .reports = adapter_.get()},
      std::move(recovered));
  ASSIGN_OR_RETURN(port_, server_->Start());
  return absl::OkStatus();
}

absl::Status BenchVenue::Publish(const Command& command) {
  // A handful of commands into an empty ring.
  return engine_->TryPublish(command) ? absl::OkStatus()
                                      : absl::ResourceExhaustedError("input ring full");
}

absl::Status BenchVenue::Define() {
  for (const AssetId asset : {kBase, kQuote}) {
    Command command = MakeCommand(CommandType::kDefineAsset);
    command.define_asset.symbol = Symbol::From(asset == kBase ? "BTC" : "USD");
    command.define_asset.chain_units_per_quantum = 1;
    command.define_asset.asset = asset;
    RETURN_IF_ERROR(Publish(command));
  }
  for (uint32_t account = 1; account <= Raw(kFees); ++account) {
    Command command = MakeCommand(CommandType::kDefineAccount);
    command.account = AccountId{account};
    command.define_account.enabled = 1;
    RETURN_IF_ERROR(Publish(command));
  }
  Command instrument = MakeCommand(CommandType::kDefineInstrument);
  instrument.instrument = kInstrument;
  instrument.define_instrument = kTerms;
  RETURN_IF_ERROR(Publish(instrument));
  uint64_t index = 0;
  for (uint32_t account = 1; account <= kAccounts; ++account) {
    for (const AssetId asset : {kBase, kQuote}) {
      Command deposit = MakeCommand(CommandType::kDeposit);
      deposit.account = AccountId{account};
      deposit.chain_transfer.index = ++index;
      deposit.chain_transfer.chain_id = 1;
      deposit.chain_transfer.amount = kFunds;
      deposit.chain_transfer.asset = asset;
      RETURN_IF_ERROR(Publish(deposit));
    }
  }
  return absl::OkStatus();
}

absl::Status BenchVenue::StopAndVerify(uint64_t commands_answered) {
  server_->Stop();
  RETURN_IF_ERROR(engine_->Stop());
  server_.reset();
  adapter_.reset();
  engine_.reset();
  // Replays the journal, and fails where a state hash in it is not reproduced.
  ASSIGN_OR_RETURN(engine_, Engine::Open(Options()));
  uint64_t applied = 0;
  for (uint32_t i = 1; i <= engine_->core().session_count(); ++i) {
    applied += engine_->core().session(SessionIndex{i})->last_client_sequence;
  }
  if (applied != commands_answered) {
    return absl::InternalError(absl::StrCat("clients were answered ", commands_answered,
                                            " commands, the journal holds ", applied));
  }
  return absl::OkStatus();
}

}  // namespace tally::bench
