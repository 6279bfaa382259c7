#include "gateway/fix/session_log.h"

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
  const uint32_t size = static_cast<uint32_t>(payload.size() + 1);
  const std::size_t header = buffer_.size();
  buffer_.append(kHeaderBytes, '\0');
  buffer_.push_back(static_cast<char>(type));
  const Position position{.offset = (restart_ ? 0 : size_) + buffer_.size(), .size = size - 1};
  buffer_.append(payload);
  const uint32_t crc = Crc32c(buffer_.data() + header + kHeaderBytes, size);
  std::memcpy(buffer_.data() + header, &size, sizeof(size));
  std::memcpy(buffer_.data() + header + 4, &crc, sizeof(crc));
  return position;
}

absl::Status SessionLog::Write(int fd) {
  for (std::size_t done = 0; done < buffer_.size();) {
    const ssize_t count = ::pwrite(fd, buffer_.data() + done, buffer_.size() - done,
                                   static_cast<off_t>(size_ + done));
    if (count < 0) {
      return ErrnoStatus("write", path_);
    }
    done += static_cast<std::size_t>(count);
  }
  size_ += buffer_.size();
  buffer_.clear();
  return absl::OkStatus();
}

absl::Status SessionLog::Flush() {
  if (!restart_) {
    return buffer_.empty() ? absl::OkStatus() : Write(fd_);
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
  buffer_.clear();
  restart_ = true;
}

}  // namespace tally::gateway::fix
