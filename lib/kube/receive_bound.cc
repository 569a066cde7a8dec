// SPDX-License-Identifier: Apache-2.0
#include "kube/receive_bound.h"

#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include <new>
#include <utility>

namespace claviger::kube {
namespace {

using Kept = std::shared_ptr<ReceiveBound>;

constexpr size_t kRecordHeader = 5;

void Free(void*, void* kept, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<Kept*>(kept);
}

// Where a connection keeps its bound.
int Index() {
  static const int index =
      SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, &Free);
  return index;
}

Kept* KeptBy(const SSL& connection) {
  return static_cast<Kept*>(SSL_get_ex_data(&connection, Index()));
}

void OnMessage(int is_sent, int, int type, const void* bytes, size_t count,
               SSL* connection, void*) {
  if (is_sent != 0 || type != SSL3_RT_HEADER || count < kRecordHeader) return;
  const auto* header = static_cast<const unsigned char*>(bytes);
  const size_t length = (size_t{header[3]} << 8U) + size_t{header[4]};
  if ((*KeptBy(*connection))->Take(kRecordHeader + length)) return;
  SSL_set_shutdown(connection,
                   SSL_get_shutdown(connection) | SSL_RECEIVED_SHUTDOWN);
}

}  // namespace

bool ReceiveBound::Take(size_t bytes) {
  size_t left = left_;
  while (left >= bytes) {
    if (left_.compare_exchange_weak(left, left - bytes)) return true;
  }
  exceeded_ = true;
  return false;
}

void ReceiveBound::Apply(std::shared_ptr<ReceiveBound> bound,
                         ssl_st& connection) {
  if (Kept* const kept = KeptBy(connection)) {
    *kept = std::move(bound);
    return;
  }
  auto kept = std::make_unique<Kept>(std::move(bound));
  if (SSL_set_ex_data(&connection, Index(), kept.get()) != 1) {
    throw std::bad_alloc();
  }
  (void)kept.release();
  SSL_set_msg_callback(&connection, &OnMessage);
}

}  // namespace claviger::kube
