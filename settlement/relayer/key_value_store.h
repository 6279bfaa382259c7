#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally::settlement {

// Changes that become durable together or not at all.
struct StoreWrite {
  std::vector<std::pair<std::string, std::string>> puts;
  std::vector<std::string> deletes;
};

// The relayer's durable memory. Thread safety: one thread.
class KeyValueStore {
 public:
  using Visitor = std::function<absl::Status(std::string_view key, std::string_view value)>;

  virtual ~KeyValueStore() = default;
  // Returns once the change is on stable storage. After an error nothing may be assumed: stop.
  virtual absl::Status Write(const StoreWrite& write) = 0;
  // Keys that begin with `prefix`, ascending. Stops at the visitor's first error.
  virtual absl::Status Visit(std::string_view prefix, const Visitor& visitor) = 0;
};

// RocksDB in `directory` (created if missing), write-ahead log synced on every Write.
// kFailedPrecondition if another process has it open; kPermissionDenied, kResourceExhausted, ...
// name the directory.
absl::StatusOr<std::unique_ptr<KeyValueStore>> OpenRocksStore(const std::string& directory);

}  // namespace tally::settlement
