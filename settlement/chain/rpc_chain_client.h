#pragma once

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "settlement/chain/chain_client.h"
#include "settlement/chain/http_transport.h"

namespace tally::settlement {

// ChainClient over JSON-RPC 2.0. Anything a node answers that is not what the method promises is
// ChainError::kTransport: a broken or half-synchronised node is treated as one that did not answer.
class RpcChainClient final : public ChainClient {
 public:
  explicit RpcChainClient(std::unique_ptr<RpcTransport> transport);
  ~RpcChainClient() override;

  absl::StatusOr<uint64_t> ChainId() override;
  absl::StatusOr<BlockInfo> BlockByTag(BlockTag tag) override;
  absl::StatusOr<std::optional<BlockInfo>> BlockByNumber(uint64_t number) override;
  absl::StatusOr<uint64_t> Nonce(const Address& account) override;
  absl::StatusOr<Uint256> BalanceWei(const Address& account) override;
  absl::StatusOr<Bytes> Code(const Address& account) override;
  absl::StatusOr<std::vector<ChainLog>> Logs(const LogFilter& filter) override;
  absl::StatusOr<Hash32> SendRawTransaction(ByteView raw) override;
  absl::StatusOr<std::optional<Receipt>> TransactionReceipt(const Hash32& hash) override;
  absl::StatusOr<TransactionPlace> FindTransaction(const Hash32& hash) override;
  absl::StatusOr<Bytes> Call(const CallRequest& request) override;
  absl::StatusOr<uint64_t> EstimateGas(const CallRequest& request) override;
  absl::StatusOr<FeeQuote> Fees() override;
  absl::StatusOr<FeeHistory> BaseFees(uint64_t block_count) override;

  // Sends many transactions in one JSON-RPC batch: one answer each, in order.
  absl::StatusOr<std::vector<absl::StatusOr<Hash32>>> SendRawTransactions(
      const std::vector<Bytes>& raw);
  // One method with many parameter lists, in one round trip; results in order.
  absl::StatusOr<std::vector<absl::StatusOr<nlohmann::json>>> RequestBatch(
      const std::string& method, const std::vector<nlohmann::json>& params);
  absl::StatusOr<std::vector<absl::StatusOr<std::optional<Receipt>>>> TransactionReceipts(
      const std::vector<Hash32>& hashes);
  // Any method: for node-specific ones (evm_mine, anvil_reorg) in tests and demonstrations.
  absl::StatusOr<nlohmann::json> Request(const std::string& method, const nlohmann::json& params);

 private:
  std::unique_ptr<RpcTransport> transport_;
  uint64_t next_id_ = 1;
};

// Over HTTP with the given time-out.
absl::StatusOr<std::unique_ptr<RpcChainClient>> ConnectChain(HttpTransportOptions options);

}  // namespace tally::settlement
