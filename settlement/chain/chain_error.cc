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
// core/txpool/errors.go and core/error.go; anvil (foundry) eth/error.rs and revm's texts;
// nethermind, erigon and besu where their words differ.
constexpr std::array kPatterns = {
    Pattern{"already known", ChainError::kAlreadyKnown},
    Pattern{"already imported", ChainError::kAlreadyKnown},
    Pattern{"known transaction", ChainError::kAlreadyKnown},
    Pattern{"alreadyknown", ChainError::kAlreadyKnown},
    Pattern{"replacement transaction underpriced", ChainError::kReplaceUnderpriced},
    Pattern{"replacement not allowed", ChainError::kReplaceUnderpriced},
    Pattern{"could not replace existing", ChainError::kReplaceUnderpriced},
    Pattern{"nonce too low", ChainError::kNonceLow},
    Pattern{"nonce is too low", ChainError::kNonceLow},
    Pattern{"oldnonce", ChainError::kNonceLow},
    Pattern{"nonce too high", ChainError::kNonceHigh},
    Pattern{"nonce is too high", ChainError::kNonceHigh},
    Pattern{"nonce gap", ChainError::kNonceHigh},
    Pattern{"gapped nonce", ChainError::kNonceHigh},
    Pattern{"in-flight transaction limit reached", ChainError::kNonceHigh},
    Pattern{"max fee per gas less than block base fee", ChainError::kUnderpriced},
    Pattern{"fee cap less than block base fee", ChainError::kUnderpriced},
    Pattern{"tip needed", ChainError::kUnderpriced},
    Pattern{"gas tip cap", ChainError::kUnderpriced},
    Pattern{"underpriced", ChainError::kUnderpriced},
    Pattern{"feetoolow", ChainError::kUnderpriced},
    Pattern{"insufficient funds", ChainError::kFunds},
    Pattern{"insufficientfunds", ChainError::kFunds},
    Pattern{"intrinsic gas too high", ChainError::kTooLarge},
    Pattern{"exceeds block gas limit", ChainError::kTooLarge},
    Pattern{"gas limit too high", ChainError::kTooLarge},
    Pattern{"tx_gas_limit_cap", ChainError::kTooLarge},
    Pattern{"oversized data", ChainError::kTooLarge},
    Pattern{"request entity too large", ChainError::kTooLarge},
    Pattern{"max initcode size exceeded", ChainError::kTooLarge},
    Pattern{"intrinsic gas too low", ChainError::kTooLarge},
    Pattern{"invalid chain id", ChainError::kChainMismatch},
    Pattern{"chainid mismatch", ChainError::kChainMismatch},
    Pattern{"invalid sender", ChainError::kChainMismatch},
    Pattern{"incompatible eip-155", ChainError::kChainMismatch},
    Pattern{"execution reverted", ChainError::kRevert},
    Pattern{"vm execution error", ChainError::kRevert},
    Pattern{"reverted", ChainError::kRevert},
    Pattern{"too many requests", ChainError::kTransport},
    Pattern{"rate limit", ChainError::kTransport},
    Pattern{"timeout", ChainError::kTransport},
    Pattern{"timed out", ChainError::kTransport},
    Pattern{"header not found", ChainError::kTransport},
};

absl::StatusCode CodeOf(ChainError error) {
  switch (error) {
    case ChainError::kNone:
      return absl::StatusCode::kOk;
    case ChainError::kAlreadyKnown:
      return absl::StatusCode::kAlreadyExists;
    case ChainError::kTransport:
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
  // Codes that are unambiguous: 3 is geth's execution error, -32005 (EIP-1474) a request limit.
  if (code == 3) {
    return ChainError::kRevert;
  }
  return code == -32005 ? ChainError::kTransport : ChainError::kOther;
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
