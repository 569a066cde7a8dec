// SPDX-License-Identifier: Apache-2.0
#include "operator/desired.h"

#include <string_view>
#include <utility>

#include "base/digest.h"

namespace claviger::op {
namespace {

constexpr size_t kMaxParts = 64;

Result<Desired> WithDocument(const access::BindingsDocument& document) {
  Desired desired;
  desired.id = document.principal;
  desired.parts = access::EncodeBindings(document);
  if (desired.parts.size() > kMaxParts) {
    return Fail(ErrorCode::kTooLarge,
                "compile bindings of " + desired.id + ": over 64 parts");
  }
  desired.ledger.document = access::DocumentDigest(desired.parts);
  desired.ledger.parts = static_cast<int>(desired.parts.size());
  return desired;
}

}  // namespace

std::string Desired::Digest() const {
  const access::EntryLedger& l = ledger;
  std::string all;
  for (const std::string& text : {id, l.policy, l.role, l.auth_mount,
                                  l.document, std::to_string(l.parts)}) {
    all += text;
    all += '\n';
  }
  all += policy ? 'p' : 'k';
  all += keep_role ? 'k' : 'r';
  all += only_if_there ? 'o' : 'c';
  return Sha256Hex(all);
}

Result<Desired> MakeDesired(const access::VaultLayout& layout,
                            const access::Principal& principal,
                            const access::BindingsDocument& document,
                            const std::vector<std::string>& paths,
                            const model::Claim* claim) {
  Result<Desired> desired = WithDocument(document);
  if (!desired) return desired;
  Result<std::string> policy =
      access::PolicyText(layout, principal, desired->ledger.parts, paths);
  if (!policy) return Fail(std::move(policy).error());
  desired->ledger.policy = Sha256Hex(*policy);
  desired->policy = *std::move(policy);
  if (access::HasRole(principal)) {
    desired->role = DesiredRole{access::AuthMountOf(layout, principal),
                                access::RoleText(layout, principal, claim)};
    desired->ledger.role = Sha256Hex(desired->role->text);
    desired->ledger.auth_mount = desired->role->mount;
  }
  return desired;
}

Result<std::string> EntryText(const access::EntryStamp& stamp,
                              const access::EntryLedger& ledger,
                              const std::string& part) {
  // Keys are sorted, so the document comes first.
  constexpr std::string_view kBefore = R"({"document":)";
  constexpr std::string_view kEmpty = "{}";
  Result<std::string> text = access::EncodeEntry(stamp, ledger, kEmpty);
  if (text) text->replace(kBefore.size(), kEmpty.size(), part);
  return text;
}

Result<Desired> KeepRights(const access::BindingsDocument& document) {
  Result<Desired> desired = WithDocument(document);
  if (desired) desired->keep_role = true;
  return desired;
}

}  // namespace claviger::op
