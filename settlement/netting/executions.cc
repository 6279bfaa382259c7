#include "settlement/netting/executions.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "settlement/chain/keccak.h"
#include "settlement/netting/keccak_lanes.h"

namespace tally::settlement {
namespace {

constexpr std::size_t kLeafBytes = 6 * kWordBytes;
// Hashed at a time: what they are made of stays in the processor's nearest memory.
constexpr std::size_t kBlock = 64;
constexpr __int128 kFeeMax = (static_cast<__int128>(1) << 95) - 1;

void PutBigEndian(uint8_t* end, unsigned __int128 value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) {
    *--end = static_cast<uint8_t>(value);
    value >>= 8;
  }
}

ByteView BytesOf(std::span<const Hash32> hashes) {
  static_assert(sizeof(Hash32) == kWordBytes);
  return {reinterpret_cast<const uint8_t*>(hashes.data()), hashes.size() * kWordBytes};
}

// The level above `level`, at `next`, which may be where `level` is. Returns its size.
std::size_t HashLevel(std::span<const Hash32> level, Hash32* next) {
  std::array<Hash32, 2 * kBlock> pairs;
  const std::size_t count = level.size() / 2;
  for (std::size_t first = 0; first < count; first += kBlock) {
    const std::size_t size = std::min(kBlock, count - first);
    for (std::size_t i = 0; i < size; ++i) {
      const Hash32* const pair = &level[2 * (first + i)];
      std::tie(pairs[2 * i], pairs[2 * i + 1]) = std::minmax(pair[0], pair[1]);
    }
    KeccakMany(BytesOf({pairs.data(), 2 * size}), 2 * kWordBytes, next + first);
  }
  if (level.size() % 2 == 1) {
    next[count] = level.back();
  }
  return count + level.size() % 2;
}

// The leaf's words at `out`, which is zero.
void PutLeafWords(const Execution& execution, uint8_t* out) {
  CHECK(execution.fee <= kFeeMax && execution.fee >= -kFeeMax - 1);
  CHECK(execution.base >> 96 == 0 && execution.quote >> 96 == 0 && execution.cum_before >> 96 == 0);
  const auto end_of_word = [&](std::size_t word) { return out + (word + 1) * kWordBytes; };
  PutBigEndian(end_of_word(0), Raw(execution.account), 4);
  std::copy(execution.order_hash.bytes.begin(), execution.order_hash.bytes.end(), end_of_word(0));
  PutBigEndian(end_of_word(2), execution.base, 12);
  PutBigEndian(end_of_word(3), execution.quote, 12);
  if (execution.fee < 0) {
    std::fill_n(end_of_word(3), 16, uint8_t{0xff});
  }
  PutBigEndian(end_of_word(4), static_cast<unsigned __int128>(execution.fee), 16);
  PutBigEndian(end_of_word(5), execution.cum_before, 12);
}

}  // namespace

Hash32 UnsignedOrderHash(OrderId order) {
  Hash32 hash;
  PutBigEndian(hash.bytes.data() + kWordBytes, Raw(order), 8);
  return hash;
}

Hash32 LeafOf(const Execution& execution) {
  std::array<uint8_t, kLeafBytes> words{};
  PutLeafWords(execution, words.data());
  const Hash32 inner = Keccak256(ByteView(words));
  return Keccak256(View(inner));
}

ExecutionTree::ExecutionTree(std::vector<Hash32> leaves) {
  levels_.push_back(std::move(leaves));
  while (levels_.back().size() > 1) {
    const std::vector<Hash32>& level = levels_.back();
    std::vector<Hash32> next((level.size() + 1) / 2);
    HashLevel(level, next.data());
    levels_.push_back(std::move(next));
  }
}

Hash32 ExecutionTree::root() const {
  return levels_.back().empty() ? Hash32{} : levels_.back().front();
}

std::vector<Hash32> ExecutionTree::ProofOf(std::size_t leaf) const {
  CHECK(leaf < levels_.front().size());
  std::vector<Hash32> proof;
  for (std::size_t i = 0; i + 1 < levels_.size(); ++i) {
    const std::size_t sibling = leaf ^ 1;
    if (sibling < levels_[i].size()) {
      proof.push_back(levels_[i][sibling]);
    }
    leaf /= 2;
  }
  return proof;
}

