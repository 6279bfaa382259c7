#include "gateway/codec/body_decoder.h"

namespace tally::gateway {

using wire::ErrorCode;

static_assert(static_cast<int>(wire::SettlementStatus::FAILED) ==
              static_cast<int>(SettlementStatus::kFailed));
static_assert(static_cast<int>(wire::DisputeAction::RESOLVE) ==
              static_cast<int>(DisputeAction::kResolve));

ErrorCode DecodeBatchStatus(const wire::BatchStatus& body, Command* command) {
  if (!InRange(body.status(), wire::SettlementStatus::PENDING, wire::SettlementStatus::FAILED) ||
      !AllZero(body.reserved())) {
    return ErrorCode::BAD_VALUE;
  }
  *command = MakeCommand(CommandType::kBatchStatus);
  command->batch_status = {.batch_id = body.batch_id(),
                           .last_event = EventSequence{body.last_event()},
                           .last_trade = TradeId{body.last_trade()},
                           .block_number = body.block_number(),
                           .transaction_hash = Copy(body.transaction_hash()),
                           .trade_count = body.trade_count(),
                           .status = static_cast<SettlementStatus>(body.status()),
                           .reserved = {}};
  return ErrorCode::OK;
}

ErrorCode DecodeDispute(const wire::DisputeStep& body, Command* command) {
  if (!InRange(body.action(), wire::DisputeAction::HOLD, wire::DisputeAction::RESOLVE) ||
      !InRange(body.side(), wire::Side::NONE, wire::Side::SELL)) {
    return ErrorCode::BAD_VALUE;
  }
  *command = MakeCommand(CommandType::kDispute);
  command->account = AccountId{body.account()};
  command->instrument = InstrumentId{body.instrument()};
  command->dispute = {.batch_id = body.batch_id(),
                      .amount = {body.amount()},
                      .trade_id = TradeId{body.trade_id()},
                      .order_id = OrderId{body.order_id()},
                      .client_order_id = ClientOrderId{body.client_order_id()},
                      .price = {body.price()},
                      .quantity = {body.quantity()},
                      .culprit = AccountId{body.culprit()},
                      .step = body.step(),
                      .session = SessionIndex{body.session()},
                      .asset = AssetId{body.asset()},
                      .action = static_cast<DisputeAction>(body.action()),
                      .side = static_cast<uint8_t>(body.side())};
  return ErrorCode::OK;
}

}  // namespace tally::gateway
