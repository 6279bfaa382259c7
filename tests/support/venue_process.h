#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/types.h"
#include "sdk/key.h"
#include "tools/process/child_process.h"

namespace tally {

// A new directory under the test's temporary directory, removed with everything in it.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A port of 127.0.0.1 that nobody else gets while this exists: it is bound, but does not listen. A
// server that sets SO_REUSEADDR can bind and listen on it, again and again, and a client that
// connects while no server is up cannot be given it as its own port (and so meet itself).
class ReservedPort {
 public:
  ReservedPort();
  ~ReservedPort();
  ReservedPort(const ReservedPort&) = delete;
  ReservedPort& operator=(const ReservedPort&) = delete;
  uint16_t port() const { return port_; }

 private:
  int fd_ = -1;
  uint16_t port_ = 0;
};

inline constexpr AccountId kVenueFeeAccount{1};
inline constexpr AssetId kVenueQuote{0};
inline constexpr uint64_t kVenueSettlementKey = 99;
inline constexpr uint64_t kVenueAdminKey = 98;
inline constexpr int64_t kVenueTickQuanta = 100'000;
inline constexpr int64_t kVenueLotQuanta = 100'000;
inline constexpr int32_t kVenueTakerFee = 2'000;
inline constexpr int32_t kVenueMakerFee = -500;

struct VenueSpec {
  std::string durability = "sync";
  std::string engine_lines{};   // Added to [engine].
  std::string gateway_lines{};  // Added to [gateway].
  std::string account_lines{};  // Added to account 8.
  std::string market_lines{};   // Added to instrument 1: its rules, then further tables.
};

// The text of a venue configuration: assets 0 USD, 1 BTC, 2 ETH; instruments 1 BTC/USD, 2 ETH/USD,
// both of the tick, lot and fees above; accounts 1 (fees) to 8; key N trades for account N, key 99
// settles, key 98 is the operator's. Data are in "data" beside the file.
std::string VenueText(const VenueSpec& spec);

// The key N of the configuration.
sdk::SigningKey VenueKey(uint64_t key_id);

struct CommandResult {
  int exit_code = -1;
  std::string output;  // Standard output and error.
};

// Runs a program to its end.
CommandResult RunCommand(const std::vector<std::string>& arguments, int timeout_ms = 60'000);

// A venue on disk and the `tally serve` process that runs it, on one port for all its lives.
//
// Thread safety: one thread.
class VenueProcess {
 public:
  VenueProcess(std::string tally_path, const VenueSpec& spec);

  // Starts the server and returns at once, or when it accepts connections.
  absl::Status Launch(const std::vector<std::pair<std::string, std::string>>& environment = {});
  absl::Status Start();
  void Kill() { child_->Kill(); }
  // SIGTERM, and the exit status.
  absl::StatusOr<int> Terminate();

  bool Running() { return child_.has_value() && child_->Running(); }
  ChildProcess& child() { return *child_; }
  uint16_t port() const { return port_.port(); }
  std::string directory() const { return scratch_.path(); }
  std::string config_path() const { return scratch_.path() + "/venue.toml"; }
  std::string data_directory() const { return scratch_.path() + "/data"; }
  std::string ready_path() const { return scratch_.path() + "/ready.json"; }
  std::string log_path() const { return scratch_.path() + "/serve.log"; }
  std::vector<std::string> ServeArguments() const;
  // `tally replay --config ... ARGUMENTS`.
  CommandResult Replay(const std::vector<std::string>& arguments) const;
  // Of the server's output; for messages of failed tests.
  std::string LogTail() const;

 private:
  const std::string tally_path_;
  const ScratchDirectory scratch_;
  const ReservedPort port_;
  std::optional<ChildProcess> child_;
};

}  // namespace tally
