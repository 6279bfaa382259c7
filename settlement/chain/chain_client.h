#pragma once

#include <optional>
#include <vector>

#include "settlement/chain/bytes.h"
#include "settlement/chain/chain_error.h"
#include "settlement/chain/uint256.h"
#include "settlement/fees/fee_quote.h"

namespace tally::settlement {

enum class BlockTag : uint8_t { kLatest, kSafe, kFinalized };

struct BlockInfo {
  uint64_t number = 0;
  Hash32 hash{};
  Hash32 parent_hash{};
  uint64_t timestamp_s = 0;
  friend bool operator==(const BlockInfo&, const BlockInfo&) = default;
};

struct LogFilter {
  Address address;
  std::vector<Hash32> topics;  // topic0 is any of these.
  uint64_t from_block = 0;
  uint64_t to_block = 0;  // Included.
};

struct ChainLog {
  std::vector<Hash32> topics;
  Bytes data;
  uint64_t block_number = 0;
  Hash32 transaction_hash{};
  uint32_t log_index = 0;
  friend bool operator==(const ChainLog&, const ChainLog&) = default;
};

struct Receipt {
  uint64_t block_number = 0;
  Hash32 block_hash{};
  bool success = false;
  uint64_t gas_used = 0;
  std::optional<Address> contract;  // Of a creation.
  friend bool operator==(const Receipt&, const Receipt&) = default;
};

struct CallRequest {
  Address from;
  std::optional<Address> to;  // Empty: a creation.
  Bytes data;
  Uint256 value_wei = 0;
  std::optional<Hash32> block = std::nullopt;  // On top of this block instead of the latest one.
};

// Where a node has a transaction.
enum class TransactionPlace : uint8_t { kUnknown, kPooled, kMined };

// One node of an EVM chain, or several that answer as one, as the relayer sees it. Every failure
// carries a ChainError; after kTransport the node may or may not have acted, so callers only make
// calls that can be repeated.
//
// Thread safety: one thread. Cost: one round trip each, bounded by the transport's time-out.
class ChainClient {
 public:
  virtual ~ChainClient() = default;

  virtual absl::StatusOr<uint64_t> ChainId() = 0;
  virtual absl::StatusOr<BlockInfo> BlockByTag(BlockTag tag) = 0;
  virtual absl::StatusOr<std::optional<BlockInfo>> BlockByNumber(uint64_t number) = 0;
  // Transactions of the account in the canonical chain up to the latest block: its next nonce.
  virtual absl::StatusOr<uint64_t> Nonce(const Address& account) = 0;
  virtual absl::StatusOr<Uint256> BalanceWei(const Address& account) = 0;
  virtual absl::StatusOr<Bytes> Code(const Address& account) = 0;
  virtual absl::StatusOr<std::vector<ChainLog>> Logs(const LogFilter& filter) = 0;
  virtual absl::StatusOr<Hash32> SendRawTransaction(ByteView raw) = 0;
  virtual absl::StatusOr<std::optional<Receipt>> TransactionReceipt(const Hash32& hash) = 0;
  virtual absl::StatusOr<TransactionPlace> FindTransaction(const Hash32& hash) = 0;
  // Executes on top of the latest block, or the one asked for; a revert is a kRevert status with
  // its data.
  virtual absl::StatusOr<Bytes> Call(const CallRequest& request) = 0;
  virtual absl::StatusOr<uint64_t> EstimateGas(const CallRequest& request) = 0;
  virtual absl::StatusOr<FeeQuote> Fees() = 0;
  // Of the last `block_count` blocks (at most 1024; fewer if there are not so many), and the next.
  virtual absl::StatusOr<FeeHistory> BaseFees(uint64_t block_count) = 0;
};

}  // namespace tally::settlement
