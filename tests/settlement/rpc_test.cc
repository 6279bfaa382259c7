// The JSON-RPC client against scripted answers, and the error tables of real nodes.

#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>

#include "settlement/chain/rpc_chain_client.h"

namespace tally::settlement {
namespace {

struct ErrorCase {
  int64_t code;
  std::string_view message;
  ChainError expected;
};

// Messages as the nodes print them.
constexpr ErrorCase kErrorCases[] = {
    // geth
    {-32000, "already known", ChainError::kAlreadyKnown},
    {-32000, "nonce too low: next nonce 5, tx nonce 4", ChainError::kNonceLow},
    {-32000, "nonce too high: address 0x1, tx: 9 state: 5", ChainError::kNonceHigh},
    {-32000, "in-flight transaction limit reached for delegated accounts", ChainError::kNonceHigh},
    {-32000, "replacement transaction underpriced", ChainError::kReplaceUnderpriced},
    {-32000, "transaction underpriced: gas tip cap 1, minimum needed 2", ChainError::kUnderpriced},
    {-32000, "max fee per gas less than block base fee: address 0x1", ChainError::kUnderpriced},
    {-32000, "insufficient funds for gas * price + value: balance 0", ChainError::kFunds},
    {-32000, "exceeds block gas limit", ChainError::kTooLarge},
    {-32000, "oversized data: transaction size 200000, limit 131072", ChainError::kTooLarge},
    {-32000, "intrinsic gas too low: gas 1, minimum needed 2", ChainError::kTooLarge},
    {-32000, "invalid sender", ChainError::kChainMismatch},
    {3, "execution reverted: no", ChainError::kRevert},
    {3, "something else", ChainError::kRevert},
    // anvil
    {-32003, "transaction already imported", ChainError::kAlreadyKnown},
    {-32003, "nonce too low", ChainError::kNonceLow},
    {-32003, "replacement transaction underpriced", ChainError::kReplaceUnderpriced},
    {-32003, "max fee per gas less than block base fee", ChainError::kUnderpriced},
    {-32003, "Insufficient funds for gas * price + value", ChainError::kFunds},
    {-32000, "intrinsic gas too high -- tx.gas_limit > env.cfg.tx_gas_limit_cap",
     ChainError::kTooLarge},
    {3, "execution reverted: custom error 0x1234", ChainError::kRevert},
    // geth, continued
    {-32000, "future transaction tries to replace pending", ChainError::kNonceHigh},
    {-32000, "gapped-nonce tx from delegated accounts", ChainError::kNonceHigh},
    {-32000, "txpool is full", ChainError::kPoolFull},
    {-32000, "address already reserved", ChainError::kPoolFull},
    {-32000, "tx fee (1.21 ether) exceeds the configured cap (1.00 ether)",
     ChainError::kFeeCapExceeded},
    {-32000, "transaction gas limit too high (cap: 16777216, tx: 20000000)", ChainError::kTooLarge},
    {-32000, "invalid chain id for signer: have 1 want 31337", ChainError::kChainMismatch},
    {-32000, "missing trie node 1234 (path ) state is not available", ChainError::kMissingBlock},
    {-32000, "header for hash not found", ChainError::kMissingBlock},
    {-32001, "Block not found", ChainError::kMissingBlock},
    // erigon
    {-32000, "existing tx with same hash", ChainError::kAlreadyKnown},
    {-32000, "could not replace existing tx", ChainError::kReplaceUnderpriced},
    {-32000, "INTERNAL_ERROR: could not replace existing tx", ChainError::kReplaceUnderpriced},
    {-32000, "nonce too low", ChainError::kNonceLow},
    {-32000, "fee too low", ChainError::kUnderpriced},
    {-32000, "underpriced", ChainError::kUnderpriced},
    {-32000, "insufficient funds", ChainError::kFunds},
    {-32000, "queued sub-pool is full", ChainError::kPoolFull},
    {-32000, "rlp too long", ChainError::kTooLarge},
    // nethermind
    {-32010, "AlreadyKnown, nonce: 4", ChainError::kAlreadyKnown},
    {-32010, "already known", ChainError::kAlreadyKnown},
    {-32010, "OldNonce, Current nonce: 5, nonce of rejected tx: 4.", ChainError::kNonceLow},
    {-32010, "NonceGap, Future nonce. Expected nonce: 5", ChainError::kNonceHigh},
    {-32010, "NonceTooFarInFuture", ChainError::kNonceHigh},
    {-32010, "ReplacementNotAllowed", ChainError::kReplaceUnderpriced},
    {-32010, "FeeTooLow, EffectivePriorityFeePerGas too low 1 < 2", ChainError::kUnderpriced},
    {-32010, "FeeTooLowToCompete", ChainError::kUnderpriced},
    {-32010, "InsufficientFunds, Balance is 0 less than sending value", ChainError::kFunds},
    {-32010, "GasLimitExceeded, Gas limit: 30000000", ChainError::kTooLarge},
    {-32010, "MaxTxSizeExceeded", ChainError::kTooLarge},
    {-32010, "FailedToResolveSender", ChainError::kChainMismatch},
    // besu
    {-32000, "Known transaction", ChainError::kAlreadyKnown},
    {-32001, "Nonce too low", ChainError::kNonceLow},
    {-32006, "Nonce too high", ChainError::kNonceHigh},
    {-32006, "", ChainError::kNonceHigh},
    {-32000, "Transaction nonce is too distant from current sender nonce", ChainError::kNonceHigh},
    {-32000, "An invalid transaction with a lower nonce exists", ChainError::kNonceHigh},
    {-32000, "Replacement transaction underpriced", ChainError::kReplaceUnderpriced},
    {-32009, "Gas price below configured minimum gas price", ChainError::kUnderpriced},
    {-32009, "Gas price below current base fee", ChainError::kUnderpriced},
    {-32004, "Upfront cost exceeds account balance", ChainError::kFunds},
    {-32000, "Transaction fee cap exceeded", ChainError::kFeeCapExceeded},
    {-32003, "Intrinsic gas exceeds gas limit", ChainError::kTooLarge},
    {-32005, "Transaction gas limit exceeds block gas limit", ChainError::kTooLarge},
    {-32000, "Wrong chainId", ChainError::kChainMismatch},
    {-32008, "Initial sync is still in progress", ChainError::kTransport},
    {-32000, "Execution reverted", ChainError::kRevert},
    // Providers
    {-32005, "daily request count exceeded", ChainError::kTransport},
    {429, "Too Many Requests", ChainError::kTransport},
    // OpenZeppelin relayer issue 681: the internal-error code with a final answer in the text.
    {-32603, "nonce too low", ChainError::kNonceLow},
    {-32603, "surprise", ChainError::kOther},
};

TEST(ChainErrorTest, MessagesOfRealNodesAreClassified) {
  for (const ErrorCase& row : kErrorCases) {
    EXPECT_EQ(ClassifyRpcError(row.code, row.message), row.expected) << row.message;
  }
}

class ScriptedTransport final : public RpcTransport {
 public:
  explicit ScriptedTransport(std::string answer) : answer_(std::move(answer)) {}
  absl::StatusOr<std::string> Post(std::string_view) override { return answer_; }

