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

absl::StatusOr<sdk::CommandTicket> Send(const Command& command, sdk::Client* client) {
  if (command.type == CommandType::kDeposit) {
    return client->Deposit(TransferOf(command));
  }
  if (command.type == CommandType::kWithdraw) {
    return client->Withdraw(TransferOf(command));
  }
  const BatchSettledCommand& batch = command.batch_settled;
  return client->BatchSettled({.batch_id = batch.batch_id,
                               .last_event = batch.last_event,
                               .block_number = batch.block_number,
                               .transaction_hash = batch.transaction_hash});
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
  unanswered_[ticket.client_sequence] = {.type = command.type,
                                         .index = command.type == CommandType::kBatchSettled
                                                      ? command.batch_settled.batch_id
                                                      : command.chain_transfer.index,
                                         .reason = RejectReason::kNone};
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
