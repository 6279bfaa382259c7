#include "engine/journal/journal_writer.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "rocksdb/write_batch.h"

#include "base/assert.h"
#include "base/status.h"
#include "engine/journal/frame.h"
#include "engine/journal/free_space.h"
#include "engine/journal/internal/anchor_keeper.h"
#include "engine/journal/internal/file.h"
#include "engine/journal/internal/recovery.h"
#include "engine/journal/internal/rocks.h"

namespace tally {
namespace {

// Where the journal ends.
struct JournalEnd {
  CommandSequence sequence{};
  Sha256Digest frame_hash{};
};

// Verifies every frame and shows it to the visitor.
absl::StatusOr<JournalEnd> Replay(const internal::RecoveredJournal& journal,
                                  const RecoveredFrameVisitor& visitor) {
  internal::FrameCursor cursor(journal.db.get());
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, cursor.Next());
    if (!more) {
      return JournalEnd{cursor.last_sequence(), cursor.hash()};
    }
    RETURN_IF_ERROR(internal::CheckAnchor(cursor, journal.anchor));
    if (visitor) {
      RETURN_IF_ERROR(visitor(cursor.commands()));
    }
  }
}

}  // namespace

class JournalWriter::Impl {
 public:
  Impl(internal::File lock, std::unique_ptr<rocksdb::DB> db, const JournalEnd& end,
       Durability durability)
      : lock_(std::move(lock)),
        db_(std::move(db)),
        batch_(kFrameBytesMax + 64),
        durability_(durability),
        last_sequence_(end.sequence),
        last_frame_hash_(end.frame_hash) {
    write_options_.sync = durability == Durability::kSync;
  }

  ~Impl() { Close().IgnoreError(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void StartAnchor(internal::AnchorFile file, int64_t interval_ns) {
    std::function<absl::Status()> sync;
    if (durability_ == Durability::kAsync) {
      sync = [db = db_.get()] { return internal::FromRocks(db->SyncWAL(), "syncing the journal"); };
    }
    anchor_.emplace(std::move(file), interval_ns, std::move(sync));
    anchor_->Publish({last_sequence_, last_frame_hash_});
  }

  void Add(const Command& command) {
    CHECK(Raw(command.sequence) == Raw(last_sequence_) + builder_.command_count() + 1);
    builder_.Add(command);
  }

  uint32_t pending_count() const { return builder_.command_count(); }

  absl::Status Commit() {
    if (poison_.ok() && anchor_->failed()) {
      poison_ = anchor_->status();
    }
    if (!poison_.ok() || builder_.command_count() == 0) {
      return poison_;
    }
    const std::string_view frame = builder_.Finish(last_frame_hash_, durability_);
    poison_ = Write(frame);
    if (!poison_.ok()) {
      return poison_;
    }
    last_sequence_ = CommandSequence{Raw(last_sequence_) + builder_.command_count()};
    last_frame_hash_ = FrameHash(frame, &hasher_);
    builder_.Clear();
    anchor_->Publish({last_sequence_, last_frame_hash_});
    return absl::OkStatus();
  }

  absl::Status Close() {
    if (db_ == nullptr) {
      return poison_;
    }
    const absl::Status anchored = anchor_ ? anchor_->Stop() : absl::OkStatus();
    const rocksdb::Status closed = db_->Close();
    db_.reset();
    lock_.Reset();
    if (poison_.ok()) {
      poison_ = anchored.ok() ? internal::FromRocks(closed, "closing the journal") : anchored;
    }
    absl::Status result = poison_;
    if (poison_.ok()) {
      poison_ = absl::FailedPreconditionError("the journal is closed");
    }
    return result;
  }

  CommandSequence last_sequence() const { return last_sequence_; }
  const Sha256Digest& last_frame_hash() const { return last_frame_hash_; }

 private:
  absl::Status Write(std::string_view frame) {
    batch_.Clear();
    const rocksdb::Status added =
        batch_.Put(internal::FrameKey(builder_.first_sequence()), {frame.data(), frame.size()});
    RETURN_IF_ERROR(internal::FromRocks(added, "building a frame"));
    const rocksdb::Status written = db_->Write(write_options_, &batch_);
    if (written.ok()) {
      return absl::OkStatus();
    }
    return internal::FromRocks(
        written, absl::StrCat("writing the journal after command ", Raw(last_sequence_),
                              "; the process must stop, recovery decides what was written"));
  }

  internal::File lock_;
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::WriteOptions write_options_;
  rocksdb::WriteBatch batch_;
  FrameBuilder builder_;
  Sha256 hasher_;
  const Durability durability_;
  CommandSequence last_sequence_;
  Sha256Digest last_frame_hash_;
  absl::Status poison_;
  std::optional<internal::AnchorKeeper> anchor_;
};

absl::StatusOr<std::unique_ptr<JournalWriter>> JournalWriter::Open(
    const std::string& directory, const JournalOptions& options,
    const RecoveredFrameVisitor& visitor) {
  RETURN_IF_ERROR(internal::MakeDirectories(directory));
  RETURN_IF_ERROR(CheckFreeSpace(directory, options.free_bytes_min));
  ASSIGN_OR_RETURN(internal::File lock,
                   internal::LockDirectory(directory, internal::LockMode::kExclusive));
  ASSIGN_OR_RETURN(internal::RecoveredJournal recovered,
                   internal::RecoverJournal(directory, /*check_end=*/true));
  JournalEnd end;
  if (recovered.db != nullptr) {
    ASSIGN_OR_RETURN(end, Replay(recovered, visitor));
    recovered.db.reset();
  }
  // Nothing was written so far; from here on the journal is known to be whole.
  ASSIGN_OR_RETURN(internal::AnchorFile anchor, internal::AnchorFile::Open(directory));
  ASSIGN_OR_RETURN(std::unique_ptr<rocksdb::DB> db,
                   internal::OpenDbForWriting(directory, options, recovered.wal_recovery));
  ASSIGN_OR_RETURN(const CommandSequence last_sequence, internal::LastSequence(db.get()));
  if (last_sequence != end.sequence) {
    return absl::InternalError(absl::StrCat("the journal in ", directory, " ends with command ",
                                            Raw(end.sequence), " for reading and ",
                                            Raw(last_sequence), " for writing"));
  }
  RETURN_IF_ERROR(internal::SyncDirectory(directory));
  auto impl = std::make_unique<Impl>(std::move(lock), std::move(db), end, options.durability);
  impl->StartAnchor(std::move(anchor), options.anchor_interval_ns);
  return std::unique_ptr<JournalWriter>(new JournalWriter(std::move(impl)));
}

JournalWriter::JournalWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JournalWriter::~JournalWriter() = default;

void JournalWriter::Add(const Command& command) { impl_->Add(command); }
uint32_t JournalWriter::pending_count() const { return impl_->pending_count(); }
bool JournalWriter::full() const { return impl_->pending_count() == kMaxFrameCommands; }
absl::Status JournalWriter::Commit() { return impl_->Commit(); }

absl::Status JournalWriter::AppendFrame(std::span<const Command> commands) {
  for (const Command& command : commands) {
    impl_->Add(command);
  }
  return impl_->Commit();
}

absl::Status JournalWriter::Close() { return impl_->Close(); }
CommandSequence JournalWriter::last_sequence() const { return impl_->last_sequence(); }
const Sha256Digest& JournalWriter::last_frame_hash() const { return impl_->last_frame_hash(); }

}  // namespace tally
