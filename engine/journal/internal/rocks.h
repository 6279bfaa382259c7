#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "rocksdb/status.h"

#include "base/types.h"
#include "engine/journal/journal_options.h"

namespace tally::internal {

// Corruption is kDataLoss, a full disk kResourceExhausted, any other I/O error kInternal.
absl::Status FromRocks(const rocksdb::Status& status, std::string_view context);

// How the end of a write-ahead log is treated when the database is opened.
enum class WalRecovery : uint8_t {
  // A record that ends after the file does was never acknowledged: it is left out. Anything else
  // that does not verify is an error.
  kTolerateTornTail = 1,
  // Everything from the first record that does not verify is left out: only after recovery has
  // found that this is the torn tail.
  kPointInTime = 2,
};

// `<directory>/db` without writing to it.
absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenDbForReading(const std::string& directory,
                                                              WalRecovery recovery);
// Creates it if missing.
absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenDbForWriting(const std::string& directory,
                                                              const JournalOptions& options,
                                                              WalRecovery recovery);
bool DbExists(const std::string& directory);

// A frame's key: its first sequence, big-endian, so that key order is command order.
std::string FrameKey(CommandSequence first_sequence);

}  // namespace tally::internal
