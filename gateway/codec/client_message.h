#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/types.h"
#include "engine/command.h"
#include "schemas/wire_generated.h"

namespace tally::gateway {

inline constexpr uint32_t kClientFrameBytesMax = 4096;
inline constexpr uint32_t kServerFrameBytesMax = 65'536;
inline constexpr uint16_t kProtocolVersion = 1;

// One decoded and range-checked message of a client. Only the member that `type` selects is set.
struct ClientMessage {
  wire::MessageType type = wire::MessageType::NONE;
  uint64_t seq = 0;
  // 10..19, 60..62 and 80..96; without session, and without account but where another one than the
  // session's is meant.
  Command command{};
  Side signed_side{};            // SIGN_ORDER
  uint64_t kill_session_id = 0;  // KILL_SWITCH: the client's number of the session.
  wire::Logon logon;             // LOGON
  uint64_t correlation = 0;      // HEARTBEAT, TEST_REQUEST
  bool keep_orders = false;      // LOGOUT
  InstrumentId instrument{};     // SUBSCRIBE, UNSUBSCRIBE; 0 is every instrument.
  uint8_t feed_kinds = 0;        // SUBSCRIBE, UNSUBSCRIBE
};

// True of the types that are counted by the client's seq.
bool IsCommand(wire::MessageType type);

// Decodes a whole frame, length prefix included, at an address that is a multiple of 8. Verifies
// the buffer, that there is exactly one body and it is the one the header names, that the seq is 0
// exactly if the message is no command, and the range of every enum, flag and reserved byte. Prices
// and quantities are the core's to judge. Returns
//   OK
//   BAD_FRAME         not a valid buffer, wrong identifier, no header, not exactly one body
//   UNSUPPORTED_TYPE  a type that the server does not take
//   BAD_VALUE         an enum, flag, seq or reserved byte out of range
// `message->type` and `seq` are set as far as they were readable. Cost: about 30 ns, no allocation.
wire::ErrorCode DecodeClientFrame(std::span<const uint8_t> frame, ClientMessage* message);

// The bytes that a Logon signs, docs/formats/wire.md.
inline constexpr std::size_t kLogonSignedBytes = 80;
std::array<uint8_t, kLogonSignedBytes> LogonSignedBytes(std::span<const uint8_t, 32> nonce,
                                                        const wire::Logon& logon);

}  // namespace tally::gateway
