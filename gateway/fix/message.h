#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "gateway/fix/dictionary.h"

namespace tally::gateway::fix {

inline constexpr char kSoh = '\x01';
inline constexpr std::size_t kMessageBytesMax = 32 * 1024;
inline constexpr std::size_t kMessageFieldsMax = 2'048;

// The tags that the code names. What each may contain is in schemas/fix44.xml.
namespace tag {
enum : int32_t {
  kAccount = 1,
  kAvgPx = 6,
  kBeginSeqNo = 7,
  kClOrdID = 11,
  kCumQty = 14,
  kCurrency = 15,
  kEndSeqNo = 16,
  kExecID = 17,
  kExecInst = 18,
  kLastPx = 31,
  kLastQty = 32,
  kLinesOfText = 33,
  kMsgSeqNum = 34,
  kMsgType = 35,
  kNewSeqNo = 36,
  kOrderID = 37,
  kOrderQty = 38,
  kOrdStatus = 39,
  kOrdType = 40,
  kOrigClOrdID = 41,
  kOrigTime = 42,
  kPossDupFlag = 43,
  kPrice = 44,
  kRefSeqNum = 45,
  kSenderCompID = 49,
  kSendingTime = 52,
  kSide = 54,
  kSymbol = 55,
  kTargetCompID = 56,
  kText = 58,
  kTimeInForce = 59,
  kTransactTime = 60,
  kValidUntilTime = 62,
  kListID = 66,
  kListSeqNo = 67,
  kTotNoOrders = 68,
  kNoOrders = 73,
  kTradeDate = 75,
  kNoRpts = 82,
  kRptSeq = 83,
  kCxlQty = 84,
  kRawData = 96,
  kPossResend = 97,
  kEncryptMethod = 98,
  kStopPx = 99,
  kCxlRejReason = 102,
  kOrdRejReason = 103,
  kHeartBtInt = 108,
  kMinQty = 110,
  kMaxFloor = 111,
  kTestReqID = 112,
  kOnBehalfOfCompID = 115,
  kOnBehalfOfSubID = 116,
  kQuoteID = 117,
  kOrigSendingTime = 122,
  kGapFillFlag = 123,
  kExpireTime = 126,
  kDeliverToCompID = 128,
  kDeliverToSubID = 129,
  kQuoteReqID = 131,
  kBidPx = 132,
  kOfferPx = 133,
  kBidSize = 134,
  kOfferSize = 135,
  kNoMiscFees = 136,
  kMiscFeeAmt = 137,
  kMiscFeeCurr = 138,
  kMiscFeeType = 139,
  kResetSeqNumFlag = 141,
  kOnBehalfOfLocationID = 144,
  kDeliverToLocationID = 145,
  kNoRelatedSym = 146,
  kHeadline = 148,
  kExecType = 150,
  kLeavesQty = 151,
  kCashOrderQty = 152,
  kPegOffsetValue = 211,
  kMDReqID = 262,
  kSubscriptionRequestType = 263,
  kMarketDepth = 264,
  kMDUpdateType = 265,
  kAggregatedBook = 266,
  kNoMDEntryTypes = 267,
  kNoMDEntries = 268,
  kMDEntryType = 269,
  kMDEntryPx = 270,
  kMDEntrySize = 271,
  kMDEntryDate = 272,
  kMDEntryTime = 273,
  kMDEntryID = 278,
  kMDUpdateAction = 279,
  kMDReqRejReason = 281,
  kNoQuoteEntries = 295,
  kNoQuoteSets = 296,
  kQuoteStatus = 297,
  kQuoteCancelType = 298,
  kQuoteEntryID = 299,
  kQuoteRejectReason = 300,
  kQuoteResponseLevel = 301,
  kQuoteSetID = 302,
  kTotNoQuoteEntries = 304,
  kSecurityReqID = 320,
  kSecurityRequestType = 321,
  kSecurityResponseID = 322,
  kSecurityResponseType = 323,
  kSecurityStatusReqID = 324,
  kUnsolicitedIndicator = 325,
  kSecurityTradingStatus = 326,
  kTradSesReqID = 335,
  kTradingSessionID = 336,
  kTradSesStatus = 340,
  kNumberOfOrders = 346,
  kQuoteEntryRejectReason = 368,
  kRefTagID = 371,
  kRefMsgType = 372,
  kSessionRejectReason = 373,
  kExecRestatementReason = 378,
  kBusinessRejectReason = 380,
  kTotNoRelatedSym = 393,
  kListStatusType = 429,
  kListOrderStatus = 431,
  kCxlRejResponseTo = 434,
  kListStatusText = 444,
  kTradeReportTransType = 487,
  kMassCancelRequestType = 530,
  kMassCancelResponse = 531,
  kMassCancelRejectReason = 532,
  kTotalAffectedOrders = 533,
  kNoSides = 552,
  kUsername = 553,
  kPassword = 554,
  kSecurityListRequestType = 559,
  kSecurityRequestResult = 560,
  kRoundLot = 561,
  kMinTradeVol = 562,
  kTradeRequestID = 568,
  kTradeRequestType = 569,
  kPreviouslyReported = 570,
  kTradeReportID = 571,
  kMassStatusReqID = 584,
  kMassStatusReqType = 585,
  kTotNumTradeReports = 748,
  kTradeRequestResult = 749,
  kTradeRequestStatus = 750,
  kNextExpectedMsgSeqNum = 789,
  kOrdStatusReqID = 790,
  kPegOffsetType = 836,
  kLastLiquidityInd = 851,
  kTrdMatchID = 880,
  kLastFragment = 893,
  kTotNumReports = 911,
  kLastRptRequested = 912,
  kMinPriceIncrement = 969,
  kTradeID = 1003,
  kMaxTradeVol = 1140,
  kHighLimitPrice = 1149,
  kContingencyType = 1385,
  kAggressorSide = 5797,
  kCancelOrdersOnDisconnect = 8013,
  kMarketMakerGroup = 20010,
  kPostOnlySlide = 20011,
  kTriggerSource = 20012,
  kSlippageTicks = 20013,
  kAlgorithmID = 20014,
  kReduceOnly = 20015,
  kProtectionReqID = 20020,
  kProtectionStatus = 20021,
  kProtectionLots = 20022,
  kProtectionDelta = 20023,
  kProtectionFills = 20024,
  kBidReason = 20025,
  kOfferReason = 20026,
  kBidOrderID = 20027,
  kOfferOrderID = 20028,
  kSignatureNonce = 20030,
  kSignatureExpiry = 20031,
  kSignatureMaxFee = 20032,
  kOrderSignature = 20033,
  kMDConflated = 20040,
  kOriginSession = 20041,
  kBaseAsset = 20042,
  kMinNotional = 20043,
  kMaxNotional = 20044,
  kMakerFeeBp = 20045,
  kTakerFeeBp = 20046,
  kPhaseUntil = 20047,
  kSettlementStatus = 20060,
  kSettlementTransaction = 20061,
  kSettlementBatchID = 20062,
  kRecvWindow = 25000,
  kSelfTradePreventionMode = 25001,
  kFirstBookUpdateID = 25043,
  kLastBookUpdateID = 25044,
};
}  // namespace tag

// SessionRejectReason (373).
enum class SessionReject : uint8_t {
  kInvalidTag = 0,
  kRequiredTagMissing = 1,
  kTagNotDefinedForType = 2,
  kTagWithoutValue = 4,
  kValueOutOfRange = 5,
  kBadFormat = 6,
  kCompIdProblem = 9,
  kSendingTimeProblem = 10,
  kInvalidMsgType = 11,
  kRepeatedTag = 13,
  kOutOfOrder = 14,
  kGroupCount = 16,
};

struct Field {
  int32_t tag;
  uint16_t ordinal;  // 0: not in the dictionary.
  uint16_t length;
  uint32_t offset;  // Of the value in the message.
};

// One message as a flat array of fields, over bytes that somebody else owns.
//
// Thread safety: none. Cost: no allocation; Parse is one pass, Find two loads.
class Message {
 public:
  // Splits `bytes`, a whole message as the framer cuts it. False: garbled (the first three fields
  // are not 8, 9 and 35; a field without a number; wrong BodyLength or CheckSum).
  bool Parse(std::string_view bytes);

