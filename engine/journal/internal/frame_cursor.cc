#include "engine/journal/internal/frame_cursor.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "rocksdb/options.h"

#include "base/status.h"
#include "engine/journal/frame.h"
#include "engine/journal/internal/rocks.h"

namespace tally::internal {
namespace {

std::unique_ptr<rocksdb::Iterator> NewIterator(rocksdb::DB* db, std::size_t readahead_bytes) {
  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = false;
  options.readahead_size = readahead_bytes;
  return std::unique_ptr<rocksdb::Iterator>(db->NewIterator(options));
}

}  // namespace

FrameCursor::FrameCursor(rocksdb::DB* db) : iterator_(NewIterator(db, std::size_t{4} << 20)) {
  commands_.reserve(kMaxFrameCommands);
  iterator_->SeekToFirst();
}

absl::Status FrameCursor::Damage(const absl::Status& reason) const {
  return {
      reason.code(),
      absl::StrCat("the journal is damaged after command sequence ", Raw(last_sequence_), ": ",
                   reason.message(), "; nothing was changed. Restore it from a replica or backup")};
}

absl::StatusOr<bool> FrameCursor::Next() {
  if (on_frame_) {
    iterator_->Next();
    on_frame_ = false;
  }
  if (!iterator_->Valid()) {
    commands_.clear();
    RETURN_IF_ERROR(iterator_->status().ok()
                        ? absl::OkStatus()
                        : Damage(FromRocks(iterator_->status(), "reading a table")));
    return false;
  }
  const std::string_view frame = iterator_->value().ToStringView();
  const absl::StatusOr<FrameHeader> header = DecodeFrame(frame, &commands_);
  if (!header.ok()) {
    return Damage(header.status());
  }
  if (iterator_->key().ToStringView() != FrameKey(header->first_sequence)) {
    return Damage(absl::DataLossError("a frame is stored under another frame's key"));
  }
  if (chain_unknown_) {
    last_sequence_ = CommandSequence{Raw(header->first_sequence) - 1};
    hash_ = header->previous_hash;
    chain_unknown_ = false;
  }
  if (Raw(header->first_sequence) != Raw(last_sequence_) + 1) {
    return Damage(absl::DataLossError(
        absl::StrCat("the next frame begins with command ", Raw(header->first_sequence))));
  }
  if (header->previous_hash != hash_) {
    return Damage(absl::DataLossError("the next frame does not continue the hash chain"));
  }
  last_sequence_ = commands_.back().sequence;
  hash_ = FrameHash(frame, &hasher_);
  on_frame_ = true;
  return true;
}

absl::Status FrameCursor::SeekTo(CommandSequence sequence) {
  iterator_->SeekForPrev(FrameKey(sequence));
  on_frame_ = false;
  chain_unknown_ = true;
  if (!iterator_->Valid()) {
    RETURN_IF_ERROR(FromRocks(iterator_->status(), "reading a table"));
    return absl::OutOfRangeError(absl::StrCat("the journal has no command ", Raw(sequence)));
  }
  return absl::OkStatus();
}

absl::StatusOr<CommandSequence> LastSequence(rocksdb::DB* db) {
  const std::unique_ptr<rocksdb::Iterator> iterator = NewIterator(db, 0);
  iterator->SeekToLast();
  if (!iterator->Valid()) {
    RETURN_IF_ERROR(FromRocks(iterator->status(), "reading the last frame"));
    return CommandSequence{0};
  }
  const absl::StatusOr<FrameHeader> header = DecodeFrameHeader(iterator->value().ToStringView());
  if (!header.ok()) {
    return Annotate(header.status(), "the last frame of the journal is damaged");
  }
  return CommandSequence{Raw(header->first_sequence) + header->command_count - 1};
}

}  // namespace tally::internal
