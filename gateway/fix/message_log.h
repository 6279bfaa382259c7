#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tally::gateway::fix {

// Writes the file of gateway/fix_log.h. A log that cannot be written says so once in `health` and
// takes nothing more: trading goes on.
//
// Thread safety: none. Cost: a copy of the message, and one write for many.
class MessageLog {
 public:
  MessageLog(std::string path, uint64_t bytes_max)
      : path_(std::move(path)), limit_(bytes_max / 2) {}
  ~MessageLog();
  MessageLog(const MessageLog&) = delete;
  MessageLog& operator=(const MessageLog&) = delete;

  void Add(int64_t wall_ns, bool inbound, std::string_view message);
  // A Logon, whose secrets are starred.
  void AddLogon(int64_t wall_ns, bool inbound, std::string_view message);
  // Writes what was added.
  void Flush();

  const absl::Status& health() const { return health_; }

 private:
  absl::Status Open();
  absl::Status Write();

  const std::string path_;
  const uint64_t limit_;  // Of one file; 0: nothing is logged.
  int fd_ = -1;
  uint64_t size_ = 0;
  std::string buffer_;
  absl::Status health_;
};

}  // namespace tally::gateway::fix
