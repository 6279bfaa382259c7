#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/sha256.h"
#include "base/types.h"
#include "engine/command.h"
#include "engine/journal/journal_options.h"

namespace tally {

// Gets the commands of one recovered frame; the span is valid during the call only. A status other
// than OK stops the recovery and becomes the result of Open.
using RecoveredFrameVisitor = std::function<absl::Status(std::span<const Command>)>;

// Writes the journal of one core: the only source of truth of the venue. Commands are gathered
// into a group-commit frame (Add), and the frame becomes durable as a whole (Commit): one key, one
// checksummed and hash-chained value, one sync, see docs/formats/journal.md.
//
// Thread safety: one thread. It owns a low-rate thread of its own for the anchor file.
//
// Invariants: sequences are contiguous from 1 over the life of the journal. After any failed write
// the writer is poisoned: that call and every later one return the same error, nothing is retried,
// and the process must stop. A command that was not acknowledged may still be in the journal; what
// recovery finds decides.
//
// Cost: Add copies 128 bytes into a buffer that is allocated once. Commit hashes the frame (about
// 1.4 GB/s) and waits for the disk (100 us to 1 ms) in sync mode.
class JournalWriter {
 public:
  // Creates or recovers the journal in `directory` and locks it against a second writer. Every
  // frame is verified (checksums, contiguity, chain, anchor) and handed to `visitor` in order.
  //   kFailedPrecondition  another process or writer has the directory open
  //   kDataLoss            the journal is damaged, or its acknowledged end is missing; the message
  //                        has the last good sequence and what to do
  //   kResourceExhausted   less free space than options.free_bytes_min
  static absl::StatusOr<std::unique_ptr<JournalWriter>> Open(
      const std::string& directory, const JournalOptions& options,
      const RecoveredFrameVisitor& visitor = nullptr);

  // Closes, ignoring the result: call Close to see it.
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  // Adds a command to the open frame. Its sequence is the next one, the frame is not full.
  void Add(const Command& command);
  // Commands in the open frame, and whether it holds kMaxFrameCommands.
  uint32_t pending_count() const;
  bool full() const;
  // Makes the open frame durable and starts the next one. OK at once if it is empty.
  absl::Status Commit();

  // Add for each, and Commit: at most kMaxFrameCommands commands.
  absl::Status AppendFrame(std::span<const Command> commands);

  // Syncs, writes the anchor, releases the directory. Appending is over. Returns the poison, if
  // any.
  absl::Status Close();

  // Of the last committed command; 0 of an empty journal.
  CommandSequence last_sequence() const;
  // Of the last committed frame: the head of the hash chain. Zero bytes for an empty journal.
  const Sha256Digest& last_frame_hash() const;

 private:
  class Impl;
  explicit JournalWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tally
