#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "base/mutex.h"
#include "base/status.h"
#include "engine/journal/event_log.h"
#include "engine/journal/internal/segment.h"

namespace tally {
namespace {

using internal::EventFrame;
using internal::SegmentFile;
using FrameState = internal::SegmentFile::FrameState;

constexpr uint64_t kSparseIndexBytes = uint64_t{1} << 20;
constexpr uint64_t kHoleCheckPolls = 256;

// Where a frame begins.
struct FramePlace {
  EventSequence first_sequence{};
  uint64_t offset = 0;
};

}  // namespace

class EventLogReader::Impl {
 public:
  explicit Impl(std::string directory) : directory_(std::move(directory)) {}

  absl::StatusOr<std::size_t> ReadFrom(EventSequence from, std::span<Event> events)
      ABSL_LOCKS_EXCLUDED(mutex_) {
    CHECK(from != EventSequence{0});
    MutexLock lock(&mutex_);
    std::size_t total = 0;
    while (total < events.size()) {
      const EventSequence next{Raw(from) + total};
      ASSIGN_OR_RETURN(const bool loaded, LoadOrFindHole(next));
      if (!loaded) {
        break;
      }
      const std::size_t skipped = Raw(next) - Raw(frame_.first_sequence);
      const std::size_t count =
          std::min<std::size_t>(events.size() - total, frame_.event_count - skipped);
      std::memcpy(events.data() + total, frame_.body.data() + skipped * sizeof(Event),
                  count * sizeof(Event));
      total += count;
    }
    return total;
  }

 private:
  // LoadFrameWith; what is "not there yet" many times is missing if the log goes on in a later
  // segment.
  absl::StatusOr<bool> LoadOrFindHole(EventSequence sequence)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ASSIGN_OR_RETURN(bool loaded, LoadFrameWith(sequence));
    if (loaded || ++not_yet_count_ % kHoleCheckPolls != 0) {
      return loaded;
    }
    ASSIGN_OR_RETURN(const std::vector<EventSequence> segments, internal::ListSegments(directory_));
    // Look again, after the listing, with nothing remembered: the writer may have gone on since, or
    // the log may have been moved away and rebuilt.
    segment_.reset();
    sparse_.clear();
    ASSIGN_OR_RETURN(loaded, LoadFrameWith(sequence));
    if (!loaded && !segments.empty() && segments.back() > sequence) {
      return absl::DataLossError(absl::StrCat(
          "event ", Raw(sequence), " is missing in ", directory_,
          "; stop the engine and move the event log away: it is rebuilt from the journal"));
    }
    return loaded;
  }

