// SPDX-License-Identifier: Apache-2.0
#include "access_watch.h"

#include "support/await.h"

namespace claviger::testing {
namespace {

constexpr char kSlot[] = "secret/data/sales/warehouse";
constexpr char kNobodys[] = "secret/data/sales/other";
constexpr char kOwnPolicy[] = "sys/policies/acl/claviger.prod.operator";
constexpr std::chrono::hours kForEver{1};

}  // namespace

AccessWatch::AccessWatch(ClusterBed& bed) : bed_(bed) {
  accounts_["reports/nightly"];
  accounts_["finance/closer"];
  thread_ = std::thread([this] {
    Await(
        [this] {
          Look("reports/nightly");
          Look("finance/closer");
          return stopping_.load();
        },
        kForEver);
  });
}

AccessWatch::~AccessWatch() {
  stopping_ = true;
  thread_.join();
}

void AccessWatch::Allow(const std::string& account, bool allowed) {
  const std::lock_guard lock(mutex_);
  accounts_.at(account).allowed = allowed;
}

std::vector<std::string> AccessWatch::Violations() const {
  const std::lock_guard lock(mutex_);
  return violations_;
}

bool AccessWatch::IsAllowed(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return accounts_.at(name).allowed;
}

// Empty while it cannot log in. A token once given is kept: it must not do
// more than a new one.
std::string AccessWatch::TokenOf(const std::string& name) {
  {
    const std::lock_guard lock(mutex_);
    if (!accounts_.at(name).token.empty()) return accounts_.at(name).token;
  }
  const size_t slash = name.find('/');
  const auto token = bed_.LogIn(name.substr(0, slash), name.substr(slash + 1));
  if (!token) return "";
  const std::lock_guard lock(mutex_);
  return accounts_.at(name).token = *token;
}

void AccessWatch::Look(const std::string& name) {
  const std::string token = TokenOf(name);
  if (token.empty()) return;
  // Asked before the read: what is given meanwhile is no violation, and what
  // was taken away before is one.
  const bool allowed = IsAllowed(name);
  const int slot = bed_.Read(token, kSlot);
  const int other = bed_.Read(token, kNobodys);
  const int policy = bed_.Read(token, kOwnPolicy);
  ++reads_;
  const std::lock_guard lock(mutex_);
  if (slot == 200 && !allowed) violations_.push_back(name + " read its slot");
  if (other == 200) violations_.push_back(name + " read another's slot");
  if (policy == 200) violations_.push_back(name + " read a policy");
}

}  // namespace claviger::testing
