// SPDX-License-Identifier: Apache-2.0
#include "sidecar/session/user_login.h"

#include <algorithm>
#include <set>
#include <utility>

#include "access/bindings_document.h"
#include "access/principal.h"

namespace claviger::sidecar {
namespace {

// Each costs a login and a read: a token in more groups than this is refused,
// since leaving one out could leave a Deny out.
constexpr size_t kMaxClaimGroups = 32;

bool IsRefusal(const Error& error) {
  return error.code == ErrorCode::kInvalidArgument ||
         error.code == ErrorCode::kPermissionDenied;
}

}  // namespace

UserLogin::UserLogin(const Settings& settings, const Dependencies& dependencies,
                     Metrics& metrics, UserToken token, Secret jwt)
    : settings_(settings),
      deps_(dependencies),
      metrics_(metrics),
      token_(std::move(token)),
      jwt_(std::move(jwt)) {}

Result<ViewPtr> UserLogin::Open(const ViewPtr& before) {
  Status done = LogIn();
  if (done) done = OpenDocuments();
  if (!done && done.error().code == ErrorCode::kPermissionDenied) {
    // A login that was good is not any more: its role was taken away, or it
    // has ended. Once from the beginning.
    Revoke();
    done = LogIn();
    if (done) done = OpenDocuments();
  }
  if (!done) return Fail(std::move(done.error()));
  return Merge(before);
}

Status UserLogin::LogIn() {
  if (own_) return {};
  // Asked each time: an object may name the user from now on.
  Result<vault::Login> own = LoginAs(access::Principal::User(token_.user));
  if (own) {
    own_ = Opened{std::move(*own), std::nullopt};
    return {};
  }
  // 400: there is no such role, or the token is no good. Which of them, the
  // role that takes every good token tells.
  if (own.error().code != ErrorCode::kInvalidArgument) {
    if (!IsRefusal(own.error())) return Fail(std::move(own.error()));
    return Fail(ErrorCode::kUnauthenticated, "vault refuses the user's token");
  }
  if (as_anyone_) return {};
  Result<vault::Login> anyone = LoginAs(access::Principal::EveryoneUser());
  if (anyone) {
    as_anyone_ = std::move(*anyone);
    return {};
  }
  if (!IsRefusal(anyone.error())) return Fail(std::move(anyone.error()));
  return Fail(ErrorCode::kUnauthenticated, "vault refuses the user's token");
}

Result<vault::Login> UserLogin::LoginAs(const access::Principal& principal) {
  Result<vault::Login> login = vault::LoginWithJwt(
      deps_.vault, settings_.vault.user_auth_mount,
      access::VaultNameOf(settings_.vault.cluster, principal), jwt_);
  metrics_.CountLogin("user",
                      login ? std::nullopt : std::optional(login.error().code));
  return login;
}

Status UserLogin::Load(const access::Principal& principal, const Secret& token,
                       std::optional<LoadedDocument>& document) {
  Result<LoadedDocument> loaded =
      LoadDocument(deps_.vault, token, settings_.vault, principal,
                   document ? &*document : nullptr);
  if (!loaded) return Fail(std::move(loaded.error()));
  document = std::move(*loaded);
  return {};
}

Status UserLogin::OpenDocuments() {
  if (own_) {
    Status done = Load(access::Principal::User(token_.user), own_->login.token,
                       own_->document);
    if (!done) return done;
  }
  const Secret& token = own_ ? own_->login.token : as_anyone_->token;
  Status done = Load(access::Principal::EveryoneUser(), token, everyone_);
  if (!done) return done;
  return OpenClaimGroups();
}

Status UserLogin::OpenClaimGroups() {
  const std::vector<std::string> names =
      access::SatisfiedClaimGroups(*everyone_->document, token_.claims);
  if (names.size() > kMaxClaimGroups) {
    return Fail(ErrorCode::kTooLarge,
                "the user's token is in more groups than are read");
  }
  const std::set<std::string> wanted(names.begin(), names.end());
  for (auto it = groups_.begin(); it != groups_.end();) {
    if (wanted.contains(it->first)) {
      ++it;
      continue;
    }
    (void)vault::RevokeSelf(deps_.vault, it->second.login.token);
    it = groups_.erase(it);
  }
  for (const std::string& name : wanted) {
    const auto principal = access::Principal::ClaimGroup(name);
    auto group = groups_.find(name);
    if (group == groups_.end()) {
      Result<vault::Login> login = LoginAs(principal);
      // Never without it: a Deny may stand in the document.
      if (!login) {
        return Fail(ErrorCode::kUnavailable,
                    "a group of the user's token cannot be opened in vault");
      }
      group =
          groups_.emplace(name, Opened{std::move(*login), std::nullopt}).first;
    }
    Status done =
        Load(principal, group->second.login.token, group->second.document);
    if (!done) return done;
  }
  return {};
}

ViewPtr UserLogin::Merge(const ViewPtr& before) const {
  std::vector<const LoadedDocument*> loaded = {&*everyone_};
  if (own_) loaded.push_back(&*own_->document);
  for (const auto& [name, group] : groups_) loaded.push_back(&*group.document);

  auto view = std::make_shared<View>();
  view->caller = access::Caller::User(token_.user, token_.claims);
  view->carrier = settings_.identity;
  std::vector<const access::BindingsDocument*> documents;
  for (const LoadedDocument* one : loaded) {
    documents.push_back(one->document.get());
    view->generation += one->version_sum();
  }
  if (before != nullptr) {
    view->generation = std::max(view->generation, before->generation);
  }
  view->bindings = access::MergeDocuments(documents);
  return view;
}

void UserLogin::Revoke() {
  if (own_) (void)vault::RevokeSelf(deps_.vault, own_->login.token);
  if (as_anyone_) (void)vault::RevokeSelf(deps_.vault, as_anyone_->token);
  for (const auto& [name, group] : groups_) {
    (void)vault::RevokeSelf(deps_.vault, group.login.token);
  }
  own_.reset();
  as_anyone_.reset();
  everyone_.reset();
  groups_.clear();
}

}  // namespace claviger::sidecar
