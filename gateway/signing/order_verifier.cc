#include "gateway/order_verifier.h"

#include <algorithm>
#include <optional>

#include "engine/limits.h"
#include "evm/private_key.h"
#include "gateway/venue_config.h"

namespace tally::gateway {
namespace {

// What orders and replacements have in common, as far as it is signed.
struct Terms {
  ClientOrderId client_order_id{};
  InstrumentId instrument{};
  Side side{};
  PriceTicks price;
  QuantityLots quantity;
};

std::optional<Terms> TermsOf(const SignedIntent& intent, const Command& order) {
  if (order.type == CommandType::kNewOrder) {
    const NewOrderCommand& asked = order.new_order;
    return Terms{.client_order_id = asked.client_order_id,
                 .instrument = order.instrument,
                 .side = asked.side,
                 .price = asked.price,
                 .quantity = asked.quantity};
  }
  if (order.type == CommandType::kReplaceOrder) {
    const ReplaceOrderCommand& asked = order.replace_order;
    return Terms{.client_order_id = asked.new_client_order_id,
                 .instrument = intent.sign.instrument,
                 .side = intent.side,
                 .price = asked.price,
                 .quantity = asked.quantity};
  }
  return std::nullopt;
}

// Amounts that the core would take: their products fit.
bool InRange(const Terms& terms) {
  return terms.price.value >= 1 && terms.price.value <= kMaxPriceTicks &&
         terms.quantity.value >= 1 && terms.quantity.value <= kMaxQuantityLots &&
         static_cast<__int128>(terms.price.value) * terms.quantity.value <= kMaxNotionalQuanta;
}

constexpr unsigned __int128 kMaxAmount = (static_cast<unsigned __int128>(1) << 96) - 1;

}  // namespace

OrderVerifier::OrderVerifier(uint64_t chain_id, const std::array<uint8_t, 20>& vault)
    : domain_(chain_id, evm::Address{vault}) {}

void OrderVerifier::AddInstrument(InstrumentId instrument,
                                  const DefineInstrumentCommand& definition) {
  markets_[Raw(instrument)] = {.base = definition.base_asset,
                               .quote = definition.quote_asset,
                               .tick_quanta = definition.tick_quanta.value,
                               .lot_quanta = definition.lot_quanta.value};
}

bool OrderVerifier::Verify(const SignedIntent& intent, const Command& order, int64_t now_ns) const {
  const SignOrderCommand& sign = intent.sign.sign_order;
  const std::optional<Terms> terms = TermsOf(intent, order);
  if (!terms.has_value() || terms->client_order_id != sign.client_order_id || !InRange(*terms)) {
    return false;
  }
  const auto market = markets_.find(Raw(terms->instrument));
  const auto signers = signers_.find(Raw(intent.sign.account));
  if (market == markets_.end() || signers == signers_.end()) {
    return false;
  }
  const auto quantity = static_cast<unsigned __int128>(terms->quantity.value) *
                        static_cast<uint64_t>(market->second.lot_quanta);
  const auto notional = static_cast<unsigned __int128>(terms->price.value) *
                        static_cast<uint64_t>(terms->quantity.value) *
                        static_cast<uint64_t>(market->second.tick_quanta);
  if (quantity > kMaxAmount || notional > kMaxAmount) {
    return false;
  }
  const evm::SignedOrder signed_order = {.account = intent.sign.account,
                                         .venue = 0,
                                         .base = market->second.base,
                                         .quote = market->second.quote,
                                         .side = terms->side,
                                         .quantity = quantity,
                                         .notional = notional,
                                         .nonce = sign.nonce,
                                         .expiry_s = sign.expiry_s,
                                         .max_fee_hundredths_bp = sign.max_fee_hundredths_bp,
                                         .signature = sign.signature};
  const auto address =
      evm::RecoverAddress(domain_.HashOf(signed_order), evm::FromCompactSignature(sign.signature));
  const auto now_s = static_cast<uint64_t>(now_ns / 1'000'000'000);
  return address.ok() &&
         std::any_of(signers->second.begin(), signers->second.end(), [&](const OrderSigner& one) {
           return one.address == address->bytes && one.valid_from_s <= now_s &&
                  now_s < one.valid_until_s;
         });
}

void MarkSigned(const OrderVerifier* verifier, int64_t now_ns, SignedIntent* intent,
                Command* order) {
  const bool valid = verifier != nullptr && verifier->Verify(*intent, *order, now_ns);
  intent->sign.flags = valid ? kCommandFlagSignatureValid : kCommandFlagSignatureBad;
  if (order->type != CommandType::kNewOrder && order->type != CommandType::kReplaceOrder) {
    return;  // Nothing that could be signed: it stands for itself.
  }
  order->flags = intent->sign.flags;
  if (valid && order->type == CommandType::kReplaceOrder) {
    order->instrument = intent->sign.instrument;
    order->flags |= intent->side == Side::kSell ? kCommandFlagSignedSell : uint16_t{0};
  }
}

std::unique_ptr<OrderVerifier> MakeOrderVerifier(const VenueConfig& venue) {
  if (!venue.chain.configured) {
    return nullptr;
  }
  auto verifier = std::make_unique<OrderVerifier>(venue.chain.chain_id, venue.chain.vault);
  const std::array<uint8_t, 20> nobody{};
  for (const AccountConfig& account : venue.accounts) {
    if (account.owner != nobody) {
      verifier->AddSigner({.account = account.account, .address = account.owner});
    }
  }
  for (const OrderSigner& key : venue.session_keys) {
    verifier->AddSigner(key);
  }
  for (const InstrumentConfig& instrument : venue.instruments) {
    verifier->AddInstrument(instrument.instrument, instrument.definition);
  }
  return verifier;
}

}  // namespace tally::gateway
