#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/sha256.h"
#include "base/types.h"
#include "engine/journal/internal/file.h"

namespace tally::internal {

// The journal reached at least this far: everything up to `sequence` was durable.
struct Anchor {
  CommandSequence sequence{};
  Sha256Digest frame_hash{};  // Of the frame that ends with `sequence`.
};

// The witness of the journal's end, outside RocksDB: a write-ahead log that is deleted or cut is
// otherwise an empty tail that nothing notices. Two slots of 4 KiB, written in turn with O_DSYNC,
// so that a torn write leaves the other one.
//
// Thread safety: none; after opening, one thread writes.
class AnchorFile {
 public:
  // Opens, or creates with sequence 0 and makes durable, `<directory>/anchor`.
  static absl::StatusOr<AnchorFile> Open(const std::string& directory);

  // The newest valid anchor of `<directory>/anchor`. Nothing if there is no file; kDataLoss if
  // neither slot is valid.
  static absl::StatusOr<std::optional<Anchor>> Read(const std::string& directory);

  // Durable on return: about 100 us.
  absl::Status Write(const Anchor& anchor);

 private:
  AnchorFile(File file, std::string path, uint64_t generation)
      : file_(std::move(file)), path_(std::move(path)), generation_(generation) {}

  File file_;
  std::string path_;
  uint64_t generation_;  // Of the newest slot; its lowest bit is the slot's index.
};

}  // namespace tally::internal
