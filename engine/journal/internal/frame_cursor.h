#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/db.h"
#include "rocksdb/iterator.h"

#include "base/sha256.h"
#include "base/types.h"
#include "engine/command.h"

namespace tally::internal {

// Walks the frames of an open journal in order and verifies everything a frame says: checksums,
// contiguity, the hash chain.
//
// Thread safety: none. The database outlives the cursor.
class FrameCursor {
 public:
  // Before the first frame, which has to be command 1.
  explicit FrameCursor(rocksdb::DB* db);

  // Goes to the next frame; false at the end. kDataLoss names the last good sequence.
  absl::StatusOr<bool> Next();

  // The next frame is the one with `sequence`; its place in the chain is taken on trust.
  absl::Status SeekTo(CommandSequence sequence);

  // Of the current frame.
  std::span<const Command> commands() const { return commands_; }
  CommandSequence last_sequence() const { return last_sequence_; }
  const Sha256Digest& hash() const { return hash_; }

 private:
  absl::Status Damage(const absl::Status& reason) const;

  std::unique_ptr<rocksdb::Iterator> iterator_;
  std::vector<Command> commands_;
  Sha256 hasher_;
  CommandSequence last_sequence_{};
  Sha256Digest hash_{};
  bool on_frame_ = false;       // The iterator stands on the current frame, not on the next one.
  bool chain_unknown_ = false;  // After SeekTo.
};

// The last sequence in the journal, 0 if it is empty.
absl::StatusOr<CommandSequence> LastSequence(rocksdb::DB* db);

}  // namespace tally::internal
