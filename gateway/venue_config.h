#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/fixed_string.h"
#include "base/types.h"
#include "engine/command.h"
#include "engine/limits.h"
#include "gateway/gateway_options.h"
#include "gateway/key_directory.h"

namespace tally::gateway {

struct EngineSettings {
  std::string data_directory;       // As written; relative paths are relative to the process.
  std::string durability = "sync";  // "sync" or "async".
  std::string wait = "block";       // "block", "yield" or "spin".
  uint32_t input_ring_size = 16'384;
  uint32_t output_ring_size = 65'536;
  CoreLimits limits;
};

struct AssetConfig {
  AssetId asset{};
  Symbol symbol;
  uint8_t quantum_decimals = 0;
  uint64_t chain_units_per_quantum = 1;
  std::optional<std::array<uint8_t, 20>> token;  // ERC-20 address, for the relayer.
};

struct InstrumentConfig {
  InstrumentId instrument{};
  DefineInstrumentCommand definition{};
};

struct AccountConfig {
  AccountId account{};
  std::array<uint8_t, 20> owner{};
  bool enabled = true;
};

// Read by the relayer; nothing here concerns the engine.
struct SettlementConfig {
  uint64_t chain_id = 0;
  std::string rpc_url;
  std::array<uint8_t, 20> vault{};
  uint32_t confirmations = 2;
  uint32_t batch_fills_max = 1'000;
  uint32_t batch_interval_ms = 5'000;
};

// A whole venue, as docs/venue.example.toml shows it. Amounts are already in ticks, lots and
// quanta, and everything refers to something that exists.
struct VenueConfig {
  std::string name;
  EngineSettings engine;
  GatewayOptions gateway;
  std::vector<AssetConfig> assets;            // By id.
  std::vector<InstrumentConfig> instruments;  // By id.
  std::vector<AccountConfig> accounts;        // By id.
  std::vector<ApiKey> keys;                   // By id.
  std::optional<SettlementConfig> settlement;
};

// Reads and checks a configuration. kInvalidArgument with every problem found, one a line:
//   venue.toml:12: [[instruments]] tick: "0.015" is not a multiple of ...; use ...
// kNotFound, kPermissionDenied: the file cannot be read.
absl::StatusOr<VenueConfig> LoadVenueConfig(const std::string& path);
// The same for text; `name` stands in for the path in messages.
absl::StatusOr<VenueConfig> ParseVenueConfig(std::string_view text, std::string_view name);

// The kDefine* commands that make a core this venue: assets, accounts, instruments. A core that
// already is takes them without effect.
std::vector<Command> VenueDefinitions(const VenueConfig& config);

}  // namespace tally::gateway
