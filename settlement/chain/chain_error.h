#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

#include "settlement/chain/bytes.h"

namespace tally::settlement {

// What a failed call to a node means for the caller. Decided from the message and the code
// together: nodes share few codes (-32000 and -32603 mean anything) and differ in wording.
enum class ChainError : uint8_t {
  kNone = 0,
  kAlreadyKnown,        // The node has these bytes: as good as accepted.
  kNonceLow,            // A transaction with this nonce is mined: reconcile.
  kNonceHigh,           // A gap before this nonce: fill it.
  kUnderpriced,         // Below the node's or the block's minimum: raise the fee.
  kReplaceUnderpriced,  // Another transaction holds the nonce at a price too close: bump.
  kFunds,               // The sender cannot pay for gas.
  kFeeCapExceeded,      // Above the most that this node relays: lower the fee or ask another node.
  kPoolFull,            // No room for now: send again later.
  kTooLarge,            // Gas limit or size above what the node or a block takes.
  kRevert,              // The contract said no; RevertData() has its words.
  kMissingBlock,        // The node lacks the block or its state: ask another one, or later.
  kTransport,           // No (usable) answer: the node may or may not have acted.
  kChainMismatch,       // Signed for another chain.
  kOther,
};

// Classifies the `error` object of a JSON-RPC response.
ChainError ClassifyRpcError(int64_t code, std::string_view message);

// Statuses that carry their class and, for kRevert, the revert data.
absl::Status MakeChainStatus(ChainError error, std::string_view message, ByteView revert_data = {});
ChainError ChainErrorOf(const absl::Status& status);  // kNone if OK, kOther if not from a chain.
Bytes RevertData(const absl::Status& status);

}  // namespace tally::settlement
