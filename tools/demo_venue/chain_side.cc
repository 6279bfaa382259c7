#include "tools/demo_venue/chain_side.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "settlement/chain/abi.h"
#include "settlement/chain/keccak.h"

namespace tally::demo {
namespace {

using nlohmann::json;
using settlement::Address;
using settlement::Hash32;
using settlement::PrivateKey;
using settlement::Uint256;
using settlement::WalletCall;

constexpr uint64_t kGweiInWei = 1'000'000'000;
const Uint256 kGasMoneyWei = Uint256(1'000) * kGweiInWei * kGweiInWei;
constexpr char kSeed[] = "tallystick demo";
constexpr uint64_t kDeployerKey = 1'000'000;
constexpr uint64_t kRecipientKey = 2'000'000;

Uint256 Units(AssetId asset, Quanta amount) {
  return Uint256(static_cast<uint64_t>(amount.value)) *
         (asset == kUsd ? kUsdUnitsPerQuantum : kBtcUnitsPerQuantum);
}

Address RecipientOf(uint32_t account) {
  return PrivateKey::ForTest(kSeed, kRecipientKey + account).address();
}

// Writes the operator's key, readable by its owner only as the relayer demands.
absl::StatusOr<Address> MakeOperator(const std::string& path) {
  const std::string text = settlement::Hex(
      settlement::Keccak256(settlement::View(std::string_view("tallystick demo operator"))));
  std::ofstream file(path);
  std::error_code failed;
  std::filesystem::permissions(path, std::filesystem::perms::owner_read, failed);
  file << text << "\n";
  file.close();
  if (!file || failed) {
    return ErrnoStatus("write", path);
  }
  ASSIGN_OR_RETURN(const PrivateKey key, PrivateKey::FromHex(text));
  return key.address();
}

}  // namespace

ChainSide::ChainSide(std::unique_ptr<settlement::RpcChainClient> chain)
    : chain_(std::move(chain)) {}

absl::StatusOr<std::unique_ptr<ChainSide>> ChainSide::Connect(const std::string& url) {
  ASSIGN_OR_RETURN(auto chain, settlement::ConnectChain({.url = url, .timeout_ms = 30'000}));
  // It would log every request.
  RETURN_IF_ERROR(chain->Request("anvil_setLoggingEnabled", json::array({false})).status());
  return std::unique_ptr<ChainSide>(new ChainSide(std::move(chain)));
}

absl::Status ChainSide::Deploy(const std::string& artifacts_directory,
                               const std::string& operator_key_file) {
  ASSIGN_OR_RETURN(const Address vault_operator, MakeOperator(operator_key_file));
  PrivateKey deployer = PrivateKey::ForTest(kSeed, kDeployerKey);
  RETURN_IF_ERROR(GiveGasMoney({vault_operator, deployer.address()}));
  ASSIGN_OR_RETURN(
      deployment_,
      settlement::DeployVenue(
          chain_.get(), std::move(deployer),
          {.artifacts_directory = artifacts_directory,
           .admin = {},
           .vault_operator = vault_operator,
           .guardian = {},
           .challenge_window_s = 0,  // Withdrawals are paid at once.
           .assets = {{.symbol = "USD", .token = {}, .units_per_quantum = kUsdUnitsPerQuantum},
                      {.symbol = "BTC", .token = {}, .units_per_quantum = kBtcUnitsPerQuantum}}}));
  vault_.emplace(chain_.get(), deployment_.vault);
  return absl::OkStatus();
}

absl::Status ChainSide::OpenAccounts(uint32_t count) {
  std::vector<PrivateKey> keys;
  std::vector<Address> addresses;
  std::vector<WalletCall> registrations;
  for (uint32_t i = 0; i < count; ++i) {
    keys.push_back(PrivateKey::ForTest(kSeed, i));
    addresses.push_back(keys.back().address());
    registrations.push_back(settlement::calls::Register(i, deployment_.vault));
    // Nobody signs orders here, so nobody could justify a debit.
    registrations.push_back(settlement::calls::Waive(i, deployment_.vault));
  }
  wallets_.emplace(chain_.get(), std::move(keys));
  RETURN_IF_ERROR(GiveGasMoney(addresses));
  RETURN_IF_ERROR(Annotate(wallets_->SendAll(registrations).status(), "register"));
  wallet_of_.assign(count, 0);
  for (uint32_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(const AccountId account, vault_->AccountOf(addresses[i]));
    if (Raw(account) < 1 || Raw(account) > count) {
      return absl::InternalError("the vault gives account numbers that are not contiguous");
    }
    wallet_of_[Raw(account) - 1] = i;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::size_t> ChainSide::Deposit(const std::vector<flow::FlowDeposit>& deposits) {
  std::vector<WalletCall> all;
  std::size_t count = 0;
  for (const flow::FlowDeposit& deposit : deposits) {
    const std::size_t wallet = WalletOf(deposit.account);
    for (const auto& [asset, amount] :
         {std::pair(kUsd, deposit.quote), std::pair(kBtc, deposit.base)}) {
      if (amount.value == 0) {
        continue;
      }
      const Address& token = deployment_.assets[Raw(asset)].token;
      const Uint256 units = Units(asset, amount);
      using namespace settlement::calls;  // NOLINT: four of them in the next lines.
      all.push_back(MintTestToken(wallet, token, wallets_->address(wallet), units));
      all.push_back(Approve(wallet, token, deployment_.vault, units));
      all.push_back(settlement::calls::Deposit(wallet, deployment_.vault, asset, units));
      ++count;
    }
  }
  RETURN_IF_ERROR(Annotate(wallets_->SendAll(all).status(), "deposits"));
  return count;
}

absl::Status ChainSide::MineOnTime() {
  RETURN_IF_ERROR(chain_->Request("evm_setAutomine", json::array({false})).status());
  return chain_->Request("evm_setIntervalMining", json::array({1})).status();
}

absl::Status ChainSide::RequestWithdrawals(uint32_t count, Quanta amount) {
  std::vector<WalletCall> all;
  for (uint32_t account = 1; account <= count; ++account) {
    all.push_back(settlement::calls::RequestWithdraw(
        WalletOf(AccountId{account}), deployment_.vault, kUsd, amount, RecipientOf(account)));
  }
  return Annotate(wallets_->SendAll(all).status(), "requestWithdraw");
}

absl::StatusOr<uint32_t> ChainSide::CountPaidWithdrawals(uint32_t count, Quanta amount) {
  uint32_t paid = 0;
  for (uint32_t account = 1; account <= count; ++account) {
    ASSIGN_OR_RETURN(const Uint256 units, TokenBalance(kUsd, RecipientOf(account)));
    paid += units == Units(kUsd, amount) ? 1 : 0;
  }
  return paid;
}

absl::StatusOr<Quanta> ChainSide::BalanceOf(AccountId account, AssetId asset) {
  ASSIGN_OR_RETURN(const Uint256 quanta, vault_->BalanceOf(account, asset));
  return Quanta{static_cast<int64_t>(quanta)};
}

absl::StatusOr<Uint256> ChainSide::VaultHoldings(AssetId asset) {
  return TokenBalance(asset, deployment_.vault);
}

absl::StatusOr<std::vector<SettledOnChain>> ChainSide::Batches() {
  const Hash32 topic = settlement::EventTopic("Batch(uint64,uint64,uint64,uint64,bytes32,bytes32)");
  ASSIGN_OR_RETURN(const uint64_t latest, BlockNumber());
  ASSIGN_OR_RETURN(const std::vector<settlement::ChainLog> logs,
                   chain_->Logs({.address = deployment_.vault,
                                 .topics = {topic},
                                 .from_block = deployment_.block,
                                 .to_block = latest}));
  std::vector<SettledOnChain> batches;
  for (const settlement::ChainLog& log : logs) {
    const settlement::AbiReader data(log.data);
    SettledOnChain batch;
    ASSIGN_OR_RETURN(batch.id, settlement::AbiReader(View(log.topics[1])).Word64(0));
    ASSIGN_OR_RETURN(batch.first_event, data.Word64(0));
    ASSIGN_OR_RETURN(batch.last_event, data.Word64(1));
    ASSIGN_OR_RETURN(const auto receipt, chain_->TransactionReceipt(log.transaction_hash));
    ASSIGN_OR_RETURN(const json transaction,
                     chain_->Request("eth_getTransactionByHash",
                                     json::array({settlement::Hex(log.transaction_hash)})));
    if (!receipt.has_value() || !transaction.is_object()) {
      return absl::NotFoundError("the transaction of a batch is gone");
    }
    ASSIGN_OR_RETURN(const settlement::Bytes input,
                     settlement::ParseHex(transaction.value("input", "0x")));
    // The length of the entries is the ninth word after the selector (docs/formats/settlement.md).
    ASSIGN_OR_RETURN(const uint64_t entry_bytes,
                     settlement::AbiReader(settlement::ByteView(input).subspan(4)).Word64(8));
    batch.gas_used = receipt->gas_used;
    batch.entries = entry_bytes / settlement::kBatchEntryBytes;
    batches.push_back(batch);
  }
  return batches;
}

absl::StatusOr<uint64_t> ChainSide::BlockNumber() {
  ASSIGN_OR_RETURN(const settlement::BlockInfo block,
                   chain_->BlockByTag(settlement::BlockTag::kLatest));
  return block.number;
}

std::vector<Address> ChainSide::Owners() const {
  std::vector<Address> owners;
  owners.reserve(wallet_of_.size());
  for (const std::size_t wallet : wallet_of_) {
    owners.push_back(wallets_->address(wallet));
  }
  return owners;
}

absl::Status ChainSide::GiveGasMoney(const std::vector<Address>& addresses) {
  std::vector<json> parameters;
  parameters.reserve(addresses.size());
  for (const Address& address : addresses) {
    parameters.push_back(
        json::array({settlement::Hex(address), settlement::ToQuantity(kGasMoneyWei)}));
  }
  ASSIGN_OR_RETURN(const auto answers, chain_->RequestBatch("anvil_setBalance", parameters));
  for (const auto& answer : answers) {
    RETURN_IF_ERROR(answer.status());
  }
  return absl::OkStatus();
}

absl::StatusOr<Uint256> ChainSide::TokenBalance(AssetId asset, const Address& holder) {
  ASSIGN_OR_RETURN(
      const settlement::Bytes data,
      chain_->Call({.from = {},
                    .to = deployment_.assets[Raw(asset)].token,
                    .data = settlement::AbiEncoder().Add(holder).Call("balanceOf(address)")}));
  return settlement::AbiReader(data).Word(0);
}

}  // namespace tally::demo
