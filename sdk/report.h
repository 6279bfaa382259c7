#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/fixed_string.h"
#include "base/types.h"

namespace tally::sdk {

// docs/error-codes.md. 1xx come from the gateway, the others from the matching core.
enum class ErrorCode : uint16_t {
  kOk = 0,
  kBadFrame = 100,
  kFrameTooLarge = 101,
  kBadSchemaVersion = 102,
  kNotLoggedIn = 103,
  kAuthFailed = 104,
  kClockSkew = 105,
  kDuplicateSession = 106,
  kPermission = 107,
  kKeyDisabled = 108,
  kTooManyConnections = 109,
  kSeqGap = 111,
  kResumeTooOld = 113,
  kHeartbeatTimeout = 114,
  kSlowConsumer = 115,
  kRateDisconnect = 116,
  kShutdown = 117,
  kBadValue = 118,
  kResumeTooNew = 119,
  kUnsupportedType = 120,
  kLogonTimeout = 121,
  kEngineDown = 122,
  kAlreadyLoggedIn = 123,
  kTooManySubscriptions = 124,
  kUnknownInstrument = 200,
  kMarketHalted = 201,
  kDuplicateClOrdId = 202,
  kClOrdIdNotIncreasing = 203,
  kBadTick = 204,
  kBadLot = 205,
  kMinNotional = 206,
  kMaxNotional = 207,
  kInsufficientBalance = 209,
  kAccountDisabled = 210,
  kUnknownAccount = 211,
  kPostOnlyWouldCross = 212,
  kFokUnfillable = 213,
  kMarketNoLiquidity = 214,
  kSelfTrade = 215,
  kMaxOpenOrders = 217,
  kThrottled = 218,
  kUnsupported = 220,
  kBadTif = 221,
  kHiddenNotAllowed = 222,
  kBadDisplayQty = 223,
  kBadMinQty = 224,
  kBadStopPx = 225,
  kBadPeg = 226,
  kBadExpireTime = 227,
  kBadGroup = 228,
  kReduceOnly = 229,
  kPhaseForbids = 230,
  kCapacity = 231,
  kPriceBand = 232,
  kFatFinger = 233,
  kKillSwitch = 234,
  kProtectionTripped = 235,
  kNoReferencePrice = 236,
  kMinQtyUnfillable = 237,
  kUnknownMakerGroup = 239,
  kSignatureRequired = 240,
  kBadSignature = 241,
  kFeeAboveSigned = 242,
  kNonceUsed = 243,
  kExposureLimit = 244,
  kUnknownOrder = 300,
  kBelowFilled = 304,
  kNotReplaceable = 305,
  kUnknownAsset = 400,
  kBadAmount = 401,
  kOutOfOrderTransfer = 402,
  kBadDefinition = 403,
  kUnknownSession = 404,
  kOutOfOrderBatch = 405,
  kOutOfOrderDispute = 407,
};

// E.g. "INSUFFICIENT_BALANCE"; "UNKNOWN_CODE" for a number this version does not know.
std::string_view ErrorCodeName(ErrorCode code);

// Numbers of the wire's MessageType.
enum class ReportType : uint16_t {
  kAccepted = 20,
  kRejected = 21,
  kFill = 22,
  kCanceled = 23,
  kReplaced = 24,
  kCancelReject = 25,  // Answers Cancel, Replace and QueryOrder.
  kMassCancelDone = 26,
  kTriggered = 27,  // A stop became an active order.
  kRestated = 28,   // The venue changed price, displayed or stop price of an order.
  kQuoteDone = 29,
  kOrderState = 30,
  kBalance = 31,
  kProtectionTripped = 32,
  kTradeBroken = 33,  // A trade will not be settled as it is; what was got from it is in dispute.
  kCommandDone = 70,  // Answers Deposit, Withdraw, BatchSettled, ResetProtection, what an
                      // operator asks for, and Cancel of an order of another session of the
                      // account.
  kCommandRejected = 71,  // Answers any other command that was refused.
};

std::string_view ReportTypeName(ReportType type);

// Why an order was canceled; numbers of the wire's CancelReason.
enum class CancelReason : uint8_t {
  kNone = 0,
  kRequest = 1,
  kMassCancel = 2,
  kDisconnect = 3,
  kImmediateOrCancel = 4,
  kSelfTradeNewest = 5,
  kSelfTradeOldest = 6,
  kSelfTradeBoth = 7,
  kSelfTradeDecrement = 8,
  kReplaced = 9,
  kExpired = 10,
  kEndOfDay = 11,
  kAuctionOnly = 12,
  kGroup = 13,
  kKillSwitch = 14,
  kProtection = 15,
  kPriceBand = 16,
  kQuoteReplaced = 17,
  kVenue = 18,
};

// Why the venue restated an order; numbers of the wire's RestateReason.
enum class RestateReason : uint8_t { kNone = 0, kRefresh = 1, kPeg = 2, kTrail = 3, kSlide = 4 };

// One side of a quote as it stands after kQuoteDone.
struct QuoteSide {
  OrderId order_id{};  // 0: no order.
  QuantityLots leaves{};
  ErrorCode code{};  // kOk: as asked.
};

// One report of the venue about one of the session's orders or commands. Fields that a type does
// not have are zero; which it has is in docs/formats/wire.md under the same names.
struct Report {
  ReportType type{};
  uint64_t sequence = 0;         // Of the session's reports: from 1, contiguous, each seen once.
  uint64_t client_sequence = 0;  // Of the command that caused it; 0 if unsolicited.
  bool answers = false;          // The one report that completes the command `client_sequence`.
  bool replayed = false;         // Sent from the venue's log: it may be older than this connection.
  bool last = false;             // Last Balance of an answer.
  int64_t engine_ns = 0;         // Time of the command that caused it, as the core saw it.

