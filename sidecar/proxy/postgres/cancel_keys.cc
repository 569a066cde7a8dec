// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/postgres/cancel_keys.h"

#include <openssl/crypto.h>

#include <cstring>
#include <utility>

namespace claviger::sidecar::proxy::pg {
namespace {

// Client libraries keep it in a signed int.
uint32_t NewPid(Random& random) {
  uint32_t pid = 0;
  const std::string bytes = random.Bytes(sizeof(pid));
  std::memcpy(&pid, bytes.data(), sizeof(pid));
  return pid & 0x7FFFFFFFU;
}

}  // namespace

CancelKeys::Issued CancelKeys::Issue(CancelTarget target, size_t size) {
  Issued issued;
  do {
    issued.pid = NewPid(random_);
  } while (issued.pid == 0 || entries_.contains(issued.pid));
  issued.key = random_.Bytes(size);
  entries_.emplace(issued.pid, Entry{issued.key, std::move(target)});
  return issued;
}

const CancelTarget* CancelKeys::Find(uint32_t pid, std::string_view key) const {
  const auto found = entries_.find(pid);
  if (found == entries_.end()) return nullptr;
  const Entry& entry = found->second;
  const bool same =
      entry.key.size() == key.size() &&
      CRYPTO_memcmp(entry.key.data(), key.data(), key.size()) == 0;
  return same ? &entry.target : nullptr;
}

}  // namespace claviger::sidecar::proxy::pg
