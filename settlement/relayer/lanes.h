#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "settlement/chain/chain_client.h"
#include "settlement/chain/signer.h"
#include "settlement/relayer/relayer_config.h"

namespace tally::settlement {

// A sender key and the sequence of its nonces.
struct Lane {
  Signer* signer = nullptr;
  uint64_t nonce = 0;  // The next one, in the latest block.
  int gap_polls = 0;   // In a row in which nothing stored had it though later ones wait.
  // Until then it gets no work, and what it has moves to another one.
  int64_t away_until_ns = 0;
  bool has_no_funds = false;  // Why it is away: nothing is sent from it meanwhile.
  bool is_refused = false;    // The vault did not take the last thing it was asked.

  const Address& address() const { return signer->address(); }
};

// The lanes of a relayer, in order of preference. The first is the vault's operator.
//
// Thread safety: one thread.
class Lanes {
 public:
  // At least one signer, all of different accounts.
  Lanes(const RelayerConfig* config, const std::vector<Signer*>& signers, const Clock* clock);

  std::vector<Lane>& all() { return lanes_; }
  Lane& first() { return lanes_.front(); }
  Lane* Find(const Address& address);  // Null if there is none.
  // An account's nonce is asked for in every round: it is derived, never counted.
  absl::Status ReadNonces(ChainClient* chain);

  bool IsUsable(const Lane& lane) const { return lane.away_until_ns <= clock_->NowNs(); }
  bool HasUsable() const;
  bool AllRefused() const;
  // Work goes elsewhere for a while, if there is anywhere to go; otherwise nothing happens.
  void SendAway(Lane* lane, int64_t for_ns, std::string_view why);

 private:
  const RelayerConfig& config_;
  const Clock* const clock_;
  std::vector<Lane> lanes_;
};

}  // namespace tally::settlement
