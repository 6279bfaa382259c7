#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/event.h"
#include "schemas/wire_generated.h"

namespace tally::gateway {

// Entries of one part of a book snapshot: 32 KiB.
inline constexpr std::size_t kSnapshotPartEntries = 1024;

// Encodes messages of the server and appends them, length prefix included, to a byte vector.
//
// Thread safety: none; one encoder per thread. Cost: about 50 ns a message; no allocation once the
// output has grown.
class FrameEncoder {
 public:
  FrameEncoder();

  // Session-level messages; `ack` is the last command seq taken, 0 before the logon.
  struct Header {
    uint64_t ack = 0;
    int64_t send_ns = 0;
  };
  using Output = std::vector<uint8_t>;
  void Hello(const Header& header, const wire::Hello& body, Output* output);
  void LogonAck(const Header& header, const wire::LogonAck& body, Output* output);
  void Heartbeat(const Header& header, uint64_t correlation, Output* output);
  void TestRequest(const Header& header, uint64_t correlation, Output* output);
  void Logout(const Header& header, wire::ErrorCode code, Output* output);
  void SessionReject(const Header& header, const wire::SessionReject& body, Output* output);
  void InstrumentDef(const Header& header, const wire::InstrumentDef& body, Output* output);

  // A report (event.report_sequence != 0). A pure function of the event but for `send_ns` and
  // `replay`.
  void Report(const Event& event, bool replay, int64_t send_ns, Output* output);

  // Of kBatchStatus, or with `engine_ns` 0 as it was before; kDispute of an account.
  void TradesStatus(const BatchStatusEvent& status, int64_t engine_ns, int64_t send_ns,
                    Output* output);
  void DisputeStatus(const Event& event, int64_t send_ns, Output* output);

  // kTrade, kPhaseChanged and kIndicative.
  void Public(const Event& event, int64_t send_ns, Output* output);
  // kBookDelta as the L2 or the L3 message.
  void BookLevel(const Event& event, int64_t send_ns, Output* output);
  void BookOrder(const Event& event, int64_t send_ns, Output* output);
  // As many frames as it takes; one if there are no entries.
  struct BookSnapshotHead {
    InstrumentId instrument{};
    uint64_t book_sequence = 0;
    int64_t engine_ns = 0;
    wire::FeedKind kind{};
  };
  void BookSnapshot(const BookSnapshotHead& head, std::span<const wire::BookEntry> entries,
                    int64_t send_ns, Output* output);
  void Bbo(InstrumentId instrument, int64_t engine_ns, const BookTopEvent& top, int64_t send_ns,
           Output* output);

 private:
  struct HdrFields {
    uint64_t seq = 0;
    uint64_t ack = 0;
    int64_t send_ns = 0;
    uint16_t flags = 0;
  };
  template <typename Add>
  void Write(wire::MessageType type, const HdrFields& fields, Output* output, Add&& add);
  void Finish(wire::FrameBuilder* frame, Output* output);

  flatbuffers::FlatBufferBuilder builder_;
};

// The client's name for the command that a reject refuses.
wire::MessageType ToMessageType(CommandType type);

}  // namespace tally::gateway
