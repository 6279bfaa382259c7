#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/types.h"
#include "settlement/wallet.h"

namespace tally::settlement {

struct DeployAsset {
  std::string symbol;
  std::optional<Address> token;  // Empty: deploys a TestToken that anyone may mint.
  uint8_t token_decimals = 18;   // Of a deployed TestToken.
  uint64_t units_per_quantum = 1;
};

struct DeployOptions {
  std::string artifacts_directory;  // What settlement/contracts/build.mjs wrote.
  // Deployer where empty. The deployer adds the assets, so it must be the admin if there are any.
  std::optional<Address> admin;
  std::optional<Address> vault_operator;
  std::optional<Address> guardian;
  uint32_t ring_size = 4096;
  uint32_t challenge_window_s = 86'400;
  uint32_t response_time_s = 43'200;
  uint32_t propagation_delay_s = 600;
  uint32_t force_delay_s = 259'200;
  uint32_t max_lag_s = 345'600;  // Longer than a pause of settlement.
  uint32_t order_life_s = 0;
  uint64_t challenge_bond_wei = 100'000'000'000'000'000;
  std::vector<DeployAsset> assets;  // Asset ids are given in this order, from 0.
};

struct Deployment {
  struct Asset {
    std::string symbol;
    AssetId asset{};
    Address token;
    uint64_t units_per_quantum = 0;
  };
  uint64_t chain_id = 0;
  Address vault;
  uint64_t block = 0;  // Of the vault's creation: the relayer's start_block.
  Address vault_operator;
  std::vector<Asset> assets;

  std::string ToJson() const;
};

// Deploys tokens (where asked) and a vault and adds the assets, from the key. Not resumable: a
// deployment that fails half-way leaves contracts that nobody uses. kNotFound if an artifact is
// missing, kFailedPrecondition for what the chain refuses.
absl::StatusOr<Deployment> DeployVenue(RpcChainClient* chain, PrivateKey key,
                                       const DeployOptions& options);

}  // namespace tally::settlement
