#pragma once

// The challenge game as its players see it: calls, views and logs of the vault's court.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "base/types.h"
#include "settlement/chain/chain_client.h"
#include "settlement/relayer/batch_proof.h"

namespace tally::settlement {

// A contested (batch, account).
struct ChallengeKey {
  uint64_t batch = 0;
  AccountId account{};
  friend auto operator<=>(const ChallengeKey&, const ChallengeKey&) = default;
};

enum class ChallengeStatus : uint8_t {
  kNone = 0,
  kOpen = 1,
  kJustified = 2,
  kExpired = 3,
  kRefunded = 4,
};

struct Challenge {
  ChallengeKey key;
  uint64_t deadline_s = 0;  // Block time, inclusive.
};

std::string DescribeChallenge(const ChallengeKey& key);

Hash32 ChallengedTopic();
absl::StatusOr<Challenge> ParseChallenged(const ChainLog& log);

// Calldata. The account's entries must not be empty.
Bytes EncodeChallenge(const SettlementBatch& batch, AccountId account);
Bytes EncodeJustify(const BatchProof& proof, AccountId account);
// Evidence that one order was executed twice over: its leaves in two batches of the ring.
struct CommittedLeaf {
  const BatchProof* proof = nullptr;
  const BatchProof::Row* row = nullptr;  // Of the proof.
};
Bytes EncodeProveOverfill(const CommittedLeaf& a, const CommittedLeaf& b);
Bytes EncodeExpireChallenge(const ChallengeKey& key);

// Why the court or its verifier refused a call, in words.
std::string DescribeCourtRevert(ByteView data);

// Who may be debited, as the vault has it.
struct AccountGuard {
  uint64_t until_s = 0;
  uint64_t waived_since_s = 0;
  uint64_t waived_until_s = 0;

  // A batch settled at `time_s` cannot be challenged for this account.
  bool IsWaivedAt(uint64_t time_s) const {
    return waived_since_s != 0 && waived_since_s <= time_s && time_s < waived_until_s;
  }
};

// Views of the vault and its court, at the latest block. Thread safety: one thread. Cost: a round
// trip each.
class CourtReader {
 public:
  CourtReader(ChainClient* chain, const Address& vault) : chain_(chain), vault_(vault) {}

  // The vault's court; nothing if the vault has none.
  absl::StatusOr<std::optional<Address>> Court();
  absl::StatusOr<ChallengeStatus> StatusOf(const Address& court, const ChallengeKey& key);
  absl::StatusOr<Uint256> Bond(const Address& court);
  absl::StatusOr<AccountGuard> GuardOf(AccountId account);
  // Block time of the settlement of batch `id`; 0 if it is not in the ring.
  absl::StatusOr<uint64_t> SettledAt(uint64_t id);
  absl::StatusOr<bool> IsFinal(uint64_t id);
  // What the court's verifier says to the best evidence there is: OK, or a kRevert status.
  absl::Status Judge(const Address& court, const BatchProof& proof, AccountId account);

 private:
  absl::StatusOr<Bytes> View(const Address& to, Bytes calldata);
  absl::StatusOr<uint64_t> Number(const Address& to, std::string_view signature);

  ChainClient* const chain_;
  const Address vault_;
};

}  // namespace tally::settlement
