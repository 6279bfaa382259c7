#include "gateway/ip_range.h"

#include <string>

#include "absl/strings/numbers.h"
#include <arpa/inet.h>

#include "base/status.h"

namespace tally::gateway {
namespace {

constexpr uint32_t kIpv4Bits = 32;
constexpr uint32_t kIpv6Bits = 128;
constexpr std::size_t kMappedBytes = 12;  // In front of an IPv4 address.

bool IsIn(std::initializer_list<std::string_view> ranges, const IpAddress& address) {
  return std::any_of(ranges.begin(), ranges.end(), [&](std::string_view range) {
    return ParseIpRange(range)->Contains(address);
  });
}

}  // namespace

std::optional<IpAddress> ParseIpAddress(std::string_view text) {
  const std::string copy(text);
  IpAddress address{};
  if (::inet_pton(AF_INET6, copy.c_str(), address.data()) == 1) {
    return address;
  }
  address.fill(0);
  address[10] = 0xff;
  address[11] = 0xff;
  if (::inet_pton(AF_INET, copy.c_str(), address.data() + kMappedBytes) == 1) {
    return address;
  }
  return std::nullopt;
}

std::optional<IpRange> ParseIpRange(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = ParseIpAddress(text.substr(0, slash));
  if (!address.has_value()) {
    return std::nullopt;
  }
  IpRange range{.address = *address, .prefix_bits = kIpv6Bits};
  if (slash != std::string_view::npos) {
    const uint32_t bits = text.find(':') == std::string_view::npos ? kIpv4Bits : kIpv6Bits;
    uint32_t prefix = 0;
    if (!absl::SimpleAtoi(ToAbsl(text.substr(slash + 1)), &prefix) || prefix > bits) {
      return std::nullopt;
    }
    range.prefix_bits = kIpv6Bits - bits + prefix;
  }
  for (uint32_t bit = range.prefix_bits; bit < kIpv6Bits; ++bit) {
    if (((range.address[bit / 8] >> (7 - bit % 8)) & 1) != 0) {
      return std::nullopt;
    }
  }
  return range;
}

bool IsLoopback(const IpAddress& address) { return IsIn({"127.0.0.0/8", "::1"}, address); }

bool IsPrivate(const IpAddress& address) {
  return IsLoopback(address) || IsIn({"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                      "169.254.0.0/16", "fc00::/7", "fe80::/10"},
                                     address);
}

}  // namespace tally::gateway
