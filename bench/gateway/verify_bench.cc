#include "benchmark/benchmark.h"

#include "base/assert.h"
#include "evm/private_key.h"
#include "evm/signed_order.h"
#include "gateway/order_verifier.h"

namespace tally::gateway {
namespace {

constexpr AccountId kAccount{7};
constexpr InstrumentId kInstrument{1};
constexpr uint64_t kChainId = 31'337;
constexpr std::array<uint8_t, 20> kVault = {1, 2, 3};

evm::SignedOrder Order(uint64_t nonce) {
  return {.account = kAccount,
          .venue = 0,
          .base = AssetId{0},
          .quote = AssetId{1},
          .side = Side::kBuy,
          .quantity = 50 * 1'000,
          .notional = 50 * 60'000 * 10,
          .nonce = nonce,
          .expiry_s = 1'800'000'000,
          .max_fee_hundredths_bp = 2'000,
          .signature = {}};
}

void Sign(benchmark::State& state) {
  const evm::PrivateKey key = evm::PrivateKey::ForTest("bench", 1);
  const evm::OrderDomain domain(kChainId, evm::Address{kVault});
  uint64_t nonce = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(key.Sign(domain.HashOf(Order(++nonce))));
  }
}
BENCHMARK(Sign)->Unit(benchmark::kMicrosecond);

void Verify(benchmark::State& state) {
  const evm::PrivateKey key = evm::PrivateKey::ForTest("bench", 1);
  const evm::OrderDomain domain(kChainId, evm::Address{kVault});
  OrderVerifier verifier(kChainId, kVault);
  DefineInstrumentCommand market{};
  market.base_asset = AssetId{0};
  market.quote_asset = AssetId{1};
  market.tick_quanta = {10};
  market.lot_quanta = {1'000};
  verifier.AddInstrument(kInstrument, market);
  verifier.AddSigner({.account = kAccount, .address = key.address().bytes});
  SignedIntent intent;
  intent.sign = MakeCommand(CommandType::kSignOrder);
  intent.sign.account = kAccount;
  intent.sign.sign_order = {.client_order_id = ClientOrderId{1},
                            .nonce = 1,
                            .expiry_s = 1'800'000'000,
                            .max_fee_hundredths_bp = 2'000,
                            .signature = evm::CompactSignature(key.Sign(domain.HashOf(Order(1))))};
  Command order = MakeCommand(CommandType::kNewOrder);
  order.instrument = kInstrument;
  order.new_order = MakeOrder({.client_order_id = ClientOrderId{1},
                               .price = {60'000},
                               .quantity = {50},
                               .side = Side::kBuy});
  for (auto _ : state) {
    const bool valid = verifier.Verify(intent, order, 1'700'000'000'000'000'000);
    CHECK(valid);
  }
}
BENCHMARK(Verify)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tally::gateway
