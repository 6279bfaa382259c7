#include "sdk/internal/connection.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include <netinet/tcp.h>

#include "base/assert.h"
#include "base/status.h"
#include "sdk/internal/frame_codec.h"

namespace tally::sdk::internal {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

socklen_t LengthOf(const sockaddr_storage& address) {
  return address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

}  // namespace

absl::StatusOr<sockaddr_storage> Resolve(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) {
    return absl::NotFoundError(absl::StrCat("host ", host, ": ", gai_strerror(code)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  sockaddr_storage address{};
  CHECK(found->ai_addrlen <= sizeof(address));
  std::memcpy(&address, found->ai_addr, found->ai_addrlen);
  return address;
}

Connection::Connection()
    : in_(kReadBytes + kServerFrameBytesMax + kLengthBytes),
      frame_((kServerFrameBytesMax + kLengthBytes + 7) / 8) {}

Connection::~Connection() { Close(); }

absl::Status Connection::Open(const sockaddr_storage& address) {
  Close();
  fd_ = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) {
    return ErrnoStatus("socket", "venue");
  }
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), LengthOf(address)) == 0 ||
      errno == EINPROGRESS) {
    return absl::OkStatus();
  }
  absl::Status status = ErrnoStatus("connect", "venue");
  Close();
  return status;
}

void Connection::Close() {
  if (fd_ >= 0) {
    close(fd_);
  }
  fd_ = -1;
  connected_ = false;
  out_.clear();
  out_begin_ = in_begin_ = in_end_ = 0;
}

absl::StatusOr<bool> Connection::FinishConnect() {
  if (connected_) {
    return true;
  }
  pollfd waiting{fd_, POLLOUT, 0};
  if (poll(&waiting, 1, 0) <= 0) {
    return false;
  }
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
    errno = error != 0 ? error : errno;
    return ErrnoStatus("connect", "venue");
  }
  connected_ = true;
  return true;
}

void Connection::Send(std::span<const uint8_t> bytes) {
  if (out_begin_ == out_.size()) {
    out_.clear();
    out_begin_ = 0;
  }
  out_.insert(out_.end(), bytes.begin(), bytes.end());
}

absl::StatusOr<bool> Connection::Flush() {
  bool wrote = false;
  while (unsent_bytes() > 0) {
    const ssize_t count = send(fd_, out_.data() + out_begin_, unsent_bytes(), MSG_NOSIGNAL);
    if (count < 0) {
      if (WouldBlock()) {
        break;
      }
      return ErrnoStatus("send", "venue");
    }
    out_begin_ += static_cast<std::size_t>(count);
    wrote = true;
  }
  // Moves the rest down at most once per half buffer: linear in the bytes sent.
  if (out_begin_ > out_.size() / 2) {
    out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(out_begin_));
    out_begin_ = 0;
  }
  return wrote;
}

absl::StatusOr<bool> Connection::Read() {
  if (in_begin_ > 0) {
    std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
    in_end_ -= in_begin_;
    in_begin_ = 0;
  }
  CHECK(in_.size() - in_end_ >= kReadBytes);  // NextFrame took every whole frame before.
  const ssize_t count = recv(fd_, in_.data() + in_end_, kReadBytes, 0);
  if (count > 0) {
    in_end_ += static_cast<std::size_t>(count);
    return true;
  }
  if (count == 0) {
    return absl::UnavailableError("the venue closed the connection");
  }
  if (WouldBlock()) {
    return false;
  }
  return ErrnoStatus("recv", "venue");
}

absl::StatusOr<std::span<const uint8_t>> Connection::NextFrame() {
  if (in_end_ - in_begin_ < kLengthBytes) {
    return std::span<const uint8_t>();
  }
  uint32_t length = 0;
  std::memcpy(&length, in_.data() + in_begin_, sizeof(length));
  if (length > kServerFrameBytesMax) {
    return absl::DataLossError(absl::StrCat("frame of ", length, " bytes from the venue"));
  }
  const std::size_t size = kLengthBytes + length;
  if (in_end_ - in_begin_ < size) {
    return std::span<const uint8_t>();
  }
  uint8_t* frame = reinterpret_cast<uint8_t*>(frame_.data());
  std::memcpy(frame, in_.data() + in_begin_, size);
  in_begin_ += size;
  return std::span<const uint8_t>(frame, size);
}

}  // namespace tally::sdk::internal
