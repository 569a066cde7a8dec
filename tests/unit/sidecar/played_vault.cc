// SPDX-License-Identifier: Apache-2.0
#include "unit/sidecar/played_vault.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "access/bindings_document.h"
#include "access/bindings_entry.h"
#include "access/opened_path.h"
#include "access/snapshot.h"
#include "base/json.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

// "secret/data/sales/dw" -> "secret/sales/dw"; KV v1 paths stay as they are.
std::string SecretPath(const std::string& api_path) {
  std::string path = api_path;
  const size_t data = path.find("/data/");
  if (data != std::string::npos) path.erase(data, 5);
  return path;
}

bool IsKv2(const std::string& api_path) {
  return api_path.find("/data/") != std::string::npos;
}

}  // namespace

void PlayedVault::Publish(model::Objects objects, Time now, bool users) {
  const std::lock_guard lock(mutex_);
  const access::Snapshot snapshot(std::move(objects), {});
  const access::Compiler compiler(snapshot, users);
  roles_.clear();
  policies_.clear();
  for (const access::Principal& principal : compiler.principals()) {
    PublishPrincipal(compiler, principal, now);
  }
}

void PlayedVault::PublishPrincipal(const access::Compiler& compiler,
                                   const access::Principal& principal,
                                   Time now) {
  const access::BindingsDocument document = compiler.Document(principal);
  const std::vector<std::string> parts = access::EncodeBindings(document);
  access::EntryLedger ledger;
  ledger.document = access::DocumentDigest(parts);
  ledger.parts = static_cast<int>(parts.size());
  const std::string role = access::VaultNameOf(kCluster, principal);
  Paths& paths = policies_[role];
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string path =
        access::BindingsPathOf(kCluster, principal, static_cast<int>(i));
    std::string entry =
        access::EncodeEntry({"claviger", kCluster, 1}, ledger, parts[i])
            .value();
    Secret& secret = secrets_["claviger/" + path];
    if (secret.json != entry) {
      secret.json = std::move(entry);
      ++secret.version;
    }
    paths.insert("claviger/data/" + path);
  }
  for (std::string& path : compiler.CredentialPaths(principal, document, now)) {
    const access::OpenedPath opened = access::ReadOpened(path);
    if (opened.how != access::OpenedPath::How::kPersonal) {
      paths.insert(std::move(path));
      continue;
    }
    const size_t slash = opened.path.find('/');
    const std::string slot =
        access::PersonalPathOf(kCluster, principal,
                               opened.path.substr(0, slash),
                               opened.path.substr(slash + 1))
            .value();
    paths.insert("claviger/data/" + slot);
    paths.insert("claviger/metadata/" + slot);
  }
  if (principal.kind != access::Principal::Kind::kEveryoneServiceAccount) {
    roles_.insert(role);
  }
}

void PlayedVault::PutSecret(const std::string& path, std::string text) {
  const std::lock_guard lock(mutex_);
  Secret& secret = secrets_[path];
  secret.json = std::move(text);
  ++secret.version;
  secret.deleted = false;
}

void PlayedVault::RemoveSecret(const std::string& path) {
  const std::lock_guard lock(mutex_);
  secrets_.erase(path);
}

void PlayedVault::DeleteVersion(const std::string& path) {
  const std::lock_guard lock(mutex_);
  secrets_.at(path).deleted = true;
}

void PlayedVault::RemoveRole(const std::string& role) {
  const std::lock_guard lock(mutex_);
  roles_.erase(role);
}

void PlayedVault::RemovePolicy(const std::string& role) {
  const std::lock_guard lock(mutex_);
  policies_.erase(role);
}

void PlayedVault::Deny(const std::string& role, const std::string& api_path) {
  const std::lock_guard lock(mutex_);
  policies_[role].erase(api_path);
}

void PlayedVault::RevokeAllTokens() {
  const std::lock_guard lock(mutex_);
  for (const auto& [token, about] : tokens_) leases_.EndOfToken(token);
  tokens_.clear();
}

void PlayedVault::RefuseJwt(const std::string& jwt) {
  const std::lock_guard lock(mutex_);
  refused_jwts_.insert(jwt);
}

