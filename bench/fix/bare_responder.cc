#include "bench/fix/bare_responder.h"

#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "base/clock.h"
#include "base/status.h"
#include "gateway/fix/message.h"
#include "gateway/fix/values.h"
#include "gateway/fix/writer.h"

namespace tally::bench {
namespace {

namespace fix = gateway::fix;
namespace tag = gateway::fix::tag;

constexpr std::size_t kReadBytes = 64 * 1024;

class Responder {
 public:
  explicit Responder(int fd) : fd_(fd) {}
  ~Responder() { ::close(fd_); }
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  // Until the other side is done. Returns how many orders it answered.
  uint64_t Run() {
    while (!done_ && Receive()) {
      std::string_view message;
      std::size_t consumed = 0;
      std::size_t begin = 0;
      while (fix::Framer::Next(std::string_view(in_).substr(begin), &message, &consumed) ==
             fix::Framer::Result::kMessage) {
        begin += consumed;
        if (message_.Parse(message)) {
          Answer();
        }
      }
      in_.erase(0, begin);
      if (!Send()) {
        break;
      }
    }
    return orders_;
  }

 private:
  bool Receive() {
    const std::size_t size = in_.size();
    in_.resize(size + kReadBytes);
    const ssize_t count = ::recv(fd_, in_.data() + size, kReadBytes, 0);
    in_.resize(size + static_cast<std::size_t>(count > 0 ? count : 0));
    return count > 0;
  }

  bool Send() {
    for (std::size_t done = 0; done < out_.size();) {
      const ssize_t count = ::send(fd_, out_.data() + done, out_.size() - done, MSG_NOSIGNAL);
      if (count <= 0) {
        return false;
      }
      done += static_cast<std::size_t>(count);
    }
    out_.clear();
    return true;
  }

  void Answer() {
    const int64_t now_ns = RealClock().NowNs();
    body_.clear();
    std::string_view type = message_.type();
    if (type == "D") {
      type = "8";
      ++orders_;
      WriteReport(now_ns);
    } else if (type == "A") {
      fix::FieldWriter(&body_).Add(tag::kEncryptMethod, '0').Add(tag::kHeartBtInt, "300");
    } else {
      done_ = type == "5";
    }
    fix::AppendMessage({.type = type,
                        .sender = "ISLD",
                        .target = "TW44",
                        .sequence = ++sequence_,
                        .sending_time_ns = now_ns},
                       body_, &out_);
  }

  void WriteReport(int64_t now_ns) {
    fix::FieldWriter(&body_)
        .Count(tag::kOrderID, orders_)
        .Count(tag::kExecID, orders_)
        .Add(tag::kExecType, '0')
        .Add(tag::kOrdStatus, '0')
        .Add(tag::kClOrdID, message_.Get(tag::kClOrdID))
        .Add(tag::kSymbol, message_.Get(tag::kSymbol))
        .Add(tag::kSide, message_.Get(tag::kSide))
        .Add(tag::kOrderQty, message_.Get(tag::kOrderQty))
        .Add(tag::kOrdType, message_.Get(tag::kOrdType))
        .Add(tag::kTimeInForce, message_.Get(tag::kTimeInForce))
        .Add(tag::kPrice, message_.Get(tag::kPrice))
        .Add(tag::kLeavesQty, message_.Get(tag::kOrderQty))
        .Add(tag::kCumQty, '0')
        .Add(tag::kAvgPx, '0')
        .Add(tag::kTransactTime, fix::UtcText(now_ns).view());
  }

  const int fd_;
  uint64_t orders_ = 0;
  uint64_t sequence_ = 0;
  bool done_ = false;
  std::string in_;
  std::vector<uint8_t> out_;
  std::string body_;
  fix::Message message_;
};

sigset_t Termination() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

void BlockTermination() {
  const sigset_t set = Termination();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void AwaitTermination() {
  const sigset_t set = Termination();
  int signal = 0;
  sigwait(&set, &signal);
}

void AnnouncePort(uint16_t port) {
  std::printf("port %u\n", port);
  std::fflush(stdout);
}

void AnnounceOrders(uint64_t orders) {
  std::printf("orders %llu\n", static_cast<unsigned long long>(orders));
  std::fflush(stdout);
}

absl::Status ServeBare() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (listener < 0 || ::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener, 1) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return ErrnoStatus("listen", "127.0.0.1");
  }
  uint64_t orders = 0;
  std::jthread thread([&] {
    const int yes = 1;
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    orders = Responder(fd).Run();
  });
  AnnouncePort(ntohs(address.sin_port));
  AwaitTermination();
  ::shutdown(listener, SHUT_RDWR);
  thread.join();
  ::close(listener);
  AnnounceOrders(orders);
  return absl::OkStatus();
}

}  // namespace tally::bench
