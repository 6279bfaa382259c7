#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "schemas/wire_generated.h"

namespace tally::sdk {

// What the client sent, decoded.
struct ClientMessage {
  std::vector<uint64_t> words;  // The frame with its prefix, 8-aligned.

  const wire::Frame& frame() const { return *wire::GetSizePrefixedFrame(words.data()); }
  wire::MessageType type() const { return frame().hdr()->type(); }
  uint64_t sequence() const { return frame().hdr()->seq(); }
};

// A venue that does only what a test tells it: one connection at a time on a port of the system's
// choice, no threads. Thread safety: none.
class FakeVenue {
 public:
  FakeVenue();
  ~FakeVenue();
  FakeVenue(const FakeVenue&) = delete;
  FakeVenue& operator=(const FakeVenue&) = delete;

  uint16_t port() const { return port_; }
  bool connected() const { return connection_ >= 0; }
  int connections() const { return connections_; }

  // Accepts and reads without blocking; true if anything happened.
  bool Step();
  void Hang();  // Closes the connection.

  std::deque<ClientMessage>& inbox() { return inbox_; }
  // Takes the oldest message; it must be there.
  ClientMessage Take();

  struct Header {
    uint64_t seq = 0;
    uint64_t ack = 0;
    uint16_t flags = 0;
  };
  template <typename Body>
  void Send(wire::MessageType type, void (wire::FrameBuilder::*add)(const Body*), const Body& body,
            const Header& header) {
    SendBytes(Encode(type, add, body, header));
  }
  template <typename Body>
  static std::vector<uint8_t> Encode(wire::MessageType type,
                                     void (wire::FrameBuilder::*add)(const Body*), const Body& body,
                                     const Header& header) {
    flatbuffers::FlatBufferBuilder builder;
    const wire::Hdr hdr(header.seq, header.ack, 0, type, header.flags, 0);
    wire::FrameBuilder fields(builder);
    fields.add_hdr(&hdr);
    (fields.*add)(&body);
    wire::FinishSizePrefixedFrameBuffer(builder, fields.Finish());
    return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
  }
  void SendBytes(std::span<const uint8_t> bytes);

 private:
  void CutFrames();

  int listener_ = -1;
  int connection_ = -1;
  int connections_ = 0;
  uint16_t port_ = 0;
  std::vector<uint8_t> bytes_;
  std::deque<ClientMessage> inbox_;
};

}  // namespace tally::sdk
