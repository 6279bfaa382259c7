#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "base/status.h"
#include "engine/journal/event_log.h"
#include "engine/journal/internal/file.h"
#include "engine/journal/internal/segment.h"
#include "engine/journal/session_report_index.h"

namespace tally {
namespace {

using internal::EventFrame;
using internal::File;
using internal::SegmentFile;

// What has been written since is handed to the disk this often, without waiting, so that the sync
// of a closed segment is short.
constexpr uint64_t kWritebackBytes = uint64_t{8} << 20;

struct SegmentEnd {
  uint64_t offset = 0;            // Behind the last complete frame.
  EventSequence next_sequence{};  // That a frame there has.
};

// Walks the segment up to its first incomplete or bad frame, or up to the frame with `stop`, which
// is then in `last` with its body.
absl::StatusOr<SegmentEnd> FindEnd(SegmentFile* segment, EventSequence stop, EventFrame* last) {
  SegmentEnd end{SegmentFile::kFirstFrameOffset, segment->first_sequence()};
  while (end.next_sequence <= stop) {
    EventFrame frame;
    ASSIGN_OR_RETURN(const SegmentFile::FrameState state,
                     segment->ReadFrame(end.offset, end.next_sequence, true, &frame));
    if (state != SegmentFile::FrameState::kComplete) {
      break;
    }
    end = {frame.end_offset(), frame.next_sequence()};
    *last = frame;
  }
  return end;
}

constexpr EventSequence kNoStop{~uint64_t{0}};

}  // namespace

class EventLogWriter::Impl {
 public:
  Impl(std::string directory, File lock, const EventLogOptions& options, SessionReportIndex* index)
      : directory_(std::move(directory)), lock_(std::move(lock)), options_(options), index_(index) {
    buffer_.reserve(internal::kEventFrameBytesMax);
  }

  // Finds the end of the log and cuts what is torn behind it.
  absl::Status OpenEnd() {
    ASSIGN_OR_RETURN(const std::vector<EventSequence> segments, internal::ListSegments(directory_));
    if (segments.empty()) {
      return StartSegment(EventSequence{1});
    }
    if (segments.size() > 1) {
      RETURN_IF_ERROR(CheckJoint(segments[segments.size() - 2], segments.back()));
    }
    return OpenSegment(segments.back(), kNoStop);
  }

  absl::Status Append(std::span<const Event> events) {
    RETURN_IF_ERROR(poison_);
    const std::span<const Event> all = events;
    while (!events.empty() && events.front().sequence < next_sequence_) {
      const uint64_t known = Raw(next_sequence_) - Raw(events.front().sequence);
      events = events.subspan(std::min<std::size_t>(known, events.size()));
    }
    while (!events.empty()) {
      const std::size_t count =
          std::min<std::size_t>(events.size(), internal::kEventFrameEventsMax);
      poison_ = AppendFrame(events.first(count));
      RETURN_IF_ERROR(poison_);
      events = events.subspan(count);
    }
    if (index_ != nullptr) {
      index_->Add(all);  // Last: what the index has is in the log.
    }
    return absl::OkStatus();
  }

  absl::Status CutAfter(EventSequence last) {
    RETURN_IF_ERROR(poison_);
    if (last >= last_sequence()) {
      return absl::OkStatus();
    }
    poison_ = Cut(last);
    return poison_;
  }

  EventSequence last_sequence() const { return EventSequence{Raw(next_sequence_) - 1}; }

 private:
  absl::Status AppendFrame(std::span<const Event> events) {
    CHECK(events.front().sequence == next_sequence_);
    CHECK(Raw(events.back().sequence) == Raw(next_sequence_) + events.size() - 1);
    if (offset_ >= options_.segment_bytes_max) {
      RETURN_IF_ERROR(SyncFile());
      RETURN_IF_ERROR(StartSegment(next_sequence_));
    }
    internal::EncodeEventFrame(events, &buffer_);
    RETURN_IF_ERROR(internal::WriteFullyAt(file_, buffer_, offset_, path_));
    offset_ += buffer_.size();
    next_sequence_ = EventSequence{Raw(next_sequence_) + events.size()};
    if (offset_ - writeback_offset_ >= kWritebackBytes) {
      // Only a hint: a failure shows when the segment is synced.
      (void)::sync_file_range(file_.descriptor(), static_cast<off_t>(writeback_offset_),
                              static_cast<off_t>(offset_ - writeback_offset_),
                              SYNC_FILE_RANGE_WRITE);
      writeback_offset_ = offset_;
    }
    return absl::OkStatus();
  }

  // A segment appears whole, with its header, under its name.
  absl::Status StartSegment(EventSequence first_sequence) {
    const std::string temporary = directory_ + "/events.tmp";
    ASSIGN_OR_RETURN(File file, File::Open(temporary, O_RDWR | O_CREAT | O_TRUNC));
    RETURN_IF_ERROR(
        internal::WriteFully(file, internal::EncodeSegmentHeader(first_sequence), temporary));
    path_ = internal::SegmentPath(directory_, first_sequence);
    if (std::rename(temporary.c_str(), path_.c_str()) != 0) {
      return ErrnoStatus("rename", path_);
    }
    // Not synced: after a power cut a segment that is missing or blank is written again.
    file_ = std::move(file);
    SetEnd({SegmentFile::kFirstFrameOffset, first_sequence});
    return absl::OkStatus();
  }

