// SPDX-License-Identifier: Apache-2.0
#include "operator/keepsake.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/json.h"
#include "model/group_cycles.h"

namespace claviger::op {
namespace {

using model::Subject;
using model::SubjectKind;
using nlohmann::json;

constexpr std::string_view kGoneSuffix = ".gone";

json ToJson(const Subject& subject) {
  return json::array(
      {static_cast<int>(subject.kind), subject.ns, subject.name});
}

json ToJson(const std::vector<Subject>& subjects) {
  json list = json::array();
  for (const Subject& subject : subjects) list.push_back(ToJson(subject));
  return list;
}

int64_t Ticks(Time time) { return time.time_since_epoch().count(); }

void PutTime(json& out, const char* key, const std::optional<Time>& time) {
  if (time) out[key] = Ticks(*time);
}

void PutPath(json& out, const model::VaultRef& vault, bool server_side_only) {
  out["path"] = ApiPath(vault);
  if (server_side_only) out["serverSideOnly"] = true;
}

// --- and back; what does not fit throws, and is caught in one place ---

Subject SubjectOf(const json& value) {
  const int kind = value.at(0).get<int>();
  if (kind < 0 || kind > static_cast<int>(SubjectKind::kEveryone)) {
    throw json::other_error::create(500, "no such kind", nullptr);
  }
  return {static_cast<SubjectKind>(kind), value.at(1).get<std::string>(),
          value.at(2).get<std::string>()};
}

std::vector<Subject> SubjectsOf(const json& value) {
  std::vector<Subject> subjects;
  for (const json& one : value) subjects.push_back(SubjectOf(one));
  return subjects;
}

std::optional<Time> TimeOf(const json& value, const char* key) {
  if (!value.contains(key)) return std::nullopt;
  return Time(Time::duration(value.at(key).get<int64_t>()));
}

// Only the API path matters any more.
model::VaultRef VaultOf(const json& value) {
  const auto path = value.at("path").get<std::string>();
  const size_t slash = std::min(path.find('/'), path.size() - 1);
  model::VaultRef vault;
  vault.engine = model::Engine::kRead;
  vault.mount = path.substr(0, slash);
  vault.path = path.substr(slash + 1);
  return vault;
}

model::Refusal Missing() {
  return {"Missing",
          "it is gone, but nobody saw it deleted; what it held back is held "
          "back still",
          "create it again and delete it, or confirm that it is gone"};
}

template <typename T>
bool IsTaken(const std::vector<T>& objects, const model::Metadata& metadata) {
  return std::any_of(objects.begin(), objects.end(), [&](const T& one) {
    return one.metadata.ns == metadata.ns && one.metadata.name == metadata.name;
  });
}

template <typename T>
bool Rename(const std::vector<T>& objects, model::Metadata& metadata) {
  if (!IsTaken(objects, metadata)) return false;
  metadata.name += kGoneSuffix;
  return true;
}

void ReviveConnection(const json& value, model::Metadata metadata,
                      model::Objects& objects) {
  model::Connection connection;
  connection.metadata = std::move(metadata);
  connection.metadata.created = TimeOf(value, "created");
  Rename(objects.connections, connection.metadata);
  if (value.contains("owner")) {
    connection.owner = SubjectOf(value.at("owner"));
  }
  connection.server_side_only = value.value("serverSideOnly", false);
  if (value.contains("path")) {
    connection.credentials.default_slot =
        model::DefaultSlot{VaultOf(value), connection.server_side_only};
  }
  connection.refused = Missing();
  objects.connections.push_back(std::move(connection));
}

void ReviveGrant(const json& value, model::Metadata metadata,
                 model::Objects& objects) {
  model::Grant grant;
  grant.metadata = std::move(metadata);
  grant.metadata.created = TimeOf(value, "created");
  Rename(objects.grants, grant.metadata);
  grant.connection = value.at("connection").get<std::string>();
  if (value.contains("path")) {
    grant.credential = model::GrantSlot{VaultOf(value), 0,
                                        value.value("serverSideOnly", false)};
    grant.refused = Missing();
    objects.grants.push_back(std::move(grant));
    return;
  }
  grant.effect = model::Effect::kDeny;
  grant.subjects = SubjectsOf(value.at("subjects"));
  for (const json& word : value.at("privileges")) {
    const auto privilege = model::ParsePrivilege(word.get<std::string>());
    if (privilege) grant.privileges.Add(*privilege);
  }
  grant.window = {TimeOf(value, "notBefore"), TimeOf(value, "expiresAt")};
  if (value.value("refused", false)) grant.refused = Missing();
  objects.grants.push_back(std::move(grant));
}

void AddBeside(const std::string& name, const std::string& other,
               std::vector<Subject>& subjects) {
  const Subject named{SubjectKind::kGroup, "", name};
  if (std::find(subjects.begin(), subjects.end(), named) != subjects.end()) {
    subjects.push_back({SubjectKind::kGroup, "", other});
  }
}

void ReviveGroup(const json& value, model::Metadata metadata,
                 model::Objects& objects) {
  model::Group group;
  group.metadata = std::move(metadata);
  const std::string name = group.metadata.name;
  group.members = SubjectsOf(value.at("members"));
  if (value.contains("claim")) {
    group.claim = model::Claim{value.at("claim").at(0).get<std::string>(),
                               value.at("claim").at(1).get<std::string>()};
  }
  group.refused = Missing();
  if (Rename(objects.groups, group.metadata)) {
    // Another of its name has come: Denies reach the members of both.
    for (model::Grant& grant : objects.grants) {
      if (grant.effect != model::Effect::kDeny) continue;
      AddBeside(name, group.metadata.name, grant.subjects);
    }
    for (model::Group& parent : objects.groups) {
      AddBeside(name, group.metadata.name, parent.members);
    }
  }
  objects.groups.push_back(std::move(group));
}

}  // namespace

KeepsakeMaker::KeepsakeMaker(const model::Objects& objects)
    : groups_(FindCyclicGroups(objects.groups)) {
  for (const model::Connection& connection : objects.connections) {
    if (connection.server_side_only) server_side_.insert(connection.ref());
  }
  std::vector<std::string> open;
  const auto reach = [&](const std::vector<Subject>& subjects) {
    for (const Subject& subject : subjects) {
      if (subject.kind == SubjectKind::kGroup) open.push_back(subject.name);
    }
  };
  for (const model::Grant& grant : objects.grants) {
    if (grant.effect == model::Effect::kDeny) reach(grant.subjects);
  }
  std::map<std::string, const model::Group*> by_name;
  if (!open.empty()) {
    for (const model::Group& group : objects.groups) {
      by_name.emplace(group.metadata.name, &group);
    }
  }
  std::set<std::string> seen;
  while (!open.empty()) {
    const std::string name = std::move(open.back());
    open.pop_back();
    const auto found = by_name.find(name);
    if (found == by_name.end() || !seen.insert(name).second) continue;
    reach(found->second->members);
  }
  groups_.merge(seen);
}

std::string KeepsakeMaker::Of(const model::Connection& connection) const {
  json out = json::object();
  PutTime(out, "created", connection.metadata.created);
  if (connection.owner) out["owner"] = ToJson(*connection.owner);
  if (const auto& slot = connection.credentials.default_slot) {
    PutPath(out, slot->vault,
            connection.server_side_only || slot->server_side_only);
  }
  return DumpJson(out);
}

std::optional<std::string> KeepsakeMaker::Of(const model::Grant& grant) const {
  const bool denies = grant.effect == model::Effect::kDeny;
  if (denies ? grant.suspended : !grant.credential) return std::nullopt;
  json out = {{"connection", grant.connection}};
  PutTime(out, "created", grant.metadata.created);
  if (!denies) {
    PutPath(out, grant.credential->vault,
            grant.credential->server_side_only ||
                server_side_.count(grant.connection_ref()) > 0);
    return DumpJson(out);
  }
  out["subjects"] = ToJson(grant.subjects);
  json& privileges = out["privileges"] = json::array();
  for (const model::Privilege one :
       {model::Privilege::kUse, model::Privilege::kReadSecret,
        model::Privilege::kShare, model::Privilege::kManage}) {
    if (grant.privileges.Has(one)) privileges.push_back(ToString(one));
  }
  PutTime(out, "notBefore", grant.window.not_before);
  PutTime(out, "expiresAt", grant.window.expires_at);
  if (grant.refused) out["refused"] = true;
  return DumpJson(out);
}

std::optional<std::string> KeepsakeMaker::Of(const model::Group& group) const {
  if (groups_.count(group.metadata.name) == 0) return std::nullopt;
  json out = {{"members", ToJson(group.members)}};
  if (group.claim) {
    out["claim"] = json::array({group.claim->name, group.claim->value});
  }
  return DumpJson(out);
}

Status Revive(const std::string& ns, const std::string& line,
              const std::string& keepsake, model::Objects& objects) {
  const auto malformed = [&] {
    return Fail(ErrorCode::kMalformed, "revive " + ns + "/" + line +
                                           ": what the ledger kept of it "
                                           "cannot be read");
  };
  const size_t first = line.find('/');
  const size_t last = line.rfind('/');
  const Result<json> value = ParseJson(keepsake);
  if (first == last || !value || !value->is_object()) return malformed();
  const std::string kind = line.substr(0, first);
  model::Metadata metadata;
  metadata.name = line.substr(first + 1, last - first - 1);
  metadata.uid = line.substr(last + 1);
  if (kind != "Group") metadata.ns = ns;
  try {
    if (kind == "Connection") {
      ReviveConnection(*value, std::move(metadata), objects);
    } else if (kind == "Grant") {
      ReviveGrant(*value, std::move(metadata), objects);
    } else {
      ReviveGroup(*value, std::move(metadata), objects);
    }
  } catch (const json::exception&) {
    return malformed();
  }
  return {};
}

}  // namespace claviger::op
