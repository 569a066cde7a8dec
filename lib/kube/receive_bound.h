// SPDX-License-Identifier: Apache-2.0
//
// How much of an answer a TLS connection may take in before it is handed on.
// cpprestsdk collects all headers, the line with a chunk's size and the whole
// chunk first, without a bound of its own; OpenSSL tells of each record before
// it is decrypted, and from there the connection can be ended. Thread-safe.
#pragma once

#include <openssl/ossl_typ.h>

#include <atomic>
#include <cstddef>
#include <memory>

namespace claviger::kube {

class ReceiveBound {
 public:
  /// `most`: bytes of records, which are a little more than what they hold.
  explicit ReceiveBound(size_t most) : most_(most), left_(most) {}

  /// What came so far was handed on.
  void Renew() { left_ = most_; }
  /// So many more bytes are coming; false: too many.
  bool Take(size_t bytes);
  bool exceeded() const { return exceeded_; }

  /// From now on this one, in place of the one before, holds for what arrives
  /// there: over it, the connection looks as if the other side had ended it.
  /// Not while the connection is read. Throws std::bad_alloc.
  static void Apply(std::shared_ptr<ReceiveBound> bound, ssl_st& connection);

 private:
  const size_t most_;
  std::atomic<size_t> left_;
  std::atomic<bool> exceeded_{false};
};

}  // namespace claviger::kube
