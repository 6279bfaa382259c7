#include "tests/sdk/fake_venue.h"

#include <array>
#include <cstring>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/assert.h"

namespace tally::sdk {

FakeVenue::FakeVenue() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  CHECK(listener_ >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  CHECK(listen(listener_, 8) == 0);
  socklen_t size = sizeof(address);
  CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
}

FakeVenue::~FakeVenue() {
  Hang();
  close(listener_);
}

void FakeVenue::Hang() {
  if (connection_ >= 0) {
    close(connection_);
  }
  connection_ = -1;
  bytes_.clear();
}

bool FakeVenue::Step() {
  if (connection_ < 0) {
    connection_ = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    connections_ += connection_ >= 0 ? 1 : 0;
    return connection_ >= 0;
  }
  std::array<uint8_t, 4096> chunk;
  const ssize_t count = recv(connection_, chunk.data(), chunk.size(), 0);
  if (count == 0) {
    Hang();
    return true;
  }
  if (count < 0) {
    return false;
  }
  bytes_.insert(bytes_.end(), chunk.begin(), chunk.begin() + count);
  CutFrames();
  return true;
}

void FakeVenue::CutFrames() {
  std::size_t begin = 0;
  while (bytes_.size() - begin >= 4) {
    uint32_t length = 0;
    std::memcpy(&length, bytes_.data() + begin, 4);
    if (bytes_.size() - begin < 4 + length) {
      break;
    }
    ClientMessage message;
    message.words.resize((4 + length + 7) / 8);
    std::memcpy(message.words.data(), bytes_.data() + begin, 4 + length);
    flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(message.words.data()),
                                   4 + length, 4, 8);
    CHECK(wire::VerifySizePrefixedFrameBuffer(verifier));
    inbox_.push_back(std::move(message));
    begin += 4 + length;
  }
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin));
}

ClientMessage FakeVenue::Take() {
  CHECK(!inbox_.empty());
  ClientMessage message = std::move(inbox_.front());
  inbox_.pop_front();
  return message;
}

void FakeVenue::SendBytes(std::span<const uint8_t> bytes) {
  CHECK(send(connection_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
        static_cast<ssize_t>(bytes.size()));
}

}  // namespace tally::sdk
