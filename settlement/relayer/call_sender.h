#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"

#include "base/clock.h"
#include "settlement/chain/chain_client.h"
#include "settlement/chain/signer.h"
#include "settlement/chain/transaction.h"

namespace tally::settlement {

// Sends calls that may be sent twice, from a key that nothing else uses: answers to challenges and
// challenges. Their effect is on chain and the contract takes each once, so nothing is stored: the
// caller asks for a call, by name, until it sees the effect, and after a restart asks again.
//
// Thread safety: one thread.
// Invariants: calls hold contiguous nonces from the account's own on.
class CallSender {
 public:
  struct Options {
    uint64_t chain_id = 0;
    uint64_t fee_cap_wei_max = 500'000'000'000;
    int64_t rebroadcast_ns = 15'000'000'000;
    int64_t bump_ns = 30'000'000'000;
  };
  struct Target {
    Address to;
    Bytes data;
    Uint256 value_wei = 0;
  };

  CallSender(const Options& options, ChainClient* chain, Signer* signer, const Clock* clock)
      : options_(options), chain_(chain), signer_(signer), clock_(clock) {}

  // Learns what is mined, and sends what is not again or at a higher price (at the old one while
  // its signer has no answer).
  absl::Status Step();
  // A call of this name is on its way, or was mined before the last Step and is sent anew. A
  // kRevert status if the contract would refuse it now; kResourceExhausted without funds for it.
  absl::Status Send(const std::string& name, const Target& target);
  bool in_flight(const std::string& name) const { return calls_.contains(name); }
  bool idle() const { return calls_.empty(); }
  const Address& address() const { return signer_->address(); }

 private:
  struct Call {
    Transaction transaction;
    SignedTransaction encoded;
    int64_t sent_at_ns = 0;
    int64_t priced_at_ns = 0;
  };

  absl::Status Price(Call* call);
  absl::Status Broadcast(const std::string& name, Call* call);

  const Options options_;
  ChainClient* const chain_;
  Signer* const signer_;
  const Clock* const clock_;
  std::map<std::string, Call> calls_;
  uint64_t nonce_ = 0;  // Of the account, as of the last Step.
};

}  // namespace tally::settlement
