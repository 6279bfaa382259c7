#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "settlement/chain/chain_client.h"

namespace tally::settlement {

struct MultiChainOptions {
  uint64_t chain_id = 0;
  // Fewer answering nodes than this is as good as none. 1 goes on with the last node that is left.
  std::size_t answers_min = 1;
  uint64_t lag_blocks_max = 3;
  // Consecutive transport failures that open a node's circuit: it is left alone for a while, twice
  // as long every time, until it answers again.
  int failures_max = 3;
  int64_t retry_ns_min = 1'000'000'000;
  int64_t retry_ns_max = 60'000'000'000;
  // How often a node on another chain is asked whether it still is.
  int64_t recheck_ns = 60'000'000'000;
  std::function<void(std::string_view)> log = [](std::string_view) {};
};

// Several nodes of one chain behind the interface of one.
//
// Transactions go to every node. Blocks, nonces, receipts and logs are what a majority of the
// answering nodes says: of numbers the one that a majority has reached, of everything else an equal
// answer (without one the call fails as kTransport, to be repeated). Calls go to the first healthy
// node, and a refusal (kRevert) is confirmed by a majority, for much depends on it. A transaction
// is unknown only if no node knows it and two (or all there are) have said so.
//
// Health: a node on another chain is never asked; one that is `lag_blocks_max` behind is sent
// transactions but not read; one that does not answer is left alone for a while. Only missing
// answers open the circuit: a node that says no is alive.
//
// Thread safety: one thread. Cost: one round trip to each node, one after the other.
class MultiChainClient final : public ChainClient {
 public:
  struct Node {
    std::string name;  // For messages: its URL.
    ChainClient* client = nullptr;
  };
  enum class Health : uint8_t { kAlive, kLagging, kUnreachable, kWrongChain };
  struct NodeStatus {
    std::string name;
    Health health = Health::kAlive;
    uint64_t head = 0;
    uint64_t failure_count = 0;  // Transport failures in all.
  };

  // `nodes` in order of preference, at least one; they outlive the client.
  MultiChainClient(std::vector<Node> nodes, const Clock* clock, MultiChainOptions options);

  std::vector<NodeStatus> Status() const;

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

 private:
  struct Peer {
    Node node;
    bool chain_checked = false;
    uint64_t chain_id = 0;  // Once checked.
    bool wrong_chain = false;
    bool lagging = false;
    bool is_elector = false;  // Gave the last head.
    uint64_t head = 0;
    int failures_in_a_row = 0;
    uint64_t failure_count = 0;
    int64_t retry_at_ns = 0;
    int64_t backoff_ns = 0;
  };

  std::vector<Peer*> Ready();    // May be asked now, on the right chain.
  std::vector<Peer*> Readers();  // Of those, the ones that gave the last head.
  void CheckChain(Peer* peer);
  void Note(Peer* peer, const absl::Status& status);
  void MarkLagging();
  absl::Status TooFew(std::size_t answers, const absl::Status& last) const;

  // Asks twice if the first answer is missing and the one before was not: much depends on every
  // single answer where there are only two nodes.
  template <typename T, typename Ask>
  absl::StatusOr<T> AskPeer(Peer* peer, Ask ask);

  template <typename T>
  struct Answers {
    std::vector<T> values;
    std::vector<Peer*> peers;  // Who gave them.
    absl::Status failure;      // The last one, OK if none.
  };
  template <typename T, typename Ask>
  Answers<T> AskAll(const std::vector<Peer*>& peers, Ask ask);
  // The answer of the first reader that gives one.
  template <typename T, typename Ask>
  absl::StatusOr<T> AskOne(Ask ask);
  // The largest number that a majority has reached.
  template <typename T, typename Ask, typename Key>
  absl::StatusOr<T> Reached(const std::vector<Peer*>& peers, Ask ask, Key key);
  // What a majority says alike, or `fallback` if there is no majority but one is given.
  template <typename T, typename Ask>
  absl::StatusOr<T> Agreed(std::string_view what, const T* fallback, Ask ask);

  // More than half of whoever gave the last head, and of whoever answers now.
  std::size_t MajorityAmong(std::size_t answers) const;

  std::vector<Peer> peers_;
  // How many nodes gave the last head. What follows from that head is asked of them only, and needs
  // a majority of them: neither may a node on an abandoned branch be alone with a question because
  // the others lost it, nor have nodes a say that just came back and do not know the head.
  std::size_t electorate_ = 0;
  const Clock* const clock_;
  const MultiChainOptions options_;
};

}  // namespace tally::settlement