  // Makes frame_ the verified frame that holds `sequence`; false if it is not there yet.
  absl::StatusOr<bool> LoadFrameWith(EventSequence sequence) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (frame_.first_sequence <= sequence && sequence < frame_.next_sequence()) {
      return true;
    }
    frame_ = {};
    if (!segment_ || position_.first_sequence != sequence) {
      ASSIGN_OR_RETURN(const bool found, Locate(sequence));
      if (!found) {
        return false;
      }
    }
    ASSIGN_OR_RETURN(bool loaded, LoadAtPosition());
    if (loaded && sequence >= frame_.next_sequence()) {
      frame_ = {};
      loaded = false;  // Locate stopped before a frame that the writer has changed since.
    }
    return loaded;
  }

  // Reads the frame at position_, going on to the next segment at the end of one.
  absl::StatusOr<bool> LoadAtPosition() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ASSIGN_OR_RETURN(FrameState state, ReadAtPosition());
    if (state == FrameState::kIncomplete) {
      ASSIGN_OR_RETURN(const bool moved, OpenSegment(position_.first_sequence));
      if (!moved) {
        return false;
      }
      ASSIGN_OR_RETURN(state, ReadAtPosition());
    }
    if (state == FrameState::kBad) {
      // The writer may have cut a torn tail and gone on with frames of other lengths.
      const EventSequence wanted = position_.first_sequence;
      sparse_.erase(segment_->first_sequence());
      ASSIGN_OR_RETURN(const bool found, Locate(wanted));
      if (!found) {
        return false;
      }
      ASSIGN_OR_RETURN(state, ReadAtPosition());
      if (state == FrameState::kBad) {
        RETURN_IF_ERROR(CheckIsTail());
      }
    }
    if (state != FrameState::kComplete) {
      return false;
    }
    position_ = {frame_.next_sequence(), frame_.end_offset()};
    return true;
  }

  absl::StatusOr<FrameState> ReadAtPosition() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ASSIGN_OR_RETURN(const FrameState state,
                     segment_->ReadFrame(position_.offset, position_.first_sequence,
                                         /*verify_body=*/true, &frame_));
    if (state == FrameState::kComplete) {
      Remember({frame_.first_sequence, frame_.offset});
    }
    return state;
  }

  // A bad frame is the torn tail of a writer that was stopped, unless the log goes on after it.
  absl::Status CheckIsTail() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    frame_ = {};
    ASSIGN_OR_RETURN(const std::vector<EventSequence> segments, internal::ListSegments(directory_));
    bool goes_on = !segments.empty() && segments.back() > segment_->first_sequence();
    if (!goes_on) {
      ASSIGN_OR_RETURN(goes_on, segment_->HasFrameAfter(position_.offset));
    }
    if (!goes_on) {
      return absl::OkStatus();
    }
    return absl::DataLossError(absl::StrCat(
        segment_->path(), " is damaged at byte ", position_.offset, ", event ",
        Raw(position_.first_sequence),
        "; stop the engine and move the event log away: it is rebuilt from the journal"));
  }

  // Sets position_ to the frame that holds `sequence`, or to where the log ends before it; false if
  // the log ends before the segment.
  absl::StatusOr<bool> Locate(EventSequence sequence) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ASSIGN_OR_RETURN(const std::vector<EventSequence> segments, internal::ListSegments(directory_));
    const auto after = std::upper_bound(segments.begin(), segments.end(), sequence);
    if (after == segments.begin()) {
      if (segments.empty()) {
        return false;
      }
      return absl::OutOfRangeError(absl::StrCat("event ", Raw(sequence), " is before the oldest, ",
                                                Raw(segments.front()), ", in ", directory_));
    }
    ASSIGN_OR_RETURN(const bool opened, OpenSegment(*std::prev(after)));
    if (!opened) {
      return false;
    }
    SeekInSparseIndex(sequence);
    for (;;) {
      EventFrame frame;
      ASSIGN_OR_RETURN(const FrameState state,
                       segment_->ReadFrame(position_.offset, position_.first_sequence,
                                           /*verify_body=*/false, &frame));
      if (state == FrameState::kBad) {
        RETURN_IF_ERROR(CheckIsTail());
      }
      if (state != FrameState::kComplete) {
        return position_.first_sequence == sequence;
      }
      if (sequence < frame.next_sequence()) {
        return true;
      }
      Remember({frame.first_sequence, frame.offset});
      position_ = {frame.next_sequence(), frame.end_offset()};
    }
  }

  // Opens the segment, or stays where it is and returns false if there is none of that name.
  absl::StatusOr<bool> OpenSegment(EventSequence first_sequence)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    absl::StatusOr<SegmentFile> segment = SegmentFile::Open(directory_, first_sequence);
    if (absl::IsNotFound(segment.status())) {
      return false;
    }
    RETURN_IF_ERROR(segment.status());
    segment_ = *std::move(segment);
    position_ = {first_sequence, SegmentFile::kFirstFrameOffset};
    frame_ = {};
    return true;
  }

  void SeekInSparseIndex(EventSequence sequence) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const std::vector<FramePlace>& places = sparse_[segment_->first_sequence()];
    const auto after = std::upper_bound(
        places.begin(), places.end(), sequence,
        [](EventSequence value, const FramePlace& place) { return value < place.first_sequence; });
    if (after != places.begin()) {
      position_ = *std::prev(after);
    }
  }

  void Remember(const FramePlace& place) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::vector<FramePlace>& places = sparse_[segment_->first_sequence()];
    const uint64_t last_offset = places.empty() ? 0 : places.back().offset;
    if (place.offset >= last_offset + kSparseIndexBytes) {
      places.push_back(place);
    }
  }

  const std::string directory_;
  Mutex mutex_;
  // The segment being read, and the frame that comes next in it.
  std::optional<SegmentFile> segment_ ABSL_GUARDED_BY(mutex_);
  FramePlace position_ ABSL_GUARDED_BY(mutex_);
  // The frame last read; its body lies in the window of segment_.
  EventFrame frame_ ABSL_GUARDED_BY(mutex_);
  // Per segment, by its first sequence: about one frame for every MiB passed.
  std::map<EventSequence, std::vector<FramePlace>> sparse_ ABSL_GUARDED_BY(mutex_);
  uint64_t not_yet_count_ ABSL_GUARDED_BY(mutex_) = 0;
};

EventLogReader::EventLogReader(std::string directory)
    : impl_(std::make_unique<Impl>(std::move(directory))) {}
EventLogReader::~EventLogReader() = default;

absl::StatusOr<std::size_t> EventLogReader::ReadFrom(EventSequence from, std::span<Event> events) {
  return impl_->ReadFrom(from, events);
}

}  // namespace tally
