#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/db.h"

#include "base/types.h"
#include "engine/journal/internal/anchor_file.h"
#include "engine/journal/internal/frame_cursor.h"
#include "engine/journal/internal/rocks.h"

namespace tally::internal {

// A journal opened for reading whose end is known to be the acknowledged end, or after it.
struct RecoveredJournal {
  std::unique_ptr<rocksdb::DB> db;
  WalRecovery wal_recovery = WalRecovery::kTolerateTornTail;  // What opening it took.
  CommandSequence last_sequence{};
  Anchor anchor;
};

// Opens the journal in `directory` without changing a byte of it, and decides what its end is.
//
// 1. A log whose last record is cut short opens as it is: that record was not acknowledged.
// 2. A log that RocksDB refuses is opened up to the damage. If the damage is at the very end (no
//    later frame was begun, the anchor is not beyond it), it is an unacknowledged torn tail too.
// 3. In both cases the recovered end must not be before the anchor, nor before the predecessor of
//    any frame that was begun. Otherwise acknowledged commands are missing: kDataLoss.
//
// With `check_end` false only the damage of step 2 counts. `db` is null if there is no journal.
absl::StatusOr<RecoveredJournal> RecoverJournal(const std::string& directory, bool check_end);

// Whether the frame that `cursor` is on agrees with the anchor, if it is the anchor's.
absl::Status CheckAnchor(const FrameCursor& cursor, const Anchor& anchor);

}  // namespace tally::internal
