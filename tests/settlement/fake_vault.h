#pragma once

#include <map>
#include <set>
#include <vector>

#include "base/types.h"
#include "settlement/chain/chain_client.h"
#include "settlement/netting/settlement_batch.h"
#include "settlement/netting/vault.h"

namespace tally::settlement {

// The vault contract's rules, as a value: copied with every block of the fake chain.
struct FakeVault {
  struct Withdrawal {
    uint32_t account = 0;
    uint16_t asset = 0;
    int64_t quanta = 0;
    WithdrawalStatus status = WithdrawalStatus::kRequested;
  };
  struct Outcome {
    bool success = true;
    Bytes data;  // Return or revert data.
    std::vector<ChainLog> logs;
  };

  Address operator_address;
  std::set<Address> senders;  // Of the operator.
  VaultHead head;
  bool paused = false;
  std::set<uint32_t> frozen;  // Accounts that no batch may debit.
  std::map<uint64_t, Hash32> ring;
  std::map<uint64_t, int> settled_count;
  std::map<std::pair<uint32_t, uint16_t>, __int128> balances;
  std::vector<Withdrawal> withdrawals;
  uint64_t deposit_count = 0;

  ChainLog Deposit(uint32_t account, uint16_t asset, int64_t quanta);
  ChainLog RequestWithdraw(uint32_t account, uint16_t asset, int64_t quanta);
  // Views and transactions alike; a failed one leaves the state as it was.
  Outcome Execute(const Address& sender, ByteView calldata);

 private:
  Outcome Settle(ByteView arguments);
  Outcome Answer(ByteView arguments, WithdrawalStatus wanted);
  ChainLog TransferLog(std::string_view event, uint64_t index, uint32_t account, uint16_t asset,
                       int64_t quanta);
};

}  // namespace tally::settlement
