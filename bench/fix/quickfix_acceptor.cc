// QuickFIX as the acceptor that fix_bench compares with:
//   quickfix_acceptor file|memory DICTIONARY
// Validates against the dictionary and answers each NewOrderSingle with one ExecutionReport. Prints
// "port N", serves until SIGTERM, prints "orders N". Its store is in the working directory.
//
// QuickFIX is C++ before 17 and reports by exceptions: so does this program.

#include <csignal>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <quickfix/Application.h>
#include <quickfix/FileStore.h>
#include <quickfix/Session.h>
#include <quickfix/SessionSettings.h>
#include <quickfix/SocketAcceptor.h>
#include <quickfix/fix44/ExecutionReport.h>
#include <quickfix/fix44/NewOrderSingle.h>

namespace {

class Venue final : public FIX::Application {
 public:
  void onCreate(const FIX::SessionID&) override {}
  void onLogon(const FIX::SessionID&) override {}
  void onLogout(const FIX::SessionID&) override {}
  void toAdmin(FIX::Message&, const FIX::SessionID&) override {}
  void toApp(FIX::Message&, const FIX::SessionID&) noexcept override {}
  void fromAdmin(const FIX::Message&, const FIX::SessionID&) noexcept override {}
  void fromApp(const FIX::Message& message, const FIX::SessionID& id) noexcept override {
    FIX::ClOrdID cl_ord_id;
    FIX::Symbol symbol;
    FIX::Side side;
    FIX::OrderQty quantity;
    FIX::OrdType type;
    FIX::Price price;
    FIX::TimeInForce time_in_force;
    message.getField(cl_ord_id);
    message.getField(symbol);
    message.getField(side);
    message.getField(quantity);
    message.getField(type);
    message.getField(price);
    message.getField(time_in_force);
    const std::string number = std::to_string(++orders_);
    FIX44::ExecutionReport report;
    report.set(FIX::OrderID(number));
    report.set(FIX::ExecID(number));
    report.set(FIX::ExecType(FIX::ExecType_NEW));
    report.set(FIX::OrdStatus(FIX::OrdStatus_NEW));
    report.set(side);
    report.set(FIX::LeavesQty(quantity.getValue()));
    report.set(FIX::CumQty(0));
    report.set(FIX::AvgPx(0));
    report.set(cl_ord_id);
    report.set(symbol);
    report.set(quantity);
    report.set(type);
    report.set(price);
    report.set(time_in_force);
    report.set(FIX::TransactTime(6));
    FIX::Session::sendToTarget(report, id);
  }

  uint64_t orders() const { return orders_; }

 private:
  uint64_t orders_ = 0;
};

// A free port: QuickFIX wants a number.
uint16_t FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw FIX::SocketException("no free port");
  }
  ::close(fd);
  return ntohs(address.sin_port);
}

void Run(const std::string& store_kind, const std::string& dictionary) {
  const uint16_t port = FreePort();
  std::stringstream text;
  text << "[DEFAULT]\nConnectionType=acceptor\nStartTime=00:00:00\nEndTime=00:00:00\n"
       << "SocketAcceptPort=" << port << "\nSocketReuseAddress=Y\nSocketNodelay=Y\n"
       << "TimestampPrecision=6\nUseDataDictionary=Y\nDataDictionary=" << dictionary
       << "\nFileStorePath=quickfix-store\n"
       << "[SESSION]\nBeginString=FIX.4.4\nSenderCompID=ISLD\nTargetCompID=TW44\n";
  const FIX::SessionSettings settings(text);
  Venue venue;
  std::unique_ptr<FIX::MessageStoreFactory> store;
  if (store_kind == "file") {
    store = std::make_unique<FIX::FileStoreFactory>(settings);
  } else {
    store = std::make_unique<FIX::MemoryStoreFactory>();
  }
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  FIX::SocketAcceptor acceptor(venue, *store, settings);
  acceptor.start();
  std::cout << "port " << port << std::endl;
  int signal = 0;
  sigwait(&set, &signal);
  acceptor.stop();
  std::cout << "orders " << venue.orders() << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || (std::strcmp(argv[1], "file") != 0 && std::strcmp(argv[1], "memory") != 0)) {
    std::cerr << "usage: quickfix_acceptor file|memory DICTIONARY\n";
    return 2;
  }
  try {
    Run(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::cerr << "quickfix_acceptor: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
