#pragma once

#include "engine/book/order_book.h"

namespace tally {

// For a book that is run only for what rests in it.
struct NullListener {
  void OnAccepted(const IncomingOrder&) {}
  void OnReplaced(const Replacement&) {}
  void OnFill(const Fill&) {}
  void OnMakerCanceled(const Cancellation&) {}
  void OnTakerCanceled(const Cancellation&) {}
};

}  // namespace tally
