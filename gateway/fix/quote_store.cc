#include "gateway/fix/quote_store.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace tally::gateway::fix {
namespace {

constexpr char kSetEnd = '\x01';  // No value of FIX has it.

}  // namespace

const QuoteOrderRecord* QuoteStore::FindOrder(OrderId id) const {
  const auto found = orders_.find(Raw(id));
  return found == orders_.end() ? nullptr : &found->second;
}

void QuoteStore::PutOrder(const QuoteOrderRecord& order) {
  if (order.order.closed != 0) {
    orders_.erase(Raw(order.order.order_id));
  } else {
    orders_[Raw(order.order.order_id)] = order;
  }
}

MassQuote* QuoteStore::Find(uint64_t client_sequence) {
  const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const MassQuote& quote) {
    return client_sequence >= quote.record.first_client_sequence && client_sequence < quote.end();
  });
  return found == waiting_.end() ? nullptr : &*found;
}

void QuoteStore::RemoveFrom(uint64_t client_sequence) {
  while (!waiting_.empty() && waiting_.back().record.first_client_sequence >= client_sequence) {
    waiting_.pop_back();
  }
}

MassQuoteRecord RecordOf(const MassQuote& quote) {
  MassQuoteRecord record = quote.record;
  record.entries.assign(reinterpret_cast<const char*>(quote.entries.data()),
                        quote.entries.size() * sizeof(QuoteEntry));
  record.sets.clear();
  for (const std::string& set : quote.sets) {
    record.sets += set + kSetEnd;
  }
  return record;
}

MassQuote FromRecord(MassQuoteRecord record) {
  MassQuote quote;
  CHECK(record.entries.size() % sizeof(QuoteEntry) == 0);
  quote.entries.resize(record.entries.size() / sizeof(QuoteEntry));
  std::memcpy(quote.entries.data(), record.entries.data(), record.entries.size());
  for (std::size_t begin = 0; begin < record.sets.size();) {
    const std::size_t end = record.sets.find(kSetEnd, begin);
    quote.sets.push_back(record.sets.substr(begin, end - begin));
    begin = end + 1;
  }
  record.entries.clear();
  record.sets.clear();
  quote.record = std::move(record);
  return quote;
}

}  // namespace tally::gateway::fix
