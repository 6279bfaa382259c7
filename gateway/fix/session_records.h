#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/types.h"
#include "gateway/fix/client_id.h"

namespace tally::gateway::fix {

// OrderRecord::closed of an order whose time had come.
inline constexpr uint8_t kClosedExpired = 2;

// RequestRecord::detail of the signature of the order behind it.
inline constexpr char kSigningDetail = 'S';

// An order as its FIX session knows it.
struct OrderRecord {
  ClientOrderId client_order_id{};
  OrderId order_id{};  // 0: not accepted yet.
  InstrumentId instrument{};
  char side = '1';  // As in FIX: 54, 40, 59.
  char ord_type = '2';
  char time_in_force = '0';
  uint8_t closed = 0;  // Nothing more will happen to it: 1, or kClosedExpired.
  PriceTicks price;
  PriceTicks stop_price;
  QuantityLots quantity;
  QuantityLots cumulative;
  QuantityLots leaves;
  __int128 notional = 0;  // Ticks * lots of what was filled.
  ClientId cl_ord_id;
  std::string orig_cl_ord_id;  // Of the order that this one replaced; empty: of none.
};

// A client's message that became a command and waits for its answer.
struct RequestRecord {
  uint64_t client_sequence = 0;
  uint64_t in_sequence = 0;  // MsgSeqNum.
  char type = 0;             // MsgType.
  char detail = 0;           // q: MassCancelRequestType; kSigningDetail.
  InstrumentId instrument{};
  ClientOrderId client_order_id{};  // Of the new order, if it makes one.
  std::string cl_ord_id;
  std::string orig_cl_ord_id;
  std::string order_id;  // As the client wrote it.
};

struct ProgressRecord {
  uint64_t next_in = 1;
  uint64_t next_out = 1;
  uint64_t next_report = 1;  // First report of the core's session that is not yet a message; of a
                             // drop copy the first event, however far behind it may be.
  uint64_t answered = 0;     // Requests of client sequences below this are done with.
};

struct SentRecord {
  uint64_t sequence = 0;
  int64_t sending_time_ns = 0;
  uint64_t next_report = 0;
  std::string_view type;
  std::string_view body;
};

struct VoidRecord {
  uint64_t client_sequence = 0;
  uint64_t next_in = 0;
};

enum class ListStage : uint8_t {
  kSent = 1,  // Not every order has its answer.
  kExecuting = 2,
  kDone = 3,
};

// An order list: its orders have consecutive client order ids.
struct ListRecord {
  ClientOrderId first{};
  uint8_t count = 0;
  ListStage stage = ListStage::kSent;
  char contingency = '1';  // 1385.
  std::string list_id;
};

// A MassQuote or QuoteCancel that became commands, one for each entry. quote_store.h.
struct MassQuoteRecord {
  uint64_t first_client_sequence = 0;
  uint64_t first_client_order_id = 0;  // Of a MassQuote: that of the first entry.
  char type = 'i';                     // MsgType.
  char cancel_type = '0';              // 298.
  char response_level = '2';           // 301.
  uint16_t maker_group = 0;
  std::string quote_id;
  std::string quote_req_id;
  std::string entries;  // QuoteEntry after QuoteEntry.
  std::string sets;     // Their ids.
};

struct QuoteAnswerRecord {
  uint64_t client_sequence = 0;
  std::string entry;  // The QuoteEntry with its answer.
};

// One side of a quote: an order whose cl_ord_id is the QuoteID.
struct QuoteOrderRecord {
  OrderRecord order;
  uint16_t level = 0;  // QuoteEntryID.
  std::string set_id;  // QuoteSetID.
};

// Of a message that became several commands, each but the first: all of them reach the core, or
// none does. If the gateway dies between two of them, the next one publishes the rest.
struct FollowerRecord {
  uint64_t client_sequence = 0;
  std::string command;  // Its bytes.
};

struct BegunRecord {
  int64_t begun_ns = 0;
};

// Calls visit(field) for each field of a record in the order of its bytes: one function writes and
// reads.
template <typename Record, typename Visit>
void VisitFields(Record& record, Visit&& visit) requires requires {
  record.notional;
}
{
  visit(record.client_order_id);
  visit(record.order_id);
  visit(record.instrument);
  visit(record.side);
  visit(record.ord_type);
  visit(record.time_in_force);
  visit(record.closed);
  visit(record.price);
  visit(record.stop_price);
  visit(record.quantity);
  visit(record.cumulative);
  visit(record.leaves);
  visit(record.notional);
  visit(record.cl_ord_id);
  visit(record.orig_cl_ord_id);
}

template <typename Record, typename Visit>
void VisitFields(Record& record, Visit&& visit) requires requires {
  record.detail;
}
{
  visit(record.client_sequence);
  visit(record.in_sequence);
  visit(record.type);
  visit(record.detail);
  visit(record.instrument);
  visit(record.client_order_id);
  visit(record.cl_ord_id);
  visit(record.orig_cl_ord_id);
  visit(record.order_id);
}

template <typename Record, typename Visit>
void VisitFields(Record& record, Visit&& visit) requires requires {
  record.next_out;
}
{
  visit(record.next_in);
  visit(record.next_out);
  visit(record.next_report);
  visit(record.answered);
}

template <typename Record, typename Visit>
void VisitFields(Record& record, Visit&& visit) requires requires {
  record.body;
}
{
  visit(record.sequence);
  visit(record.sending_time_ns);
  visit(record.next_report);
  visit(record.type);
  visit(record.body);
}

template <typename Record, typename Visit>
void VisitFields(Record& record,
                 Visit&& visit) requires std::is_same_v<std::remove_const_t<Record>, VoidRecord> {
  visit(record.client_sequence);
  visit(record.next_in);
}

template <typename Record, typename Visit>
void VisitFields(Record& record, Visit&& visit) requires requires {
  record.list_id;
}
{
  visit(record.first);
  visit(record.count);
  visit(record.stage);
  visit(record.contingency);
  visit(record.list_id);
}

template <typename Record, typename Visit>
void VisitFields(Record& record, Visit&& visit) requires requires {
  record.sets;
}
{
  visit(record.first_client_sequence);
  visit(record.first_client_order_id);
  visit(record.type);
  visit(record.cancel_type);
  visit(record.response_level);
  visit(record.maker_group);
  visit(record.quote_id);
  visit(record.quote_req_id);
  visit(record.entries);
  visit(record.sets);
}

template <typename Record, typename Visit>
void VisitFields(Record& record, Visit&& visit) requires requires {
  record.entry;
}
{
  visit(record.client_sequence);
  visit(record.entry);
}

template <typename Record, typename Visit>
void VisitFields(Record& record, Visit&& visit) requires requires {
  record.set_id;
}
{
  VisitFields(record.order, visit);
  visit(record.level);
  visit(record.set_id);
}

template <typename Record, typename Visit>
void VisitFields(Record& record, Visit&& visit) requires requires {
  record.command;
}
{
  visit(record.client_sequence);
  visit(record.command);
}

template <typename Record, typename Visit>
void VisitFields(Record& record, Visit&& visit) requires requires {
  record.begun_ns;
}
{ visit(record.begun_ns); }

// Bytes of the packed record.
template <typename Record>
std::size_t PackedSize(const Record& record) {
  std::size_t size = 0;
  VisitFields(record, [&size](const auto& field) {
    using Type = std::remove_cvref_t<decltype(field)>;
    if constexpr (std::is_convertible_v<Type, std::string_view>) {
      size += sizeof(uint32_t) + field.size();
    } else {
      size += sizeof(field);
    }
  });
  return size;
}

// Numbers in host order (little-endian), texts behind their length. `at` has room for PackedSize().
template <typename Record>
void Pack(const Record& record, char* at) {
  const auto put = [&at](const void* from, std::size_t count) {
    if (count != 0) {
      std::memcpy(at, from, count);
    }
    at += count;
  };
  VisitFields(record, [&put](const auto& field) {
    using Type = std::remove_cvref_t<decltype(field)>;
    if constexpr (std::is_convertible_v<Type, std::string_view>) {
      const uint32_t text_size = static_cast<uint32_t>(field.size());
      put(&text_size, sizeof(text_size));
      put(field.data(), field.size());
    } else {
      static_assert(std::is_trivially_copyable_v<Type>);
      put(&field, sizeof(field));
    }
  });
}

// False if the bytes are not such a record. Texts of views point into `bytes`.
template <typename Record>
bool Unpack(std::string_view bytes, Record* record) {
  bool ok = true;
  const auto take = [&](void* to, std::size_t size) {
    ok = ok && bytes.size() >= size;
    if (ok) {
      std::memcpy(to, bytes.data(), size);
      bytes.remove_prefix(size);
    }
  };
  VisitFields(*record, [&](auto& field) {
    using Type = std::remove_cvref_t<decltype(field)>;
    if constexpr (std::is_convertible_v<Type, std::string_view>) {
      uint32_t size = 0;
      take(&size, sizeof(size));
      ok = ok && bytes.size() >= size;
      if constexpr (std::is_same_v<Type, ClientId>) {
        ok = ok && size <= ClientId::kBytesMax;
      }
      if (ok) {
        field = Type(bytes.substr(0, size));
        bytes.remove_prefix(size);
      }
    } else {
      take(&field, sizeof(field));
    }
  });
  return ok && bytes.empty();
}

}  // namespace tally::gateway::fix
