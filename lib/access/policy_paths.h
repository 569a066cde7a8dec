// SPDX-License-Identifier: Apache-2.0
//
// Which credentials a principal's own policy opens in Vault (design: what the
// everyone policy opens is not repeated in each principal's own, so that a
// change for all is one write). Pure; immutable and thread-safe.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "access/bindings_document.h"
#include "access/principal.h"
#include "base/time.h"

namespace claviger::access {

class PolicyPaths {
 public:
  /// `everyone` is the document of everyone.sa, which every service account's
  /// decisions take in.
  explicit PolicyPaths(BindingsDocument everyone);

  const BindingsDocument& everyone() const { return everyone_; }

  /// The Vault API paths of the credentials that the principal's own policy
  /// opens at `now`, sorted, without those that everyone.sa opens anyway.
  /// Empty for users and claim groups: their logins read bindings only. With
  /// document.account also its personal slots (opened_path.h), kMaxPersonal at
  /// most: on its own connections, then on everyone's.
  std::vector<std::string> Of(const Principal& principal,
                              const BindingsDocument& document, Time now) const;

  static constexpr size_t kMaxPersonal = 1'000;

 private:
  void AddPersonal(const BindingsDocument& document,
                   const model::ObjectRef& carrier, Time now,
                   std::vector<std::string>& paths) const;
  bool IsOpenToAll(const std::string& path, Time now) const;

  BindingsDocument everyone_;
  // API path -> the bindings of everyone_ that name it.
  std::unordered_map<std::string, std::vector<size_t>> named_by_;
  std::vector<size_t> personal_;  // the bindings of everyone_ with such slots
};

}  // namespace claviger::access
