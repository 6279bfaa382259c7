#include "tests/settlement/fake_vault.h"

#include <algorithm>

#include "base/assert.h"
#include "settlement/chain/abi.h"

namespace tally::settlement {
namespace {

bool Is(ByteView calldata, std::string_view signature) {
  const Bytes selector = Selector(signature);
  return calldata.size() >= 4 && std::equal(selector.begin(), selector.end(), calldata.begin());
}

FakeVault::Outcome Revert(const AbiEncoder& arguments, std::string_view signature) {
  return {.success = false, .data = arguments.Call(signature), .logs = {}};
}

FakeVault::Outcome Return(const AbiEncoder& words) {
  return {.success = true, .data = words.Arguments(), .logs = {}};
}

uint64_t Word(ByteView arguments, std::size_t index) {
  const auto word = AbiReader(arguments).Word64(index);
  CHECK(word.ok());
  return *word;
}

}  // namespace

ChainLog FakeVault::TransferLog(std::string_view event, uint64_t index, uint32_t account,
                                uint16_t asset, int64_t quanta) {
  ChainLog log;
  log.topics = {EventTopic(event), ToWord(index), ToWord(account)};
  log.data = AbiEncoder().Add(asset).Add(quanta).Add(Address()).Arguments();
  return log;
}

ChainLog FakeVault::Deposit(uint32_t account, uint16_t asset, int64_t quanta) {
  balances[{account, asset}] += quanta;
  return TransferLog("Deposited(uint64,uint32,uint16,uint96,address)", ++deposit_count, account,
                     asset, quanta);
}

ChainLog FakeVault::RequestWithdraw(uint32_t account, uint16_t asset, int64_t quanta) {
  withdrawals.push_back({.account = account, .asset = asset, .quanta = quanta});
  return TransferLog("WithdrawRequested(uint64,uint32,uint16,uint96,address)", withdrawals.size(),
                     account, asset, quanta);
}

FakeVault::Outcome FakeVault::Execute(const Address& sender, ByteView calldata) {
  const ByteView arguments = calldata.subspan(std::min<std::size_t>(4, calldata.size()));
  if (Is(calldata, "head()")) {
    return Return(AbiEncoder().Add(head.next_batch).Add(head.last_event).Add(head.engine_time_ns));
  }
  if (Is(calldata, "chain()")) {
    return Return(AbiEncoder().Add(head.chain));
  }
  if (Is(calldata, "operator()")) {
    return Return(AbiEncoder().Add(operator_address));
  }
  if (Is(calldata, "commitmentOf(uint64)")) {
    const auto found = ring.find(Word(arguments, 0));
    return Return(AbiEncoder().Add(found == ring.end() ? Hash32() : found->second).Add(0));
  }
  if (Is(calldata, "withdrawalAt(uint64)")) {
    const uint64_t index = Word(arguments, 0);
    const bool is_known = index > 0 && index <= withdrawals.size();
    const Withdrawal found =
        is_known ? withdrawals[index - 1] : Withdrawal{.status = WithdrawalStatus::kNone};
    return Return(AbiEncoder()
                      .Add(found.account)
                      .Add(found.asset)
                      .Add(found.quanta)
                      .Add(0)
                      .Add(static_cast<uint64_t>(found.status))
                      .Add(Address()));
  }
  if (sender != operator_address && !senders.contains(sender)) {
    return Revert({}, "NotOperator()");
  }
  FakeVault after = *this;
  Outcome outcome;
  if (Is(calldata, "finalizeWithdrawals(uint64[])")) {
    outcome = after.Answer(arguments, WithdrawalStatus::kFinalized);
  } else if (Is(calldata, "rejectWithdrawals(uint64[])")) {
    outcome = after.Answer(arguments, WithdrawalStatus::kRejected);
  } else {
    outcome = after.Settle(arguments);
  }
  if (outcome.success) {
    *this = std::move(after);
  }
  return outcome;
}

FakeVault::Outcome FakeVault::Settle(ByteView arguments) {
  SettlementBatch batch;
  batch.parent = *AbiReader(arguments).WordHash(0);
  batch.id = Word(arguments, 1);
  batch.first_event = Word(arguments, 2);
  batch.last_event = Word(arguments, 3);
  batch.previous_engine_time_ns = Word(arguments, 4);
  batch.engine_time_ns = Word(arguments, 5);
  batch.exec_root = *AbiReader(arguments).WordHash(6);
  const ByteView data = arguments.subspan(9 * 32, Word(arguments, 8));
  batch.data.assign(data.begin(), data.end());
  if (paused) {
    return Revert(AbiEncoder().Add(1), "SettlePaused(uint64)");
  }
  if (batch.id != head.next_batch) {
    return Revert(AbiEncoder().Add(head.next_batch).Add(batch.id), "WrongBatch(uint64,uint64)");
  }
  if (batch.parent != head.chain) {
    return Revert(AbiEncoder().Add(head.chain).Add(batch.parent), "WrongParent(bytes32,bytes32)");
  }
  CHECK(batch.first_event == head.last_event + 1 && batch.last_event >= batch.first_event);
  CHECK(batch.previous_engine_time_ns == head.engine_time_ns);
  CHECK(batch.engine_time_ns >= head.engine_time_ns);
  const auto entries = DecodeEntries(batch.data);
  CHECK(entries.ok());
  std::map<uint32_t, __int128> sums;
  for (const NettedEntry& entry : *entries) {
    for (const auto& [odd, delta] : {std::pair(0, entry.even), std::pair(1, entry.odd)}) {
      const auto asset = static_cast<uint16_t>(2 * Raw(entry.pair) + odd);
      __int128& balance = balances[{Raw(entry.account), asset}];
      balance += delta;
      sums[asset] += delta;
      if (balance < 0 || (delta < 0 && frozen.count(Raw(entry.account)) > 0)) {
        return Revert(AbiEncoder().Add(Raw(entry.account)).Add(Raw(entry.pair)),
                      "Overdraft(uint32,uint16)");
      }
    }
  }
  for (const auto& [asset, sum] : sums) {
    CHECK(sum == 0);
  }
  head = HeadAfter(batch);
  ring[batch.id] = CommitmentFor(head.chain);
  ++settled_count[batch.id];
  ChainLog log;
  log.topics = {EventTopic("Batch(uint64,uint64,uint64,uint64,bytes32,bytes32)"), ToWord(batch.id)};
  log.data = AbiEncoder()
                 .Add(batch.first_event)
                 .Add(batch.last_event)
                 .Add(batch.engine_time_ns)
                 .Add(batch.exec_root)
                 .Add(head.chain)
                 .Arguments();
  return {.success = true, .data = {}, .logs = {log}};
}

FakeVault::Outcome FakeVault::Answer(ByteView arguments, WithdrawalStatus wanted) {
  const uint64_t count = Word(arguments, 1);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t index = Word(arguments, 2 + i);
    if (index == 0 || index > withdrawals.size()) {
      return Revert(AbiEncoder().Add(index).Add(0), "WrongWithdrawalStatus(uint64,uint8)");
    }
    Withdrawal& withdrawal = withdrawals[index - 1];
    if (withdrawal.status == wanted) {
      continue;
    }
    if (withdrawal.status != WithdrawalStatus::kRequested) {
      return Revert(AbiEncoder().Add(index).Add(static_cast<uint64_t>(withdrawal.status)),
                    "WrongWithdrawalStatus(uint64,uint8)");
    }
    withdrawal.status = wanted;
    if (wanted == WithdrawalStatus::kFinalized) {
      __int128& balance = balances[{withdrawal.account, withdrawal.asset}];
      if (balance < withdrawal.quanta) {
        return Revert(AbiEncoder().Add(index).Add(withdrawal.account).Add(withdrawal.asset).Add(0),
                      "InsufficientBalance(uint64,uint32,uint16,uint96)");
      }
      balance -= withdrawal.quanta;
    }
  }
  return {};
}

}  // namespace tally::settlement
