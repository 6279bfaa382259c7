#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "tests/gateway/wire_client.h"

namespace tally {

// A TCP connection to a venue that sends whatever bytes it is told to.
class RawConnection {
 public:
  // receive_buffer_bytes 0: the system's choice.
  explicit RawConnection(uint16_t port, int receive_buffer_bytes = 0);
  ~RawConnection();
  RawConnection(RawConnection&& other) noexcept;
  RawConnection& operator=(RawConnection&&) = delete;

  bool connected() const { return fd_ >= 0; }
  // False if the server does not take it all.
  bool Send(const gateway::Bytes& bytes);
  // The next frame; none if the connection ends or `timeout_ms` passes.
  std::optional<gateway::Received> Next(int timeout_ms = 10'000);
  // Reads and drops frames to the end of the connection. False if it does not end in time;
  // otherwise `last` is the last whole frame, if there was one.
  bool ReadToEnd(int timeout_ms, std::optional<gateway::Received>* last);
  // Answers the venue's Hello and waits for its LogonAck. `now_ns` as of the system's clock.
  bool LogOn(uint64_t key_id, uint64_t session_id);

 private:
  bool Fill(int timeout_ms);

  int fd_ = -1;
  bool ended_ = false;
  gateway::Bytes stream_;
  std::vector<gateway::Received> frames_;
  std::size_t next_frame_ = 0;
};

}  // namespace tally
