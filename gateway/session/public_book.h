#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"

#include "base/types.h"
#include "engine/event.h"
#include "gateway/engine_link.h"
#include "schemas/wire_generated.h"

namespace tally::gateway {

// The displayed orders of one instrument as the kBookDelta events tell them, so that a subscriber
// can be given a snapshot to which the next delta applies.
//
// Thread safety: none. Memory: 40 bytes an order and 32 a level, bounded by what the core displays.
// Cost: Apply is a hash look-up and one in a tree of levels; a snapshot is linear in its entries.
class PublicBook {
 public:
  // Sets the book to what a core had when the gateway started; orders in priority.
  void Restore(const RecoveredBook& recovered);
  // Applies a kBookDelta event of the instrument.
  void Apply(const Event& event);

  // Of the last delta applied; 0 before the first.
  uint64_t sequence() const { return sequence_; }
  int64_t engine_ns() const { return engine_ns_; }

  std::size_t order_count() const { return by_id_.size(); }

  struct LevelView {
    int64_t price = 0;
    int64_t quantity = 0;
    uint32_t order_count = 0;
  };
  // The best level of the side that is worse than `price`; without a price the best of all.
  std::optional<LevelView> LevelBehind(Side side, std::optional<int64_t> price) const;

  // The book as the entries of a snapshot: bids, then asks, best first.
  std::vector<wire::BookEntry> Levels() const;
  std::vector<wire::BookEntry> Orders() const;

 private:
  static constexpr uint32_t kNone = 0xffff'ffff;

  struct Node {
    uint64_t order_id = 0;
    int64_t price = 0;
    int64_t quantity = 0;
    uint32_t previous = kNone;
    uint32_t next = kNone;
    Side side{};
  };
  struct Level {
    int64_t quantity = 0;
    uint32_t order_count = 0;
    uint32_t head = kNone;
    uint32_t tail = kNone;
  };
  // By price, the best first: bids by the negated price.
  using Ladder = absl::btree_map<int64_t, Level>;

  static int64_t KeyOf(Side side, int64_t price) { return side == Side::kBuy ? -price : price; }
  Ladder& LadderOf(Side side) { return ladders_[side == Side::kBuy ? 0 : 1]; }

  void Add(uint64_t order_id, Side side, int64_t price, int64_t quantity);
  void Remove(uint64_t order_id);

  std::array<Ladder, 2> ladders_;
  absl::flat_hash_map<uint64_t, uint32_t> by_id_;
  std::vector<Node> nodes_;
  std::vector<uint32_t> free_;  // Nodes that are in no level.
  uint64_t sequence_ = 0;
  int64_t engine_ns_ = 0;
};

}  // namespace tally::gateway
