#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "engine/command.h"
#include "schemas/wire_generated.h"

namespace tally::gateway {

// Each decodes one body into its command. OK, or BAD_VALUE for an enum, flag or reserved byte out
// of range; *command is then not to be used. Amounts and combinations are the core's to judge.
wire::ErrorCode DecodeNewOrder(const wire::NewOrder& body, Command* command);
wire::ErrorCode DecodeNewOrderFull(const wire::NewOrderFull& body, Command* command);
wire::ErrorCode DecodeReplace(const wire::Replace& body, Command* command);
wire::ErrorCode DecodeReplaceFull(const wire::ReplaceFull& body, Command* command);
wire::ErrorCode DecodeMassCancel(const wire::MassCancel& body, Command* command);
wire::ErrorCode DecodeMassCancelFull(const wire::MassCancelFull& body, Command* command);
wire::ErrorCode DecodeQuote(const wire::Quote& body, Command* command);
wire::ErrorCode DecodeResetProtection(const wire::ResetProtection& body, Command* command);
// The side is ClientMessage's.
wire::ErrorCode DecodeSignOrder(const wire::SignOrder& body, Command* command);
// kCancelOrder or kOrderQuery.
wire::ErrorCode DecodeOrderReference(CommandType type, OrderReference target, Command* command);

wire::ErrorCode DecodeSetPhase(const wire::SetPhase& body, Command* command);
wire::ErrorCode DecodeDefineRules(const wire::DefineRules& body, Command* command);
wire::ErrorCode DecodeDefineFees(const wire::DefineFees& body, Command* command);
wire::ErrorCode DecodeDefineProtection(const wire::DefineProtection& body, Command* command);
wire::ErrorCode DecodeDefineExposure(const wire::DefineExposure& body, Command* command);
wire::ErrorCode DecodeBatchStatus(const wire::BatchStatus& body, Command* command);
wire::ErrorCode DecodeDispute(const wire::DisputeStep& body, Command* command);
// The session is still to be found by its number.
wire::ErrorCode DecodeDefineAccount(const wire::DefineAccount& body, Command* command);
wire::ErrorCode DecodeKillSwitch(const wire::KillSwitch& body, Command* command);

template <uint16_t N>
bool AllZero(const flatbuffers::Array<uint8_t, N>* bytes) {
  return std::all_of(bytes->Data(), bytes->Data() + N, [](uint8_t byte) { return byte == 0; });
}

template <uint16_t N>
std::array<uint8_t, N> Copy(const flatbuffers::Array<uint8_t, N>* bytes) {
  std::array<uint8_t, N> result;
  std::memcpy(result.data(), bytes->Data(), N);
  return result;
}

template <typename Enum>
bool InRange(Enum value, Enum first, Enum last) {
  return value >= first && value <= last;
}

}  // namespace tally::gateway