Hash32 RootOf(std::vector<Hash32> leaves) {
  while (leaves.size() > 1) {
    leaves.resize(HashLevel(leaves, leaves.data()));
  }
  return leaves.empty() ? Hash32{} : leaves.front();
}

std::vector<Hash32> BatchExecutions::Leaves() const {
  std::array<uint8_t, kBlock * kLeafBytes> words;
  std::array<Hash32, kBlock> inner;
  std::vector<Hash32> leaves(rows.size());
  for (std::size_t first = 0; first < rows.size(); first += kBlock) {
    const std::size_t size = std::min(kBlock, rows.size() - first);
    words.fill(0);
    for (std::size_t i = 0; i < size; ++i) {
      PutLeafWords(rows[first + i].execution, words.data() + i * kLeafBytes);
    }
    KeccakMany({words.data(), size * kLeafBytes}, kLeafBytes, inner.data());
    KeccakMany(BytesOf({inner.data(), size}), kWordBytes, leaves.data() + first);
  }
  return leaves;
}

absl::Status ExecutionWindow::Add(const Event& event, const InstrumentDefinedEvent& terms,
                                  const Authority& authority) {
  const OrderFilledEvent& fill = event.filled;
  const int64_t lots_before =
      fill.cumulative.value - fill.quantity.value - authority.cumulative_before.value;
  if (lots_before < 0) {
    return absl::DataLossError(absl::StrCat("event ", Raw(event.sequence), ": order ",
                                            Raw(event.order_id),
                                            " filled more than it says in all"));
  }
  const auto [found, is_new] = row_of_.try_emplace({Raw(event.order_id), authority.version},
                                                   static_cast<uint32_t>(rows_.size()));
  if (is_new) {
    BatchExecutions::Row& row = rows_.emplace_back();
    row.order = event.order_id;
    row.execution.account = event.account;
    row.execution.cum_before = static_cast<unsigned __int128>(lots_before) *
                               static_cast<unsigned __int128>(terms.lot_quanta.value);
    if (authority.order != nullptr) {
      row.signed_order = static_cast<int64_t>(orders_.size());
      orders_.push_back(*authority.order);
      signed_orders_max_ = std::max(signed_orders_max_, ++signed_orders_[event.account]);
    }
  }
  Execution& execution = rows_[found->second].execution;
  const auto lots = static_cast<unsigned __int128>(fill.quantity.value);
  execution.base += lots * static_cast<unsigned __int128>(terms.lot_quanta.value);
  execution.quote += lots * static_cast<unsigned __int128>(fill.price.value) *
                     static_cast<unsigned __int128>(terms.tick_quanta.value);
  execution.fee += fill.fee.value;
  return absl::OkStatus();
}

// The batch gets memory of its own, in one piece: what the window has grown to, it keeps.
BatchExecutions ExecutionWindow::Take(const OrderDomain& domain) {
  const std::vector<Hash32> hashes = domain.HashesOf(orders_);
  for (BatchExecutions::Row& row : rows_) {
    row.execution.order_hash = row.signed_order < 0
                                   ? UnsignedOrderHash(row.order)
                                   : hashes[static_cast<std::size_t>(row.signed_order)];
  }
  std::vector<const BatchExecutions::Row*> sorted;
  sorted.reserve(rows_.size());
  for (const BatchExecutions::Row& row : rows_) {
    sorted.push_back(&row);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const BatchExecutions::Row* a, const BatchExecutions::Row* b) {
              return std::tie(a->execution.account, a->execution.order_hash) <
                     std::tie(b->execution.account, b->execution.order_hash);
            });
  BatchExecutions batch{.rows = {}, .orders = orders_};
  batch.rows.reserve(rows_.size());
  for (const BatchExecutions::Row* row : sorted) {
    batch.rows.push_back(*row);
  }
  const std::size_t size = row_of_.size();
  row_of_.clear();
  row_of_.reserve(size);
  rows_.clear();
  orders_.clear();
  signed_orders_.clear();
  signed_orders_max_ = 0;
  return batch;
}

}  // namespace tally::settlement
