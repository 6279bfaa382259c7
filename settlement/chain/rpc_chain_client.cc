#include "settlement/chain/rpc_chain_client.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include <nlohmann/json.hpp>

#include "base/status.h"

namespace tally::settlement {
namespace {

using nlohmann::json;

// A transfer of 21,000 gas at 1 gwei of tip is what an idle chain accepts.
constexpr uint64_t kTipFloorWei = 1'000'000;

absl::Status BadAnswer(std::string_view what) {
  return MakeChainStatus(ChainError::kTransport,
                         absl::StrCat("node answered ", ToAbsl(what), " in an unexpected form"));
}

absl::StatusOr<std::string> Text(const json& object, const char* field) {
  const auto found = object.is_object() ? object.find(field) : object.end();
  if (!object.is_object() || found == object.end() || !found->is_string()) {
    return BadAnswer(field);
  }
  return found->get<std::string>();
}

absl::StatusOr<uint64_t> Number(const json& object, const char* field) {
  ASSIGN_OR_RETURN(std::string text, Text(object, field));
  const auto number = ParseQuantity64(text);
  return number.ok() ? number : BadAnswer(field);
}

absl::StatusOr<Hash32> HashField(const json& object, const char* field) {
  ASSIGN_OR_RETURN(std::string text, Text(object, field));
  const auto hash = ParseHash(text);
  return hash.ok() ? hash : BadAnswer(field);
}

absl::StatusOr<Uint256> QuantityResult(const json& result, std::string_view what) {
  if (result.is_string()) {
    auto value = ParseQuantity(result.get<std::string>());
    if (value.ok()) {
      return value;
    }
  }
  return BadAnswer(what);
}

absl::StatusOr<uint64_t> Quantity64Result(const json& result, std::string_view what) {
  ASSIGN_OR_RETURN(Uint256 value, QuantityResult(result, what));
  if (value > std::numeric_limits<uint64_t>::max()) {
    return BadAnswer(what);
  }
  return static_cast<uint64_t>(value);
}

absl::StatusOr<Bytes> BytesResult(const json& result, std::string_view what) {
  if (result.is_string()) {
    auto bytes = ParseHex(result.get<std::string>());
    if (bytes.ok()) {
      return bytes;
    }
  }
  return BadAnswer(what);
}

absl::StatusOr<Hash32> HashResult(const json& result, std::string_view what) {
  ASSIGN_OR_RETURN(Bytes bytes, BytesResult(result, what));
  const auto hash = ParseHash(Hex(bytes));
  return hash.ok() ? hash : BadAnswer(what);
}

// Revert data sits in error.data, as a string (geth, anvil) or as {"data": ...} (older nodes).
Bytes ErrorData(const json& error) {
  const json* data = error.contains("data") ? &error["data"] : nullptr;
  if (data != nullptr && data->is_object() && data->contains("data")) {
    data = &(*data)["data"];
  }
  if (data == nullptr || !data->is_string()) {
    return {};
  }
  auto bytes = ParseHex(data->get<std::string>());
  return bytes.ok() ? *std::move(bytes) : Bytes();
}

absl::Status RpcStatus(std::string_view method, const json& error) {
  const int64_t code = error.contains("code") && error["code"].is_number_integer()
                           ? error["code"].get<int64_t>()
                           : 0;
  const std::string message = error.contains("message") && error["message"].is_string()
                                  ? error["message"].get<std::string>()
                                  : error.dump();
  return MakeChainStatus(ClassifyRpcError(code, message),
                         absl::StrCat(ToAbsl(method), ": ", message, " (code ", code, ")"),
                         ErrorData(error));
}

absl::StatusOr<json> ResultOf(std::string_view method, const json& response) {
  if (!response.is_object()) {
    return BadAnswer(method);
  }
  if (response.contains("error") && response["error"].is_object()) {
    return RpcStatus(method, response["error"]);
  }
  if (!response.contains("result")) {
    return BadAnswer(method);
  }
  return response["result"];
}

const char* TagName(BlockTag tag) {
  switch (tag) {
    case BlockTag::kLatest:
      return "latest";
    case BlockTag::kSafe:
      return "safe";
    case BlockTag::kFinalized:
      return "finalized";
  }
  return "latest";
}

absl::StatusOr<BlockInfo> ParseBlock(const json& block) {
  BlockInfo info;
  ASSIGN_OR_RETURN(info.number, Number(block, "number"));
  ASSIGN_OR_RETURN(info.hash, HashField(block, "hash"));
  ASSIGN_OR_RETURN(info.parent_hash, HashField(block, "parentHash"));
  ASSIGN_OR_RETURN(info.timestamp_s, Number(block, "timestamp"));
  return info;
}

absl::StatusOr<ChainLog> ParseLog(const json& entry) {
  ChainLog log;
  ASSIGN_OR_RETURN(log.block_number, Number(entry, "blockNumber"));
  ASSIGN_OR_RETURN(log.transaction_hash, HashField(entry, "transactionHash"));
  ASSIGN_OR_RETURN(uint64_t index, Number(entry, "logIndex"));
  log.log_index = static_cast<uint32_t>(index);
  ASSIGN_OR_RETURN(std::string data, Text(entry, "data"));
  ASSIGN_OR_RETURN(log.data, BytesResult(json(data), "log data"));
  if (!entry.contains("topics") || !entry["topics"].is_array()) {
    return BadAnswer("topics");
  }
  for (const json& topic : entry["topics"]) {
    ASSIGN_OR_RETURN(Hash32 hash, HashResult(topic, "topic"));
    log.topics.push_back(hash);
  }
  return log;
}

absl::StatusOr<std::optional<Receipt>> ParseReceipt(const json& result) {
  if (result.is_null()) {
    return std::optional<Receipt>();
  }
  Receipt receipt;
  ASSIGN_OR_RETURN(receipt.block_number, Number(result, "blockNumber"));
  ASSIGN_OR_RETURN(receipt.block_hash, HashField(result, "blockHash"));
  ASSIGN_OR_RETURN(uint64_t status, Number(result, "status"));
  receipt.success = status == 1;
  ASSIGN_OR_RETURN(receipt.gas_used, Number(result, "gasUsed"));
  if (result.contains("contractAddress") && result["contractAddress"].is_string()) {
    const auto contract = ParseAddress(result["contractAddress"].get<std::string>());
    if (!contract.ok()) {
      return BadAnswer("contractAddress");
    }
    receipt.contract = *contract;
  }
  return std::optional<Receipt>(receipt);
}

json CallObject(const CallRequest& request) {
  json call = {{"from", Hex(request.from)}, {"data", Hex(request.data)}};
  if (request.to.has_value()) {
    call["to"] = Hex(*request.to);
  }
  if (request.value_wei != 0) {
    call["value"] = ToQuantity(request.value_wei);
  }
  return call;
}

// By hash (EIP-1898): a node that has another block there, or none, must not answer.
json BlockObject(const CallRequest& request) {
  if (!request.block.has_value()) {
    return "latest";
  }
  return {{"blockHash", Hex(*request.block)}, {"requireCanonical", true}};
}

absl::StatusOr<FeeHistory> FeeHistoryFrom(const json& result) {
  if (!result.is_object() || !result.contains("baseFeePerGas") ||
      !result["baseFeePerGas"].is_array() || result["baseFeePerGas"].empty()) {
    return BadAnswer("eth_feeHistory");
  }
  FeeHistory history;
  ASSIGN_OR_RETURN(history.first_block, Number(result, "oldestBlock"));
  // The last element is the block after the newest one: already determined.
  for (const json& fee : result["baseFeePerGas"]) {
    ASSIGN_OR_RETURN(const uint64_t fee_wei, Quantity64Result(fee, "baseFeePerGas"));
    history.base_fees_wei.push_back(fee_wei);
  }
  return history;
}

// Over the blocks of the answer, of the percentile at `index` in each; 0 if there is none.
absl::StatusOr<uint64_t> MedianReward(const json& result, std::size_t index) {
  std::vector<uint64_t> tips;
  if (result.contains("reward") && result["reward"].is_array()) {
    for (const json& rewards : result["reward"]) {
      if (rewards.is_array() && rewards.size() > index) {
        ASSIGN_OR_RETURN(const uint64_t tip, Quantity64Result(rewards[index], "reward"));
        tips.push_back(tip);
      }
    }
  }
  std::sort(tips.begin(), tips.end());
  return tips.empty() ? 0 : tips[tips.size() / 2];
}

}  // namespace

RpcChainClient::RpcChainClient(std::unique_ptr<RpcTransport> transport)
    : transport_(std::move(transport)) {}
RpcChainClient::~RpcChainClient() = default;

absl::StatusOr<json> RpcChainClient::Request(const std::string& method, const json& params) {
  const json request = {
      {"jsonrpc", "2.0"}, {"id", next_id_++}, {"method", method}, {"params", params}};
  ASSIGN_OR_RETURN(std::string body, transport_->Post(request.dump()));
  return ResultOf(method, json::parse(body, nullptr, /*allow_exceptions=*/false));
}

absl::StatusOr<uint64_t> RpcChainClient::ChainId() {
  ASSIGN_OR_RETURN(json result, Request("eth_chainId", json::array()));
  return Quantity64Result(result, "eth_chainId");
}

absl::StatusOr<BlockInfo> RpcChainClient::BlockByTag(BlockTag tag) {
  ASSIGN_OR_RETURN(json result, Request("eth_getBlockByNumber", {TagName(tag), false}));
  return ParseBlock(result);
}

absl::StatusOr<std::optional<BlockInfo>> RpcChainClient::BlockByNumber(uint64_t number) {
  ASSIGN_OR_RETURN(json result, Request("eth_getBlockByNumber", {ToQuantity(number), false}));
  if (result.is_null()) {
    return std::optional<BlockInfo>();
  }
  ASSIGN_OR_RETURN(BlockInfo block, ParseBlock(result));
  return std::optional<BlockInfo>(block);
}

absl::StatusOr<uint64_t> RpcChainClient::Nonce(const Address& account) {
  ASSIGN_OR_RETURN(json result, Request("eth_getTransactionCount", {Hex(account), "latest"}));
  return Quantity64Result(result, "eth_getTransactionCount");
}

absl::StatusOr<Uint256> RpcChainClient::BalanceWei(const Address& account) {
  ASSIGN_OR_RETURN(json result, Request("eth_getBalance", {Hex(account), "latest"}));
  return QuantityResult(result, "eth_getBalance");
}

absl::StatusOr<Bytes> RpcChainClient::Code(const Address& account) {
  ASSIGN_OR_RETURN(json result, Request("eth_getCode", {Hex(account), "latest"}));
  return BytesResult(result, "eth_getCode");
}

absl::StatusOr<std::vector<ChainLog>> RpcChainClient::Logs(const LogFilter& filter) {
  json topics = json::array();
  for (const Hash32& topic : filter.topics) {
    topics.push_back(Hex(topic));
  }
  const json query = {{"address", Hex(filter.address)},
                      {"fromBlock", ToQuantity(filter.from_block)},
                      {"toBlock", ToQuantity(filter.to_block)},
                      {"topics", json::array({topics})}};
  ASSIGN_OR_RETURN(json result, Request("eth_getLogs", json::array({query})));
  if (!result.is_array()) {
    return BadAnswer("eth_getLogs");
  }
  std::vector<ChainLog> logs;
  for (const json& entry : result) {
    ASSIGN_OR_RETURN(ChainLog log, ParseLog(entry));
    logs.push_back(std::move(log));
  }
  return logs;
}

absl::StatusOr<Hash32> RpcChainClient::SendRawTransaction(ByteView raw) {
  ASSIGN_OR_RETURN(json result, Request("eth_sendRawTransaction", json::array({Hex(raw)})));
  return HashResult(result, "eth_sendRawTransaction");
}

absl::StatusOr<std::vector<absl::StatusOr<json>>> RpcChainClient::RequestBatch(
    const std::string& method, const std::vector<json>& params) {
  std::vector<absl::StatusOr<json>> results(params.size(), BadAnswer(method + " in a batch"));
  if (params.empty()) {
    return results;
  }
  json batch = json::array();
  for (std::size_t i = 0; i < params.size(); ++i) {
    batch.push_back({{"jsonrpc", "2.0"}, {"id", i}, {"method", method}, {"params", params[i]}});
  }
  ASSIGN_OR_RETURN(std::string body, transport_->Post(batch.dump()));
  const json responses = json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!responses.is_array()) {
    return BadAnswer("a batch");
  }
  for (const json& response : responses) {  // In any order, by the specification.
    if (!response.is_object() || !response.contains("id") || !response["id"].is_number_unsigned() ||
        response["id"].get<std::size_t>() >= params.size()) {
      return BadAnswer("a batch id");
    }
    results[response["id"].get<std::size_t>()] = ResultOf(method, response);
  }
  return results;
}