void PlayedVault::FailWith(std::optional<ErrorCode> code) {
  const std::lock_guard lock(mutex_);
  failing_ = code;
}

void PlayedVault::FailPath(const std::string& path,
                           std::optional<ErrorCode> code) {
  const std::lock_guard lock(mutex_);
  if (code) {
    failing_paths_[path] = *code;
  } else {
    failing_paths_.erase(path);
  }
}

void PlayedVault::OnCall(std::function<void(const std::string&)> hook) {
  const std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
}

int PlayedVault::logins() const {
  const std::lock_guard lock(mutex_);
  return logins_;
}
int PlayedVault::renewals() const {
  const std::lock_guard lock(mutex_);
  return renewals_;
}
int PlayedVault::revocations() const {
  const std::lock_guard lock(mutex_);
  return revocations_;
}
PlayedLeases& PlayedVault::leases() {
  const std::lock_guard lock(mutex_);
  EndTokens();
  return leases_;
}

// As Vault does by itself, whether anybody uses the token again or not.
void PlayedVault::EndTokens() {
  const SteadyTime now = clock_.SteadyNow();
  std::erase_if(tokens_, [&](const auto& one) {
    const bool ended = one.second.ends <= now;
    if (ended) leases_.EndOfToken(one.first);
    return ended;
  });
}

size_t PlayedVault::live_tokens() const {
  const std::lock_guard lock(mutex_);
  return static_cast<size_t>(std::count_if(
      tokens_.begin(), tokens_.end(),
      [&](const auto& one) { return one.second.ends > clock_.SteadyNow(); }));
}
int PlayedVault::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}
std::string PlayedVault::LastRequestId() const {
  const std::lock_guard lock(mutex_);
  return RequestId();
}
std::string PlayedVault::RequestId() const {
  return "request-" + std::to_string(calls_);
}
int PlayedVault::reads(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto found = reads_.find(path);
  return found == reads_.end() ? 0 : found->second;
}

void PlayedVault::AddToken(const std::string& token, const std::string& role) {
  const std::lock_guard lock(mutex_);
  tokens_[token] = {role, clock_.SteadyNow(), clock_.SteadyNow() + lease_};
}

Result<vault::Answer> PlayedVault::Do(const vault::Call& call) {
  std::function<void(const std::string&)> hook;
  {
    const std::lock_guard lock(mutex_);
    hook = hook_;
  }
  if (hook) hook(call.path);
  if (vault::Api* const other = other_) return other->Do(call);
  const std::lock_guard lock(mutex_);
  ++calls_;
  return Answer(call);
}

Result<vault::Answer> PlayedVault::Answer(const vault::Call& call) {
  EndTokens();
  if (failing_) return Fail(*failing_, "vault is told to fail");
  const auto failing = failing_paths_.find(call.path);
  if (failing != failing_paths_.end()) {
    return Fail(failing->second, "vault is told to fail here");
  }
  if (call.path.ends_with("/login")) return LogIn(call);
  Token* token = Find(call);
  if (token == nullptr) {
    return Fail(ErrorCode::kPermissionDenied, "no such token");
  }
  if (call.path == "auth/token/revoke-self") {
    ++revocations_;
    leases_.EndOfToken(std::string(call.token->Reveal()));
    tokens_.erase(std::string(call.token->Reveal()));
    return vault::Answer(204, "");
  }
  if (call.path == "auth/token/lookup-self" ||
      call.path == "auth/token/renew-self") {
    if (!policies_.contains(token->role)) {
      return Fail(ErrorCode::kPermissionDenied, "no policy");
    }
    if (call.path == "auth/token/renew-self") {
      ++renewals_;
      token->ends =
          std::min(clock_.SteadyNow() + lease_, token->born + max_life_);
      return vault::Answer(200,
                           json{{"auth", json::parse(Lease(*token))}}.dump());
    }
    return vault::Answer(
        200, json{{"data", {{"ttl", 60}, {"policies", {token->role}}}}}.dump());
  }
  return Read(call, *token);
}

