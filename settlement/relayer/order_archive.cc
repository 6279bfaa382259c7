#include "settlement/relayer/order_archive.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "base/status.h"
#include "engine/limits.h"

namespace tally::settlement {
namespace {

constexpr char kOrderPrefix[] = "order/";
constexpr char kPendingKey[] = "signed";
constexpr uint8_t kOrderSchema = 1;

std::string OrderKey(uint64_t order) {
  std::string key = kOrderPrefix;
  AppendRecord(&key, order);
  return key;
}

absl::Status BadRecord(std::string_view what) {
  return absl::DataLossError(absl::StrCat("store record of ", ToAbsl(what), " is damaged"));
}

}  // namespace

void AppendRecord(std::string* out, uint64_t value, std::size_t width) {
  for (std::size_t i = width; i-- > 0;) {
    out->push_back(static_cast<char>(value >> (8 * i)));
  }
}

void AppendRecord128(std::string* out, unsigned __int128 value) {
  AppendRecord(out, static_cast<uint64_t>(value >> 64));
  AppendRecord(out, static_cast<uint64_t>(value));
}

uint64_t RecordReader::U64(std::size_t width) {
  if (!ok_ || bytes_.size() - at_ < width) {
    ok_ = false;
    return 0;
  }
  uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    value = value << 8 | static_cast<uint8_t>(bytes_[at_++]);
  }
  return value;
}

unsigned __int128 RecordReader::U128() {
  const unsigned __int128 high = U64();
  return high << 64 | U64();
}

Hash32 RecordReader::Hash() {
  Hash32 hash;
  for (uint8_t& byte : hash.bytes) {
    byte = static_cast<uint8_t>(U64(1));
  }
  return hash;
}

void AppendOrderRecord(std::string* out, const SignedOrder& order) {
  AppendRecord(out, Raw(order.account), 4);
  AppendRecord(out, order.venue, 4);
  AppendRecord(out, Raw(order.base), 2);
  AppendRecord(out, Raw(order.quote), 2);
  AppendRecord(out, static_cast<uint8_t>(order.side), 1);
  AppendRecord128(out, order.quantity);
  AppendRecord128(out, order.notional);
  AppendRecord(out, order.nonce);
  AppendRecord(out, order.expiry_s);
  AppendRecord(out, order.max_fee_hundredths_bp, 4);
  out->append(order.signature.begin(), order.signature.end());
}

SignedOrder RecordReader::Order() {
  SignedOrder order;
  order.account = AccountId{static_cast<uint32_t>(U64(4))};
  order.venue = static_cast<uint32_t>(U64(4));
  order.base = AssetId{static_cast<uint16_t>(U64(2))};
  order.quote = AssetId{static_cast<uint16_t>(U64(2))};
  order.side = static_cast<Side>(U64(1));
  order.quantity = U128();
  order.notional = U128();
  order.nonce = U64();
  order.expiry_s = U64();
  order.max_fee_hundredths_bp = static_cast<uint32_t>(U64(4));
  for (uint8_t& byte : order.signature) {
    byte = static_cast<uint8_t>(U64(1));
  }
  return order;
}

absl::Status OrderArchive::Apply(const Event& event, const InstrumentTerms& terms) {
  if (event.type == EventType::kOrderSigned) {
    TakeSigned(event);
  } else if (event.type == EventType::kOrderSignature) {
    TakeSignature(event);
  } else if (event.type == EventType::kOrderAccepted) {
    return Authorize(event, event.accepted.price, event.accepted.quantity, terms);
  } else if (event.type == EventType::kOrderReplaced) {
    return Authorize(event, event.replaced.price, event.replaced.quantity, terms);
  } else if ((event.type == EventType::kOrderFilled && event.filled.leaves == QuantityLots{}) ||
             (event.type == EventType::kOrderCanceled && event.canceled.leaves == QuantityLots{})) {
    Forget(event.order_id);
  }
  return absl::OkStatus();
}