  // Continues the segment after its last complete frame, or before the frame after `stop`.
  absl::Status OpenSegment(EventSequence first_sequence, EventSequence stop) {
    absl::StatusOr<SegmentFile> segment = SegmentFile::Open(directory_, first_sequence);
    if (absl::IsDataLoss(segment.status())) {
      return StartSegment(first_sequence);  // Its header did not survive: nothing in it did.
    }
    RETURN_IF_ERROR(segment.status());
    EventFrame last;
    ASSIGN_OR_RETURN(SegmentEnd end, FindEnd(&*segment, stop, &last));
    buffer_.clear();
    if (stop != kNoStop && Raw(end.next_sequence) > Raw(stop) + 1) {
      // `stop` is within the last frame: its beginning is written again as a shorter frame.
      std::vector<Event> kept(Raw(stop) - Raw(last.first_sequence) + 1, Event{});
      std::memcpy(kept.data(), last.body.data(), kept.size() * sizeof(Event));
      internal::EncodeEventFrame(kept, &buffer_);
      end = {last.offset, last.first_sequence};
    }
    path_ = segment->path();
    ASSIGN_OR_RETURN(file_, File::Open(path_, O_RDWR));
    if (::ftruncate(file_.descriptor(), static_cast<off_t>(end.offset)) != 0) {
      return ErrnoStatus("ftruncate", path_);
    }
    RETURN_IF_ERROR(internal::WriteFullyAt(file_, buffer_, end.offset, path_));
    if (!buffer_.empty()) {
      end = {end.offset + buffer_.size(), EventSequence{Raw(stop) + 1}};
    }
    SetEnd(end);
    return absl::OkStatus();
  }

  absl::Status Cut(EventSequence last) {
    ASSIGN_OR_RETURN(std::vector<EventSequence> segments, internal::ListSegments(directory_));
    // From the back, so that an interrupted cut leaves a log without a gap.
    while (segments.size() > 1 && segments.back() > last) {
      const std::string path = internal::SegmentPath(directory_, segments.back());
      if (::unlink(path.c_str()) != 0) {
        return ErrnoStatus("unlink", path);
      }
      segments.pop_back();
    }
    RETURN_IF_ERROR(internal::SyncDirectory(directory_));
    return OpenSegment(segments.back(), last);
  }

  // Whether the segment before the last one ends where the last one begins. It was synced when it
  // was closed, so that anything else is damage.
  absl::Status CheckJoint(EventSequence before, EventSequence last) const {
    ASSIGN_OR_RETURN(SegmentFile segment, SegmentFile::Open(directory_, before));
    EventFrame frame;
    ASSIGN_OR_RETURN(const SegmentEnd end, FindEnd(&segment, kNoStop, &frame));
    if (end.next_sequence != last) {
      return absl::DataLossError(absl::StrCat(
          segment.path(), " ends before event ", Raw(end.next_sequence),
          ", the next segment begins with ", Raw(last),
          "; move the event log away: it is rebuilt from the journal when the engine starts"));
    }
    return absl::OkStatus();
  }

  absl::Status SyncFile() {
    if (::fdatasync(file_.descriptor()) != 0) {
      return ErrnoStatus("fdatasync", path_);
    }
    return absl::OkStatus();
  }

  void SetEnd(const SegmentEnd& end) {
    offset_ = end.offset;
    writeback_offset_ = end.offset;
    next_sequence_ = end.next_sequence;
  }

  const std::string directory_;
  internal::File lock_;
  const EventLogOptions options_;
  SessionReportIndex* const index_;
  File file_;
  std::string path_;
  uint64_t offset_ = 0;
  uint64_t writeback_offset_ = 0;
  EventSequence next_sequence_{1};
  std::string buffer_;
  absl::Status poison_;
};

absl::StatusOr<std::unique_ptr<EventLogWriter>> EventLogWriter::Open(const std::string& directory,
                                                                     const EventLogOptions& options,
                                                                     SessionReportIndex* index) {
  RETURN_IF_ERROR(internal::MakeDirectories(directory));
  ASSIGN_OR_RETURN(File lock, internal::LockDirectory(directory, internal::LockMode::kExclusive));
  auto impl = std::make_unique<Impl>(directory, std::move(lock), options, index);
  RETURN_IF_ERROR(impl->OpenEnd());
  return std::unique_ptr<EventLogWriter>(new EventLogWriter(std::move(impl)));
}

EventLogWriter::EventLogWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EventLogWriter::~EventLogWriter() = default;

absl::Status EventLogWriter::Append(std::span<const Event> events) { return impl_->Append(events); }
absl::Status EventLogWriter::CutAfter(EventSequence last) { return impl_->CutAfter(last); }
EventSequence EventLogWriter::last_sequence() const { return impl_->last_sequence(); }

}  // namespace tally