  std::string_view type() const { return type_; }
  std::string_view bytes() const { return bytes_; }
  std::span<const Field> fields() const { return {fields_.data(), count_}; }
  std::string_view value(const Field& field) const {
    return bytes_.substr(field.offset, field.length);
  }

  // Becomes a message of some of the fields of another, in their order: an entry of a group as if
  // it were a message of its own. MsgType, MsgSeqNum and the times of sending are those of the
  // whole.
  void Extract(const Message& whole, std::span<const Field> entry);

  // The first field of that tag; nothing if there is none. An entry of a group needs fields().
  std::optional<std::string_view> Find(int32_t tag) const {
    const uint16_t position = position_[OrdinalOf(tag)];
    if (position == 0) {
      return std::nullopt;
    }
    return value(fields_[position - 1]);
  }
  std::string_view Get(int32_t tag) const { return Find(tag).value_or(std::string_view()); }
  bool IsYes(int32_t tag) const { return Get(tag) == "Y"; }

 private:
  bool Split();
  bool IsWhole() const;

  std::string_view bytes_;
  std::string_view type_;
  std::size_t count_ = 0;
  std::array<Field, kMessageFieldsMax> fields_;
  std::array<uint16_t, kFieldsMax> position_{};  // + 1 of the first field, by ordinal.
};

// The entries of the first group of that kind in the fields of a valid message, in order.
std::vector<std::span<const Field>> EntriesOf(std::span<const Field> fields,
                                              const GroupRule& group);

// What is wrong with a message that is not garbled.
struct Fault {
  SessionReject reason;
  int32_t tag;  // RefTagID; 0: none.
};

// Checks a message against its definition; the first fault in the order of the fields, then the
// first missing field.
std::optional<Fault> Validate(const Message& message, const MessageRule& rule);

// Cuts the bytes of a connection into messages. Bytes that do not begin a message are skipped. A
// message ends with the first CheckSum field at or behind where its BodyLength says: so one with a
// wrong length is garbled as a whole, with what it swallowed, and the next one is found.
//
// Cost: each byte is looked at once or twice.
class Framer {
 public:
  enum class Result : uint8_t { kMessage, kNeedMore, kTooLarge };

  // The next message of `bytes`. `*consumed` is how many bytes are done with, the message included.
  // After kTooLarge the connection is of no use.
  static Result Next(std::string_view bytes, std::string_view* message, std::size_t* consumed);

 private:
  static Result FindBodyEnd(std::string_view bytes, std::size_t* body_end);
};

// The sum of the bytes modulo 256, what CheckSum (10) says in three digits.
uint32_t Checksum(std::string_view bytes);

}  // namespace tally::gateway::fix
