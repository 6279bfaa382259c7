#include "gateway/fix/session_log.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checksum.h"
#include "base/status.h"

namespace tally::gateway::fix {
namespace {

constexpr std::size_t kHeaderBytes = 8;
constexpr uint32_t kLogRecordBytesMax = 1 << 20;
constexpr std::size_t kBufferKeptBytes = 1 << 20;  // More is only needed for a new file.

// Shows the records of `content` and returns how many bytes of it are whole records.
uint64_t Visit(std::string_view content, const SessionLog::Visitor& visit) {
  uint64_t offset = 0;
  while (content.size() - offset > kHeaderBytes) {
    uint32_t size = 0;
    uint32_t crc = 0;
    std::memcpy(&size, content.data() + offset, sizeof(size));
    std::memcpy(&crc, content.data() + offset + 4, sizeof(crc));
    const uint64_t begin = offset + kHeaderBytes;
    if (size == 0 || size > kLogRecordBytesMax || size > content.size() - begin ||
        Crc32c(content.data() + begin, size) != crc) {
      break;
    }
    visit(static_cast<RecordType>(content[begin]), content.substr(begin + 1, size - 1),
          {.offset = begin + 1, .size = size - 1});
    offset = begin + size;
  }
  return offset;
}

absl::StatusOr<std::string> ReadWhole(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) {
    return ErrnoStatus("fstat", path);
  }
  std::string content(static_cast<std::size_t>(info.st_size), '\0');
  for (std::size_t done = 0; done < content.size();) {
    const ssize_t count =
        ::pread(fd, content.data() + done, content.size() - done, static_cast<off_t>(done));
    if (count <= 0) {
      return ErrnoStatus("read", path);
    }
    done += static_cast<std::size_t>(count);
  }
  return content;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SessionLog>> SessionLog::Open(const std::string& path,
                                                             const Visitor& visit) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) {
    return ErrnoStatus("open", path);
  }
  std::unique_ptr<SessionLog> log(new SessionLog(path, fd, 0));
  ASSIGN_OR_RETURN(const std::string content, ReadWhole(fd, path));
  log->size_ = Visit(content, visit);
  if (::ftruncate(fd, static_cast<off_t>(log->size_)) != 0) {
    return ErrnoStatus("truncate", path);
  }
  return log;
}

SessionLog::~SessionLog() { ::close(fd_); }

SessionLog::Position SessionLog::Append(RecordType type, std::string_view payload) {
  return Append(type, payload.size(),
                [&](char* at) { std::copy(payload.begin(), payload.end(), at); });
}

char* SessionLog::Begin(RecordType type, std::size_t size_bytes) {
  const std::size_t end = used_ + kHeaderBytes + 1 + size_bytes;
  if (buffer_.size() < end) {
    buffer_.resize(std::max(end, 2 * buffer_.size()));
  }
  char* const at = buffer_.data() + used_ + kHeaderBytes;
  *at = static_cast<char>(type);
  return at + 1;
}

SessionLog::Position SessionLog::End(std::size_t size_bytes) {
  const uint32_t size = static_cast<uint32_t>(size_bytes + 1);
  char* const header = buffer_.data() + used_;
  const uint32_t crc = Crc32c(header + kHeaderBytes, size);
  std::memcpy(header, &size, sizeof(size));
  std::memcpy(header + 4, &crc, sizeof(crc));
  const Position position{.offset = (restart_ ? 0 : size_) + used_ + kHeaderBytes + 1,
                          .size = size - 1};
  used_ += kHeaderBytes + size;
  return position;
}

absl::Status SessionLog::Write(int fd) {
  for (std::size_t done = 0; done < used_;) {
    const ssize_t count =
        ::pwrite(fd, buffer_.data() + done, used_ - done, static_cast<off_t>(size_ + done));
    if (count < 0) {
      return ErrnoStatus("write", path_);
    }
    done += static_cast<std::size_t>(count);
  }
  size_ += used_;
  used_ = 0;
  if (buffer_.size() > kBufferKeptBytes) {
    buffer_ = {};
  }
  return absl::OkStatus();
}

absl::Status SessionLog::Flush() {
  if (!restart_) {
    return used_ == 0 ? absl::OkStatus() : Write(fd_);
  }
  const std::string scratch = path_ + ".new";
  const int fd = ::open(scratch.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (fd < 0) {
    return ErrnoStatus("open", scratch);
  }
  size_ = 0;
  restart_ = false;
  absl::Status status = Write(fd);
  if (status.ok() && std::rename(scratch.c_str(), path_.c_str()) != 0) {
    status = ErrnoStatus("rename", scratch);
  }
  ::close(std::exchange(fd_, fd));
  return status;
}

absl::StatusOr<std::string> SessionLog::Read(Position position) const {
  std::string payload(position.size, '\0');
  const ssize_t count =
      ::pread(fd_, payload.data(), payload.size(), static_cast<off_t>(position.offset));
  if (count != static_cast<ssize_t>(payload.size())) {
    return ErrnoStatus("read", path_);
  }
  return payload;
}

void SessionLog::Restart() {
  used_ = 0;
  restart_ = true;
}

}  // namespace tally::gateway::fix
