#include "bench/fix/order_generator.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "absl/strings/str_cat.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "base/clock.h"
#include "base/status.h"
#include "gateway/fix/values.h"
#include "gateway/fix/writer.h"

namespace tally::bench {
namespace {

namespace fix = gateway::fix;
namespace tag = gateway::fix::tag;

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr int kLogonsMax = 1'000;
constexpr auto kLogonPause = std::chrono::milliseconds(10);
constexpr std::size_t kOrdersPerLevel = 64;

struct OrderTerms {
  uint64_t quantity;
  uint64_t price_cents;
};

// Bids on 512 levels; nobody sells.
OrderTerms TermsOf(uint64_t order) {
  return {.quantity = 1 + order % 9, .price_cents = 6'123'450 - order / kOrdersPerLevel % 512};
}

std::array<char, 20> ClOrdIdOf(uint64_t order) {
  std::array<char, 20> text{'O', 'R', 'D', '-'};
  for (std::size_t i = text.size(); i > 4; order /= 10) {
    text[--i] = static_cast<char>('0' + order % 10);
  }
  return text;
}

std::string_view View(const std::array<char, 20>& text) { return {text.data(), text.size()}; }

}  // namespace

OrderGenerator::OrderGenerator() = default;

OrderGenerator::~OrderGenerator() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

absl::Status OrderGenerator::LogOn(uint16_t port) {
  absl::Status status = TryLogOn(port);
  for (int i = 0; absl::IsUnavailable(status) && i < kLogonsMax; ++i) {
    std::this_thread::sleep_for(kLogonPause);
    ::close(std::exchange(fd_, -1));
    in_.clear();
    in_begin_ = 0;
    next_out_ = 1;
    status = TryLogOn(port);
  }
  return status;
}

absl::Status OrderGenerator::TryLogOn(uint16_t port) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int yes = 1;
  if (fd_ < 0 || ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) != 0) {
    return ErrnoStatus("connect", absl::StrCat("127.0.0.1:", port));
  }
  std::string body;
  fix::FieldWriter(&body).Add(tag::kEncryptMethod, '0').Number(tag::kHeartBtInt, 300);
  AppendPlain("A", body, RealClock().NowNs());
  RETURN_IF_ERROR(Flush());
  return AwaitMessage("A");
}

absl::Status OrderGenerator::LogOut() {
  AppendPlain("5", {}, RealClock().NowNs());
  RETURN_IF_ERROR(Flush());
  return AwaitMessage("5");
}

void OrderGenerator::AppendPlain(std::string_view type, std::string_view body, int64_t wall_ns) {
  fix::AppendMessage({.type = type,
                      .sender = "TW44",
                      .target = "ISLD",
                      .sequence = next_out_++,
                      .sending_time_ns = wall_ns},
                     body, &out_);
}

void OrderGenerator::AppendOrder(int64_t wall_ns) {
  const uint64_t order = totals_.orders++;
  const OrderTerms terms = TermsOf(order);
  totals_.quantity += terms.quantity;
  std::array<char, 16> price;
  const int digits = std::snprintf(price.data(), price.size(), "%llu.%02llu",
                                   static_cast<unsigned long long>(terms.price_cents / 100),
                                   static_cast<unsigned long long>(terms.price_cents % 100));
  body_.clear();
  fix::FieldWriter(&body_)
      .Add(tag::kClOrdID, View(ClOrdIdOf(order)))
      .Add(21, '1')
      .Count(tag::kOrderQty, terms.quantity)
      .Add(tag::kOrdType, '2')
      .Add(tag::kPrice, std::string_view(price.data(), static_cast<std::size_t>(digits)))
      .Add(tag::kSide, '1')
      .Add(tag::kSymbol, "BTC/USD")
      .Add(tag::kTimeInForce, '1')
      .Add(tag::kTransactTime, fix::UtcText(wall_ns).view());
  AppendPlain("D", body_, wall_ns);
}

