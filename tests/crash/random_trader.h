#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <random>

#include "sdk/client.h"
#include "tests/support/session_view.h"

namespace tally {

struct TraderSpec {
  uint64_t key_id = 0;
  uint64_t session_id = 0;
  bool cancels_on_disconnect = false;
  uint32_t cancel_grace_ms = 0;
};

// A client session that sends random commands of every kind, many at a time.
class RandomTrader {
 public:
  RandomTrader(uint16_t port, const TraderSpec& spec);

  // Another session of the same account, some of whose orders this one cancels.
  void set_sibling(const RandomTrader* sibling) { sibling_ = sibling; }

  // Sends commands until a random number of them, at most `in_flight_max`, waits for an answer.
  void SendSome(std::mt19937_64& random, int64_t in_flight_max);
  // Asks for the balances, every open order and the last closed ones.
  void AskForState();

  sdk::Client& client() { return *client_; }
  const SessionView& view() const { return view_; }
  const TraderSpec& spec() const { return spec_; }
  // Live, and every command answered.
  bool Settled() const {
    return client_->state() == sdk::ClientState::kLive && client_->unanswered() == 0;
  }

 private:
  void SendOne(std::mt19937_64& random);
  absl::Status NewOrder(std::mt19937_64& random);
  absl::Status Cancel(std::mt19937_64& random);
  absl::Status Replace(std::mt19937_64& random);
  absl::Status MassCancel(std::mt19937_64& random);
  sdk::OrderName PickOrder(std::mt19937_64& random) const;

  const TraderSpec spec_;
  SessionView view_;
  std::unique_ptr<sdk::Client> client_;
  const RandomTrader* sibling_ = nullptr;
  std::deque<ClientOrderId> recent_;  // The last new orders sent, perhaps without an answer yet.
};

}  // namespace tally
