// SPDX-License-Identifier: Apache-2.0
#include "base/secret.h"

#include <openssl/crypto.h>

#include <utility>

namespace claviger {
namespace {

// Longer than any small-string buffer: the bytes then always live on the heap,
// and a move leaves none behind in the moved-from object.
constexpr size_t kAlwaysOnHeap = 64;

}  // namespace

void WipeString(std::string& bytes) {
  bytes.resize(bytes.capacity());
  OPENSSL_cleanse(bytes.data(), bytes.size());
  bytes.clear();
}

Secret::Secret(std::string&& bytes) {
  bytes_.reserve(bytes.size() + kAlwaysOnHeap);
  bytes_.assign(bytes);
  WipeString(bytes);
}

Secret::~Secret() { Wipe(); }

Secret::Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) {
  other.bytes_.clear();
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  Wipe();
  bytes_.swap(other.bytes_);
  return *this;
}

Secret Secret::Clone() const { return Secret(std::string(bytes_)); }

bool Secret::Equals(std::string_view other) const {
  if (bytes_.size() != other.size()) return false;
  return CRYPTO_memcmp(bytes_.data(), other.data(), other.size()) == 0;
}

void Secret::Wipe() { WipeString(bytes_); }

}  // namespace claviger
