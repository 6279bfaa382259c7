#include "tools/tally/operator_session.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "sdk/key.h"

namespace tally {
namespace {

// Sessions of keys without an account share their numbers; this keeps off those of relayers.
constexpr uint64_t kSessionBase = 1'000'000'000;

// Keeps the answer to one command.
class AnswerListener final : public sdk::Listener {
 public:
  void OnReport(const sdk::Report& report) override {
    if (report.answers) {
      answer = report;
    }
  }
  void OnDisconnected(const absl::Status& why) override { lost = why; }

  std::optional<sdk::Report> answer;
  absl::Status lost;
};

absl::Status RefusalOf(const sdk::Report& report) {
  if (report.type != sdk::ReportType::kCommandRejected) {
    return absl::OkStatus();
  }
  return absl::AbortedError(
      absl::StrCat("the venue refused: ", ToAbsl(sdk::ErrorCodeName(report.code))));
}

absl::StatusOr<sdk::Report> Converse(const OperatorOptions& options, const OperatorCall& call,
                                     const gateway::VenueConfig& venue,
                                     const AnswerListener& listener, sdk::Client* client) {
  RETURN_IF_ERROR(client->Start());
  const auto live = [&] { return client->state() == sdk::ClientState::kLive; };
  if (absl::Status status = client->RunUntil(live, options.timeout_ms); !status.ok()) {
    return listener.lost.ok() ? status : listener.lost;
  }
  RETURN_IF_ERROR(call(venue, client).status());
  RETURN_IF_ERROR(
      client->RunUntil([&] { return listener.answer.has_value(); }, options.timeout_ms));
  client->Close(/*keep_orders=*/true);
  const auto closed = [&] { return client->state() == sdk::ClientState::kClosed; };
  client->RunUntil(closed, 1'000).IgnoreError();  // The answer is there.
  RETURN_IF_ERROR(RefusalOf(*listener.answer));
  return *listener.answer;
}

}  // namespace

void AddOperatorOptions(CLI::App* command, OperatorOptions* options) {
  command->add_option("--config", options->config, "Venue configuration (address, instruments)")
      ->required();
  command->add_option("--host", options->host, "Address, instead of the configuration's");
  command->add_option("--port", options->port, "Port, instead of the configuration's")
      ->check(CLI::Range(1, 65'535));
  command->add_option("--key", options->key_file, "Key file, as tally keygen writes it")
      ->required();
  command->add_option("--key-id", options->key_id, "Its id under [[keys]]; permission admin")
      ->required();
  command->add_option("--session", options->session_id,
                      "Session number, if the default is in use by another process");
  command->add_option("--timeout-ms", options->timeout_ms, "For the logon and for the answer")
      ->check(CLI::Range(1, 600'000));
}

absl::StatusOr<sdk::Report> RunOperatorCall(const OperatorOptions& options,
                                            const OperatorCall& call) {
  ASSIGN_OR_RETURN(const gateway::VenueConfig venue, gateway::LoadVenueConfig(options.config));
  ASSIGN_OR_RETURN(const sdk::SigningKey key, sdk::SigningKey::Load(options.key_file));
  const sdk::ClientOptions session{
      .host = options.host.empty() ? venue.gateway.host : options.host,
      .port = options.port == 0 ? venue.gateway.port : static_cast<uint16_t>(options.port),
      .key_id = options.key_id,
      .key = key,
      .session_id = options.session_id == 0 ? kSessionBase + options.key_id : options.session_id,
      .resume_from = 0};
  AnswerListener listener;
  ASSIGN_OR_RETURN(const std::unique_ptr<sdk::Client> client,
                   sdk::Client::Create(session, &listener));
  return Converse(options, call, venue, listener, client.get());
}

}  // namespace tally