absl::StatusOr<std::vector<absl::StatusOr<Hash32>>> RpcChainClient::SendRawTransactions(
    const std::vector<Bytes>& raw) {
  std::vector<json> params;
  params.reserve(raw.size());
  for (const Bytes& bytes : raw) {
    params.push_back(json::array({Hex(bytes)}));
  }
  ASSIGN_OR_RETURN(std::vector<absl::StatusOr<json>> answers,
                   RequestBatch("eth_sendRawTransaction", params));
  std::vector<absl::StatusOr<Hash32>> results;
  results.reserve(answers.size());
  for (const absl::StatusOr<json>& answer : answers) {
    results.push_back(answer.ok() ? HashResult(*answer, "eth_sendRawTransaction")
                                  : absl::StatusOr<Hash32>(answer.status()));
  }
  return results;
}

absl::StatusOr<std::vector<absl::StatusOr<std::optional<Receipt>>>>
RpcChainClient::TransactionReceipts(const std::vector<Hash32>& hashes) {
  std::vector<json> params;
  params.reserve(hashes.size());
  for (const Hash32& hash : hashes) {
    params.push_back(json::array({Hex(hash)}));
  }
  ASSIGN_OR_RETURN(std::vector<absl::StatusOr<json>> answers,
                   RequestBatch("eth_getTransactionReceipt", params));
  std::vector<absl::StatusOr<std::optional<Receipt>>> results;
  results.reserve(answers.size());
  for (const absl::StatusOr<json>& answer : answers) {
    results.push_back(answer.ok() ? ParseReceipt(*answer)
                                  : absl::StatusOr<std::optional<Receipt>>(answer.status()));
  }
  return results;
}

