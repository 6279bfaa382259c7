#include "sdk/internal/order_signer.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

#include "base/assert.h"

namespace tally::sdk::internal {
namespace {

// Amounts that a venue takes, so that products fit: see engine limits in docs/formats/wire.md.
constexpr int64_t kPriceMax = int64_t{1} << 48;
constexpr int64_t kQuantityMax = int64_t{1} << 52;
constexpr __int128 kProductMax = static_cast<__int128>(1) << 61;

}  // namespace

OrderSigner::OrderSigner(const OrderSigning& signing)
    : signing_(signing),
      domain_(signing.chain_id, evm::Address{signing.vault}),
      markets_(signing.markets) {
  CHECK(signing.key != nullptr);
}

const SignedMarket* OrderSigner::Find(InstrumentId instrument) const {
  const auto found =
      std::find_if(markets_.begin(), markets_.end(),
                   [&](const SignedMarket& market) { return market.instrument == instrument; });
  return found == markets_.end() ? nullptr : &*found;
}

void OrderSigner::Learn(const Instrument& instrument) {
  if (Find(instrument.instrument) == nullptr) {
    markets_.push_back({.instrument = instrument.instrument,
                        .base = instrument.base_asset,
                        .quote = instrument.quote_asset,
                        .tick_quanta = instrument.tick_quanta,
                        .lot_quanta = instrument.lot_quanta});
  }
}

absl::Status OrderSigner::CanSign(const SignedTerms& terms) const {
  if (Find(terms.instrument) == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot sign for instrument ", Raw(terms.instrument),
                     ": name it in OrderSigning::markets or subscribe to it first"));
  }
  const bool sided = terms.side == Side::kBuy || terms.side == Side::kSell;
  if (!sided || terms.price.value < 1 || terms.price.value > kPriceMax ||
      terms.quantity.value < 1 || terms.quantity.value > kQuantityMax ||
      static_cast<__int128>(terms.price.value) * terms.quantity.value > kProductMax) {
    return absl::InvalidArgumentError(
        "a signed order needs its side, its worst price (not slippage_ticks) and its quantity");
  }
  return absl::OkStatus();
}

wire::SignOrder OrderSigner::Sign(AccountId account, const SignedTerms& terms, int64_t now_ns) {
  const SignedMarket& market = *Find(terms.instrument);
  last_nonce_ = std::max(last_nonce_ + 1, static_cast<uint64_t>(now_ns));
  const auto expiry_s = static_cast<uint32_t>(
      std::min<int64_t>(now_ns / 1'000'000'000 + signing_.lifetime_s, UINT32_MAX));
  const auto product = [](int64_t a, int64_t b) {
    return static_cast<unsigned __int128>(a) * static_cast<unsigned __int128>(b);
  };
  const evm::SignedOrder order = {
      .account = account,
      .venue = 0,
      .base = market.base,
      .quote = market.quote,
      .side = terms.side,
      .quantity = product(terms.quantity.value, market.lot_quanta.value),
      .notional = product(terms.price.value, terms.quantity.value) *
                  static_cast<unsigned __int128>(market.tick_quanta.value),
      .nonce = last_nonce_,
      .expiry_s = expiry_s,
      .max_fee_hundredths_bp = signing_.max_fee_hundredths_bp,
      .signature = {}};
  const auto signature = evm::CompactSignature(signing_.key->Sign(domain_.HashOf(order)));
  constexpr std::array<uint8_t, 3> kReserved{};
  return {Raw(terms.client_order_id),
          order.nonce,
          expiry_s,
          order.max_fee_hundredths_bp,
          Raw(terms.instrument),
          static_cast<wire::Side>(terms.side),
          flatbuffers::span<const uint8_t, 3>(kReserved),
          flatbuffers::span<const uint8_t, 64>(signature)};
}

}  // namespace tally::sdk::internal
