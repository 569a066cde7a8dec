// SPDX-License-Identifier: Apache-2.0
//
// Whose documents name which objects, as small as it can be kept: what was
// taken away from a principal is in what it had before only. Immutable; pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "access/compile.h"

namespace claviger::op {

class Footprint {
 public:
  /// Of all principals. Compiles each one's document once.
  explicit Footprint(const access::Compiler& compiler);

  using Visitor =
      std::function<void(const model::ObjectRef& ref, bool is_grant)>;
  /// Calls `visit` for the objects that each of these principals had, where
  /// `is_meant` says so of its id.
  void ForEach(const std::function<bool(const std::string& id)>& is_meant,
               const Visitor& visit) const;

 private:
  struct Owner {
    std::string id;
    uint32_t end = 0;  // its objects are those before, to the last one's end
  };
  struct Touched {
    uint32_t ref : 31;
    uint32_t is_grant : 1;
  };

  std::vector<model::ObjectRef> refs_;  // each once
  std::vector<Touched> touched_;
  std::vector<Owner> owners_;
};

}  // namespace claviger::op
