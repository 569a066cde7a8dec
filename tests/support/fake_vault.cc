// SPDX-License-Identifier: Apache-2.0
#include "support/fake_vault.h"

#include <set>
#include <utility>

namespace claviger::testing {
namespace {

using nlohmann::json;
using vault::Answer;
using vault::Call;
using vault::Verb;

std::string NameOf(Verb verb) {
  switch (verb) {
    case Verb::kRead:
      return "read";
    case Verb::kList:
      return "list";
    case Verb::kWrite:
      return "write";
    case Verb::kDelete:
      return "delete";
  }
  return "read";
}

bool TakePrefix(std::string& path, const std::string& prefix) {
  if (path.rfind(prefix, 0) != 0) return false;
  path.erase(0, prefix.size());
  return true;
}

// "a/data/b" -> "a/b", where the mount is one segment.
bool TakeInfix(std::string& path, const std::string& infix) {
  const size_t slash = path.find('/');
  if (slash == std::string::npos) return false;
  if (path.compare(slash, infix.size(), infix) != 0) return false;
  path.replace(slash, infix.size(), "/");
  return true;
}

Result<Answer> Data(const json& data) {
  return Answer(200, json{{"data", data}}.dump());
}

Result<Answer> NotFound(const std::string& path) {
  return Fail(ErrorCode::kNotFound, "read " + path + ": not found");
}

// The names directly below `folder`, folders with a slash.
template <typename Map>
Result<Answer> Names(const Map& map, const std::string& folder) {
  const std::string above = folder.empty() ? "" : folder + "/";
  std::set<std::string> names;
  for (const auto& [key, value] : map) {
    if (key.rfind(above, 0) != 0) continue;
    const std::string rest = key.substr(above.size());
    const size_t slash = rest.find('/');
    names.insert(slash == std::string::npos ? rest : rest.substr(0, slash + 1));
  }
  if (names.empty()) return NotFound(folder);
  return Data({{"keys", names}});
}

// What a server adds to a role that it is asked for.
json Normalised(const json& role) {
  json whole = {{"token_type", "default"},
                {"token_period", 0},
                {"token_bound_cidrs", json::array()},
                {"bound_service_account_namespace_selector", ""}};
  whole.update(role);
  return whole;
}

}  // namespace

Result<Answer> FakeVault::Do(const Call& call) {
  const std::string name = NameOf(call.verb) + " " + call.path;
  const bool self = call.path.rfind("auth/token/", 0) == 0;
  if (!self) {
    ++(call.verb == Verb::kRead || call.verb == Verb::kList ? reads_ : writes_);
    log_.push_back(name);
  }
  if (!refused_.empty() && name.find(refused_) != std::string::npos) {
    return Fail(refusal_, name + ": refused");
  }
  const bool dead = calls_to_live_ == 0;
  if (calls_to_live_ > 0) --calls_to_live_;
  if (!dead) return Perform(call);
  // Only the first call of a dying process can still have taken effect.
  if (fault_ == Fault::kAfter) {
    fault_ = Fault::kBefore;
    (void)Perform(call);
  }
  return Fail(death_, name + ": cut off");
}

Result<Answer> FakeVault::Perform(const Call& call) {
  std::string path = call.path;
  if (call.verb == Verb::kList) {
    if (path == "sys/policies/acl") return Names(policies_, "");
    if (path.rfind("auth/", 0) == 0) return ListRoles(path);
  }
  if (TakePrefix(path, "sys/policies/acl/")) return OnPolicy(call, path);
  if (TakePrefix(path, "auth/token/")) {
    return Answer(200, json{{"auth",
                             {{"lease_duration", 3600},
                              {"renewable", true},
                              {"policies", json::array()}}}}
                           .dump());
  }
  if (TakePrefix(path, "auth/")) {
    const size_t role = path.find("/role/");
    if (role == std::string::npos) return NotFound(call.path);
    path.replace(role, 6, "/");
    return OnRole(call, path);
  }
  if (TakeInfix(path, "/data/")) return OnData(call, path);
  if (TakeInfix(path, "/metadata/")) return OnMetadata(call, path);
  return NotFound(call.path);
}

// "auth/<mount>/role".
Result<Answer> FakeVault::ListRoles(const std::string& path) {
  const size_t from = std::string("auth/").size();
  const size_t role = path.rfind("/role");
  if (role == std::string::npos) return NotFound(path);
  return Names(roles_, path.substr(from, role - from));
}

Result<Answer> FakeVault::OnPolicy(const Call& call, const std::string& name) {
  switch (call.verb) {
    case Verb::kRead: {
      const auto found = policies_.find(name);
      if (found == policies_.end()) return NotFound(call.path);
      return Data({{"name", name}, {"policy", found->second}});
    }
    case Verb::kWrite:
      policies_[name] = json::parse(call.body).at("policy");
      return Answer(204, "");
    case Verb::kDelete:
      policies_.erase(name);
      return Answer(204, "");
    case Verb::kList:
      return NotFound(call.path);
  }
  return NotFound(call.path);
}

Result<Answer> FakeVault::OnRole(const Call& call, const std::string& role) {
  switch (call.verb) {
    case Verb::kRead: {
      const auto found = roles_.find(role);
      if (found == roles_.end()) return NotFound(call.path);
      return Data(Normalised(found->second));
    }
    case Verb::kWrite: {
      // As the real one does: what is not named stays.
      json& fields = roles_[role];
      if (fields.is_null()) fields = json::object();
      fields.update(json::parse(call.body));
      return Answer(204, "");
    }
    case Verb::kDelete:
      roles_.erase(role);
      return Answer(204, "");
    case Verb::kList:
      return NotFound(call.path);
  }
  return NotFound(call.path);
}

Result<Answer> FakeVault::OnData(const Call& call, const std::string& path) {
  const auto found = secrets_.find(path);
  if (call.verb == Verb::kRead) {
    if (found == secrets_.end() || found->second.data.is_null()) {
      return NotFound(call.path);
    }
    return Data({{"data", found->second.data},
                 {"metadata", {{"version", found->second.version}}}});
  }
  if (call.verb != Verb::kWrite) return NotFound(call.path);
  const json body = json::parse(call.body);
  const int64_t current = found == secrets_.end() ? 0 : found->second.version;
  if (body.at("options").at("cas").get<int64_t>() != current) {
    return Fail(ErrorCode::kConflict, "write " + call.path + ": cas");
  }
  secrets_[path] = {body.at("data"), current + 1};
  return Data({{"version", current + 1}});
}

Result<Answer> FakeVault::OnMetadata(const Call& call,
                                     const std::string& path) {
  if (call.verb == Verb::kList) return Names(secrets_, path);
  if (call.verb != Verb::kDelete) return NotFound(call.path);
  secrets_.erase(path);
  return Answer(204, "");
}

void FakeVault::ResetCounts() {
  reads_ = writes_ = 0;
  log_.clear();
}

void FakeVault::DieAfter(int calls, Fault fault, ErrorCode code) {
  calls_to_live_ = calls;
  fault_ = fault;
  death_ = code;
}

void FakeVault::Refuse(std::string text, ErrorCode code) {
  refused_ = std::move(text);
  refusal_ = code;
}

void FakeVault::Heal() {
  calls_to_live_ = -1;
  refused_.clear();
}

std::string FakeVault::Dump() const {
  json all = {{"policies", policies_}, {"roles", roles_}};
  for (const auto& [path, secret] : secrets_) {
    all["secrets"][path] = secret.data;
  }
  return all.dump(1);
}

std::string FakeVault::Policy(const std::string& name) const {
  const auto found = policies_.find(name);
  return found == policies_.end() ? "" : found->second;
}

void FakeVault::SetPolicy(const std::string& name, std::string text) {
  policies_[name] = std::move(text);
}

json FakeVault::Role(const std::string& role) const {
  const auto found = roles_.find(role);
  return found == roles_.end() ? json() : found->second;
}

void FakeVault::SetRole(const std::string& role, json fields) {
  roles_[role] = std::move(fields);
}

json FakeVault::Secret(const std::string& path) const {
  const auto found = secrets_.find(path);
  return found == secrets_.end() ? json() : found->second.data;
}

void FakeVault::SetSecret(const std::string& path, json data) {
  Versioned& secret = secrets_[path];
  secret.data = std::move(data);
  ++secret.version;
}

void FakeVault::DeleteVersion(const std::string& path) {
  secrets_[path].data = nullptr;
}

std::vector<std::string> FakeVault::Policies() const {
  std::vector<std::string> names;
  for (const auto& [name, text] : policies_) names.push_back(name);
  return names;
}

std::vector<std::string> FakeVault::Roles() const {
  std::vector<std::string> names;
  for (const auto& [name, fields] : roles_) names.push_back(name);
  return names;
}

std::vector<std::string> FakeVault::Secrets(const std::string& prefix) const {
  std::vector<std::string> paths;
  for (const auto& [path, secret] : secrets_) {
    if (path.rfind(prefix, 0) == 0) paths.push_back(path);
  }
  return paths;
}

}  // namespace claviger::testing
