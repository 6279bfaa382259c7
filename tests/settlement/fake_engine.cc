#include "tests/settlement/fake_engine.h"

#include <algorithm>

#include "base/assert.h"
#include "base/status.h"

namespace tally::settlement {

FakeEngine::FakeEngine(uint64_t chain_id, FaultPlan* faults)
    : chain_id_(chain_id), faults_(faults) {}

void FakeEngine::Emit(Event event) {
  event.sequence = static_cast<EventSequence>(log_.size() + 1);
  event.timestamp_ns = 1'700'000'000'000'000'000 + static_cast<int64_t>(log_.size());
  log_.push_back(event);
}

void FakeEngine::DefineInstrument(uint32_t instrument, uint16_t base, uint16_t quote,
                                  uint32_t fee_account) {
  Event event = MakeEvent(EventType::kInstrumentDefined);
  event.instrument = static_cast<InstrumentId>(instrument);
  event.instrument_defined.tick_quanta = {1};
  event.instrument_defined.lot_quanta = {1};
  event.instrument_defined.fee_account = static_cast<AccountId>(fee_account);
  event.instrument_defined.base_asset = static_cast<AssetId>(base);
  event.instrument_defined.quote_asset = static_cast<AssetId>(quote);
  instruments_[instrument] = event.instrument_defined;
  Emit(event);
}

bool FakeEngine::Execute(const Trade& trade) {
  const InstrumentDefinedEvent& terms = instruments_.at(trade.instrument);
  const uint16_t base = Raw(terms.base_asset);
  const uint16_t quote = Raw(terms.quote_asset);
  const int64_t notional = trade.ticks * trade.lots;
  if (trade.buyer == trade.seller || balances_[{trade.buyer, quote}] < notional + trade.buyer_fee ||
      balances_[{trade.seller, base}] < trade.lots ||
      balances_[{trade.seller, quote}] + notional < trade.seller_fee) {
    return false;
  }
  balances_[{trade.buyer, base}] += trade.lots;
  balances_[{trade.seller, base}] -= trade.lots;
  balances_[{trade.buyer, quote}] -= notional + trade.buyer_fee;
  balances_[{trade.seller, quote}] += notional - trade.seller_fee;
  balances_[{Raw(terms.fee_account), quote}] += trade.buyer_fee + trade.seller_fee;
  ++trades_;
  for (const bool is_buy : {true, false}) {
    Event accepted = MakeEvent(EventType::kOrderAccepted);
    accepted.instrument = static_cast<InstrumentId>(trade.instrument);
    accepted.account = static_cast<AccountId>(is_buy ? trade.buyer : trade.seller);
    accepted.side = static_cast<uint8_t>(is_buy ? Side::kBuy : Side::kSell);
    accepted.order_id = static_cast<OrderId>(2 * trades_ + (is_buy ? 1 : 0));
    accepted.accepted.price = {trade.ticks};
    accepted.accepted.quantity = {trade.lots};
    EmitSigned(accepted, terms, is_buy ? trade.buyer_fee : trade.seller_fee);
  }
  for (const bool is_buy : {true, false}) {
    Event fill = MakeEvent(EventType::kOrderFilled);
    fill.instrument = static_cast<InstrumentId>(trade.instrument);
    fill.account = static_cast<AccountId>(is_buy ? trade.buyer : trade.seller);
    fill.side = static_cast<uint8_t>(is_buy ? Side::kBuy : Side::kSell);
    fill.filled.trade_id = static_cast<TradeId>(trades_);
    fill.filled.price = {trade.ticks};
    fill.order_id = static_cast<OrderId>(2 * trades_ + (is_buy ? 1 : 0));
    fill.filled.quantity = {trade.lots};
    fill.filled.cumulative = {trade.lots};
    fill.filled.fee = {is_buy ? trade.buyer_fee : trade.seller_fee};
    Emit(fill);
  }
  Emit(MakeEvent(EventType::kTrade));
  return true;
}

void FakeEngine::SignOrders(const OrderDomain& domain,
                            std::function<const PrivateKey*(uint32_t account)> key_of) {
  domain_ = domain;
  key_of_ = std::move(key_of);
}

void FakeEngine::EmitSigned(Event accepted, const InstrumentDefinedEvent& terms, int64_t fee) {
  constexpr uint32_t kExpiry = 4'000'000'000;
  constexpr uint32_t kMaxFee = 100'000;  // A tenth.
  const PrivateKey* const key = domain_.has_value() ? key_of_(Raw(accepted.account)) : nullptr;
  const int64_t notional = accepted.accepted.price.value * accepted.accepted.quantity.value;
  if (key == nullptr || fee * 10 > notional) {
    return;
  }
  const auto wide = [](int64_t value) { return static_cast<unsigned __int128>(value); };
  SignedOrder order;
  order.account = accepted.account;
  order.base = terms.base_asset;
  order.quote = terms.quote_asset;
  order.side = static_cast<Side>(accepted.side);
  order.quantity = wide(accepted.accepted.quantity.value);
  order.notional = wide(notional);
  order.nonce = nonce_ == 0 ? Raw(accepted.order_id) : nonce_;
  order.expiry_s = kExpiry;
  order.max_fee_hundredths_bp = kMaxFee;
  const auto signature = CompactSignature(key->Sign(domain_->HashOf(order)));

  accepted.session = SessionIndex{1};
  accepted.client_order_id = ClientOrderId{Raw(accepted.order_id)};
  Event half = MakeEvent(EventType::kOrderSigned);
  half.session = accepted.session;
  half.account = accepted.account;
  half.client_order_id = accepted.client_order_id;
  half.client_sequence = ++client_sequence_;
  half.order_signed.nonce = order.nonce;
  half.order_signed.expiry_s = kExpiry;
  half.order_signed.max_fee_hundredths_bp = kMaxFee;
  std::copy_n(signature.begin(), 32, half.order_signed.signature_r.begin());
  Emit(half);
  half.type = EventType::kOrderSignature;
  half.payload = {};
  std::copy_n(signature.begin() + 32, 32, half.order_signature.signature_vs.begin());
  Emit(half);
  accepted.client_sequence = ++client_sequence_;
  Emit(accepted);
}

void FakeEngine::Reject(const Command& command, uint64_t index) {
  rejections_.push_back(
      {.type = command.type, .index = index, .reason = RejectReason::kOutOfOrderTransfer});
}

void FakeEngine::TakeStatus(const Command& command) {
  const BatchStatusCommand& batch = command.batch_status;
  if (batch.batch_id <= batches_) {
    return;
  }
  statuses_.push_back(batch);
  if (batch.status != SettlementStatus::kFinal) {
    return;
  }
  if (batch.batch_id != batches_ + 1) {
    Reject(command, batch.batch_id);
    return;
  }
  ++batches_;
  Event event = MakeEvent(EventType::kBatchSettled);
  event.batch_settled.batch_id = batch.batch_id;
  event.batch_settled.last_event = batch.last_event;
  Emit(event);
}

// As the core counts the steps.
void FakeEngine::TakeDispute(const Command& command) {
  const DisputeCommand& step = command.dispute;
  std::vector<Command>& steps = disputes_[{step.batch_id, Raw(step.culprit)}];
  if (step.step == steps.size() + 1) {
    steps.push_back(command);
  } else if (step.step > steps.size()) {
    Reject(command, step.batch_id);
    return;
  } else if (step.step != 1) {
    return;
  }
  EmitDispute(step.batch_id, Raw(step.culprit), /*resolved=*/false);
}

void FakeEngine::EmitDispute(uint64_t batch, uint32_t culprit, bool resolved) {
  Event event = MakeEvent(EventType::kDispute);
  event.dispute.batch_id = batch;
  event.dispute.culprit = static_cast<AccountId>(culprit);
  event.dispute.steps = static_cast<uint32_t>(disputes_.at({batch, culprit}).size());
  event.dispute.resolved = resolved ? 1 : 0;
  Emit(event);
}

absl::Status FakeEngine::Submit(const Command& command) {
  RETURN_IF_ERROR(faults_->Check());
  if (faults_->LoseMessage()) {
    return absl::OkStatus();  // Sent, and lost on the way.
  }
  if (command.type == CommandType::kBatchStatus) {
    TakeStatus(command);
    return faults_->Check();
  }
  if (command.type == CommandType::kDispute) {
    TakeDispute(command);
    return faults_->Check();
  }
  const ChainTransferCommand& transfer = command.chain_transfer;
  CHECK(transfer.chain_id == chain_id_);
  const bool is_deposit = command.type == CommandType::kDeposit;
  uint64_t* const count = is_deposit ? &deposits_ : &withdraws_;
  if (transfer.index == *count + 1) {
    ++*count;
    __int128& balance = balances_[{Raw(command.account), Raw(transfer.asset)}];
    const bool is_refused = !is_deposit && balance < transfer.amount.value;
    Event event = MakeEvent(is_deposit   ? EventType::kDeposited
                            : is_refused ? EventType::kWithdrawRefused
                                         : EventType::kWithdrawn);
    if (!is_refused) {
      balance += is_deposit ? transfer.amount.value : -transfer.amount.value;
    }
    event.account = command.account;
    event.transfer.index = transfer.index;
    event.transfer.chain_id = chain_id_;
    event.transfer.amount = transfer.amount;
    event.transfer.asset = transfer.asset;
    Emit(event);
  } else if (transfer.index > *count) {
    Reject(command, transfer.index);
  }
  return faults_->Check();
}

std::vector<EngineLink::Rejection> FakeEngine::Poll() { return std::exchange(rejections_, {}); }

absl::StatusOr<std::size_t> FakeEngine::ReadFrom(EventSequence from, std::span<Event> events) {
  RETURN_IF_ERROR(faults_->Check());
  const std::size_t start = Raw(from) - 1;
  const std::size_t count = start >= log_.size() ? 0 : std::min(events.size(), log_.size() - start);
  std::copy_n(log_.begin() + static_cast<std::ptrdiff_t>(std::min(start, log_.size())), count,
              events.begin());
  return count;
}

absl::Status MemoryStore::Write(const StoreWrite& write) {
  RETURN_IF_ERROR(faults_->Check());
  for (const std::string& key : write.deletes) {
    rows_.erase(key);
  }
  for (const auto& [key, value] : write.puts) {
    rows_[key] = value;
  }
  return faults_->Check();
}

absl::Status MemoryStore::Visit(std::string_view prefix, const Visitor& visitor) {
  for (auto it = rows_.lower_bound(std::string(prefix));
       it != rows_.end() && it->first.starts_with(prefix); ++it) {
    RETURN_IF_ERROR(visitor(it->first, it->second));
  }
  return absl::OkStatus();
}

}  // namespace tally::settlement
