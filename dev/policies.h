// SPDX-License-Identifier: Apache-2.0
//
// The named policies of the embedded Vault, `default` and `root` among them.
// Bounded. Not synchronised.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dev/acl.h"
#include "dev/store_budget.h"

namespace claviger::dev {

class PolicyStore {
 public:
  explicit PolicyStore(StoreBudget& budget);

  /// Names are folded to lower case. kInvalidArgument for a text that is no
  /// policy and for `root`; kTooLarge when the storage is full.
  Status Write(std::string_view name, std::string_view text);
  /// kInvalidArgument for `root` and `default`; absent is fine.
  Status Remove(std::string_view name);
  /// The text as written; null where there is none.
  const std::string* Text(std::string_view name) const;
  bool Exists(std::string_view name) const { return Text(name) != nullptr; }
  /// Sorted, `root` last.
  std::vector<std::string> Names() const;

  /// What these policies allow together, as they are now.
  Acl AclOf(const std::vector<std::string>& names) const;

 private:
  struct Entry {
    std::string text;
    std::shared_ptr<const Policy> policy;
  };

  StoreBudget& budget_;
  std::map<std::string, Entry, std::less<>> entries_;
};

/// Lower case, as Vault stores names of policies and roles.
std::string FoldName(std::string_view name);

/// What a role may be called: letters, digits, `_`, `.` and `-`.
bool IsRoleName(std::string_view name);

}  // namespace claviger::dev
