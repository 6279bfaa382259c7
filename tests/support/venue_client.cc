#include "tests/support/venue_client.h"

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "tests/support/venue_process.h"

namespace tally {
namespace {

constexpr uint64_t kChainId = 31'337;

}  // namespace

sdk::ClientOptions TestClientOptions(uint16_t port, uint64_t key_id, uint64_t session_id) {
  return {.port = port,
          .key_id = key_id,
          .key = VenueKey(key_id),
          .session_id = session_id,
          .reconnect_ms_min = 2,
          .reconnect_ms_max = 20};
}

VenueClient::VenueClient(const sdk::ClientOptions& options, ViewOf what)
    : view_(absl::StrCat("session ", options.session_id, " of key ", options.key_id), what) {
  absl::StatusOr<std::unique_ptr<sdk::Client>> client = sdk::Client::Create(options, &view_);
  CHECK(client.ok());
  client_ = *std::move(client);
  CHECK(client_->Start().ok());
}

bool VenueClient::UntilLive() {
  return Until([this] { return client_->state() == sdk::ClientState::kLive; });
}

bool VenueClient::UntilAnswered() {
  return Until(
      [this] { return client_->state() == sdk::ClientState::kLive && client_->unanswered() == 0; });
}

void VenueClient::Send(Side side, int64_t price, int64_t quantity) {
  CHECK(client_
            ->NewOrder({.instrument = InstrumentId{1},
                        .side = side,
                        .price = {price},
                        .quantity = {quantity}})
            .ok());
}

SettlementClient::SettlementClient(uint16_t port)
    : venue_client_(TestClientOptions(port, kVenueSettlementKey, 1)) {}

void SettlementClient::Deposit(AccountId account, AssetId asset, int64_t amount) {
  last_deposit_ = {.index = ++deposits_,
                   .chain_id = kChainId,
                   .account = account,
                   .asset = asset,
                   .amount = {amount},
                   .transaction_hash = {},
                   .log_index = 0};
  CHECK(client().Deposit(last_deposit_).ok());
}

void SettlementClient::RepeatDeposit() { CHECK(client().Deposit(last_deposit_).ok()); }

void SettlementClient::Withdraw(AccountId account, AssetId asset, int64_t amount) {
  CHECK(client()
            .Withdraw({.index = ++withdrawals_,
                       .chain_id = kChainId,
                       .account = account,
                       .asset = asset,
                       .amount = {amount},
                       .transaction_hash = {},
                       .log_index = 0})
            .ok());
}

bool SettlementClient::Fund(std::initializer_list<uint32_t> accounts) {
  if (!venue_client_.UntilLive()) {
    return false;
  }
  for (const uint32_t account : accounts) {
    Deposit(AccountId{account}, kVenueQuote, kTestQuoteFunds);
    Deposit(AccountId{account}, AssetId{1}, kTestBaseFunds);
    Deposit(AccountId{account}, AssetId{2}, kTestBaseFunds);
  }
  return venue_client_.UntilAnswered();
}

}  // namespace tally
