#include "tests/support/venue_process.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "base/assert.h"
#include "base/status.h"

namespace tally {
namespace {

constexpr uint64_t kTradingKeys = 8;
constexpr int kReadyTimeoutMs = 60'000;
constexpr int kStopTimeoutMs = 60'000;

std::string AssetText(int id, const std::string& symbol, int decimals) {
  return absl::StrCat("[[assets]]\nid = ", id, "\nsymbol = \"", symbol, "\"\ndecimals = ", decimals,
                      "\nchain_decimals = 18\n");
}

std::string InstrumentText(int id, const std::string& base) {
  return absl::StrCat("[[instruments]]\nid = ", id, "\nsymbol = \"", base, "/USD\"\nbase = \"",
                      base, "\"\nquote = \"USD\"\ntick = \"0.01\"\nlot = \"0.001\"\n",
                      "price_max = \"100000\"\nquantity_min = \"0.001\"\nquantity_max = \"1000\"\n",
                      "notional_min = \"0.00001\"\nnotional_max = \"1000000\"\n",
                      "maker_fee_hundredths_bp = ", kVenueMakerFee,
                      "\ntaker_fee_hundredths_bp = ", kVenueTakerFee,
                      "\nfee_account = ", Raw(kVenueFeeAccount), "\n");
}

std::string KeyText(uint64_t id, const std::string& permission) {
  const std::string account = id > kTradingKeys ? "" : absl::StrCat("account = ", id, "\n");
  return absl::StrCat("[[keys]]\nid = ", id, "\npublic_key = \"", VenueKey(id).public_key_hex(),
                      "\"\n", account, "permissions = [\"", permission, "\"]\n");
}

}  // namespace

ScratchDirectory::ScratchDirectory() : path_(::testing::TempDir() + "tally-XXXXXX") {
  CHECK(mkdtemp(path_.data()) != nullptr);
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

ReservedPort::ReservedPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int on = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  CHECK(fd_ >= 0);
  CHECK(setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
  CHECK(bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  CHECK(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
}

ReservedPort::~ReservedPort() { close(fd_); }

sdk::SigningKey VenueKey(uint64_t key_id) {
  std::array<uint8_t, sdk::SigningKey::kSeedBytes> seed;
  seed.fill(static_cast<uint8_t>(key_id));
  return sdk::SigningKey::FromSeed(seed);
}

std::string VenueText(const VenueSpec& spec) {
  std::string text = absl::StrCat(
      "[venue]\nname = \"test\"\n[engine]\ndata_directory = \"data\"\ndurability = \"",
      spec.durability, "\"\ninput_ring_size = 1024\noutput_ring_size = 4096\naccounts_max = 64\n",
      "instruments_max = 4\nassets_max = 4\nsessions_max = 256\nopen_orders_max = 65536\n",
      "open_orders_per_account_max = 10000\nstate_hash_interval = 256\n", spec.engine_lines,
      "\n[gateway]\nlisten = \"127.0.0.1:0\"\n", spec.gateway_lines, "\n");
  absl::StrAppend(&text, AssetText(0, "USD", 10), AssetText(1, "BTC", 8), AssetText(2, "ETH", 8));
  for (uint64_t account = 1; account <= kTradingKeys; ++account) {
    absl::StrAppend(&text, "[[accounts]]\nid = ", account, "\n");
  }
  absl::StrAppend(&text, spec.account_lines, "\n");
  absl::StrAppend(&text, InstrumentText(1, "BTC"), spec.market_lines, "\n",
                  InstrumentText(2, "ETH"));
  for (uint64_t key = 1; key <= kTradingKeys; ++key) {
    absl::StrAppend(&text, KeyText(key, "trade"));
  }
  absl::StrAppend(&text, KeyText(kVenueSettlementKey, "settlement"),
                  KeyText(kVenueAdminKey, "admin"));
  return text;
}

CommandResult RunCommand(const std::vector<std::string>& arguments, int timeout_ms) {
  const ScratchDirectory scratch;
  const std::string log = scratch.path() + "/out";
  absl::StatusOr<ChildProcess> child =
      ChildProcess::Start({.arguments = arguments, .log_path = log, .environment = {}});
  if (!child.ok()) {
    return {.exit_code = -1, .output = child.status().ToString()};
  }
  const absl::StatusOr<int> exit_code = child->Wait(timeout_ms);
  return {.exit_code = exit_code.value_or(-1), .output = ReadFile(log).value_or("")};
}

VenueProcess::VenueProcess(std::string tally_path, const VenueSpec& spec)
    : tally_path_(std::move(tally_path)) {
  std::ofstream(config_path()) << VenueText(spec);
}

std::vector<std::string> VenueProcess::ServeArguments() const {
  return {tally_path_,          "serve",        "--config",  config_path(), "--port",
          absl::StrCat(port()), "--ready-file", ready_path()};
}

absl::Status VenueProcess::Launch(
    const std::vector<std::pair<std::string, std::string>>& environment) {
  std::filesystem::remove(ready_path());
  ASSIGN_OR_RETURN(ChildProcess child, ChildProcess::Start({.arguments = ServeArguments(),
                                                            .log_path = log_path(),
                                                            .environment = environment}));
  child_.emplace(std::move(child));
  return absl::OkStatus();
}

absl::Status VenueProcess::Start() {
  RETURN_IF_ERROR(Launch());
  return WaitForFile(ready_path(), *child_, kReadyTimeoutMs).status();
}

absl::StatusOr<int> VenueProcess::Terminate() {
  child_->Signal(SIGTERM);
  return child_->Wait(kStopTimeoutMs);
}

CommandResult VenueProcess::Replay(const std::vector<std::string>& arguments) const {
  std::vector<std::string> all = {tally_path_, "replay", "--config", config_path()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return RunCommand(all);
}

std::string VenueProcess::LogTail() const {
  const std::string log = ReadFile(log_path()).value_or("");
  return log.substr(log.size() - std::min<std::size_t>(log.size(), 2'000));
}

}  // namespace tally
