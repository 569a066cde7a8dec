// SPDX-License-Identifier: Apache-2.0
//
// The cancel keys that clients get instead of the server's: made here, good
// for one session, and of no use to anybody at the server. Loop's thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/random.h"
#include "sidecar/proxy/postgres/server_plan.h"

namespace claviger::sidecar::proxy::pg {

/// Whom a cancel request is for, at the server.
struct CancelTarget {
  std::shared_ptr<const ServerRoute> route;
  ServerAddress address;  // the one that the session is connected to
  uint32_t pid = 0;
  std::string key;
};

class CancelKeys {
 public:
  /// `random` outlives the object.
  explicit CancelKeys(Random& random) : random_(random) {}

  struct Issued {
    uint32_t pid = 0;
    std::string key;
  };
  /// A key of `size` bytes.
  Issued Issue(CancelTarget target, size_t size);
  /// Null for what was never issued, or is no more.
  const CancelTarget* Find(uint32_t pid, std::string_view key) const;
  void Drop(uint32_t pid) { entries_.erase(pid); }
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    CancelTarget target;
  };

  Random& random_;
  std::unordered_map<uint32_t, Entry> entries_;
};

}  // namespace claviger::sidecar::proxy::pg
