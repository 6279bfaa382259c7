#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sdk/client.h"
#include "tests/support/session_view.h"

namespace tally {

// For a session with a venue of VenueText, that reconnects at once.
sdk::ClientOptions TestClientOptions(uint16_t port, uint64_t key_id, uint64_t session_id);

// A client session and what it knows.
class VenueClient {
 public:
  explicit VenueClient(const sdk::ClientOptions& options, ViewOf what = ViewOf::kWholeSession);

  // Polls until done; false when that takes too long or the client has failed.
  template <typename Done>
  bool Until(Done&& done, int timeout_ms = 30'000) {
    return client_->RunUntil(done, timeout_ms).ok();
  }
  bool UntilLive();
  bool UntilAnswered();
  // Sends a limit order of instrument 1, to be answered later.
  void Send(Side side, int64_t price, int64_t quantity);

  sdk::Client& client() { return *client_; }
  const SessionView& view() const { return view_; }

 private:
  SessionView view_;
  std::unique_ptr<sdk::Client> client_;
};

// Sends deposits and withdrawals, each with the next index.
class SettlementClient {
 public:
  explicit SettlementClient(uint16_t port);

  void Deposit(AccountId account, AssetId asset, int64_t amount);
  void Withdraw(AccountId account, AssetId asset, int64_t amount);
  // Sends an index again that was used before; it must have no effect.
  void RepeatDeposit();
  // Gives the accounts more of every asset than tests use up, and waits for the answers.
  bool Fund(std::initializer_list<uint32_t> accounts);

  sdk::Client& client() { return venue_client_.client(); }
  const SessionView& view() const { return venue_client_.view(); }
  uint64_t deposits() const { return deposits_; }
  uint64_t withdrawals() const { return withdrawals_; }

 private:
  VenueClient venue_client_;
  sdk::ChainTransfer last_deposit_;
  uint64_t deposits_ = 0;
  uint64_t withdrawals_ = 0;
};

inline constexpr int64_t kTestQuoteFunds = 10'000'000'000'000'000;
inline constexpr int64_t kTestBaseFunds = 1'000'000'000'000;

}  // namespace tally
