#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <netinet/in.h>

namespace tally::sdk::internal {

// The address of a host name or number; blocks while it is looked up.
absl::StatusOr<sockaddr_storage> Resolve(const std::string& host, uint16_t port);

// A non-blocking TCP connection that cuts what it receives into length-prefixed frames.
// Thread safety: none.
//
// Invariants: memory is bounded: at most one read of 64 KiB beyond one frame is buffered inbound,
// and the owner stops adding at kSendBytesMax.
class Connection {
 public:
  static constexpr std::size_t kSendBytesMax = 256 * 1024;

  Connection();
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Begins to connect; connected() tells when it is done.
  absl::Status Open(const sockaddr_storage& address);
  void Close();

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  // kUnavailable-like status when the attempt failed.
  absl::StatusOr<bool> FinishConnect();

  // Buffered; Flush writes.
  void Send(std::span<const uint8_t> bytes);
  std::size_t unsent_bytes() const { return out_.size() - out_begin_; }
  // Writes what the socket takes. True if it wrote anything.
  absl::StatusOr<bool> Flush();

  // Reads once. False if there was nothing to read; kUnavailable if the peer closed.
  absl::StatusOr<bool> Read();
  // The next whole frame, length prefix included, at an 8-aligned address, valid until the next
  // call; empty if there is none. kDataLoss if its length is above the limit.
  absl::StatusOr<std::span<const uint8_t>> NextFrame();

 private:
  int fd_ = -1;
  bool connected_ = false;
  std::vector<uint8_t> out_;
  std::size_t out_begin_ = 0;
  std::vector<uint8_t> in_;
  std::size_t in_begin_ = 0;
  std::size_t in_end_ = 0;
  std::vector<uint64_t> frame_;  // Words, for the alignment.
};

}  // namespace tally::sdk::internal
