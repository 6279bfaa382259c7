#include "tools/tally/sdk_engine_link.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include <spdlog/spdlog.h>

#include "base/status.h"

namespace tally {
namespace {

sdk::ChainTransfer TransferOf(const Command& command) {
  const ChainTransferCommand& transfer = command.chain_transfer;
  return {.index = transfer.index,
          .chain_id = transfer.chain_id,
          .account = command.account,
          .asset = transfer.asset,
          .amount = transfer.amount,
          .transaction_hash = transfer.transaction_hash,
          .log_index = transfer.log_index};
}

sdk::BatchStatusRequest BatchStatusOf(const Command& command) {
  const BatchStatusCommand& batch = command.batch_status;
  return {.batch_id = batch.batch_id,
          .last_event = batch.last_event,
          .last_trade = batch.last_trade,
          .trade_count = batch.trade_count,
          .block_number = batch.block_number,
          .transaction_hash = batch.transaction_hash,
          .status = static_cast<sdk::SettlementStatus>(batch.status)};
}

sdk::DisputeRequest DisputeOf(const Command& command) {
  const DisputeCommand& dispute = command.dispute;
  return {.batch_id = dispute.batch_id,
          .culprit = dispute.culprit,
          .action = static_cast<sdk::DisputeAction>(dispute.action),
          .step = dispute.step,
          .account = command.account,
          .asset = dispute.asset,
          .amount = dispute.amount,
          .session = dispute.session,
          .instrument = command.instrument,
          .trade_id = dispute.trade_id,
          .order_id = dispute.order_id,
          .client_order_id = dispute.client_order_id,
          .side = static_cast<Side>(dispute.side),
          .price = dispute.price,
          .quantity = dispute.quantity};
}

absl::StatusOr<sdk::CommandTicket> Send(const Command& command, sdk::Client* client) {
  if (command.type == CommandType::kDeposit) {
    return client->Deposit(TransferOf(command));
  }
  if (command.type == CommandType::kWithdraw) {
    return client->Withdraw(TransferOf(command));
  }
  return command.type == CommandType::kDispute ? client->Dispute(DisputeOf(command))
                                               : client->BatchStatus(BatchStatusOf(command));
}

// What a rejection names.
uint64_t IndexOf(const Command& command) {
  if (command.type == CommandType::kBatchStatus) {
    return command.batch_status.batch_id;
  }
  return command.type == CommandType::kDispute ? command.dispute.batch_id
                                               : command.chain_transfer.index;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SdkEngineLink>> SdkEngineLink::Start(
    const sdk::ClientOptions& options) {
  std::unique_ptr<SdkEngineLink> link(new SdkEngineLink());
  ASSIGN_OR_RETURN(link->client_, sdk::Client::Create(options, link.get()));
  RETURN_IF_ERROR(link->client_->Start());
  return link;
}

absl::Status SdkEngineLink::Submit(const Command& command) {
  // Dead for good, e.g. the key lost its permission: not to be taken for a passing trouble.
  if (client_->state() == sdk::ClientState::kFailed) {
    return absl::FailedPreconditionError(
        absl::StrCat("the engine refuses this session: ", client_->status().message()));
  }
  // Nothing piles up behind a lost connection: the relayer asks again.
  if (client_->state() != sdk::ClientState::kLive) {
    return absl::UnavailableError("not connected to the engine");
  }
  ASSIGN_OR_RETURN(const sdk::CommandTicket ticket, Send(command, client_.get()));
  unanswered_[ticket.client_sequence] = {
      .type = command.type, .index = IndexOf(command), .reason = RejectReason::kNone};
  return absl::OkStatus();
}

std::vector<settlement::EngineLink::Rejection> SdkEngineLink::Poll() {
  client_->Poll();
  return std::exchange(rejections_, {});
}

void SdkEngineLink::OnReport(const sdk::Report& report) {
  const auto found = unanswered_.find(report.client_sequence);
  if (found == unanswered_.end() || !report.answers) {
    return;
  }
  if (report.type == sdk::ReportType::kCommandRejected) {
    Rejection rejection = found->second;
    rejection.reason =
        static_cast<RejectReason>(report.code);  // The wire's numbers are the core's.
    rejections_.push_back(rejection);
  }
  unanswered_.erase(found);
}

void SdkEngineLink::OnLive() { spdlog::info("connected to the engine"); }

void SdkEngineLink::OnDisconnected(const absl::Status& why) {
  spdlog::warn("connection to the engine lost: {}", std::string(why.message()));
}

}  // namespace tally
