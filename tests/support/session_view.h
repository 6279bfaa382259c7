#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/types.h"
#include "engine/event.h"
#include "sdk/client.h"

namespace tally {

inline constexpr std::size_t kViewAssets = 3;
using AssetTotals = std::array<int64_t, kViewAssets>;

// What a client knows of one of its open orders.
struct OpenOrder {
  ClientOrderId client_order_id{};
  InstrumentId instrument{};
  Side side{};
  int64_t price = 0;
  int64_t leaves = 0;
  int64_t cumulative = 0;
};

// Whether the reports are those of a client that sent the commands itself, so that each is answered
// in its turn, or of one that resumes what an earlier client has begun.
enum class ViewOf { kWholeSession, kResumedSession };

// What a client can know of its session from its reports alone: every report, its open orders, what
// its fills moved. Each report is checked against what came before; the first contradiction stays
// in fault(). For the instruments of VenueText.
class SessionView final : public sdk::Listener {
 public:
  explicit SessionView(std::string name, ViewOf what = ViewOf::kWholeSession)
      : name_(std::move(name)), what_(what) {}

  void OnReport(const sdk::Report& report) override;
  void OnLive() override { ++logons_; }
  void OnDisconnected(const absl::Status& why) override { last_disconnect_ = why; }

  const std::string& name() const { return name_; }
  const std::string& fault() const { return fault_; }
  // Report n is at n - 1.
  const std::vector<sdk::Report>& reports() const { return reports_; }
  const std::map<OrderId, OpenOrder>& open_orders() const { return open_; }
  const std::vector<OrderId>& closed_orders() const { return closed_; }
  // Quanta that fills added, and that open orders hold.
  const AssetTotals& filled() const { return filled_; }
  AssetTotals Held() const;
  int64_t fees_paid() const { return fees_paid_; }
  uint64_t fills() const { return fills_; }
  uint64_t last_answered() const { return last_answered_; }
  // Of the newest complete answer to an account query.
  const AssetTotals& available() const { return available_; }
  const AssetTotals& held() const { return held_; }
  const absl::Status& last_disconnect() const { return last_disconnect_; }
  uint64_t logons() const { return logons_; }

 private:
  void CheckTurn(const sdk::Report& report);
  void Expect(bool condition, const char* what, const sdk::Report& report);
  void CheckOrder(const sdk::Report& report);
  void OnAccepted(const sdk::Report& report);
  void OnFill(const sdk::Report& report);
  void OnCanceled(const sdk::Report& report);
  void OnReplaced(const sdk::Report& report);
  void OnOrderState(const sdk::Report& report);
  void OnBalance(const sdk::Report& report);
  void CloseIfDone(OrderId id);

  const std::string name_;
  const ViewOf what_;
  std::string fault_;
  std::vector<sdk::Report> reports_;
  std::map<OrderId, OpenOrder> open_;
  std::vector<OrderId> closed_;
  AssetTotals filled_{};
  int64_t fees_paid_ = 0;
  uint64_t fills_ = 0;
  uint64_t last_answered_ = 0;
  AssetTotals available_{};
  AssetTotals held_{};
  bool in_balances_ = false;
  uint64_t logons_ = 0;
  absl::Status last_disconnect_;
};

// What the report and the event of the log that it was made from disagree on; empty if nothing.
std::string DifferenceFrom(const Event& event, const sdk::Report& report);

}  // namespace tally
