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
    Event fill = MakeEvent(EventType::kOrderFilled);
    fill.instrument = static_cast<InstrumentId>(trade.instrument);
    fill.account = static_cast<AccountId>(is_buy ? trade.buyer : trade.seller);
    fill.side = static_cast<uint8_t>(is_buy ? Side::kBuy : Side::kSell);
    fill.filled.trade_id = static_cast<TradeId>(trades_);
    fill.filled.price = {trade.ticks};
    fill.filled.quantity = {trade.lots};
    fill.filled.fee = {is_buy ? trade.buyer_fee : trade.seller_fee};
    Emit(fill);
  }
  Emit(MakeEvent(EventType::kTrade));
  return true;
}

void FakeEngine::Reject(const Command& command, uint64_t index) {
  rejections_.push_back(
      {.type = command.type, .index = index, .reason = RejectReason::kOutOfOrderTransfer});
}

absl::Status FakeEngine::Submit(const Command& command) {
  RETURN_IF_ERROR(faults_->Check());
  if (faults_->LoseMessage()) {
    return absl::OkStatus();  // Sent, and lost on the way.
  }
  if (command.type == CommandType::kBatchSettled) {
    const uint64_t id = command.batch_settled.batch_id;
    if (id == batches_ + 1) {
      ++batches_;
      Event event = MakeEvent(EventType::kBatchSettled);
      event.batch_settled.batch_id = id;
      event.batch_settled.last_event = command.batch_settled.last_event;
      Emit(event);
    } else if (id > batches_) {
      Reject(command, id);
    }
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
