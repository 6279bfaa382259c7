#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"

#include "base/types.h"
#include "engine/event.h"
#include "settlement/chain/bytes.h"
#include "settlement/netting/netting_window.h"
#include "settlement/netting/signed_order.h"

namespace tally::settlement {

// What one order traded in one batch. Its effect on the account is +base, -(quote + fee) of a
// buy, -base, +(quote - fee) of a sell.
struct Execution {
  AccountId account{};
  Hash32 order_hash{};               // Of an order without signature: its engine order id.
  unsigned __int128 base = 0;        // Quanta.
  unsigned __int128 quote = 0;       // Quanta.
  __int128 fee = 0;                  // Quote quanta paid; negative is a rebate.
  unsigned __int128 cum_before = 0;  // Base quanta that the order traded in earlier batches.

  friend bool operator==(const Execution&, const Execution&) = default;
};

// Order hash of an order that nobody signed.
Hash32 UnsignedOrderHash(OrderId order);

Hash32 LeafOf(const Execution& execution);

// The Merkle tree that a batch commits to: pairs of neighbours hashed smaller first, level by
// level; an odd last node moves up as it is. OpenZeppelin's MerkleProof verifies it.
//
// Thread safety: const methods from any thread. Cost: one hash per leaf, 64 bytes of memory each.
class ExecutionTree {
 public:
  explicit ExecutionTree(std::vector<Hash32> leaves);

  // Zero without leaves.
  Hash32 root() const;
  std::vector<Hash32> ProofOf(std::size_t leaf) const;

 private:
  std::vector<std::vector<Hash32>> levels_;
};

// Same root, without keeping the tree.
Hash32 RootOf(std::vector<Hash32> leaves);

// The executions of a batch and the orders that explain them.
struct BatchExecutions {
  struct Row {
    Execution execution;
    OrderId order{};
    int64_t signed_order = -1;  // Index into `orders`; -1 if nobody signed it.
  };
  std::vector<Row> rows;  // Ascending by (account, order hash).
  std::vector<SignedOrder> orders;

  std::vector<Hash32> Leaves() const;
};

// Groups the fills of a stretch of the event log into one execution per order. Pure.
//
// Thread safety: one thread. Cost: one hash look-up per fill; Take() hashes each signed order.
class ExecutionWindow {
 public:
  // The terms in force for an order whose owner signed it. `cumulative_before`: lots that the
  // engine's order traded before these terms were signed (a replaced order keeps its count).
  struct Authority {
    const SignedOrder* order = nullptr;  // Null: nobody signed. Copied where needed.
    uint64_t version = 0;                // Of the terms of one engine order; 0 if nobody signed.
    QuantityLots cumulative_before{};
  };

  // Takes a fill (a kOrderFilled event) of an instrument with these terms. kDataLoss if the fill
  // contradicts the order's own count.
  absl::Status Add(const Event& event, const InstrumentDefinedEvent& terms,
                   const Authority& authority);

  bool empty() const { return rows_.empty(); }
  // Signed orders of the account that has most of them.
  std::size_t signed_orders_max() const { return signed_orders_max_; }
  // Starts anew. Orders are hashed for `domain`.
  BatchExecutions Take(const OrderDomain& domain);

 private:
  std::vector<BatchExecutions::Row> rows_;
  std::vector<SignedOrder> orders_;
  absl::flat_hash_map<std::pair<uint64_t, uint64_t>, uint32_t> row_of_;  // By (order, version).
  absl::flat_hash_map<AccountId, std::size_t> signed_orders_;
  std::size_t signed_orders_max_ = 0;
};

}  // namespace tally::settlement
