#include "settlement/deploy.h"

#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "settlement/chain/abi.h"

namespace tally::settlement {
namespace {

using nlohmann::json;

absl::StatusOr<Bytes> LoadBytecode(const std::string& directory, const std::string& contract) {
  const std::string path = directory + "/" + contract + ".json";
  std::ifstream file(path);
  if (!file) {
    return absl::NotFoundError(
        absl::StrCat(path, " is missing: build the contracts (settlement/contracts/build.mjs)"));
  }
  const json artifact = json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!artifact.is_object() || !artifact.contains("bytecode") ||
      !artifact["bytecode"].is_string()) {
    return absl::DataLossError(path + " is not a contract artifact");
  }
  auto code = ParseHex(artifact["bytecode"].get<std::string>());
  return code.ok() ? std::move(code) : Annotate(code.status(), path);
}

// Creates a contract and returns its receipt.
absl::StatusOr<Receipt> Create(RpcChainClient* chain, Wallets* wallets, Bytes code,
                               const AbiEncoder& arguments) {
  AppendBytes(&code, arguments.Arguments());
  WalletCall call{.wallet = 0, .to = std::nullopt, .data = std::move(code)};
  ASSIGN_OR_RETURN(
      uint64_t gas,
      chain->EstimateGas(
          {.from = wallets->address(0), .to = std::nullopt, .data = call.data, .value_wei = 0}));
  call.gas_limit = gas + gas / 5;
  ASSIGN_OR_RETURN(std::vector<Receipt> receipts, wallets->SendAll({call}));
  if (!receipts[0].contract.has_value()) {
    return absl::DataLossError("the node's receipt names no contract");
  }
  return receipts[0];
}

// Creates a contract that takes no arguments.
absl::StatusOr<Address> CreateNamed(RpcChainClient* chain, Wallets* wallets,
                                    const std::string& directory, const std::string& contract) {
  ASSIGN_OR_RETURN(Bytes code, LoadBytecode(directory, contract));
  ASSIGN_OR_RETURN(Receipt receipt, Create(chain, wallets, std::move(code), AbiEncoder()));
  return *receipt.contract;
}

absl::StatusOr<Address> TokenFor(RpcChainClient* chain, Wallets* wallets,
                                 const DeployOptions& options, const DeployAsset& asset) {
  if (asset.token.has_value()) {
    return *asset.token;
  }
  ASSIGN_OR_RETURN(Bytes code, LoadBytecode(options.artifacts_directory, "TestToken"));
  ASSIGN_OR_RETURN(Receipt receipt, Create(chain, wallets, std::move(code),
                                           AbiEncoder()
                                               .AddBytes(View("Test " + asset.symbol))
                                               .AddBytes(View(asset.symbol))
                                               .Add(asset.token_decimals)));
  return *receipt.contract;
}

}  // namespace

absl::StatusOr<Deployment> DeployVenue(RpcChainClient* chain, PrivateKey key,
                                       const DeployOptions& options) {
  const Address deployer = key.address();
  std::vector<PrivateKey> keys;
  keys.push_back(std::move(key));
  Wallets wallets(chain, std::move(keys));
  const Address admin = options.admin.value_or(deployer);
  if (admin != deployer && !options.assets.empty()) {
    return absl::InvalidArgumentError(
        "only the admin adds assets: deploy with the admin's key, or without assets");
  }
  Deployment deployment;
  ASSIGN_OR_RETURN(deployment.chain_id, chain->ChainId());
  deployment.vault_operator = options.vault_operator.value_or(deployer);
  ASSIGN_OR_RETURN(const Address verifier,
                   CreateNamed(chain, &wallets, options.artifacts_directory, "OrderVerifier"));
  ASSIGN_OR_RETURN(Bytes code, LoadBytecode(options.artifacts_directory, "Vault"));
  ASSIGN_OR_RETURN(Receipt vault, Create(chain, &wallets, std::move(code),
                                         AbiEncoder()
                                             .Add(admin)
                                             .Add(deployment.vault_operator)
                                             .Add(options.guardian.value_or(deployer))
                                             .Add(verifier)
                                             .Add(options.ring_size)
                                             .Add(options.challenge_window_s)
                                             .Add(options.response_time_s)
                                             .Add(options.propagation_delay_s)
                                             .Add(options.force_delay_s)
                                             .Add(options.max_lag_s)
                                             .Add(options.order_life_s)
                                             .Add(options.challenge_bond_wei)));
  deployment.vault = *vault.contract;
  deployment.block = vault.block_number;
  for (const DeployAsset& asset : options.assets) {
    ASSIGN_OR_RETURN(Address token, TokenFor(chain, &wallets, options, asset));
    const WalletCall call{
        .wallet = 0,
        .to = deployment.vault,
        .data =
            AbiEncoder().Add(token).Add(asset.units_per_quantum).Call("addAsset(address,uint64)")};
    RETURN_IF_ERROR(Annotate(wallets.SendAll({call}).status(), "addAsset " + asset.symbol));
    deployment.assets.push_back({.symbol = asset.symbol,
                                 .asset = static_cast<AssetId>(deployment.assets.size()),
                                 .token = token,
                                 .units_per_quantum = asset.units_per_quantum});
  }
  return deployment;
}

std::string Deployment::ToJson() const {
  json assets_json = json::array();
  for (const Asset& asset : assets) {
    assets_json.push_back({{"symbol", asset.symbol},
                           {"asset", Raw(asset.asset)},
                           {"token", Hex(asset.token)},
                           {"units_per_quantum", asset.units_per_quantum}});
  }
  return json({{"chain_id", chain_id},
               {"vault", Hex(vault)},
               {"start_block", block},
               {"operator", Hex(vault_operator)},
               {"assets", assets_json}})
      .dump(2);
}

}  // namespace tally::settlement
