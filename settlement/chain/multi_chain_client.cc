#include "settlement/chain/multi_chain_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "base/status.h"

namespace tally::settlement {
namespace {

constexpr std::size_t MajorityOf(std::size_t count) { return count / 2 + 1; }

// Another node may have the answer.
bool IsElsewhere(ChainError error) {
  return error == ChainError::kTransport || error == ChainError::kMissingBlock;
}

// Of several refusals of one transaction the one that says most about it; lower is better.
int RankOfRefusal(ChainError error) {
  switch (error) {
    case ChainError::kNone:
    case ChainError::kAlreadyKnown:
      return 0;
    case ChainError::kReplaceUnderpriced:
      return 1;
    case ChainError::kUnderpriced:
      return 2;
    case ChainError::kNonceLow:
      return 3;
    case ChainError::kNonceHigh:
      return 4;
    case ChainError::kTooLarge:
      return 5;
    case ChainError::kFunds:
      return 6;
    case ChainError::kFeeCapExceeded:
      return 7;
    case ChainError::kPoolFull:
      return 8;
    case ChainError::kRevert:
    case ChainError::kChainMismatch:
    case ChainError::kOther:
      return 9;
    case ChainError::kMissingBlock:
    case ChainError::kTransport:
      return 10;
  }
  return 10;
}

}  // namespace

MultiChainClient::MultiChainClient(std::vector<Node> nodes, const Clock* clock,
                                   MultiChainOptions options)
    : clock_(clock), options_(std::move(options)) {
  CHECK(!nodes.empty());
  for (Node& node : nodes) {
    CHECK(node.client != nullptr);
    peers_.emplace_back();
    peers_.back().node = std::move(node);
  }
}

std::vector<MultiChainClient::NodeStatus> MultiChainClient::Status() const {
  std::vector<NodeStatus> statuses;
  for (const Peer& peer : peers_) {
    const bool is_open = peer.failures_in_a_row >= options_.failures_max;
    statuses.push_back({.name = peer.node.name,
                        .health = peer.wrong_chain ? Health::kWrongChain
                                  : is_open        ? Health::kUnreachable
                                  : peer.lagging   ? Health::kLagging
                                                   : Health::kAlive,
                        .head = peer.head,
                        .failure_count = peer.failure_count});
  }
  return statuses;
}

void MultiChainClient::Note(Peer* peer, const absl::Status& status) {
  const bool was_open = peer->failures_in_a_row >= options_.failures_max;
  if (ChainErrorOf(status) != ChainError::kTransport) {
    if (was_open) {
      options_.log(absl::StrCat("node ", peer->node.name, " answers again"));
      peer->chain_checked = false;  // It may be another node behind the same address.
    }
    peer->failures_in_a_row = 0;
    peer->backoff_ns = 0;
    return;
  }
  ++peer->failure_count;
  if (++peer->failures_in_a_row < options_.failures_max) {
    return;
  }
  peer->backoff_ns = std::clamp(2 * peer->backoff_ns, options_.retry_ns_min, options_.retry_ns_max);
  peer->retry_at_ns = clock_->NowNs() + peer->backoff_ns;
  if (!was_open) {
    options_.log(absl::StrCat("node ", peer->node.name, " is left alone: ", status.message()));
  }
}

void MultiChainClient::CheckChain(Peer* peer) {
  const auto chain_id = peer->node.client->ChainId();
  Note(peer, chain_id.status());
  if (!chain_id.ok()) {
    return;
  }
  const bool was_wrong = peer->wrong_chain;
  peer->chain_checked = true;
  peer->chain_id = *chain_id;
  peer->wrong_chain = *chain_id != options_.chain_id;
  if (peer->wrong_chain) {
    peer->retry_at_ns = clock_->NowNs() + options_.recheck_ns;
    if (!was_wrong) {
      options_.log(absl::StrCat("node ", peer->node.name, " is on chain ", *chain_id,
                                " and not on ", options_.chain_id, ": not used"));
    }
  }
}

std::vector<MultiChainClient::Peer*> MultiChainClient::Ready() {
  const int64_t now_ns = clock_->NowNs();
  std::vector<Peer*> ready;
  for (Peer& peer : peers_) {
    if (peer.retry_at_ns > now_ns) {
      continue;
    }
    if (!peer.chain_checked || peer.wrong_chain) {
      CheckChain(&peer);
    }
    if (peer.chain_checked && !peer.wrong_chain) {
      ready.push_back(&peer);
    }
  }
  return ready;
}

std::vector<MultiChainClient::Peer*> MultiChainClient::Readers() {
  std::vector<Peer*> ready = Ready();
  if (electorate_ > 0) {
    std::erase_if(ready, [](const Peer* peer) { return !peer->is_elector; });
  }
  return ready;
}

absl::Status MultiChainClient::TooFew(std::size_t answers, const absl::Status& last) const {
  if (absl::IsCancelled(last)) {
    return last;  // A caller that is being ended must not take it for a node's failure.
  }
  return MakeChainStatus(ChainError::kTransport,
                         absl::StrCat(answers, " of ", peers_.size(), " nodes answer",
                                      last.ok() ? "" : "; ", last.message()));
}

std::size_t MultiChainClient::MajorityAmong(std::size_t answers) const {
  return MajorityOf(std::max(answers, electorate_));
}

template <typename T, typename Ask>
absl::StatusOr<T> MultiChainClient::AskPeer(Peer* peer, Ask ask) {
  absl::StatusOr<T> answer = ask(peer->node.client);
  Note(peer, answer.status());
  if (ChainErrorOf(answer.status()) == ChainError::kTransport && peer->failures_in_a_row == 1) {
    answer = ask(peer->node.client);
    Note(peer, answer.status());
  }
  return answer;
}

template <typename T, typename Ask>
MultiChainClient::Answers<T> MultiChainClient::AskAll(const std::vector<Peer*>& peers, Ask ask) {
  Answers<T> answers;
  for (Peer* peer : peers) {
    absl::StatusOr<T> answer = AskPeer<T>(peer, ask);
    if (answer.ok()) {
      answers.values.push_back(*std::move(answer));
      answers.peers.push_back(peer);
      continue;
    }
    answers.failure = answer.status();
    if (absl::IsCancelled(answers.failure)) {
      answers.values.clear();
      return answers;
    }
  }
  return answers;
}

template <typename T, typename Ask>
absl::StatusOr<T> MultiChainClient::AskOne(Ask ask) {
  absl::Status failure;
  for (Peer* peer : Readers()) {
    absl::StatusOr<T> answer = AskPeer<T>(peer, ask);
    if (answer.ok() || !IsElsewhere(ChainErrorOf(answer.status()))) {
      return answer;
    }
    failure = answer.status();
  }
  return TooFew(0, failure);
}

template <typename T, typename Ask, typename Key>
absl::StatusOr<T> MultiChainClient::Reached(const std::vector<Peer*>& peers, Ask ask, Key key) {
  Answers<T> answers = AskAll<T>(peers, ask);
  if (answers.values.size() < std::max<std::size_t>(options_.answers_min, 1)) {
    return TooFew(answers.values.size(), answers.failure);
  }
  const std::size_t majority = MajorityAmong(answers.values.size());
  if (answers.values.size() < majority) {
    return TooFew(answers.values.size(), answers.failure);
  }
  std::sort(answers.values.begin(), answers.values.end(),
            [&](const T& a, const T& b) { return key(a) > key(b); });
  return answers.values[majority - 1];
}

template <typename T, typename Ask>
absl::StatusOr<T> MultiChainClient::Agreed(std::string_view what, const T* fallback, Ask ask) {
  Answers<T> answers = AskAll<T>(Readers(), ask);
  if (answers.values.size() < std::max<std::size_t>(options_.answers_min, 1)) {
    return TooFew(answers.values.size(), answers.failure);
  }
  const std::size_t majority = MajorityAmong(answers.values.size());
  for (const T& value : answers.values) {
    const auto votes = std::count(answers.values.begin(), answers.values.end(), value);
    if (static_cast<std::size_t>(votes) >= majority) {
      return value;
    }
  }
  if (fallback != nullptr) {
    return *fallback;
  }
  return MakeChainStatus(ChainError::kTransport,
                         absl::StrCat("the nodes disagree about ", ToAbsl(what)));
}

absl::StatusOr<uint64_t> MultiChainClient::ChainId() {
  auto answer = AskOne<uint64_t>([](ChainClient* client) { return client->ChainId(); });
  // No node left to wait for: the configuration is wrong, not the nodes.
  const bool all_elsewhere =
      std::all_of(peers_.begin(), peers_.end(), [](const Peer& peer) { return peer.wrong_chain; });
  return all_elsewhere ? peers_.front().chain_id : std::move(answer);
}

absl::StatusOr<BlockInfo> MultiChainClient::BlockByTag(BlockTag tag) {
  const bool is_latest = tag == BlockTag::kLatest;
  const std::vector<Peer*> peers = is_latest ? Ready() : Readers();
  if (is_latest) {
    // Who keeps up is decided first: a node far behind has no say in where the head is.
    const auto answers = AskAll<BlockInfo>(
        peers, [&](ChainClient* client) { return client->BlockByTag(BlockTag::kLatest); });
    if (answers.values.size() < std::max<std::size_t>(options_.answers_min, 1)) {
      return TooFew(answers.values.size(), answers.failure);
    }
    std::vector<BlockInfo> heads = answers.values;
    for (std::size_t i = 0; i < heads.size(); ++i) {
      answers.peers[i]->head = heads[i].number;
    }
    MarkLagging();
    std::size_t at = 0;
    std::erase_if(heads, [&](const BlockInfo&) { return answers.peers[at++]->lagging; });
    for (Peer& peer : peers_) {
      peer.is_elector = false;
    }
    for (Peer* peer : answers.peers) {
      peer->is_elector = !peer->lagging;
    }
    electorate_ = heads.size();
    std::sort(heads.begin(), heads.end(),
              [](const BlockInfo& a, const BlockInfo& b) { return a.number > b.number; });
    return heads.empty() ? TooFew(0, answers.failure)
                         : absl::StatusOr<BlockInfo>(heads[MajorityOf(heads.size()) - 1]);
  }
  return Reached<BlockInfo>(
      peers, [&](ChainClient* client) { return client->BlockByTag(tag); },
      [](const BlockInfo& block) { return block.number; });
}

// Behind what most nodes have reached; of two nodes behind the other one.
void MultiChainClient::MarkLagging() {
  std::vector<uint64_t> heads;
  for (const Peer& peer : peers_) {
    if (peer.chain_checked && !peer.wrong_chain && peer.failures_in_a_row < options_.failures_max) {
      heads.push_back(peer.head);
    }
  }
  if (heads.empty()) {
    return;
  }
  std::sort(heads.begin(), heads.end(), std::greater<>());
  const uint64_t reference = heads.size() <= 2 ? heads[0] : heads[MajorityOf(heads.size()) - 1];
  for (Peer& peer : peers_) {
    const bool is_lagging = peer.head + options_.lag_blocks_max < reference;
    if (is_lagging != std::exchange(peer.lagging, is_lagging)) {
      options_.log(absl::StrCat("node ", peer.node.name, is_lagging ? " lags: " : " caught up: ",
                                "block ", peer.head, ", others ", reference));
    }
  }
}

absl::StatusOr<std::optional<BlockInfo>> MultiChainClient::BlockByNumber(uint64_t number) {
  return Agreed<std::optional<BlockInfo>>(
      absl::StrCat("block ", number), nullptr,
      [&](ChainClient* client) { return client->BlockByNumber(number); });
}

absl::StatusOr<uint64_t> MultiChainClient::Nonce(const Address& account) {
  return Reached<uint64_t>(
      Readers(), [&](ChainClient* client) { return client->Nonce(account); },
      [](uint64_t nonce) { return nonce; });
}

absl::StatusOr<Uint256> MultiChainClient::BalanceWei(const Address& account) {
  return AskOne<Uint256>([&](ChainClient* client) { return client->BalanceWei(account); });
}

absl::StatusOr<Bytes> MultiChainClient::Code(const Address& account) {
  return AskOne<Bytes>([&](ChainClient* client) { return client->Code(account); });
}

absl::StatusOr<std::vector<ChainLog>> MultiChainClient::Logs(const LogFilter& filter) {
  return Agreed<std::vector<ChainLog>>(
      absl::StrCat("the logs of blocks ", filter.from_block, " to ", filter.to_block), nullptr,
      [&](ChainClient* client) { return client->Logs(filter); });
}

absl::StatusOr<Hash32> MultiChainClient::SendRawTransaction(ByteView raw) {
  absl::StatusOr<Hash32> verdict = TooFew(0, absl::OkStatus());
  for (Peer* peer : Ready()) {
    absl::StatusOr<Hash32> answer = peer->node.client->SendRawTransaction(raw);
    Note(peer, answer.status());
    if (absl::IsCancelled(answer.status())) {
      return answer;
    }
    if (!verdict.ok() && (answer.ok() || RankOfRefusal(ChainErrorOf(answer.status())) <=
                                             RankOfRefusal(ChainErrorOf(verdict.status())))) {
      verdict = std::move(answer);
    }
  }
  return verdict;
}

absl::StatusOr<std::optional<Receipt>> MultiChainClient::TransactionReceipt(const Hash32& hash) {
  // While the nodes differ, the transaction is not mined: soon they will agree.
  const std::optional<Receipt> none;
  return Agreed<std::optional<Receipt>>(
      "a receipt", &none, [&](ChainClient* client) { return client->TransactionReceipt(hash); });
}

absl::StatusOr<TransactionPlace> MultiChainClient::FindTransaction(const Hash32& hash) {
  const auto answers = AskAll<TransactionPlace>(
      Ready(), [&](ChainClient* client) { return client->FindTransaction(hash); });
  TransactionPlace place = TransactionPlace::kUnknown;
  for (TransactionPlace seen : answers.values) {
    place = std::max(place, seen);
  }
  const std::size_t witnesses = std::min<std::size_t>(peers_.size(), 2);
  if (place == TransactionPlace::kUnknown && answers.values.size() < witnesses) {
    return TooFew(answers.values.size(), answers.failure);
  }
  return place;
}

absl::StatusOr<Bytes> MultiChainClient::Call(const CallRequest& request) {
  const std::vector<Peer*> readers = Readers();
  absl::Status failure;
  std::size_t refusals = 0;
  std::size_t answers = 0;
  for (Peer* peer : readers) {
    absl::StatusOr<Bytes> answer = peer->node.client->Call(request);
    Note(peer, answer.status());
    const ChainError error = ChainErrorOf(answer.status());
    if (absl::IsCancelled(answer.status()) || (answer.ok() && refusals == 0)) {
      return answer;
    }
    if (IsElsewhere(error)) {
      failure = refusals == 0 ? answer.status() : failure;
      continue;
    }
    ++answers;
    if (error == ChainError::kRevert) {
      ++refusals;
      failure = answer.status();
    } else if (!answer.ok() && refusals == 0) {
      return answer;
    }
  }
  if (refusals == 0) {
    return TooFew(0, failure);
  }
  return refusals >= MajorityOf(answers)
             ? failure
             : MakeChainStatus(
                   ChainError::kTransport,
                   absl::StrCat("the nodes disagree about a call: ", failure.message()));
}

absl::StatusOr<uint64_t> MultiChainClient::EstimateGas(const CallRequest& request) {
  return AskOne<uint64_t>([&](ChainClient* client) { return client->EstimateGas(request); });
}

absl::StatusOr<FeeQuote> MultiChainClient::Fees() {
  return AskOne<FeeQuote>([](ChainClient* client) { return client->Fees(); });
}

absl::StatusOr<FeeHistory> MultiChainClient::BaseFees(uint64_t block_count) {
  return AskOne<FeeHistory>([&](ChainClient* client) { return client->BaseFees(block_count); });
}

}  // namespace tally::settlement
