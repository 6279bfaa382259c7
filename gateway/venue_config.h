#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "base/fixed_string.h"
#include "base/types.h"
#include "engine/command.h"
#include "engine/pipeline/engine.h"
#include "gateway/fix_options.h"
#include "gateway/gateway_options.h"
#include "gateway/key_directory.h"
#include "gateway/order_verifier.h"
#include "gateway/phase_schedule.h"

namespace tally::gateway {

struct AssetConfig {
  AssetId asset{};
  Symbol symbol;
  uint8_t quantum_decimals = 0;  // One quantum is 10^-quantum_decimals of the asset.
  uint64_t chain_units_per_quantum = 1;
};

// Human units of the file, converted to ticks and quanta.
struct InstrumentConfig {
  InstrumentId instrument{};
  DefineInstrumentCommand definition{};
  bool has_rules = false;
  DefineRulesCommand rules{};  // With has_rules; else the core's stay as they are.
};

struct AccountConfig {
  AccountId account{};
  std::array<uint8_t, 20> owner{};
  bool enabled = true;
  uint8_t fee_class = 0;
  uint32_t owner_group = 0;
  bool must_sign = false;  // Takes only orders that its owner or a session key signed.
};

// A row of the fee schedule; instrument 0 is every one without a row of its own.
struct FeesConfig {
  InstrumentId instrument{};
  DefineFeesCommand fees{};
};

struct ProtectionConfig {
  AccountId account{};
  DefineProtectionCommand protection{};
};

// Account 0: every one without a limit of its own.
struct ExposureConfig {
  AccountId account{};
  DefineExposureCommand exposure{};
};

// The vault that signatures are for.
struct ChainConfig {
  bool configured = false;
  uint64_t chain_id = 0;
  std::array<uint8_t, 20> vault{};
};

// What the relayer needs; the server does not read it.
// [settlement.signing]: what holds the relayer's keys, and what they may sign.
struct SigningConfig {
  struct Key {
    std::string passphrase_file;  // Of the keystore in the key file; empty: environment, terminal.
    std::string url;              // Of a remote signer, instead of a key file.
    std::string address;          // Whose key it has.
  };
  Key vault_operator;
  Key justifier;
  std::string token_file;  // Bearer token of the remote signers.
  uint64_t fee_cap_gwei_max = 500;
  uint64_t transaction_gwei_max = 2'000'000'000;
  uint64_t hour_gwei_max = 100'000'000'000;
  uint64_t day_gwei_max = 500'000'000'000;
  uint32_t runway_hours_warning = 72;
  uint32_t runway_hours_alarm = 24;
};

struct SettlementConfig {
  bool configured = false;
  std::string rpc_url;
  uint64_t chain_id = 0;
  std::string vault;              // 0x and 40 hexadecimal digits.
  std::string operator_key_file;  // secp256k1 key that sends batches; empty: see signing.
  std::vector<std::string> sender_key_files;  // Further ones, for parallel transactions.
  std::string justifier_key_file;  // Another one, that answers challenges; empty: nobody does.
  std::string data_directory;
  uint64_t key_id = 0;  // API key for the session with the engine, and its file.
  std::string key_file;
  uint32_t confirmations = 1;
  uint64_t from_block = 0;  // Where the vault was deployed.
  uint32_t batch_fills_max = 1'000;
  uint32_t batch_interval_ms = 5'000;
  // A batch older than the interval waits up to this age for a better price; 0: it does not wait.
  uint32_t settle_deadline_ms = 900'000;
  uint32_t block_ms = 12'000;  // Between blocks of the chain.
  AssetId open_value_asset{};  // Of which at most so much is open; 0: no limit.
  int64_t open_value_quanta_max = 0;
  SigningConfig signing;
};

// A venue.toml, checked. docs/venue.example.toml shows every key.
struct VenueConfig {
  std::string name;
  EngineOptions engine;  // Without the clock.
  GatewayOptions gateway;
  std::vector<AssetConfig> assets;
  std::vector<InstrumentConfig> instruments;
  std::vector<AccountConfig> accounts;
  std::vector<FeesConfig> fees;
  std::vector<ProtectionConfig> protections;
  std::vector<ExposureConfig> exposures;
  std::vector<ApiKey> keys;
  ChainConfig chain;  // As [chain] says, else as [settlement] does.
  std::vector<OrderSigner> session_keys;
  std::vector<ScheduledPhase> schedule;  // An entry for each instrument it names.
  SettlementConfig settlement;
  FixOptions fix;
};

// Reads and checks a venue configuration. kInvalidArgument lists every fault found, one per line,
// as "file:line: key: what is wrong; what to do" (at most 20). Relative paths in the file are
// relative to its folder. Cost: about 10 ms for a thousand accounts.
absl::StatusOr<VenueConfig> LoadVenueConfig(const std::string& path);

// As LoadVenueConfig, from text; `name` stands for the file in messages.
absl::StatusOr<VenueConfig> ParseVenueConfig(const std::string& text, const std::string& name);

// The commands that bring a core to this configuration: assets, accounts, instruments and their
// rules, fees, protections, exposure limits, in that order. Idempotent: a core that knows a
// definition already answers it without effect.
std::vector<Command> VenueDefinitions(const VenueConfig& config);

}  // namespace tally::gateway
