#include "engine/journal/internal/recovery.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "engine/journal/internal/wal_scan.h"

namespace tally::internal {
namespace {

absl::Status EndIsMissing(const std::string& directory, CommandSequence last,
                          std::string_view witness, CommandSequence witnessed) {
  return absl::DataLossError(absl::StrCat(
      "the end of the journal in ", directory, " is missing: its last good command is ", Raw(last),
      ", but its ", ToAbsl(witness), " shows that command ", Raw(witnessed),
      " was acknowledged; nothing was changed. Restore it from a replica or backup, or, to accept "
      "the loss, move the files away and restore the state up to the last good command"));
}

absl::Status CheckEnd(const std::string& directory, CommandSequence last, const Anchor& anchor) {
  if (anchor.sequence > last) {
    return EndIsMissing(directory, last, "anchor", anchor.sequence);
  }
  ASSIGN_OR_RETURN(const CommandSequence begun, LastFrameBegunInWal(directory));
  if (Raw(begun) > Raw(last) + 1) {
    return EndIsMissing(directory, last, "write-ahead log", CommandSequence{Raw(begun) - 1});
  }
  return absl::OkStatus();
}

// Verifies every frame, so that a damaged log is never adopted on top of a damaged table.
absl::Status VerifyAll(rocksdb::DB* db) {
  FrameCursor cursor(db);
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, cursor.Next());
    if (!more) {
      return absl::OkStatus();
    }
  }
}

}  // namespace

absl::StatusOr<RecoveredJournal> RecoverJournal(const std::string& directory, bool check_end) {
  RecoveredJournal journal;
  ASSIGN_OR_RETURN(const std::optional<Anchor> anchor, AnchorFile::Read(directory));
  journal.anchor = anchor.value_or(Anchor{});
  if (DbExists(directory)) {
    absl::StatusOr<std::unique_ptr<rocksdb::DB>> db =
        OpenDbForReading(directory, WalRecovery::kTolerateTornTail);
    if (absl::IsDataLoss(db.status())) {
      journal.wal_recovery = WalRecovery::kPointInTime;
      db = OpenDbForReading(directory, WalRecovery::kPointInTime);
    }
    RETURN_IF_ERROR(Annotate(db.status(), directory));
    journal.db = *std::move(db);
    ASSIGN_OR_RETURN(journal.last_sequence, LastSequence(journal.db.get()));
  }
  if (check_end || journal.wal_recovery == WalRecovery::kPointInTime) {
    RETURN_IF_ERROR(CheckEnd(directory, journal.last_sequence, journal.anchor));
  }
  if (journal.wal_recovery == WalRecovery::kPointInTime) {
    RETURN_IF_ERROR(VerifyAll(journal.db.get()));
  }
  return journal;
}

absl::Status CheckAnchor(const FrameCursor& cursor, const Anchor& anchor) {
  if (cursor.commands().empty() || anchor.sequence == CommandSequence{0}) {
    return absl::OkStatus();
  }
  const bool within = cursor.commands().front().sequence <= anchor.sequence &&
                      anchor.sequence <= cursor.last_sequence();
  if (within && (anchor.sequence != cursor.last_sequence() || anchor.frame_hash != cursor.hash())) {
    return absl::DataLossError(
        absl::StrCat("the journal and its anchor disagree about command ", Raw(anchor.sequence),
                     ": they do not belong together, or one of them was changed"));
  }
  return absl::OkStatus();
}

}  // namespace tally::internal
