#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally::gateway::fix {

// What a record of a session log says; session_records.h has the layouts.
enum class RecordType : uint8_t {
  kProgress = 1,     // Sequence numbers after a batch.
  kRequest = 2,      // A client's message became a command.
  kOrder = 3,        // An order as it now stands.
  kSent = 4,         // An application message, to be sent again if the client asks.
  kVoid = 5,         // Requests from a client sequence on never reached the core.
  kFollower = 6,     // A further command of the message that the command before it came from.
  kList = 7,         // An order list as it now stands.
  kMassQuote = 8,    // A mass quote (or its cancellation) became commands.
  kQuoteAnswer = 9,  // One of these was answered.
  kQuoteOrder = 10,  // An order of a quote as it now stands.
  kBegun = 11,       // The numbers began again for the hours that start at this time.
};

// The durable memory of one FIX session: an append-only file of checksummed records. A batch is one
// write, before any byte of it goes to the client and any command of it to the core; it is not
// synced, so what survives is the death of the process, not of the machine.
//
//  0      4      8    9
//  +------+------+----+---------+
//  | size | crc  |type| payload |     size: of type and payload; crc: CRC-32C of them
//  +------+------+----+---------+
//
// Thread safety: none. Invariant: the file is a prefix of what was appended; a torn end is cut off
// when it is opened.
class SessionLog {
 public:
  struct Position {
    uint64_t offset = 0;  // Of the payload.
    uint32_t size = 0;    // 0: nothing.
  };
  using Visitor = std::function<void(RecordType, std::string_view payload, Position)>;

  // Opens or creates the file and shows every record in it.
  static absl::StatusOr<std::unique_ptr<SessionLog>> Open(const std::string& path,
                                                          const Visitor& visit);
  ~SessionLog();
  SessionLog(const SessionLog&) = delete;
  SessionLog& operator=(const SessionLog&) = delete;

  // Readable with Read after the next Flush.
  Position Append(RecordType type, std::string_view payload);
  // The payload is what write(char*) puts into `size_bytes` bytes.
  template <typename Write>
  Position Append(RecordType type, std::size_t size_bytes, Write&& write) {
    write(Begin(type, size_bytes));
    return End(size_bytes);
  }
  bool dirty() const { return used_ != 0 || restart_; }
  // Writes what was appended.
  absl::Status Flush();
  absl::StatusOr<std::string> Read(Position position) const;

  // Begins a new file, whose records are those appended from now on. The old one stays in place
  // until the next Flush.
  void Restart();

 private:
  SessionLog(std::string path, int fd, uint64_t size)
      : path_(std::move(path)), fd_(fd), size_(size) {}
  // Room for a payload behind a header, and the header around it.
  char* Begin(RecordType type, std::size_t size_bytes);
  Position End(std::size_t size_bytes);
  absl::Status Write(int fd);

  const std::string path_;
  int fd_;
  uint64_t size_;         // Of the file.
  std::string buffer_;    // Grows to the largest batch.
  std::size_t used_ = 0;  // Of the buffer: what was appended.
  bool restart_ = false;
};

}  // namespace tally::gateway::fix