bool IsPlausibleAmount(const InstrumentDefinedEvent& terms, PriceTicks price,
                       QuantityLots quantity) {
  int64_t base = 0;
  int64_t lot_price = 0;
  int64_t quote = 0;
  return quantity.value > 0 && price.value > 0 && terms.lot_quanta.value > 0 &&
         terms.tick_quanta.value > 0 &&
         !__builtin_mul_overflow(quantity.value, terms.lot_quanta.value, &base) &&
         !__builtin_mul_overflow(price.value, terms.tick_quanta.value, &lot_price) &&
         !__builtin_mul_overflow(lot_price, quantity.value, &quote) && base <= kMaxBalanceQuanta &&
         quote <= kMaxBalanceQuanta;
}

void OrderArchive::TakeSigned(const Event& event) {
  Pending& pending = pending_[Raw(event.session)];
  pending = {};
  pending.client_order_id = event.client_order_id;
  pending.client_sequence = event.client_sequence;
  pending.order.nonce = event.order_signed.nonce;
  pending.order.expiry_s = event.order_signed.expiry_s;
  pending.order.max_fee_hundredths_bp = event.order_signed.max_fee_hundredths_bp;
  std::copy(event.order_signed.signature_r.begin(), event.order_signed.signature_r.end(),
            pending.order.signature.begin());
}

void OrderArchive::TakeSignature(const Event& event) {
  const auto found = pending_.find(Raw(event.session));
  if (found == pending_.end() || found->second.client_sequence != event.client_sequence) {
    return;
  }
  const auto& half = event.order_signature.signature_vs;
  std::copy(half.begin(), half.end(), found->second.order.signature.begin() + 32);
  found->second.is_complete = true;
}

std::optional<SignedOrder> OrderArchive::Claim(const Event& event) {
  if (pending_.empty()) {
    return std::nullopt;
  }
  const auto found = pending_.find(Raw(event.session));
  if (found == pending_.end()) {
    return std::nullopt;
  }
  const Pending pending = found->second;
  pending_.erase(found);
  const bool is_for_it = pending.is_complete &&
                         pending.client_sequence + 1 == event.client_sequence &&
                         pending.client_order_id == event.client_order_id;
  return is_for_it ? std::optional(pending.order) : std::nullopt;
}

absl::Status OrderArchive::Authorize(const Event& event, PriceTicks price, QuantityLots quantity,
                                     const InstrumentTerms& terms) {
  std::optional<SignedOrder> order = Claim(event);
  if (!order.has_value()) {
    Forget(event.order_id);  // Replaced without a signature: from now on nobody signed it.
    return absl::OkStatus();
  }
  const auto found = terms.find(event.instrument);
  if (found == terms.end()) {
    return absl::FailedPreconditionError(
        absl::StrCat("event ", Raw(event.sequence), ": order of instrument ", Raw(event.instrument),
                     " whose definition is not in the event log"));
  }
  const InstrumentDefinedEvent& instrument = found->second;
  order->account = event.account;
  order->base = instrument.base_asset;
  order->quote = instrument.quote_asset;
  order->side = static_cast<Side>(event.side);
  if (!IsPlausibleAmount(instrument, price, quantity)) {
    return absl::DataLossError(
        absl::StrCat("event ", Raw(event.sequence), ": an order that no engine takes"));
  }
  const auto lots = static_cast<unsigned __int128>(quantity.value);
  order->quantity = lots * static_cast<unsigned __int128>(instrument.lot_quanta.value);
  order->notional = lots * static_cast<unsigned __int128>(price.value) *
                    static_cast<unsigned __int128>(instrument.tick_quanta.value);
  Live& live = live_[Raw(event.order_id)];
  live.order = *order;
  live.version = Raw(event.sequence);
  live.cumulative_before = event.type == EventType::kOrderReplaced
                               ? event.replaced.quantity - event.replaced.leaves
                               : QuantityLots{};
  changed_.push_back(Raw(event.order_id));
  return absl::OkStatus();
}

