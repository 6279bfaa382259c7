#include "tools/flow/recorded_row.h"

#include <array>
#include <charconv>
#include <limits>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "tools/flow/xz_file.h"

namespace tally::flow {
namespace {

constexpr std::string_view kHeader = "receive_ms,event,id,side,price_usd,amount_btc";
constexpr std::size_t kColumns = 6;
constexpr std::size_t kCsvBytesMax = std::size_t{1} << 30;

absl::Status NotANumber(std::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat("not a number: \"", ToAbsl(text), "\""));
}

template <typename Integer>
bool ParseInteger(std::string_view text, Integer* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool ParseKind(std::string_view text, RowKind* kind) {
  constexpr std::array<std::string_view, 4> kNames = {"created", "changed", "deleted", "trade"};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (text == kNames[i]) {
      *kind = static_cast<RowKind>(i);
      return true;
    }
  }
  return false;
}

absl::StatusOr<RecordedRow> ParseRow(std::string_view line) {
  std::array<std::string_view, kColumns> columns;
  for (std::size_t i = 0; i < kColumns; ++i) {
    const std::size_t comma = line.find(',');
    if ((comma == std::string_view::npos) != (i + 1 == kColumns)) {
      return absl::InvalidArgumentError("not 6 columns");
    }
    columns[i] = line.substr(0, comma);
    line.remove_prefix(i + 1 == kColumns ? line.size() : comma + 1);
  }
  RecordedRow row;
  if (!ParseInteger(columns[0], &row.time_ms) || !ParseKind(columns[1], &row.kind) ||
      !ParseInteger(columns[2], &row.id)) {
    return absl::InvalidArgumentError("bad time, event or id");
  }
  if (row.kind != RowKind::kTrade) {
    if (columns[3] != "bid" && columns[3] != "ask") {
      return absl::InvalidArgumentError("side is neither bid nor ask");
    }
    row.side = columns[3] == "bid" ? Side::kBuy : Side::kSell;
  }
  ASSIGN_OR_RETURN(row.price.value, ParseDecimal(columns[4], kPriceDecimals));
  ASSIGN_OR_RETURN(row.amount.value, ParseDecimal(columns[5], kQuantityDecimals));
  return row;
}

}  // namespace

absl::StatusOr<int64_t> ParseDecimal(std::string_view text, int decimals) {
  const std::string_view whole = text;
  int exponent = decimals;
  if (const std::size_t e = text.find_first_of("eE"); e != std::string_view::npos) {
    int written = 0;
    if (!ParseInteger(text.substr(e + 1), &written) || written < -30 || written > 30) {
      return NotANumber(whole);
    }
    exponent += written;
    text = text.substr(0, e);
  }
  __int128 value = 0;
  bool point = false, digit = false;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9' || value > std::numeric_limits<int64_t>::max()) {
      return NotANumber(whole);
    }
    digit = true;
    value = value * 10 + (c - '0');
    exponent -= point ? 1 : 0;
  }
  for (; exponent > 0 && value <= std::numeric_limits<int64_t>::max(); --exponent) {
    value *= 10;
  }
  for (; exponent < 0 && value % 10 == 0 && value != 0; ++exponent) {
    value /= 10;
  }
  if (!digit || value > std::numeric_limits<int64_t>::max() || (value != 0 && exponent != 0)) {
    return NotANumber(whole);
  }
  return static_cast<int64_t>(value);
}

absl::StatusOr<std::vector<RecordedRow>> ParseRows(std::string_view csv) {
  std::vector<RecordedRow> rows;
  std::size_t line_number = 0;
  while (!csv.empty()) {
    const std::size_t newline = csv.find('\n');
    std::string_view line = csv.substr(0, newline);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    csv.remove_prefix(newline == std::string_view::npos ? csv.size() : newline + 1);
    if (++line_number == 1) {
      if (line != kHeader) {
        return absl::InvalidArgumentError(absl::StrCat("line 1: not \"", ToAbsl(kHeader), "\""));
      }
      continue;
    }
    absl::StatusOr<RecordedRow> row = ParseRow(line);
    if (!row.ok()) {
      return Annotate(row.status(), absl::StrCat("line ", line_number));
    }
    rows.push_back(*row);
  }
  return rows;
}

absl::StatusOr<std::vector<RecordedRow>> ReadRows(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string csv, ReadXzFile(path, kCsvBytesMax));
  absl::StatusOr<std::vector<RecordedRow>> rows = ParseRows(csv);
  if (!rows.ok()) {
    return Annotate(rows.status(), path);
  }
  return rows;
}

}  // namespace tally::flow