 private:
  const std::string answer_;
};

RpcChainClient Answering(std::string answer) {
  return RpcChainClient(std::make_unique<ScriptedTransport>(std::move(answer)));
}

TEST(RpcChainClientTest, ReadsQuantities) {
  auto client = Answering(R"({"jsonrpc":"2.0","id":1,"result":"0x7a69"})");
  EXPECT_EQ(*client.ChainId(), 31337u);
}

TEST(RpcChainClientTest, RevertCarriesItsData) {
  for (const char* answer :
       {R"({"id":1,"error":{"code":3,"message":"execution reverted","data":"0x1234"}})",
        R"({"id":1,"error":{"code":3,"message":"execution reverted","data":{"data":"0x1234"}}})"}) {
    auto client = Answering(answer);
    const auto result = client.Call({});
    EXPECT_EQ(ChainErrorOf(result.status()), ChainError::kRevert);
    EXPECT_EQ(RevertData(result.status()), (Bytes{0x12, 0x34}));
  }
}

TEST(RpcChainClientTest, MissingReceiptIsNoReceipt) {
  auto client = Answering(R"({"id":1,"result":null})");
  const auto receipt = client.TransactionReceipt({});
  ASSERT_TRUE(receipt.ok());
  EXPECT_FALSE(receipt->has_value());
}

TEST(RpcChainClientTest, UnexpectedAnswersAreTransportErrors) {
  for (const char* answer :
       {"", "[]", "{", "null", R"({"id":1})", R"({"result":{}})", R"({"result":"zz"})",
        R"({"result":[{"topics":7}]})", R"({"result":5})"}) {
    auto client = Answering(answer);
    EXPECT_EQ(ChainErrorOf(client.ChainId().status()), ChainError::kTransport) << answer;
    EXPECT_EQ(ChainErrorOf(client.Fees().status()), ChainError::kTransport) << answer;
    EXPECT_EQ(ChainErrorOf(client.BaseFees(3).status()), ChainError::kTransport) << answer;
    EXPECT_EQ(ChainErrorOf(client.BlockByTag(BlockTag::kLatest).status()), ChainError::kTransport);
    EXPECT_FALSE(client.TransactionReceipt({}).ok()) << answer;
  }
}

TEST(RpcChainClientTest, FeesTakeTheNextBaseFeeAndTheMedianTip) {
  auto client = Answering(
      R"({"id":1,"result":{"oldestBlock":"0x7","baseFeePerGas":["0x1","0x2","0x64"],
          "reward":[["0x989680","0x989682"],["0x3b9aca00","0x3b9aca01"],["0x1","0x3"]]}})");
  const auto quote = client.Fees();
  ASSERT_TRUE(quote.ok()) << quote.status();
  EXPECT_EQ(quote->base_fee_wei, 100u);
  EXPECT_EQ(quote->tip_wei, 10'000'000u);
  EXPECT_EQ(quote->tip_high_wei, 10'000'002u);
}

