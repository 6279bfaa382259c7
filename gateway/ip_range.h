#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tally::gateway {

// An IPv6 address; an IPv4 one is mapped (::ffff:a.b.c.d).
using IpAddress = std::array<uint8_t, 16>;

// Addresses with the same first bits.
struct IpRange {
  IpAddress address{};
  uint32_t prefix_bits = 0;  // Of the 128.

  bool Contains(const IpAddress& other) const {
    const std::size_t bytes = prefix_bits / 8;
    const uint32_t bits = prefix_bits % 8;
    return std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(bytes),
                      other.begin()) &&
           (bits == 0 || ((address[bytes] ^ other[bytes]) >> (8 - bits)) == 0);
  }
};

// Whether one of the ranges has the address; without any, every address is in.
inline bool IsAllowed(const std::vector<IpRange>& ranges, const IpAddress& address) {
  return ranges.empty() || std::any_of(ranges.begin(), ranges.end(), [&](const IpRange& range) {
           return range.Contains(address);
         });
}

// "192.0.2.7", "2001:db8::1".
std::optional<IpAddress> ParseIpAddress(std::string_view text);
// "192.0.2.0/24", "2001:db8::/32", or one address. Nothing if bits behind the prefix are set.
std::optional<IpRange> ParseIpRange(std::string_view text);
bool IsLoopback(const IpAddress& address);
// Of a private network: RFC 1918, RFC 4193, link-local; or loopback.
bool IsPrivate(const IpAddress& address);

}  // namespace tally::gateway