absl::StatusOr<std::optional<Receipt>> RpcChainClient::TransactionReceipt(const Hash32& hash) {
  ASSIGN_OR_RETURN(json result, Request("eth_getTransactionReceipt", json::array({Hex(hash)})));
  return ParseReceipt(result);
}

absl::StatusOr<TransactionPlace> RpcChainClient::FindTransaction(const Hash32& hash) {
  ASSIGN_OR_RETURN(json result, Request("eth_getTransactionByHash", json::array({Hex(hash)})));
  if (result.is_null()) {
    return TransactionPlace::kUnknown;
  }
  if (!result.is_object() || !result.contains("blockHash")) {
    return BadAnswer("eth_getTransactionByHash");
  }
  return result["blockHash"].is_null() ? TransactionPlace::kPooled : TransactionPlace::kMined;
}

absl::StatusOr<Bytes> RpcChainClient::Call(const CallRequest& request) {
  ASSIGN_OR_RETURN(json result, Request("eth_call", {CallObject(request), BlockObject(request)}));
  return BytesResult(result, "eth_call");
}

absl::StatusOr<uint64_t> RpcChainClient::EstimateGas(const CallRequest& request) {
  ASSIGN_OR_RETURN(json result, Request("eth_estimateGas", json::array({CallObject(request)})));
  return Quantity64Result(result, "eth_estimateGas");
}