TEST(RpcChainClientTest, BaseFeesEndWithTheNextBlocks) {
  auto client =
      Answering(R"({"id":1,"result":{"oldestBlock":"0x7","baseFeePerGas":["0x1","0x2","0x64"]}})");
  const auto history = client.BaseFees(2);
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(history->first_block, 7u);
  EXPECT_EQ(history->base_fees_wei, (std::vector<uint64_t>{1, 2, 100}));
}

TEST(RpcChainClientTest, BatchAnswersMayComeInAnyOrder) {
  const std::string hash(64, 'a');
  auto client = Answering(R"([{"id":1,"error":{"code":-32000,"message":"nonce too low"}},)"
                          R"({"id":0,"result":"0x)" +
                          hash + R"("}])");
  const auto results = client.SendRawTransactions({{1}, {2}});
  ASSERT_TRUE(results.ok());
  EXPECT_EQ(Hex(*(*results)[0]), "0x" + hash);
  EXPECT_EQ(ChainErrorOf((*results)[1].status()), ChainError::kNonceLow);
}

TEST(HttpTransportTest, RefusesUrlsItCannotUse) {
  for (const char* url : {"", "https://host", "http://", "http://host:0", "http://host:x"}) {
    EXPECT_EQ(MakeHttpTransport({.url = url}).status().code(), absl::StatusCode::kInvalidArgument)
        << url;
  }
}

TEST(HttpTransportTest, NobodyListeningIsATransportErrorThatNamesTheNode) {
  // A port that is bound but not listened on refuses connections and cannot be reused by others.
  const int held = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(held, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  socklen_t length = sizeof(address);
  ASSERT_EQ(::getsockname(held, reinterpret_cast<sockaddr*>(&address), &length), 0);
  const std::string url = absl::StrCat("http://127.0.0.1:", ntohs(address.sin_port));
  auto client = ConnectChain({.url = url, .timeout_ms = 2000});
  ASSERT_TRUE(client.ok());
  const absl::Status status = (*client)->ChainId().status();
  EXPECT_EQ(ChainErrorOf(status), ChainError::kTransport);
  EXPECT_NE(std::string(status.message()).find(url), std::string::npos) << status;
  ::close(held);
}

}  // namespace
}  // namespace tally::settlement
