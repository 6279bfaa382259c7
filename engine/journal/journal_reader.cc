#include "engine/journal/journal_reader.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "engine/journal/internal/file.h"
#include "engine/journal/internal/frame_cursor.h"
#include "engine/journal/internal/recovery.h"

namespace tally {

class JournalReader::Impl {
 public:
  Impl(internal::File lock, internal::RecoveredJournal journal, bool check_anchor)
      : lock_(std::move(lock)),
        journal_(std::move(journal)),
        check_anchor_(check_anchor),
        cursor_(journal_.db.get()) {}

  absl::StatusOr<JournalFrame> Next() {
    RETURN_IF_ERROR(error_);
    absl::StatusOr<bool> more = cursor_.Next();
    error_ = more.status();
    if (error_.ok() && check_anchor_) {
      error_ = internal::CheckAnchor(cursor_, journal_.anchor);
    }
    RETURN_IF_ERROR(error_);
    return JournalFrame{cursor_.commands(), cursor_.hash()};
  }

  absl::Status SeekTo(CommandSequence sequence) {
    RETURN_IF_ERROR(error_);
    if (sequence == CommandSequence{0} || sequence > journal_.last_sequence) {
      return absl::OutOfRangeError(absl::StrCat("the journal has no command ", Raw(sequence),
                                                ", it ends with ", Raw(journal_.last_sequence)));
    }
    return cursor_.SeekTo(sequence);
  }

  CommandSequence last_sequence() const { return journal_.last_sequence; }

 private:
  internal::File lock_;  // Not valid for a directory that cannot be locked: a read-only medium.
  internal::RecoveredJournal journal_;
  const bool check_anchor_;
  internal::FrameCursor cursor_;  // After the database: it is to go first.
  absl::Status error_;
};

absl::StatusOr<std::unique_ptr<JournalReader>> JournalReader::Open(
    const std::string& directory, const JournalReaderOptions& options) {
  absl::StatusOr<internal::File> lock =
      internal::LockDirectory(directory, internal::LockMode::kShared);
  if (absl::IsNotFound(lock.status())) {
    lock = internal::File();  // A copy may lack the lock file.
  }
  RETURN_IF_ERROR(lock.status());
  ASSIGN_OR_RETURN(internal::RecoveredJournal journal,
                   internal::RecoverJournal(directory, options.check_end));
  if (journal.db == nullptr) {
    return absl::NotFoundError(absl::StrCat("there is no journal in ", directory));
  }
  auto impl = std::make_unique<Impl>(*std::move(lock), std::move(journal), options.check_end);
  return std::unique_ptr<JournalReader>(new JournalReader(std::move(impl)));
}

JournalReader::JournalReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JournalReader::~JournalReader() = default;

absl::StatusOr<JournalFrame> JournalReader::Next() { return impl_->Next(); }
absl::Status JournalReader::SeekTo(CommandSequence sequence) { return impl_->SeekTo(sequence); }
CommandSequence JournalReader::last_sequence() const { return impl_->last_sequence(); }

}  // namespace tally
