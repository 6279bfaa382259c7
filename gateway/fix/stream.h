#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "boost/asio/buffer.hpp"
#include "boost/asio/error.hpp"
#include "boost/asio/ip/tcp.hpp"

#include "gateway/fix/tls_stream.h"
#include "gateway/ip_range.h"

namespace tally::gateway::fix {

inline IpAddress AddressOf(const boost::asio::ip::address& address) {
  return address.is_v6() ? address.to_v6().to_bytes()
                         : make_address_v6(boost::asio::ip::v4_mapped, address.to_v4()).to_bytes();
}

// A non-blocking socket, plain or inside of TLS. What waits for it to become ready waits for
// socket().
//
// Thread safety: none. Each call does a bounded amount of work.
class Stream {
 public:
  using Error = boost::system::error_code;

  explicit Stream(boost::asio::ip::tcp::socket socket, std::unique_ptr<TlsStream> tls = nullptr)
      : socket_(std::move(socket)), tls_(std::move(tls)) {}

  boost::asio::ip::tcp::socket& socket() { return socket_; }

  // Whether ReadSome may have something though the socket is silent.
  bool has_input() const { return tls_ != nullptr && tls_->has_input(); }

  std::size_t ReadSome(std::span<uint8_t> space, Error& error) {
    return tls_ == nullptr
               ? socket_.read_some(boost::asio::buffer(space.data(), space.size()), error)
               : ReadTls(space, error);
  }

  // What would_block refused has to come again, in front.
  std::size_t WriteSome(std::span<const uint8_t> bytes, Error& error) {
    return tls_ == nullptr
               ? socket_.write_some(boost::asio::buffer(bytes.data(), bytes.size()), error)
               : WriteTls(bytes, error);
  }

  // Tells the client, as far as it reads, and closes.
  void Close();

 private:
  std::size_t ReadTls(std::span<uint8_t> space, Error& error);
  std::size_t WriteTls(std::span<const uint8_t> bytes, Error& error);

  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<TlsStream> tls_;
  std::size_t encrypted_ = 0;  // Of the application's bytes, those in the output of tls_.
};

// Reads what is there, a bounded part of it, into the TLS of the socket.
void FeedTls(boost::asio::ip::tcp::socket& socket, TlsStream& tls, Stream::Error& error);
// Writes the output of the TLS as far as the socket takes it.
void SendTls(boost::asio::ip::tcp::socket& socket, TlsStream& tls, Stream::Error& error);

}  // namespace tally::gateway::fix
