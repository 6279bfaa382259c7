// Mass cancel: which of six orders each scope reaches.

#include <gtest/gtest.h>

#include "tests/engine/core/test_venue.h"

namespace tally {
namespace {

class MassCancelTest : public ::testing::Test {
 protected:
  MassCancelTest() {
    venue.SetUp();
    venue.DefineInstrument(kOtherInstrument, BtcUsdTerms());
    alice_2 = venue.Open(kAlice, 12);
  }

  void RestOrders() {
    ids.clear();
    Rest(venue.alice, Side::kBuy, kBtcUsd);           // a
    Rest(venue.alice, Side::kSell, kBtcUsd);          // b
    Rest(venue.alice, Side::kBuy, kOtherInstrument);  // c
    Rest(alice_2, Side::kBuy, kBtcUsd);               // d
    Rest(alice_2, Side::kSell, kOtherInstrument);     // e
    Rest(venue.bob, Side::kBuy, kBtcUsd);             // f
  }

  void Rest(SessionIndex session, Side side, InstrumentId instrument) {
    Command command = venue.OrderCommand(session, side, side == Side::kBuy ? 4'000 : 6'000, 1);
    command.instrument = instrument;
    venue.Send(command);
    ids.push_back(venue.last_order_id);
  }

  // The canceled ones in the order of their events, by letter.
  std::string Canceled() const {
    std::string letters;
    for (const Event& event : venue.events) {
      for (std::size_t i = 0; event.type == EventType::kOrderCanceled && i < ids.size(); ++i) {
        if (ids[i] == event.order_id) {
          letters += static_cast<char>('a' + i);
        }
      }
    }
    return letters;
  }

  TestVenue venue;
  SessionIndex alice_2{};
  std::vector<OrderId> ids;
};

struct CancelScopeCase {
  MassCancelScope scope;
  InstrumentId instrument;
  uint8_t side;
  uint8_t quotes_only;
  const char* canceled;
};

TEST_F(MassCancelTest, EachScopeReachesItsOwn) {
  constexpr MassCancelScope kSession = MassCancelScope::kSession;
  constexpr MassCancelScope kAccount = MassCancelScope::kAccount;
  const CancelScopeCase cases[] = {
      {kSession, {}, 0, 0, "abc"},
      {kSession, kBtcUsd, 0, 0, "ab"},
      {kSession, kOtherInstrument, 0, 0, "c"},
      {kSession, {}, 1, 0, "ac"},
      {kSession, {}, 2, 0, "b"},
      {kSession, kOtherInstrument, 2, 0, ""},
      {kAccount, {}, 0, 0, "adbce"},
      {kAccount, {}, 1, 0, "adc"},
      {kAccount, kOtherInstrument, 2, 0, "e"},
      {kAccount, {}, 0, 1, ""},
  };
  for (const CancelScopeCase& row : cases) {
    SCOPED_TRACE(row.canceled);
    RestOrders();
    Command command = venue.FromSession(venue.alice, CommandType::kMassCancel);
    command.instrument = row.instrument;
    command.mass_cancel = {.scope = row.scope,
                           .trigger = MassCancelTrigger::kRequest,
                           .side = row.side,
                           .quotes_only = row.quotes_only,
                           .maker_group = 0,
                           .reserved = {}};
    venue.Send(command);
    EXPECT_EQ(Canceled(), row.canceled);
    EXPECT_EQ(venue.FindEvent(EventType::kMassCancelDone)->mass_cancel_done.canceled_count,
              Canceled().size());
    for (const SessionIndex session : {venue.alice, venue.bob}) {
      venue.MassCancel(session, MassCancelScope::kAccount, MassCancelTrigger::kRequest);
    }
    EXPECT_EQ(venue.core.open_order_count(), 0u);
  }
}

TEST_F(MassCancelTest, UnknownScopesAreRejected) {
  Command command = venue.FromSession(venue.alice, CommandType::kMassCancel);
  command.mass_cancel.scope = MassCancelScope::kSession;
  command.mass_cancel.trigger = MassCancelTrigger::kRequest;
  command.mass_cancel.quotes_only = 2;
  venue.Send(command);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kUnsupported);
}

}  // namespace
}  // namespace tally
