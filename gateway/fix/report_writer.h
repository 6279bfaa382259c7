#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/event.h"
#include "gateway/fix/instruments.h"
#include "gateway/fix/session.h"
#include "gateway/fix/writer.h"

namespace tally::gateway::fix {

// Turns one report of the core into the message that tells the client, and brings the session's
// orders up to it. One object for each report. Thread safety: none.
class ReportWriter {
 public:
  ReportWriter(const FixInstruments& instruments, FixSession* session, const Event& event);

  // The MsgType; empty if the report is no message.
  std::string_view Write();
  const std::string& body() const { return body_; }

 private:
  std::string_view WriteAccepted();
  std::string_view WriteRejected();
  RejectReason ReasonOfReject() const;
  std::string_view WriteFilled();
  std::string_view WriteCanceled();
  std::string_view WriteReplaced();
  std::string_view WriteCancelRejected();
  const OrderRecord* FindNamed(std::string_view cl_ord_id) const;
  std::string_view WriteMassCancel();
  std::string_view WriteState();
  std::string_view WriteCommandRejected();
  std::string_view WriteTriggered();
  std::string_view WriteRestated();
  std::string_view WriteCommandDone();
  std::string_view WriteProtectionTripped();

  // What every ExecutionReport begins and ends with.
  void Begin(char exec_type, char status);
  void End();
  // An ExecutionReport of order_ with nothing of its own.
  std::string_view WritePlain(char exec_type, char status);
  void AppendAttributes();
  void Keep();
  // Finds the quote that the order is of, if it is of one.
  void FindQuote();
  // What the client calls the order: its ClOrdID, or the entry of its quote.
  void AddName();

  const FixInstruments& instruments_;
  FixSession& session_;
  const Event& event_;
  const RequestRecord* const request_;
  OrderRecord order_;
  bool known_ = false;  // order_ is in the store, or is of a quote.
  // Set if the order is one side of a quote: then order_ is of it.
  std::optional<QuoteOrderRecord> quote_;
  const FixInstrument* instrument_ = nullptr;
  std::string body_;
  FieldWriter writer_{&body_};
};

// The side of an entry of a quote that is still to be an order: everything but what is done of it.
void NameQuoteOrder(const MassQuote& quote, const QuoteEntry& entry, Side side,
                    QuoteOrderRecord* record);

// Symbol, side, terms and what is done of an order, as every ExecutionReport has them.
void AppendOrder(const OrderRecord& order, const FixInstrument* instrument, FieldWriter* writer);

}  // namespace tally::gateway::fix
