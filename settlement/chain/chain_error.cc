#include "settlement/chain/chain_error.h"

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"

#include "base/status.h"

namespace tally::settlement {
namespace {

constexpr char kClassUrl[] = "tallystick/chain_error";
constexpr char kRevertUrl[] = "tallystick/revert_data";

struct Pattern {
  std::string_view text;  // Lower case, anywhere in the message.
  ChainError error;
};

// First match wins, so longer phrases come before the words they contain. Sources: geth
// core/txpool/errors.go and core/error.go; erigon txpoolcfg; nethermind AcceptTxResult; besu
// RpcErrorType; anvil (foundry) eth/error.rs and revm's texts; providers' gateways.
constexpr std::array kPatterns = {
    Pattern{"already known", ChainError::kAlreadyKnown},
    Pattern{"already imported", ChainError::kAlreadyKnown},
    Pattern{"already in mempool", ChainError::kAlreadyKnown},
    Pattern{"known transaction", ChainError::kAlreadyKnown},
    Pattern{"alreadyknown", ChainError::kAlreadyKnown},
    Pattern{"existing tx with same hash", ChainError::kAlreadyKnown},
    Pattern{"future transaction tries to replace", ChainError::kNonceHigh},
    Pattern{"replacement transaction underpriced", ChainError::kReplaceUnderpriced},
    Pattern{"replacement not allowed", ChainError::kReplaceUnderpriced},
    Pattern{"replacementnotallowed", ChainError::kReplaceUnderpriced},
    Pattern{"could not replace existing", ChainError::kReplaceUnderpriced},
    Pattern{"fee too low to replace", ChainError::kReplaceUnderpriced},
    Pattern{"nonce too low", ChainError::kNonceLow},
    Pattern{"nonce is too low", ChainError::kNonceLow},
    Pattern{"oldnonce", ChainError::kNonceLow},
    Pattern{"nonce too high", ChainError::kNonceHigh},
    Pattern{"nonce is too high", ChainError::kNonceHigh},
    Pattern{"nonce gap", ChainError::kNonceHigh},
    Pattern{"noncegap", ChainError::kNonceHigh},
    Pattern{"gapped nonce", ChainError::kNonceHigh},
    Pattern{"gapped-nonce", ChainError::kNonceHigh},
    Pattern{"nonce is too distant", ChainError::kNonceHigh},
    Pattern{"noncetoofarinfuture", ChainError::kNonceHigh},
    Pattern{"with a lower nonce exists", ChainError::kNonceHigh},
    Pattern{"in-flight transaction limit reached", ChainError::kNonceHigh},
    Pattern{"exceeds the configured cap", ChainError::kFeeCapExceeded},
    Pattern{"transaction fee cap exceeded", ChainError::kFeeCapExceeded},
    Pattern{"max fee per gas less than block base fee", ChainError::kUnderpriced},
    Pattern{"fee cap less than block base fee", ChainError::kUnderpriced},
    Pattern{"tip needed", ChainError::kUnderpriced},
    Pattern{"gas tip cap", ChainError::kUnderpriced},
    Pattern{"gas price below", ChainError::kUnderpriced},
    Pattern{"underpriced", ChainError::kUnderpriced},
    Pattern{"feetoolow", ChainError::kUnderpriced},
    Pattern{"fee too low", ChainError::kUnderpriced},
    Pattern{"insufficient funds", ChainError::kFunds},
    Pattern{"insufficientfunds", ChainError::kFunds},
    Pattern{"upfront cost exceeds account balance", ChainError::kFunds},
    Pattern{"txpool is full", ChainError::kPoolFull},
    Pattern{"pool is full", ChainError::kPoolFull},
    Pattern{"pool overflow", ChainError::kPoolFull},
    Pattern{"account limit exceeded", ChainError::kPoolFull},
    Pattern{"already reserved", ChainError::kPoolFull},
    Pattern{"intrinsic gas too high", ChainError::kTooLarge},
    Pattern{"intrinsic gas exceeds gas limit", ChainError::kTooLarge},
    Pattern{"exceeds block gas limit", ChainError::kTooLarge},
    Pattern{"gas limit too high", ChainError::kTooLarge},
    Pattern{"gaslimitexceeded", ChainError::kTooLarge},
    Pattern{"tx_gas_limit_cap", ChainError::kTooLarge},
    Pattern{"oversized data", ChainError::kTooLarge},
    Pattern{"maxtxsizeexceeded", ChainError::kTooLarge},
    Pattern{"rlp too long", ChainError::kTooLarge},
    Pattern{"request entity too large", ChainError::kTooLarge},
    Pattern{"max initcode size exceeded", ChainError::kTooLarge},
    Pattern{"intrinsic gas too low", ChainError::kTooLarge},
    Pattern{"invalid chain id", ChainError::kChainMismatch},
    Pattern{"wrong chainid", ChainError::kChainMismatch},
    Pattern{"chainid not supported", ChainError::kChainMismatch},
    Pattern{"chainid mismatch", ChainError::kChainMismatch},
    Pattern{"failedtoresolvesender", ChainError::kChainMismatch},
    Pattern{"invalid sender", ChainError::kChainMismatch},
    Pattern{"incompatible eip-155", ChainError::kChainMismatch},
    Pattern{"execution reverted", ChainError::kRevert},
    Pattern{"vm execution error", ChainError::kRevert},
    Pattern{"reverted", ChainError::kRevert},
    Pattern{"too many requests", ChainError::kTransport},
    Pattern{"rate limit", ChainError::kTransport},
    Pattern{"request count exceeded", ChainError::kTransport},
    Pattern{"timeout", ChainError::kTransport},
    Pattern{"timed out", ChainError::kTransport},
    Pattern{"sync is still in progress", ChainError::kTransport},
    Pattern{"header not found", ChainError::kMissingBlock},
    Pattern{"header for hash not found", ChainError::kMissingBlock},
    Pattern{"block not found", ChainError::kMissingBlock},
    Pattern{"unknown block", ChainError::kMissingBlock},
    Pattern{"is not currently canonical", ChainError::kMissingBlock},
    Pattern{"missing trie node", ChainError::kMissingBlock},
    Pattern{"world state not available", ChainError::kMissingBlock},
};

// Codes that mean one thing on every node that uses them, for messages that say nothing: geth's
// execution error, besu's own numbers (RpcErrorType), HTTP-like codes of gateways. -32000, -32003,
// -32010 and -32603 mean different things on different nodes and are never enough.
struct CodeMeaning {
  int64_t code;
  ChainError error;
};
constexpr std::array kCodes = {
    CodeMeaning{3, ChainError::kRevert},           CodeMeaning{429, ChainError::kTransport},
    CodeMeaning{502, ChainError::kTransport},      CodeMeaning{503, ChainError::kTransport},
    CodeMeaning{-32005, ChainError::kTransport},   CodeMeaning{-32006, ChainError::kNonceHigh},
    CodeMeaning{-32009, ChainError::kUnderpriced},
};

absl::StatusCode CodeOf(ChainError error) {
  switch (error) {
    case ChainError::kNone:
      return absl::StatusCode::kOk;
    case ChainError::kAlreadyKnown:
      return absl::StatusCode::kAlreadyExists;
    case ChainError::kMissingBlock:
    case ChainError::kTransport:
    case ChainError::kPoolFull:
    case ChainError::kFeeCapExceeded:
      return absl::StatusCode::kUnavailable;
    case ChainError::kNonceLow:
    case ChainError::kNonceHigh:
    case ChainError::kUnderpriced:
    case ChainError::kReplaceUnderpriced:
      return absl::StatusCode::kAborted;
    case ChainError::kFunds:
      return absl::StatusCode::kResourceExhausted;
    case ChainError::kTooLarge:
      return absl::StatusCode::kOutOfRange;
    case ChainError::kRevert:
    case ChainError::kChainMismatch:
      return absl::StatusCode::kFailedPrecondition;
    case ChainError::kOther:
      return absl::StatusCode::kUnknown;
  }
  return absl::StatusCode::kUnknown;
}

std::string PayloadOf(const absl::Status& status, const char* url) {
  const auto payload = status.GetPayload(url);
  return payload.has_value() ? std::string(*payload) : std::string();
}

}  // namespace

ChainError ClassifyRpcError(int64_t code, std::string_view message) {
  const std::string text = absl::AsciiStrToLower(ToAbsl(message));
  const auto* match = std::find_if(kPatterns.begin(), kPatterns.end(), [&](const Pattern& pattern) {
    return text.find(pattern.text) != std::string::npos;
  });
  if (match != kPatterns.end()) {
    return match->error;
  }
  const auto* meaning = std::find_if(kCodes.begin(), kCodes.end(),
                                     [&](const CodeMeaning& row) { return row.code == code; });
  return meaning != kCodes.end() ? meaning->error : ChainError::kOther;
}

absl::Status MakeChainStatus(ChainError error, std::string_view message, ByteView revert_data) {
  absl::Status status(CodeOf(error), ToAbsl(message));
  status.SetPayload(kClassUrl, absl::Cord(std::string(1, static_cast<char>(error))));
  if (!revert_data.empty()) {
    const std::string data(revert_data.begin(), revert_data.end());
    status.SetPayload(kRevertUrl, absl::Cord(data));
  }
  return status;
}

ChainError ChainErrorOf(const absl::Status& status) {
  if (status.ok()) {
    return ChainError::kNone;
  }
  const std::string payload = PayloadOf(status, kClassUrl);
  return payload.empty() ? ChainError::kOther : static_cast<ChainError>(payload[0]);
}

Bytes RevertData(const absl::Status& status) {
  const std::string payload = PayloadOf(status, kRevertUrl);
  return {payload.begin(), payload.end()};
}

}  // namespace tally::settlement
