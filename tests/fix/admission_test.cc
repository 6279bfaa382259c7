#include "gateway/fix/admission.h"

#include <string>

#include "gtest/gtest.h"

namespace tally::gateway::fix {
namespace {

TEST(IpRangeTest, ARangeHasTheAddressesOfItsPrefix) {
  struct Row {
    const char* range;
    const char* address;
    bool in;
  };
  constexpr Row kRows[] = {
      {"192.0.2.0/24", "192.0.2.255", true},
      {"192.0.2.0/24", "192.0.3.0", false},
      {"192.0.2.0/25", "192.0.2.127", true},
      {"192.0.2.0/25", "192.0.2.128", false},
      {"192.0.2.7", "192.0.2.7", true},
      {"192.0.2.7", "192.0.2.6", false},
      {"0.0.0.0/0", "203.0.113.1", true},
      {"0.0.0.0/0", "2001:db8::1", false},
      {"2001:db8::/32", "2001:db8:ffff::", true},
      {"2001:db8::/32", "2001:db9::", false},
      {"::/0", "192.0.2.1", true},
      {"::ffff:192.0.2.0/120", "192.0.2.9", true},
      {"fe80::1", "fe80::1", true},
      {"fe80::1", "fe80::2", false},
  };
  for (const Row& row : kRows) {
    const auto range = ParseIpRange(row.range);
    ASSERT_TRUE(range.has_value()) << row.range;
    EXPECT_EQ(range->Contains(*ParseIpAddress(row.address)), row.in)
        << row.range << " " << row.address;
  }
}

TEST(IpRangeTest, WhatIsNoRangeIsRefused) {
  for (const char* text : {"", "localhost", "192.0.2.0/33", "192.0.2.1/24", "192.0.2.0/", "192.0.2",
                           "192.0.2.0/-1", "2001:db8::/129", "2001:db8::1/64", "/24"}) {
    EXPECT_FALSE(ParseIpRange(text).has_value()) << text;
  }
}

TEST(IpRangeTest, PrivateAddressesAreTold) {
  for (const char* text :
       {"127.0.0.1", "::1", "10.1.2.3", "172.31.0.1", "192.168.0.1", "fd00::1"}) {
    EXPECT_TRUE(IsPrivate(*ParseIpAddress(text))) << text;
  }
  for (const char* text : {"0.0.0.0", "::", "172.32.0.1", "8.8.8.8", "2001:db8::1"}) {
    EXPECT_FALSE(IsPrivate(*ParseIpAddress(text))) << text;
  }
  EXPECT_TRUE(IsLoopback(*ParseIpAddress("127.9.9.9")));
  EXPECT_FALSE(IsLoopback(*ParseIpAddress("10.0.0.1")));
}

TEST(AdmissionTest, AttemptsAreCountedForEachAddressAndTenSeconds) {
  Admission admission({}, 2);
  const IpAddress a = *ParseIpAddress("192.0.2.1");
  const IpAddress b = *ParseIpAddress("192.0.2.2");
  const int64_t start_ns = 1'000'000'000'000;
  EXPECT_TRUE(admission.Admit(a, start_ns));
  EXPECT_TRUE(admission.Admit(a, start_ns));
  EXPECT_FALSE(admission.Admit(a, start_ns + 1));
  EXPECT_TRUE(admission.Admit(b, start_ns + 1));
  EXPECT_FALSE(admission.Admit(a, start_ns + 9'999'999'999));
  EXPECT_TRUE(admission.Admit(a, start_ns + 10'000'000'000));
}

TEST(AdmissionTest, AnIpv6NetworkIsOneAddress) {
  Admission admission({}, 1);
  EXPECT_TRUE(admission.Admit(*ParseIpAddress("2001:db8::1"), 1));
  EXPECT_FALSE(admission.Admit(*ParseIpAddress("2001:db8::2:3"), 1));
  EXPECT_TRUE(admission.Admit(*ParseIpAddress("2001:db8:0:1::1"), 1));
}

}  // namespace
}  // namespace tally::gateway::fix
