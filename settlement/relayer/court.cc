#include "settlement/relayer/court.h"

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/status.h"
#include "settlement/chain/abi.h"
#include "settlement/chain/keccak.h"
#include "settlement/netting/vault.h"

namespace tally::settlement {
namespace {

constexpr std::string_view kHeaderTuple = "(bytes32,uint64,uint64,uint64,uint64,uint64,bytes32)";

// The fields of a JustifyContext are words in its place.
constexpr std::string_view kVerifyCall =
    "verify((address,bytes32,uint64,uint32,bytes32,uint64,uint64,uint64),bytes,bytes)";

constexpr std::array<std::string_view, 25> kCourtErrors = {
    "NoVerifier()",
    "UnknownBatch(uint64)",
    "WindowOver(uint64,uint64)",
    "VaultHalted()",
    "WrongBond(uint256,uint256)",
    "WrongEntry(uint256)",
    "NoDebit(uint64,uint32)",
    "CoSigned(uint64,uint32)",
    "Waived(uint64,uint32)",
    "AlreadyChallenged(uint64,uint32)",
    "NotOpen(uint64,uint32)",
    "DeadlineOver(uint64)",
    "WrongEntries()",
    "NotAscending(uint256)",
    "NotCommitted(uint256)",
    "WrongAccount(uint256)",
    "OrderExpired(uint256)",
    "OrderCancelled(uint256)",
    "Overfilled(uint256)",
    "LimitViolated(uint256)",
    "FeeAboveSigned(uint256)",
    "NotSigned(uint256)",
    "KeyOutOfScope(uint256)",
    "KeyNotValid(uint256)",
    "Unexplained(uint16,int256)",
};

AbiEncoder HeaderWords(const SettlementBatch& batch) {
  AbiEncoder encoder;
  encoder.Add(batch.parent)
      .Add(batch.id)
      .Add(batch.first_event)
      .Add(batch.last_event)
      .Add(batch.previous_engine_time_ns)
      .Add(batch.engine_time_ns)
      .Add(batch.exec_root);
  return encoder;
}

// BatchProof of the contracts: header and hash of the data, no later batches.
Bytes EncodeBatchLink(const SettlementBatch& batch) {
  constexpr std::size_t kHeadWords = 7 + 1 + 1;
  Bytes out = HeaderWords(batch).Add(Keccak256(batch.data)).Arguments();
  AppendBigEndian(&out, kHeadWords * kWordBytes, kWordBytes);
  AppendBigEndian(&out, 0, kWordBytes);
  return out;
}

Bytes EncodeLeaf(const CommittedLeaf& leaf) {
  constexpr std::size_t kHeadWords = 1 + 5 + 1;
  const Execution& execution = leaf.row->execution;
  const std::vector<Hash32> proof = ExecutionTree(leaf.proof->leaves).ProofOf(leaf.row->leaf);
  Bytes out;
  AppendBigEndian(&out, Raw(execution.account), kWordBytes);
  AppendExecutionWords(&out, execution);
  AppendBigEndian(&out, kHeadWords * kWordBytes, kWordBytes);
  AppendBigEndian(&out, proof.size(), kWordBytes);
  for (const Hash32& sibling : proof) {
    AppendBytes(&out, View(sibling));
  }
  return out;
}

}  // namespace

std::string DescribeChallenge(const ChallengeKey& key) {
  return absl::StrCat("batch ", key.batch, ", account ", Raw(key.account));
}

Hash32 ChallengedTopic() { return EventTopic("Challenged(uint64,uint32,address,uint64)"); }

absl::StatusOr<Challenge> ParseChallenged(const ChainLog& log) {
  if (log.topics.size() != 4 || log.topics[0] != ChallengedTopic()) {
    return absl::DataLossError("not a Challenged log of the court");
  }
  Challenge challenge;
  ASSIGN_OR_RETURN(challenge.key.batch, AbiReader(View(log.topics[1])).Word64(0));
  ASSIGN_OR_RETURN(uint64_t account, AbiReader(View(log.topics[2])).Word64(0));
  challenge.key.account = AccountId{static_cast<uint32_t>(account)};
  ASSIGN_OR_RETURN(challenge.deadline_s, AbiReader(log.data).Word64(0));
  return challenge;
}

Bytes EncodeChallenge(const SettlementBatch& batch, AccountId account) {
  const AccountEntries entries = EntriesOf(batch, account);
  CHECK(!entries.packed.empty());
  return HeaderWords(batch)
      .AddBytes(batch.data)
      .Add(Raw(account))
      .Add(entries.first)
      .Call(absl::StrCat("challenge(", ToAbsl(kHeaderTuple), ",bytes,uint32,uint256)"));
}

Bytes EncodeJustify(const BatchProof& proof, AccountId account) {
  return HeaderWords(proof.batch)
      .Add(Keccak256(proof.batch.data))
      .Add(Raw(account))
      .AddBytes(EntriesOf(proof.batch, account).packed)
      .AddBytes(EncodeEvidence(proof, account))
      .Call(absl::StrCat("justify(", ToAbsl(kHeaderTuple), ",bytes32,uint32,bytes,bytes)"));
}

Bytes EncodeProveOverfill(const CommittedLeaf& a, const CommittedLeaf& b) {
  constexpr std::string_view kBatch =
      "(((bytes32,uint64,uint64,uint64,uint64,uint64,bytes32),bytes32),"
      "((bytes32,uint64,uint64,uint64,uint64,uint64,bytes32),bytes32)[])";
  constexpr std::string_view kLeaf = "(uint32,(bytes32,uint96,uint96,int96,uint96),bytes32[])";
  Bytes call = Selector(absl::StrCat("proveOverfill(", ToAbsl(kBatch), ",", ToAbsl(kLeaf), ",",
                                     ToAbsl(kBatch), ",", ToAbsl(kLeaf), ")"));
  const std::array<Bytes, 4> parts = {EncodeBatchLink(a.proof->batch), EncodeLeaf(a),
                                      EncodeBatchLink(b.proof->batch), EncodeLeaf(b)};
  std::size_t offset = parts.size() * kWordBytes;
  for (const Bytes& part : parts) {
    AppendBigEndian(&call, offset, kWordBytes);
    offset += part.size();
  }
  for (const Bytes& part : parts) {
    AppendBytes(&call, part);
  }
  return call;
}

Bytes EncodeExpireChallenge(const ChallengeKey& key) {
  return AbiEncoder().Add(key.batch).Add(Raw(key.account)).Call("expireChallenge(uint64,uint32)");
}

std::string DescribeCourtRevert(ByteView data) {
  for (std::string_view signature : kCourtErrors) {
    const Bytes selector = Selector(signature);
    if (data.size() < 4 || !std::equal(selector.begin(), selector.end(), data.begin())) {
      continue;
    }
    std::string text(signature.substr(0, signature.find('(')));
    const AbiReader reader(data.subspan(4));
    for (std::size_t i = 0; reader.HasWord(i); ++i) {
      const auto number = reader.Word64(i);
      absl::StrAppend(&text, i == 0 ? " " : ", ",
                      number.ok() ? std::to_string(*number) : Hex(*reader.WordHash(i)));
    }
    return text;
  }
  return DescribeVaultRevert(data);
}

absl::StatusOr<Bytes> CourtReader::View(const Address& to, Bytes calldata) {
  return chain_->Call({.from = {}, .to = to, .data = std::move(calldata), .value_wei = 0});
}

absl::StatusOr<uint64_t> CourtReader::Number(const Address& to, std::string_view signature) {
  ASSIGN_OR_RETURN(Bytes result, View(to, Selector(signature)));
  return AbiReader(result).Word64(0);
}

absl::StatusOr<std::optional<Address>> CourtReader::Court() {
  const absl::StatusOr<Bytes> result = View(vault_, Selector("court()"));
  if (ChainErrorOf(result.status()) == ChainError::kRevert ||
      (result.ok() && !AbiReader(*result).HasWord(0))) {
    return std::nullopt;
  }
  RETURN_IF_ERROR(result.status());
  ASSIGN_OR_RETURN(Address court, AbiReader(*result).WordAddress(0));
  return court == Address() ? std::nullopt : std::optional(court);
}

absl::StatusOr<ChallengeStatus> CourtReader::StatusOf(const Address& court,
                                                      const ChallengeKey& key) {
  constexpr std::size_t kStatusWord = 2;
  ASSIGN_OR_RETURN(
      Bytes result,
      View(court,
           AbiEncoder().Add(key.batch).Add(Raw(key.account)).Call("challengeOf(uint64,uint32)")));
  ASSIGN_OR_RETURN(uint64_t status, AbiReader(result).Word64(kStatusWord));
  if (status > static_cast<uint64_t>(ChallengeStatus::kRefunded)) {
    return absl::DataLossError("unknown status of a challenge");
  }
  return static_cast<ChallengeStatus>(status);
}

absl::StatusOr<Uint256> CourtReader::Bond(const Address& court) {
  ASSIGN_OR_RETURN(Bytes result, View(court, Selector("challengeBond()")));
  return AbiReader(result).Word(0);
}

absl::StatusOr<AccountGuard> CourtReader::GuardOf(AccountId account) {
  ASSIGN_OR_RETURN(Bytes result,
                   View(vault_, AbiEncoder().Add(Raw(account)).Call("guardOf(uint32)")));
  AccountGuard guard;
  ASSIGN_OR_RETURN(guard.until_s, AbiReader(result).Word64(0));
  ASSIGN_OR_RETURN(guard.waived_since_s, AbiReader(result).Word64(1));
  ASSIGN_OR_RETURN(guard.waived_until_s, AbiReader(result).Word64(2));
  return guard;
}

absl::StatusOr<uint64_t> CourtReader::SettledAt(uint64_t id) {
  ASSIGN_OR_RETURN(Bytes result, View(vault_, AbiEncoder().Add(id).Call("commitmentOf(uint64)")));
  return AbiReader(result).Word64(1);
}

absl::StatusOr<bool> CourtReader::IsFinal(uint64_t id) {
  ASSIGN_OR_RETURN(Bytes result, View(vault_, AbiEncoder().Add(id).Call("isFinal(uint64)")));
  ASSIGN_OR_RETURN(uint64_t answer, AbiReader(result).Word64(0));
  return answer == 1;
}

absl::Status CourtReader::Judge(const Address& court, const BatchProof& proof, AccountId account) {
  ASSIGN_OR_RETURN(Bytes verifier, View(court, Selector("verifier()")));
  ASSIGN_OR_RETURN(Address judge, AbiReader(verifier).WordAddress(0));
  ASSIGN_OR_RETURN(Bytes domain, View(vault_, Selector("domainSeparator()")));
  ASSIGN_OR_RETURN(Hash32 separator, AbiReader(domain).WordHash(0));
  ASSIGN_OR_RETURN(uint64_t max_lag, Number(vault_, "maxLag()"));
  ASSIGN_OR_RETURN(uint64_t order_life, Number(vault_, "orderLife()"));
  ASSIGN_OR_RETURN(uint64_t settled_at, SettledAt(proof.batch.id));
  const uint64_t begin =
      std::clamp(proof.batch.previous_engine_time_ns / kNsPerSecond,
                 settled_at - std::min(settled_at, max_lag), settled_at);  // As Court.sol has it.
  return View(judge, AbiEncoder()
                         .Add(vault_)
                         .Add(separator)
                         .Add(proof.batch.id)
                         .Add(Raw(account))
                         .Add(proof.batch.exec_root)
                         .Add(begin)
                         .Add(settled_at)
                         .Add(order_life)
                         .AddBytes(EntriesOf(proof.batch, account).packed)
                         .AddBytes(EncodeEvidence(proof, account))
                         .Call(kVerifyCall))
      .status();
}

}  // namespace tally::settlement
