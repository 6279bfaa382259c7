#include "settlement/relayer/runway.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/settlement/relayer_world.h"

namespace tally::settlement {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kMinuteNs = 60'000'000'000;
const Uint256 kEther = Uint256(1'000'000'000'000'000'000);

// A key that has one ether, at a base fee of ten gwei.
class RunwayTest : public ::testing::Test {
 protected:
  RunwayTest() {
    config_.runway_hours_warning = 48;
    config_.runway_hours_alarm = 12;
    config_.gas_base = 100'000;
    config_.gas_per_entry = 0;
    config_.log = [this](LogLevel level, std::string_view text) {
      levels_.push_back(level);
      log_.emplace_back(text);
    };
    chain_.set_base_fee(10'000'000'000);
    chain_.set_balance(balance_);
    monitor_.Watch(key_.address(), "operator");
    monitor_.Step();
  }

  // A minute in which the key spends so much gas, at the fees that the monitor sees.
  void Minute(uint64_t gas) {
    const auto fees = chain_.Fees();
    balance_ -= Uint256(gas) * (fees->base_fee_wei + fees->tip_wei);
    chain_.set_balance(balance_);
    clock_.Advance(kMinuteNs);
    monitor_.Step();
  }
  void SetFee(uint64_t gwei) { chain_.set_base_fee(gwei * 1'000'000'000); }
  const Runway& runway() const { return monitor_.runways()[0]; }

  const PrivateKey key_ = PrivateKey::ForTest("operator", 1);
  FaultPlan faults_;
  FakeChain chain_{RelayerWorld::VaultAddress(), key_.address(), &faults_};
  ManualClock clock_;
  RelayerConfig config_;
  RunwayMonitor monitor_{&config_, &chain_, &clock_};
  Uint256 balance_ = kEther;
  std::vector<LogLevel> levels_;
  std::vector<std::string> log_;
};

TEST_F(RunwayTest, HoursAreBalanceOverGasOfTheLastDayAtTheFeesOfNow) {
  EXPECT_FALSE(runway().hours.has_value());
  for (int i = 0; i < 60; ++i) {
    Minute(10'000);
  }
  EXPECT_EQ(runway().gas_per_hour, 600'000u);
  const Uint256 per_hour = Uint256(600'000) * runway().fee_wei;
  EXPECT_EQ(*runway().hours, static_cast<uint64_t>(balance_ / per_hour));
  EXPECT_EQ(runway().level, RunwayLevel::kGood);
  EXPECT_TRUE(log_.empty());
}

TEST_F(RunwayTest, FeesThatRiseShortenIt) {
  for (int i = 0; i < 60; ++i) {
    Minute(10'000);
  }
  const uint64_t cheap_hours = *runway().hours;
  SetFee(40);
  Minute(10'000);
  EXPECT_LT(*runway().hours, cheap_hours / 3);
  EXPECT_NEAR(static_cast<double>(runway().gas_per_hour), 600'000, 1'000);
  EXPECT_EQ(runway().level, RunwayLevel::kWarning);
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_EQ(levels_[0], LogLevel::kWarning);
}

TEST_F(RunwayTest, AnAlarmNamesAddressBalanceAndHoursOnceAnHourUntilMoneyComes) {
  for (int i = 0; i < 60; ++i) {
    Minute(1'000'000);
  }
  const auto alarms = std::count(levels_.begin(), levels_.end(), LogLevel::kError);
  EXPECT_EQ(alarms, 1);
  EXPECT_THAT(log_.back(), HasSubstr("ALARM: the operator's key " + Hex(key_.address())));
  EXPECT_THAT(log_.back(), HasSubstr(" ether"));
  EXPECT_THAT(log_.back(), HasSubstr(" hours at the recent rate"));
  for (int i = 0; i < 61; ++i) {
    Minute(0);
  }
  EXPECT_EQ(std::count(levels_.begin(), levels_.end(), LogLevel::kError), 2);
  balance_ += 1'000 * kEther;
  Minute(0);
  EXPECT_EQ(runway().level, RunwayLevel::kGood);
  EXPECT_EQ(levels_.back(), LogLevel::kInfo);
}

// Nothing spent yet, so no rate; but a node would refuse the next transaction.
TEST_F(RunwayTest, AKeyThatCannotPayForATransactionIsAnAlarmWithoutAnyRate) {
  chain_.set_balance(Uint256(100'000) * 1'000'000'000);
  RunwayMonitor fresh(&config_, &chain_, &clock_);
  fresh.Watch(key_.address(), "operator");
  fresh.Step();
  EXPECT_FALSE(fresh.runways()[0].hours.has_value());
  EXPECT_EQ(fresh.runways()[0].level, RunwayLevel::kAlarm);
  EXPECT_THAT(log_.back(), HasSubstr(" gas"));
}

TEST_F(RunwayTest, WhatWasSpentBeforeADayNoLongerCounts) {
  Minute(1'000'000);
  for (int i = 0; i < 24 * 60; ++i) {
    Minute(0);
  }
  EXPECT_EQ(runway().gas_per_hour, 0u);
  EXPECT_FALSE(runway().hours.has_value());
}

TEST_F(RunwayTest, ANodeThatIsAwayIsAskedAgainAMinuteLater) {
  const uint64_t looked = monitor_.looked_count();
  monitor_.Step();
  EXPECT_EQ(monitor_.looked_count(), looked) << "once a minute";
  Minute(5'000);
  EXPECT_EQ(monitor_.looked_count(), looked + 1);
}

TEST(EtherTextTest, IsRoundedDownToAMillionth) {
  EXPECT_EQ(EtherText(0), "0.000000");
  EXPECT_EQ(EtherText(kEther + 1'999'999'999'999), "1.000001");
  EXPECT_EQ(EtherText(20 * kEther - 1), "19.999999");
}

TEST(RelayerRunwayTest, TheRelayerWatchesTheKeysThatItSendsFrom) {
  RelayerWorld world;
  world.Fund();
  world.Run(8);
  ASSERT_EQ(world.relayer->runway().runways().size(), 1u);
  EXPECT_EQ(world.relayer->runway().runways()[0].account, world.signer.address());
  world.chain.set_balance(1'000);
  for (int i = 0; i < 40; ++i) {
    world.Run(1);
  }
  EXPECT_EQ(world.relayer->runway().runways()[0].level, RunwayLevel::kAlarm);
  EXPECT_TRUE(std::any_of(world.log.begin(), world.log.end(), [](const std::string& line) {
    return line.find("ALARM: the operator's key") != std::string::npos;
  }));
}

}  // namespace
}  // namespace tally::settlement