absl::StatusOr<FeeQuote> RpcChainClient::Fees() {
  constexpr int kBlocks = 10;
  ASSIGN_OR_RETURN(json result,
                   Request("eth_feeHistory", {ToQuantity(kBlocks), "latest", {50, 85}}));
  ASSIGN_OR_RETURN(FeeHistory history, FeeHistoryFrom(result));
  FeeQuote quote;
  quote.base_fee_wei = history.base_fees_wei.back();
  ASSIGN_OR_RETURN(const uint64_t tip_wei, MedianReward(result, 0));
  ASSIGN_OR_RETURN(quote.tip_high_wei, MedianReward(result, 1));
  quote.tip_wei = std::max(kTipFloorWei, tip_wei);
  quote.tip_high_wei = quote.tip_high_wei == 0 ? 0 : std::max(quote.tip_wei, quote.tip_high_wei);
  return quote;
}

absl::StatusOr<FeeHistory> RpcChainClient::BaseFees(uint64_t block_count) {
  ASSIGN_OR_RETURN(json result,
                   Request("eth_feeHistory", {ToQuantity(block_count), "latest", json::array()}));
  return FeeHistoryFrom(result);
}

absl::StatusOr<std::unique_ptr<RpcChainClient>> ConnectChain(HttpTransportOptions options) {
  ASSIGN_OR_RETURN(std::unique_ptr<RpcTransport> transport, MakeHttpTransport(std::move(options)));
  return std::make_unique<RpcChainClient>(std::move(transport));
}

}  // namespace tally::settlement
