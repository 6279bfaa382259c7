#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "gateway/ip_range.h"

namespace tally::gateway::fix {

// Who may connect to a listener: an allow-list, and a limit for each address on how often.
//
// Thread safety: none; each listener has one. Memory: bounded, by forgetting everybody when too
// many addresses came within a window. Cost: a hash look-up.
class Admission {
 public:
  Admission(std::vector<IpRange> allowed, uint32_t attempts_max)
      : allowed_(std::move(allowed)), attempts_max_(attempts_max) {}

  // Counts an attempt. `now_ns` is monotonic.
  bool Admit(const IpAddress& address, int64_t now_ns) {
    if (!IsAllowed(allowed_, address)) {
      return false;
    }
    if (now_ns - window_ns_ >= kWindowNs || attempts_.size() >= kAddressesMax) {
      window_ns_ = now_ns;
      attempts_.clear();
    }
    return ++attempts_[KeyOf(address)] <= attempts_max_;
  }

 private:
  static constexpr int64_t kWindowNs = 10'000'000'000;
  static constexpr std::size_t kAddressesMax = 65'536;

  // An IPv4 address, or an IPv6 network of 64 bits: who has one address of it has all.
  static IpAddress KeyOf(IpAddress address) {
    static constexpr IpRange kIpv4{.address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff},
                                   .prefix_bits = 96};
    if (!kIpv4.Contains(address)) {
      std::fill(address.begin() + 8, address.end(), uint8_t{0});
    }
    return address;
  }

  const std::vector<IpRange> allowed_;
  const uint32_t attempts_max_;
  int64_t window_ns_ = 0;
  absl::flat_hash_map<IpAddress, uint32_t> attempts_;
};

}  // namespace tally::gateway::fix
