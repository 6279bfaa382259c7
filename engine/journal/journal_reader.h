#pragma once

#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/sha256.h"
#include "base/types.h"
#include "engine/command.h"

namespace tally {

struct JournalReaderOptions {
  // Require the journal to reach its anchor, as a writer would. Switch off for a directory that was
  // copied while an engine wrote to the original: its files are not of one instant.
  bool check_end = true;
};

// One verified frame. The commands are valid until the next call of the reader.
struct JournalFrame {
  std::span<const Command> commands;  // Empty at the end of the journal.
  Sha256Digest hash{};
};

// Reads a journal without changing it: for replay, audit and comparison.
//
// Thread safety: one thread. Several readers may have one directory open, but not while a writer
// has: copy the directory then, and read the copy.
//
// Cost: opening replays the write-ahead log (0.1 s per 30 MB); reading runs at about 1 GB/s, that
// is some 8 M commands a second, and is bound by the hash chain.
class JournalReader {
 public:
  //   kNotFound            there is no journal in `directory`
  //   kFailedPrecondition  an engine has the directory open
  //   kDataLoss            as for JournalWriter::Open
  static absl::StatusOr<std::unique_ptr<JournalReader>> Open(
      const std::string& directory, const JournalReaderOptions& options = {});

  ~JournalReader();
  JournalReader(const JournalReader&) = delete;
  JournalReader& operator=(const JournalReader&) = delete;

  // The next frame, with checksums, contiguity and chain verified. kDataLoss names the last good
  // sequence; the reader stays at that error.
  absl::StatusOr<JournalFrame> Next();

  // Continues with the frame that holds `sequence`. The chain is verified from that frame on only.
  // kOutOfRange when the journal has no such command.
  absl::Status SeekTo(CommandSequence sequence);

  // Of the last command in the journal, known from the start; 0 if it is empty.
  CommandSequence last_sequence() const;

 private:
  class Impl;
  explicit JournalReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tally
