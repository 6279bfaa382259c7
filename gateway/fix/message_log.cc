#include "gateway/fix/message_log.h"

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

#include "base/sha256.h"
#include "base/status.h"
#include "gateway/fix/hub.h"
#include "gateway/fix/message.h"
#include "gateway/fix/values.h"
#include "gateway/fix_log.h"

namespace tally::gateway::fix {
namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;
constexpr std::size_t kTimeBytes = 24;
constexpr std::string_view kIn = " < ";
constexpr std::string_view kOut = " > ";

}  // namespace

MessageLog::~MessageLog() {
  Flush();
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

void MessageLog::Add(int64_t wall_ns, bool inbound, std::string_view message) {
  if (limit_ == 0 || !health_.ok()) {
    return;
  }
  buffer_.append(UtcText(wall_ns).view()).append(inbound ? kIn : kOut);
  const std::size_t begin = buffer_.size();
  buffer_.append(message);
  // Only garbage has one, and it would look like the next message.
  std::replace(buffer_.begin() + static_cast<std::ptrdiff_t>(begin), buffer_.end(), '\n', ' ');
  buffer_.push_back('\n');
  if (buffer_.size() >= kBufferBytes) {
    Flush();
  }
}

void MessageLog::AddLogon(int64_t wall_ns, bool inbound, std::string_view message) {
  std::string starred(message);
  for (const std::string_view secret : {"\x01"
                                        "554=",
                                        "\x01"
                                        "96="}) {
    const std::size_t at = starred.find(secret);
    if (at != std::string::npos) {
      const std::size_t begin = at + secret.size();
      const std::size_t end = std::min(starred.find(kSoh, begin), starred.size());
      std::fill(starred.begin() + static_cast<std::ptrdiff_t>(begin),
                starred.begin() + static_cast<std::ptrdiff_t>(end), '*');
    }
  }
  Add(wall_ns, inbound, starred);
}

void MessageLog::Flush() {
  if (!buffer_.empty() && health_.ok()) {
    health_ = fd_ < 0 ? Open() : absl::OkStatus();
    health_.Update(Write());
  }
  buffer_.clear();
}

absl::Status MessageLog::Open() {
  fd_ = ::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  struct stat info {};
  if (fd_ < 0 || ::fstat(fd_, &info) != 0) {
    return ErrnoStatus("open", path_);
  }
  size_ = static_cast<uint64_t>(info.st_size);
  char last = '\n';
  if (size_ != 0 && ::pread(fd_, &last, 1, info.st_size - 1) != 1) {
    return ErrnoStatus("read", path_);
  }
  if (last != '\n') {
    buffer_.insert(buffer_.begin(), '\n');  // Behind a line that was not finished.
  }
  return absl::OkStatus();
}

absl::Status MessageLog::Write() {
  if (!health_.ok()) {
    return health_;
  }
  for (std::string_view rest = buffer_; !rest.empty();) {
    const ssize_t count = ::write(fd_, rest.data(), rest.size());
    if (count < 0) {
      return ErrnoStatus("write", path_);
    }
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  size_ += buffer_.size();
  if (size_ < limit_) {
    return absl::OkStatus();
  }
  ::close(std::exchange(fd_, -1));
  if (std::rename(path_.c_str(), absl::StrCat(path_, ".1").c_str()) != 0) {
    return ErrnoStatus("rename", path_);
  }
  return absl::OkStatus();
}

}  // namespace tally::gateway::fix

namespace tally::gateway {

std::string FixMessageLogPath(const FixOptions& options, std::string_view comp_id) {
  const uint64_t id = fix::FixSessionIdentity(options.comp_id, comp_id).session_id;
  return absl::StrCat(options.directory, "/", ToHex(&id, sizeof(id)), ".messages");
}

std::optional<FixLogEntry> ParseFixLogLine(std::string_view line) {
  const std::size_t head = fix::kTimeBytes + fix::kIn.size();
  if (line.size() <= head) {
    return std::nullopt;
  }
  const std::string_view arrow = line.substr(fix::kTimeBytes, fix::kIn.size());
  if ((arrow != fix::kIn && arrow != fix::kOut) ||
      !fix::ParseUtcTimestamp(line.substr(0, fix::kTimeBytes)).has_value()) {
    return std::nullopt;
  }
  return FixLogEntry{.time = line.substr(0, fix::kTimeBytes),
                     .inbound = arrow == fix::kIn,
                     .message = line.substr(head)};
}

std::string_view FixMessageName(std::string_view type) {
  const fix::MessageRule* const rule = fix::FindMessage(type);
  return rule == nullptr ? std::string_view() : rule->name;
}

std::string_view FixFieldName(int32_t tag) { return fix::RuleOf(fix::OrdinalOf(tag)).name; }

std::string_view FixEnumName(int32_t tag, std::string_view value) {
  return fix::NameOf(fix::RuleOf(fix::OrdinalOf(tag)), value);
}

}  // namespace tally::gateway
