#include "gateway/config/table_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/status.h"

namespace tally::gateway {
namespace {

constexpr std::size_t kFaultsShownMax = 20;

}  // namespace

void FaultList::Add(const toml::source_region& where, std::string_view key, std::string_view what) {
  faults_.push_back(
      absl::StrCat(file_, ":", where.begin.line, ": ", ToAbsl(key), ": ", ToAbsl(what)));
}

absl::Status FaultList::ToStatus() const {
  if (faults_.empty()) {
    return absl::OkStatus();
  }
  const auto shown =
      faults_.begin() + static_cast<std::ptrdiff_t>(std::min(faults_.size(), kFaultsShownMax));
  std::string message = absl::StrJoin(faults_.begin(), shown, "\n");
  if (faults_.size() > kFaultsShownMax) {
    absl::StrAppend(&message, "\n... and ", faults_.size() - kFaultsShownMax, " more");
  }
  return absl::InvalidArgumentError(message);
}

TableReader::TableReader(const toml::table& table, std::string path, FaultList* faults)
    : table_(table), path_(std::move(path)), faults_(faults) {}

std::optional<std::string> TableReader::OptionalString(std::string_view key) {
  const toml::node* node = Find(key);
  if (node == nullptr) {
    return std::nullopt;
  }
  if (const auto value = node->value_exact<std::string>()) {
    return *value;
  }
  Fault(key, "must be a string; put it in quotes");
  return std::nullopt;
}

std::string TableReader::String(std::string_view key) {
  return Require(key) == nullptr ? std::string() : OptionalString(key).value_or("");
}

int64_t TableReader::Integer(std::string_view key, int64_t low, int64_t high) {
  const toml::node* node = Require(key);
  return node == nullptr ? low : CheckedInteger(key, *node, low, high).value_or(low);
}

int64_t TableReader::IntegerOr(std::string_view key, int64_t low, int64_t high, int64_t fallback) {
  const toml::node* node = Find(key);
  return node == nullptr ? fallback : CheckedInteger(key, *node, low, high).value_or(fallback);
}

bool TableReader::BoolOr(std::string_view key, bool fallback) {
  const toml::node* node = Find(key);
  if (node == nullptr) {
    return fallback;
  }
  if (const auto value = node->value_exact<bool>()) {
    return *value;
  }
  Fault(key, "must be true or false");
  return fallback;
}

Decimal TableReader::DecimalOf(std::string_view key) {
  const toml::node* node = Require(key);
  if (node == nullptr) {
    return {};
  }
  const auto text = node->value_exact<std::string>();
  if (!text.has_value()) {
    Fault(key, "must be a decimal number in quotes, e.g. \"0.01\", so that it is exact");
    return {};
  }
  const absl::StatusOr<Decimal> value = ParseDecimal(*text);
  if (!value.ok()) {
    Fault(key, ToStd(value.status().message()));
    return {};
  }
  return *value;
}

std::vector<std::string> TableReader::Strings(std::string_view key) {
  std::vector<std::string> values;
  const toml::node* node = Require(key);
  if (node == nullptr) {
    return values;
  }
  const toml::array* array = node->as_array();
  if (array == nullptr || !array->is_homogeneous<std::string>()) {
    Fault(key, "must be a list of strings, e.g. [\"trade\"]");
    return values;
  }
  for (const toml::node& element : *array) {
    values.push_back(*element.value_exact<std::string>());
  }
  return values;
}

std::vector<int64_t> TableReader::Integers(std::string_view key, int64_t low, int64_t high) {
  std::vector<int64_t> values;
  const toml::node* node = Require(key);
  if (node == nullptr) {
    return values;
  }
  const toml::array* array = node->as_array();
  if (array == nullptr || array->empty()) {
    Fault(key, "must be a list of numbers, e.g. [1, 2]");
    return values;
  }
  for (const toml::node& element : *array) {
    if (const auto value = CheckedInteger(key, element, low, high); value.has_value()) {
      values.push_back(*value);
    }
  }
  return values;
}

void TableReader::Fault(std::string_view key, std::string_view what) {
  const toml::node* node = table_.get(key);
  faults_->Add(node != nullptr ? node->source() : table_.source(),
               path_.empty() ? std::string(key) : absl::StrCat(path_, ".", ToAbsl(key)), what);
}

void TableReader::Finish() {
  for (const auto& [key, node] : table_) {
    if (!known_.contains(key.str())) {
      Fault(key.str(), absl::StrCat("no such key; known here: ", absl::StrJoin(known_, ", ")));
    }
  }
}

const toml::node* TableReader::Find(std::string_view key) {
  known_.emplace(key);
  return table_.get(key);
}

const toml::node* TableReader::Require(std::string_view key) {
  const toml::node* node = Find(key);
  if (node == nullptr) {
    Fault(key, "is missing; add it");
  }
  return node;
}

std::optional<int64_t> TableReader::CheckedInteger(std::string_view key, const toml::node& node,
                                                   int64_t low, int64_t high) {
  const auto value = node.value_exact<int64_t>();
  if (!value.has_value()) {
    Fault(key, "must be a whole number");
    return std::nullopt;
  }
  if (*value < low || *value > high) {
    Fault(key, absl::StrCat(*value, " is out of range; choose ", low, " to ", high));
    return std::nullopt;
  }
  return *value;
}

}  // namespace tally::gateway
