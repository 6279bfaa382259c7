#include "gateway/fix/session.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "base/status.h"

namespace tally::gateway::fix {
namespace {

constexpr std::size_t kRefusedMax = 10'000;

}  // namespace

template <typename Record>
SessionLog::Position FixSession::Append(RecordType type, const Record& record) {
  return log_->Append(type, PackedSize(record), [&](char* at) { Pack(record, at); });
}

absl::Status FixSession::Open(const std::string& path) {
  ASSIGN_OR_RETURN(log_, SessionLog::Open(path, [this](RecordType type, std::string_view payload,
                                                       SessionLog::Position position) {
                     Visit(type, payload, position);
                   }));
  written_ = progress;
  return absl::OkStatus();
}

void FixSession::Visit(RecordType type, std::string_view payload, SessionLog::Position position) {
  switch (type) {
    case RecordType::kProgress:
      CHECK(Unpack(payload, &progress));
      sent.resize(progress.next_out - 1);
      TakeRequest(progress.answered);
      return;
    case RecordType::kRequest: {
      RequestRecord request;
      CHECK(Unpack(payload, &request));
      client_sequence = request.client_sequence;
      last_client_order_id = std::max(last_client_order_id, Raw(request.client_order_id));
      requests.push_back(std::move(request));
      return;
    }
    case RecordType::kOrder: {
      OrderRecord order;
      CHECK(Unpack(payload, &order));
      orders.Put(order);
      return;
    }
    case RecordType::kSent: {
      SentRecord message;
      CHECK(Unpack(payload, &message));
      sent.resize(message.sequence);
      sent[message.sequence - 1] = position;
      progress.next_out = message.sequence + 1;
      progress.next_report = message.next_report;
      return;
    }
    case RecordType::kFollower: {
      FollowerRecord follower;
      CHECK(Unpack(payload, &follower) && follower.command.size() == sizeof(Command));
      followers.push_back(std::move(follower));
      return;
    }
    case RecordType::kList: {
      ListRecord list;
      CHECK(Unpack(payload, &list));
      lists.Put(list);
      return;
    }
    case RecordType::kMassQuote:
    case RecordType::kQuoteAnswer:
    case RecordType::kQuoteOrder:
      VisitQuote(type, payload);
      return;
    case RecordType::kBegun: {
      BegunRecord record;
      CHECK(Unpack(payload, &record));
      begun_ns = record.begun_ns;
      return;
    }
    case RecordType::kVoid: {
      VoidRecord record;
      CHECK(Unpack(payload, &record));
      ForgetFrom(record);
      return;
    }
  }
}

// The core never got these requests.
void FixSession::ForgetFrom(const VoidRecord& record) {
  while (!requests.empty() && requests.back().client_sequence >= record.client_sequence) {
    orders.Remove(requests.back().client_order_id);
    lists.RemoveByOrder(requests.back().client_order_id);
    requests.pop_back();
  }
  quotes.RemoveFrom(record.client_sequence);
  while (!followers.empty() && followers.back().client_sequence >= record.client_sequence) {
    followers.pop_back();
  }
  client_sequence = record.client_sequence - 1;
  progress.next_in = record.next_in;
}

void FixSession::VisitQuote(RecordType type, std::string_view payload) {
  if (type == RecordType::kMassQuote) {
    MassQuoteRecord record;
    CHECK(Unpack(payload, &record));
    quotes.Add(FromRecord(std::move(record)));
  } else if (type == RecordType::kQuoteOrder) {
    QuoteOrderRecord record;
    CHECK(Unpack(payload, &record));
    quotes.PutOrder(record);
  } else {
    QuoteAnswerRecord record;
    CHECK(Unpack(payload, &record) && record.entry.size() == sizeof(QuoteEntry));
    TakeQuoteAnswer(record);
  }
}

// Only the last answer of a message ends it.
void FixSession::TakeQuoteAnswer(const QuoteAnswerRecord& record) {
  MassQuote* const quote = quotes.Find(record.client_sequence);
  if (quote == nullptr) {
    return;
  }
  const std::size_t at = record.client_sequence - quote->record.first_client_sequence;
  std::memcpy(&quote->entries[at], record.entry.data(), sizeof(QuoteEntry));
  if (record.client_sequence + 1 == quote->end()) {
    quotes.PopFirst();
  }
}

// The core has the first command of a message, so it gets the others.
void FixSession::FindUnfinished(uint64_t last_client_sequence) {
  unfinished.clear();
  for (const FollowerRecord& follower : followers) {
    if (follower.client_sequence == last_client_sequence + unfinished.size() + 1) {
      Command& command = unfinished.emplace_back(MakeCommand(CommandType::kNewOrder));
      std::memcpy(&command, follower.command.data(), sizeof(Command));
    }
  }
}

void FixSession::Recover(const RecoveredSession& recovered) {
  index = recovered.index;
  session_id = recovered.session_id;
  released_report = recovered.next_report_sequence;
  last_client_order_id = std::max(last_client_order_id, Raw(recovered.last_client_order_id));
  must_reset =
      client_sequence < recovered.last_client_sequence || progress.next_report > released_report;
  FindUnfinished(recovered.last_client_sequence);
  const uint64_t last = recovered.last_client_sequence + unfinished.size();
  if (client_sequence > last) {
    const auto lost = std::find_if(requests.begin(), requests.end(), [&](const auto& request) {
      return request.client_sequence > last;
    });
    CHECK(lost != requests.end());
    const VoidRecord record{.client_sequence = lost->client_sequence,
                            .next_in = std::min(progress.next_in, lost->in_sequence)};
    Append(RecordType::kVoid, record);
    ForgetFrom(record);
  }
  client_sequence = last;
  progress.next_report = std::min(progress.next_report, released_report);
}

void FixSession::Reset() {
  progress.next_in = 1;
  progress.next_out = 1;
  must_reset = false;
  sent.clear();
  refused.clear();
  held.clear();
  held_bytes = 0;
  gap_requested = false;
  held_dropped = false;
  resends.clear();
  if (!KeepsSent()) {
    return;
  }
  log_->Restart();
  orders.ForEach([&](const OrderRecord& order) { Append(RecordType::kOrder, order); });
  for (const RequestRecord& request : requests) {
    Append(RecordType::kRequest, request);
  }
  lists.ForEach([&](const ListRecord& list) { Append(RecordType::kList, list); });
  quotes.ForEachOrder(
      [&](const QuoteOrderRecord& order) { Append(RecordType::kQuoteOrder, order); });
  for (const MassQuote& quote : quotes.waiting()) {
    Append(RecordType::kMassQuote, RecordOf(quote));
  }
  for (const FollowerRecord& follower : followers) {
    Append(RecordType::kFollower, follower);
  }
  // Says how far the commands had come, also if no request waits.
  Append(RecordType::kVoid, VoidRecord{.client_sequence = client_sequence + 1, .next_in = 1});
  Append(RecordType::kProgress, progress);
  if (begun_ns != 0) {
    Append(RecordType::kBegun, BegunRecord{.begun_ns = begun_ns});
  }
  written_ = progress;
}

OrderRecord* FixSession::PutOrder(const OrderRecord& order) {
  Append(RecordType::kOrder, order);
  return orders.Put(order);
}

void FixSession::AddRequest(RequestRecord request) {
  Append(RecordType::kRequest, request);
  requests.push_back(std::move(request));
}

void FixSession::PutList(const ListRecord& list) {
  Append(RecordType::kList, list);
  lists.Put(list);
}

void FixSession::AddQuote(MassQuote quote) {
  Append(RecordType::kMassQuote, RecordOf(quote));
  quotes.Add(std::move(quote));
}

void FixSession::NoteQuoteAnswer(uint64_t sequence, const QuoteEntry& entry) {
  QuoteAnswerRecord record{.client_sequence = sequence, .entry = {}};
  record.entry.assign(reinterpret_cast<const char*>(&entry), sizeof(entry));
  Append(RecordType::kQuoteAnswer, record);
}

void FixSession::PutQuoteOrder(const QuoteOrderRecord& order) {
  Append(RecordType::kQuoteOrder, order);
  quotes.PutOrder(order);
}

void FixSession::AddFollower(const Command& command) {
  FollowerRecord& follower = followers.emplace_back();
  follower.client_sequence = command.client_sequence;
  follower.command.assign(reinterpret_cast<const char*>(&command), sizeof(command));
  Append(RecordType::kFollower, follower);
}

const RequestRecord* FixSession::TakeRequest(uint64_t answered) {
  if (answered == 0) {
    return nullptr;
  }
  progress.answered = answered;
  while (!requests.empty() && requests.front().client_sequence < answered) {
    requests.pop_front();
  }
  while (!followers.empty() && followers.front().client_sequence <= answered) {
    followers.pop_front();
  }
  return !requests.empty() && requests.front().client_sequence == answered ? &requests.front()
                                                                           : nullptr;
}

void FixSession::NoteSent(const SentRecord& message) {
  CHECK(message.sequence == progress.next_out);
  if (!KeepsSent()) {
    ++progress.next_out;
    return;
  }
  sent.push_back(Append(RecordType::kSent, message));
  ++progress.next_out;
  CHECK(sent.size() + 1 == progress.next_out);
}

void FixSession::NoteAdmin() {
  if (KeepsSent()) {
    sent.push_back({});
  }
  ++progress.next_out;
}

absl::Status FixSession::Flush() {
  if (!KeepsSent()) {
    return absl::OkStatus();
  }
  if (progress.next_in != written_.next_in || progress.next_out != written_.next_out ||
      progress.next_report != written_.next_report) {
    Append(RecordType::kProgress, progress);
    written_ = progress;
  }
  return log_->Flush();
}

absl::Status FixSession::ReadSent(uint64_t sequence, std::string* payload, SentRecord* message) {
  if (log_->dirty()) {
    RETURN_IF_ERROR(Flush());
  }
  ASSIGN_OR_RETURN(*payload, log_->Read(sent[sequence - 1]));
  if (!Unpack(*payload, message)) {
    return absl::DataLossError("the session log has another record than it had");
  }
  return absl::OkStatus();
}

void FixSession::NoteRefused(std::string_view cl_ord_id) {
  if (refused.size() >= kRefusedMax) {
    refused.clear();
  }
  refused.emplace(cl_ord_id);
}

}  // namespace tally::gateway::fix
