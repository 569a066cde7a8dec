// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/footprint.h"

#include <map>

#include "access/principal.h"

namespace claviger::op {
namespace {

/// Numbers names in the order they are met.
class Numbers {
 public:
  explicit Numbers(std::vector<model::ObjectRef>& refs) : refs_(refs) {}

  uint32_t Of(const model::ObjectRef& ref) {
    const auto next = static_cast<uint32_t>(refs_.size());
    const auto [at, is_new] = known_.try_emplace(ref, next);
    if (is_new) refs_.push_back(ref);
    return at->second;
  }

 private:
  std::vector<model::ObjectRef>& refs_;
  std::map<model::ObjectRef, uint32_t> known_;
};

constexpr uint32_t kMost = 0x7fff'ffff;

}  // namespace

Footprint::Footprint(const access::Compiler& compiler) {
  Numbers numbers(refs_);
  for (const access::Principal& principal : compiler.principals()) {
    const access::BindingsDocument document = compiler.Document(principal);
    for (const access::Binding& binding : document.bindings) {
      const model::ObjectRef& ref = binding.facts->ref;
      touched_.push_back({numbers.Of(ref) & kMost, 0});
      for (const access::GrantEntry& grant : binding.grants) {
        touched_.push_back({numbers.Of({ref.ns, grant.name}) & kMost, 1});
      }
    }
    owners_.push_back(
        {IdOf(principal), static_cast<uint32_t>(touched_.size())});
  }
  refs_.shrink_to_fit();
  touched_.shrink_to_fit();
  owners_.shrink_to_fit();
}

void Footprint::ForEach(
    const std::function<bool(const std::string& id)>& is_meant,
    const Visitor& visit) const {
  size_t begin = 0;
  for (const Owner& owner : owners_) {
    if (is_meant(owner.id)) {
      for (size_t i = begin; i < owner.end; ++i) {
        visit(refs_[touched_[i].ref], touched_[i].is_grant != 0);
      }
    }
    begin = owner.end;
  }
}

}  // namespace claviger::op
