#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/types.h"

namespace tally::flow {

// Units of the recording: a tick is 0.01 USD, a lot 1e-8 BTC. Every price and amount in it is a
// whole number of them; a row that is not is an error, never rounded.
inline constexpr int kPriceDecimals = 2;
inline constexpr int kQuantityDecimals = 8;

enum class RowKind : uint8_t { kCreated, kChanged, kDeleted, kTrade };

// One line of the recording, as received from the exchange.
struct RecordedRow {
  int64_t time_ms = 0;  // When it was received; rows of one match arrive within some 30 ms.
  RowKind kind{};
  uint64_t id = 0;         // Order, or trade for kTrade: two number ranges.
  Side side = Side::kBuy;  // Not meaningful for kTrade.
  PriceTicks price{};
  QuantityLots amount{};  // What remains of the order; kTrade: what was traded.
};

// The value of `text` ("236.47", "1e-06") in units of 10^-decimals. kInvalidArgument if it is not
// a number, not a whole number of units, negative, or too large.
absl::StatusOr<int64_t> ParseDecimal(std::string_view text, int decimals);

// Rows of a CSV text with the header of data/README.md, in the order of the text.
absl::StatusOr<std::vector<RecordedRow>> ParseRows(std::string_view csv);

// The same from an xz-compressed file.
absl::StatusOr<std::vector<RecordedRow>> ReadRows(const std::string& path);

}  // namespace tally::flow