void OrderArchive::Forget(OrderId order) {
  const auto found = live_.find(Raw(order));
  if (found == live_.end()) {
    return;
  }
  if (found->second.is_stored) {
    dead_.push_back(Raw(order));
  }
  live_.erase(found);
}

ExecutionWindow::Authority OrderArchive::AuthorityOf(OrderId order) const {
  const auto found = live_.find(Raw(order));
  if (found == live_.end()) {
    return {};
  }
  const Live& live = found->second;
  return {
      .order = &live.order, .version = live.version, .cumulative_before = live.cumulative_before};
}

void OrderArchive::AppendChanges(StoreWrite* write) {
  for (uint64_t order : dead_) {
    write->deletes.push_back(OrderKey(order));
  }
  for (uint64_t order : changed_) {
    const auto found = live_.find(order);
    if (found != live_.end()) {
      write->puts.emplace_back(OrderKey(order), Encode(found->second));
      found->second.is_stored = true;
    }
  }
  dead_.clear();
  changed_.clear();
  if (!pending_.empty()) {
    write->puts.emplace_back(kPendingKey, EncodePending());
    is_pending_stored_ = true;
  } else if (is_pending_stored_) {
    write->deletes.emplace_back(kPendingKey);
    is_pending_stored_ = false;
  }
}

absl::Status OrderArchive::Load(KeyValueStore* store) {
  *this = {};
  RETURN_IF_ERROR(store->Visit(kOrderPrefix, [&](std::string_view key, std::string_view value) {
    return LoadOrder(key, value);
  }));
  return store->Visit(kPendingKey, [&](std::string_view key, std::string_view value) {
    return key == kPendingKey ? LoadPending(value) : absl::OkStatus();
  });
}

std::string OrderArchive::Encode(const Live& live) {
  std::string out;
  AppendRecord(&out, kOrderSchema, 1);
  AppendRecord(&out, live.version);
  AppendRecord(&out, static_cast<uint64_t>(live.cumulative_before.value));
  AppendOrderRecord(&out, live.order);
  return out;
}

absl::Status OrderArchive::LoadOrder(std::string_view key, std::string_view value) {
  RecordReader id(key.substr(sizeof(kOrderPrefix) - 1));
  RecordReader in(value);
  const uint64_t order = id.U64();
  const bool is_known = in.U64(1) == kOrderSchema;
  Live& live = live_[order];
  live.version = in.U64();
  live.cumulative_before.value = static_cast<int64_t>(in.U64());
  live.order = in.Order();
  live.is_stored = true;
  return is_known && id.ok() && in.ok() && in.at_end() ? absl::OkStatus()
                                                       : BadRecord("a signed order");
}

std::string OrderArchive::EncodePending() const {
  std::string out;
  AppendRecord(&out, kOrderSchema, 1);
  for (const auto& [session, pending] : pending_) {
    AppendRecord(&out, session, 4);
    AppendRecord(&out, Raw(pending.client_order_id));
    AppendRecord(&out, pending.client_sequence);
    AppendRecord(&out, pending.is_complete ? 1 : 0, 1);
    AppendOrderRecord(&out, pending.order);
  }
  return out;
}

absl::Status OrderArchive::LoadPending(std::string_view value) {
  RecordReader in(value);
  if (in.U64(1) != kOrderSchema) {
    return BadRecord("signatures");
  }
  while (in.ok() && !in.at_end()) {
    Pending& pending = pending_[static_cast<uint32_t>(in.U64(4))];
    pending.client_order_id = ClientOrderId{in.U64()};
    pending.client_sequence = in.U64();
    pending.is_complete = in.U64(1) == 1;
    pending.order = in.Order();
  }
  is_pending_stored_ = true;
  return in.ok() ? absl::OkStatus() : BadRecord("signatures");
}

}  // namespace tally::settlement
