#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>
#include <thread>

#include "absl/status/statusor.h"

#include "settlement/chain/uint256.h"

namespace tally::settlement {

// The first default account of every development node: it owns the ether.
inline constexpr std::string_view kRichKey =
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
inline const Uint256 kEther = Uint256(1'000'000'000'000'000'000);
inline constexpr uint64_t kUnitsPerQuantum = 10'000'000'000;  // 1e-8 of an 18-digit token.
inline constexpr uint32_t kFarAway = 4'000'000'000;           // A time in 2096.

// A private development node on a free loopback port, ended with the object.
class AnvilProcess {
 public:
  // `binary`: the node itself, not a launcher, so that ending it ends the node.
  static absl::StatusOr<AnvilProcess> Start(const std::string& binary);

  AnvilProcess(AnvilProcess&& other) noexcept;
  AnvilProcess& operator=(AnvilProcess&&) = delete;
  AnvilProcess(const AnvilProcess&) = delete;
  ~AnvilProcess();

  const std::string& url() const { return url_; }

 private:
  AnvilProcess() = default;
  pid_t pid_ = -1;
  int output_ = -1;
  std::thread drain_;  // The node prints every request: a full pipe would stop it.
  std::string url_;
};

}  // namespace tally::settlement