absl::Status OrderGenerator::Flush() {
  for (std::size_t done = 0; done < out_.size();) {
    const ssize_t count = ::send(fd_, out_.data() + done, out_.size() - done, MSG_NOSIGNAL);
    if (count < 0) {
      return ErrnoStatus("send", "to the FIX server");
    }
    done += static_cast<std::size_t>(count);
  }
  out_.clear();
  return absl::OkStatus();
}

absl::Status OrderGenerator::Receive() {
  in_.erase(0, std::exchange(in_begin_, 0));
  const std::size_t size = in_.size();
  in_.resize(size + kReadBytes);
  const ssize_t count = ::recv(fd_, in_.data() + size, kReadBytes, 0);
  in_.resize(size + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  if (count <= 0) {
    return count < 0 ? ErrnoStatus("recv", "from the FIX server")
                     : absl::UnavailableError("the FIX server closed the connection");
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> OrderGenerator::NextMessage() {
  std::string_view bytes;
  std::size_t consumed = 0;
  const auto result = fix::Framer::Next(std::string_view(in_).substr(in_begin_), &bytes, &consumed);
  in_begin_ += consumed;
  if (result != fix::Framer::Result::kMessage) {
    return false;
  }
  uint64_t sequence = 0;
  if (!message_.Parse(bytes) || !fix::ParseNumber(message_.Get(tag::kMsgSeqNum), &sequence) ||
      sequence != next_in_) {
    return absl::InternalError(
        absl::StrCat("message ", next_in_, " is not what was sent: ", std::string(bytes)));
  }
  ++next_in_;
  return true;
}

absl::Status OrderGenerator::AwaitMessage(std::string_view type) {
  for (;;) {
    ASSIGN_OR_RETURN(const bool whole, NextMessage());
    if (whole && message_.type() == type) {
      return absl::OkStatus();
    }
    if (!whole) {
      RETURN_IF_ERROR(Receive());
    }
  }
}

absl::Status OrderGenerator::CheckReport() {
  const auto leaves = fix::ParseFixDecimal(message_.Get(tag::kLeavesQty));
  if (message_.type() != "8" || message_.Get(tag::kExecType) != "0" ||
      message_.Get(tag::kClOrdID) != View(ClOrdIdOf(answered_)) || !leaves.has_value() ||
      leaves->scale != 0 || leaves->mantissa != static_cast<int64_t>(TermsOf(answered_).quantity)) {
    return absl::InternalError(
        absl::StrCat("not the report of order ", answered_, ": ", std::string(message_.bytes())));
  }
  totals_.leaves += static_cast<uint64_t>(leaves->mantissa);
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> OrderGenerator::TakeReports(Histogram* response_ns) {
  const int64_t now_ns = MonotonicNs();
  for (uint32_t count = 0;; ++count) {
    ASSIGN_OR_RETURN(const bool whole, NextMessage());
    if (!whole) {
      return count;
    }
    RETURN_IF_ERROR(CheckReport());
    response_ns->Record(now_ns - sent_ns_[answered_ % sent_ns_.size()]);
    ++answered_;
  }
}

absl::Status OrderGenerator::Run(uint64_t count, uint32_t window, Histogram* response_ns) {
  sent_ns_.assign(window, 0);
  const uint64_t end = totals_.orders + count;
  while (answered_ < end) {
    const uint64_t first = totals_.orders;
    const uint64_t last = std::min(end, answered_ + window);
    if (first != last) {
      const int64_t wall_ns = RealClock().NowNs();
      while (totals_.orders < last) {
        AppendOrder(wall_ns);
      }
      const int64_t now_ns = MonotonicNs();
      for (uint64_t order = first; order < last; ++order) {
        sent_ns_[order % window] = now_ns;
      }
      RETURN_IF_ERROR(Flush());
    }
    ASSIGN_OR_RETURN(const uint32_t reports, TakeReports(response_ns));
    if (reports == 0) {
      RETURN_IF_ERROR(Receive());
    }
  }
  return absl::OkStatus();
}

}  // namespace tally::bench
