#include "tests/e2e/raw_connection.h"

#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/clock.h"

namespace tally {

RawConnection::RawConnection(uint16_t port, int receive_buffer_bytes)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer_bytes != 0) {
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    close(std::exchange(fd_, -1));
  }
}

RawConnection::RawConnection(RawConnection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      ended_(other.ended_),
      stream_(std::move(other.stream_)),
      frames_(std::move(other.frames_)),
      next_frame_(other.next_frame_) {}

RawConnection::~RawConnection() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

bool RawConnection::Send(const gateway::Bytes& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t size = send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (size <= 0) {
      return false;
    }
    sent += static_cast<std::size_t>(size);
  }
  return true;
}

// False at the end of the connection or of the time.
bool RawConnection::Fill(int timeout_ms) {
  pollfd waiter{.fd = fd_, .events = POLLIN, .revents = 0};
  if (ended_ || poll(&waiter, 1, timeout_ms) <= 0) {
    return false;
  }
  std::array<uint8_t, 65'536> bytes;
  const ssize_t size = recv(fd_, bytes.data(), bytes.size(), 0);
  if (size <= 0) {
    ended_ = true;
    return false;
  }
  stream_.insert(stream_.end(), bytes.begin(), bytes.begin() + size);
  for (gateway::Received& frame : gateway::TakeFrames(&stream_)) {
    frames_.push_back(std::move(frame));
  }
  return true;
}

std::optional<gateway::Received> RawConnection::Next(int timeout_ms) {
  while (next_frame_ == frames_.size()) {
    frames_.clear();
    next_frame_ = 0;
    if (!Fill(timeout_ms)) {
      return std::nullopt;
    }
  }
  return frames_[next_frame_++];
}

bool RawConnection::ReadToEnd(int timeout_ms, std::optional<gateway::Received>* last) {
  const int64_t deadline_ns = MonotonicNs() + int64_t{timeout_ms} * 1'000'000;
  while (!ended_ && MonotonicNs() < deadline_ns) {
    if (auto frame = Next(/*timeout_ms=*/100)) {
      *last = std::move(frame);
    }
  }
  return ended_;
}

bool RawConnection::LogOn(uint64_t key_id, uint64_t session_id) {
  const auto hello = Next();
  if (!hello || hello->type() != wire::MessageType::HELLO) {
    return false;
  }
  const std::span<const uint8_t, 32> nonce(hello->frame().hello()->nonce()->data(), 32);
  const gateway::LogonSpec spec{.key_id = key_id,
                                .session_id = session_id,
                                .resume_from = 1,
                                .client_time_ns = RealClock().NowNs()};
  Send(gateway::LogonFrame(spec, nonce, gateway::TestKey(static_cast<uint8_t>(key_id))));
  const auto ack = Next();
  return ack && ack->type() == wire::MessageType::LOGON_ACK &&
         ack->frame().logon_ack()->code() == wire::ErrorCode::OK;
}

}  // namespace tally