  ClientOrderId client_order_id{};
  ClientOrderId original_client_order_id{};  // kReplaced: the id it had before.
  OrderId order_id{};
  InstrumentId instrument{};
  Side side{};
  PriceTicks price{};
  QuantityLots quantity{};  // Of the order; kFill: executed now; kCanceled: removed now.
  QuantityLots leaves{};
  QuantityLots cumulative{};

  TradeId trade_id{};              // kFill, kTradeBroken
  EventSequence event_sequence{};  // kFill: place in the settlement feed.
  Quanta fee{};                    // kFill: quote quanta, negative is a rebate.
  Liquidity liquidity{};           // kFill
  CancelReason cancel_reason{};    // kCanceled
  ErrorCode code{};                // Rejects
  bool kept_priority = false;      // kReplaced, kRestated
  uint32_t canceled_count = 0;     // kMassCancelDone, kProtectionTripped
  AccountId account{};             // kBalance
  AssetId asset{};                 // kBalance
  Quanta available{};              // kBalance
  Quanta held{};                   // kBalance

  OrderType order_type{};                       // kAccepted; kTriggered: what it became.
  TimeInForce time_in_force{};                  // kAccepted
  uint8_t order_flags = 0;                      // kAccepted: bits of the wire's OrderFlag.
  SelfTradePrevention self_trade_prevention{};  // kAccepted
  TradingPhase phase{};                         // kAccepted, kFill
  TriggerSource trigger{};                      // kAccepted
  PegReference peg{};                           // kAccepted
  Contingency contingency{};                    // kAccepted
  uint32_t group_id = 0;                        // kAccepted
  uint32_t algorithm_id = 0;                    // kAccepted
  QuantityLots displayed{};        // kAccepted: the displayed part of an iceberg. kRestated: shown.
  QuantityLots min_quantity{};     // kAccepted
  PriceTicks stop_price{};         // kAccepted, kTriggered, kRestated
  PriceTicks trigger_price{};      // kTriggered: what triggered it.
  RestateReason restate_reason{};  // kRestated
  uint16_t entry = 0;              // kQuoteDone
  uint16_t maker_group = 0;        // kQuoteDone, kProtectionTripped
  QuoteSide bid{};                 // kQuoteDone
  QuoteSide ask{};                 // kQuoteDone
  QuantityLots delta{};            // kProtectionTripped; the lots are in `quantity`.
  uint32_t fill_count = 0;         // kProtectionTripped
  uint64_t batch_id = 0;           // kTradeBroken
};

// One line for logs and the command line.
std::string ToString(const Report& report);

}  // namespace tally::sdk
