#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "schemas/wire_generated.h"
#include "sdk/key.h"
#include "sdk/market_data.h"
#include "sdk/report.h"

namespace tally::sdk::internal {

inline constexpr std::size_t kClientFrameBytesMax = 296;     // Of the frames we make; wire: 4096.
inline constexpr std::size_t kServerFrameBytesMax = 65'536;  // Without the length prefix.
inline constexpr std::size_t kLengthBytes = 4;
inline constexpr uint16_t kProtocolVersion = 1;

inline Side ToSide(wire::Side side) { return static_cast<Side>(side); }

// A frame of ours, ready to send, kept until it is answered.
struct EncodedFrame {
  uint64_t sequence = 0;  // 0: not a command.
  wire::MessageType type{};
  uint16_t size_bytes = 0;
  std::array<uint8_t, kClientFrameBytesMax> bytes;

  std::span<const uint8_t> view() const { return {bytes.data(), size_bytes}; }
};

// What every frame of ours carries besides its body.
struct FrameHeader {
  uint64_t sequence = 0;
  uint64_t ack = 0;
  int64_t send_ns = 0;
};

// Builds frames. Reuses its memory: about 30 ns a frame.
// Thread safety: none.
class FrameEncoder {
 public:
  FrameEncoder() : builder_(1024) {}

  // `add` is the generated setter of the body, e.g. &wire::FrameBuilder::add_new_order.
  template <typename Body>
  void Encode(const FrameHeader& header, wire::MessageType type,
              void (wire::FrameBuilder::*add)(const Body*), const Body& body, EncodedFrame* frame) {
    builder_.Clear();
    const wire::Hdr hdr(header.sequence, header.ack, header.send_ns, type, 0, 0);
    wire::FrameBuilder fields(builder_);
    fields.add_hdr(&hdr);
    (fields.*add)(&body);
    wire::FinishSizePrefixedFrameBuffer(builder_, fields.Finish());
    Copy(header.sequence, type, frame);
  }

 private:
  void Copy(uint64_t sequence, wire::MessageType type, EncodedFrame* frame) const;

  flatbuffers::FlatBufferBuilder builder_;
};

// The frame in `bytes` (length prefix included, 8-aligned) or null if it is malformed or lacks the
// body its type names. Types this version does not know have no body and are returned.
const wire::Frame* DecodeFrame(std::span<const uint8_t> bytes);

// Whether the frame is a report, and if so all of it but Report::answers.
bool DecodeReport(const wire::Frame& frame, Report* report);
MarketTrade DecodeTrade(const wire::Trade& trade);
BookTop DecodeBookTop(const wire::Bbo& bbo);
Instrument DecodeInstrument(const wire::InstrumentDef& definition);
PhaseChange DecodePhase(const wire::Phase& phase);
TradesStatus DecodeTradesStatus(const wire::TradesStatus& status);
DisputeStatus DecodeDisputeStatus(const wire::DisputeStatus& status);
Indicative DecodeIndicative(const wire::Indicative& indicative);
BookLevel DecodeBookLevel(const wire::BookLevel& level);
BookOrder DecodeBookOrder(const wire::BookOrder& order);
// Adds a BOOK_SNAPSHOT frame to the parts before it; the first part begins anew.
void DecodeSnapshotPart(const wire::Frame& frame, BookSnapshot* snapshot);

// The 80 bytes that a Logon signs (docs/formats/wire.md, "Logon").
struct LogonStatement {
  std::span<const uint8_t, 32> nonce;
  uint64_t key_id = 0;
  uint64_t session_id = 0;
  uint64_t resume_from = 0;
  int64_t client_time_ns = 0;
};
std::array<uint8_t, 80> LogonBytes(const LogonStatement& statement);

// Whether a report of that type completes a command of this one.
bool IsAnswer(wire::MessageType command, ReportType report);

}  // namespace tally::sdk::internal
