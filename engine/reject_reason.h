#pragma once

#include <cstdint>
#include <string_view>

namespace tally {

// Why a command was not applied. One value per cause; the numbers are the ones clients see on the
// wire (1xx session, 2xx order, 3xx cancel and replace, 4xx ledger and administration), so they
// never change meaning. A command that gets one of these from the core had no effect at all.
enum class RejectReason : uint16_t {
  kNone = 0,

  // Orders, listed in the order of precedence in which the core checks them (the numbers are the
  // wire's and are not in this order).
  kUnknownAccount = 211,  // No such account, or not the session's own.
  kAccountDisabled = 210,
  kUnknownInstrument = 200,
  kKillSwitch = 234,    // Of the account, the session or the venue.
  kMarketHalted = 201,  // Halted or closed.
  kUnsupported = 220,   // A combination of order attributes that has no meaning here.
  kBadTimeInForce = 221,
  kPhaseForbids = 230,       // The phase does not take this type or time in force.
  kBadSignature = 241,       // Not the owner's, or of another order. The gateway found that.
  kNonceUsed = 243,          // The account used the order's nonce before, or many larger ones.
  kSignatureRequired = 240,  // The account trades signed orders only, and this one is not.
  kHiddenNotAllowed = 222,
  kReduceOnly = 229,  // There is no position to reduce.
  kBadDisplayQuantity = 223,
  kBadMinQuantity = 224,
  kBadStopPrice = 225,  // Missing, or already reached.
  kBadPeg = 226,
  kBadExpireTime = 227,  // Not in the future.
  kBadGroup = 228,       // Contradicts the other legs of its group, or the group has ended.
  kUnknownMakerGroup = 239,
  kDuplicateClientOrderId = 202,      // Not greater than the session's last one, and still open or
                                      // equal to the last one.
  kClientOrderIdNotIncreasing = 203,  // Not greater than the session's last one.
  kBadTick = 204,                     // Price not positive or above the instrument's maximum.
  kBadLot = 205,                      // Quantity outside the instrument's bounds.
  kMinNotional = 206,
  kMaxNotional = 207,
  kNoReferencePrice = 236,  // Slippage, peg or trail without a price to measure from.
  kFatFinger = 233,
  kPriceBand = 232,
  kProtectionTripped = 235,  // The market-maker group waits for a reset.
  kMaxOpenOrders = 217,
  kCapacity = 231,        // A configured limit of the core is reached; not applied.
  kFeeAboveSigned = 242,  // The fee rate of the account is above what the signature allows.
  kInsufficientBalance = 209,
  kExposureLimit = 244,  // It could give more than may be unsettled.
  kPostOnlyWouldCross = 212,
  kFokUnfillable = 213,
  kMinQuantityUnfillable = 237,
  kMarketNoLiquidity = 214,
  kSelfTrade = 215,

  // Cancel and replace.
  kUnknownOrder = 300,
  kBelowFilled = 304,     // Replace to a total quantity not above what is already executed.
  kNotReplaceable = 305,  // This kind of order, or in this state, can only be canceled.

  // Ledger and administration.
  kUnknownAsset = 400,
  kBadAmount = 401,
  kOutOfOrderTransfer = 402,  // Deposit or withdrawal index is not the next one of its chain.
  kBadDefinition = 403,       // A definition that contradicts an existing one, or is malformed.
  kUnknownSession = 404,
  kOutOfOrderBatch = 405,
  kOutOfOrderDispute = 407,  // The step is not the next one, or there is no such dispute.
  kSequenceGap = 406,  // client_sequence is above the session's next one; it stays the next one.
};

// The name of the value, e.g. "INSUFFICIENT_BALANCE"; "UNKNOWN_REASON" for a number not listed.
std::string_view RejectReasonName(RejectReason reason);

}  // namespace tally