Result<vault::Answer> PlayedVault::LogIn(const vault::Call& call) {
  const json body = json::parse(call.body);
  const std::string role = body.at("role");
  const std::string jwt = body.at("jwt");
  ++logins_;
  if (!roles_.contains(role) || refused_jwts_.contains(jwt)) {
    return Fail(ErrorCode::kInvalidArgument, "role or jwt is no good");
  }
  const std::string token = "s.token-" + std::to_string(logins_);
  const SteadyTime now = clock_.SteadyNow();
  tokens_[token] = {role, now, now + lease_};
  json auth = json::parse(Lease(tokens_[token]));
  auth["client_token"] = token;
  return vault::Answer(200, json{{"auth", std::move(auth)}}.dump());
}

std::string PlayedVault::Lease(const Token& token) const {
  const auto left = std::chrono::duration_cast<std::chrono::seconds>(
      token.ends - clock_.SteadyNow());
  return json{
      {"client_token", "s.same"},       {"accessor", "a"},
      {"lease_duration", left.count()}, {"renewable", true},
      {"policies", json::array()},      {"token_policies", json::array()}}
      .dump();
}

PlayedVault::Token* PlayedVault::Find(const vault::Call& call) {
  if (call.token == nullptr) return nullptr;
  const auto found = tokens_.find(std::string(call.token->Reveal()));
  return found == tokens_.end() ? nullptr : &found->second;
}

bool PlayedVault::MayRead(const std::string& role,
                          const std::string& path) const {
  const bool user = role.find(".user.") != std::string::npos ||
                    role.find(".claim.") != std::string::npos ||
                    role.ends_with(".everyone.user");
  const std::string everyone = std::string("claviger.") + kCluster +
                               (user ? ".everyone.user" : ".everyone.sa");
  for (const std::string& name : {role, everyone}) {
    const auto policy = policies_.find(name);
    if (policy != policies_.end() && policy->second.contains(path)) return true;
  }
  return false;
}

Result<vault::Answer> PlayedVault::Read(const vault::Call& call,
                                        const Token& token) {
  const std::string bearer(call.token->Reveal());
  const bool self_service =
      call.path.starts_with("sys/leases/") && policies_.contains(token.role);
  if (self_service) return *leases_.Answer(call, bearer);
  reads_[call.path]++;
  if (!MayRead(token.role, call.path)) {
    return Fail(ErrorCode::kPermissionDenied, "not in the policy");
  }
  if (auto leased = leases_.Answer(call, bearer)) return *std::move(leased);
  if (call.verb == vault::Verb::kWrite) return Write(call);
  if (call.verb == vault::Verb::kDelete) {
    std::string path = call.path;
    secrets_.erase(path.erase(path.find("/metadata/"), 9));
    return vault::Answer(204, "");
  }
  const size_t metadata = call.path.find("/metadata/");
  if (metadata != std::string::npos) {
    const auto about = secrets_.find(std::string(call.path).erase(metadata, 9));
    if (about == secrets_.end()) {
      return Fail(ErrorCode::kNotFound, "nothing there");
    }
    return vault::Answer(
        200,
        json{{"data", {{"current_version", about->second.version}}}}.dump());
  }
  const auto secret = secrets_.find(SecretPath(call.path));
  if (secret == secrets_.end() || secret->second.deleted) {
    return Fail(ErrorCode::kNotFound, "nothing there");
  }
  json data = json::parse(secret->second.json);
  if (!IsKv2(call.path)) {
    return vault::Answer(
        200,
        json{{"request_id", RequestId()}, {"data", std::move(data)}}.dump());
  }
  return vault::Answer(
      200, json{{"request_id", RequestId()},
                {"data",
                 {{"data", std::move(data)},
                  {"metadata", {{"version", secret->second.version}}}}}}
               .dump());
}

// As KV v2 with check-and-set does.
Result<vault::Answer> PlayedVault::Write(const vault::Call& call) {
  const json body = json::parse(call.body);
  const std::string path = SecretPath(call.path);
  const auto found = secrets_.find(path);
  const int version = found == secrets_.end() ? 0 : found->second.version;
  if (body.at("options").at("cas") != version) {
    return Fail(ErrorCode::kConflict, "check-and-set does not match");
  }
  secrets_[path] = {body.at("data").dump(), version + 1};
  return vault::Answer(200, json{{"data", {{"version", version + 1}}}}.dump());
}

}  // namespace claviger::testing
