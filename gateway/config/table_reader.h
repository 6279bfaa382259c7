#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include <toml++/toml.h>

#include "gateway/config/decimal.h"

namespace tally::gateway {

// Gathers the faults of one file, so that all are shown at once.
class FaultList {
 public:
  explicit FaultList(std::string file) : file_(std::move(file)) {}

  void Add(const toml::source_region& where, std::string_view key, std::string_view what);
  bool empty() const { return faults_.empty(); }
  // kInvalidArgument with a line for each fault; OK without any.
  absl::Status ToStatus() const;

 private:
  std::string file_;
  std::vector<std::string> faults_;
};

// Reads the keys of one table. Every accessor reports a wrong type or range with line and fix and
// returns the default then; Finish reports the keys that nobody asked for.
class TableReader {
 public:
  // `path` names the table in messages, e.g. "instruments[0]".
  TableReader(const toml::table& table, std::string path, FaultList* faults);

  std::optional<std::string> OptionalString(std::string_view key);
  std::string String(std::string_view key);                          // Required.
  int64_t Integer(std::string_view key, int64_t low, int64_t high);  // Required.
  int64_t IntegerOr(std::string_view key, int64_t low, int64_t high, int64_t fallback);
  bool BoolOr(std::string_view key, bool fallback);
  Decimal DecimalOf(std::string_view key);  // Required; a string, so that it is exact.
  std::vector<std::string> Strings(std::string_view key);     // Required.
  std::vector<std::string> StringsOr(std::string_view key) {  // Empty without the key.
    return Has(key) ? Strings(key) : std::vector<std::string>();
  }
  // Required; a list with at least one number.
  std::vector<int64_t> Integers(std::string_view key, int64_t low, int64_t high);

  // Whether the key is there; it is known then.
  bool Has(std::string_view key) { return Find(key) != nullptr; }
  // A key that something else reads.
  void Known(std::string_view key) { known_.emplace(key); }

  void Fault(std::string_view key, std::string_view what);
  void Finish();

 private:
  const toml::node* Find(std::string_view key);
  const toml::node* Require(std::string_view key);
  std::optional<int64_t> CheckedInteger(std::string_view key, const toml::node& node, int64_t low,
                                        int64_t high);

  const toml::table& table_;
  std::string path_;
  FaultList* faults_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace tally::gateway
