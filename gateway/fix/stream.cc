#include "gateway/fix/stream.h"

#include <algorithm>
#include <array>

namespace tally::gateway::fix {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// What one read takes: a client that sends nothing but key updates costs no more than this a turn.
constexpr std::size_t kFeedBytes = 16 * 1024;
// Answers to the client's TLS (key updates), which it does not read.
constexpr std::size_t kUnreadOutputMax = 64 * 1024;

}  // namespace

void FeedTls(tcp::socket& socket, TlsStream& tls, Stream::Error& error) {
  std::array<uint8_t, kFeedBytes> bytes;
  const std::size_t count = socket.read_some(asio::buffer(bytes), error);
  if (!error) {
    tls.Feed(std::span(bytes).first(count));
  }
}

void SendTls(tcp::socket& socket, TlsStream& tls, Stream::Error& error) {
  for (auto output = tls.Output(); !output.empty() && !error; output = tls.Output()) {
    const std::size_t count = socket.write_some(asio::buffer(output.data(), output.size()), error);
    if (!error) {
      tls.OutputSent(count);
    }
  }
}

std::size_t Stream::ReadTls(std::span<uint8_t> space, Error& error) {
  std::size_t count = tls_->Read(space);
  if (count == 0 && tls_->state() == TlsStream::State::kOpen) {
    FeedTls(socket_, *tls_, error);
    count = error ? 0 : tls_->Read(space);
  }
  // Whatever it has to say to the client besides; what does not fit goes with the next write.
  if (Error ignored; !tls_->Output().empty()) {
    SendTls(socket_, *tls_, ignored);
  }
  if (error) {
    return 0;
  }
  if (count == 0) {
    error = asio::error::would_block;
    if (tls_->state() != TlsStream::State::kOpen || tls_->Output().size() > kUnreadOutputMax) {
      error = asio::error::eof;
    }
  }
  return count;
}

std::size_t Stream::WriteTls(std::span<const uint8_t> bytes, Error& error) {
  if (encrypted_ == 0) {
    encrypted_ = tls_->Write(bytes);
  }
  SendTls(socket_, *tls_, error);
  if (error) {
    return 0;
  }
  if (encrypted_ == 0) {
    error = asio::error::broken_pipe;
  }
  return std::exchange(encrypted_, 0);
}

void Stream::Close() {
  Error ignored;
  if (tls_ != nullptr && encrypted_ == 0) {
    tls_->Close();
    SendTls(socket_, *tls_, ignored);
  }
  socket_.shutdown(tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
}

}  // namespace tally::gateway::fix
