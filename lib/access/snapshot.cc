// SPDX-License-Identifier: Apache-2.0
#include "access/snapshot.h"

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

#include "access/claims.h"
#include "access/consent.h"
#include "base/digest.h"
#include "providers/catalogue.h"
#include "providers/compatibility.h"

namespace claviger::access {
namespace {

using model::Effect;
using model::SubjectKind;

std::string KeyOf(const model::ObjectRef& ref) { return ToString(ref); }

// An invalid Deny is never ignored: its Connection is NotReady instead.
void RefuseForBrokenDenies(model::Objects& objects) {
  std::map<model::ObjectRef, std::string> broken;
  for (const model::BrokenDeny& deny : objects.broken_denies) {
    broken.emplace(deny.connection, deny.grant);
  }
  for (const model::Grant& grant : objects.grants) {
    if (grant.refused && grant.effect == Effect::kDeny) {
      broken.emplace(grant.connection_ref(), grant.metadata.name);
    }
  }
  for (model::Connection& connection : objects.connections) {
    const auto found = broken.find(connection.ref());
    if (connection.refused || found == broken.end()) continue;
    connection.refused = model::Refusal{
        "InvalidDeny", "the Deny Grant " + found->second + " is invalid",
        "correct or delete that Grant"};
  }
}

// The Vault paths that some slot, of whatever connection, active or not, says
// are server-side only.
class ServerSidePaths {
 public:
  explicit ServerSidePaths(const model::Objects& objects) {
    std::map<model::ObjectRef, bool> connections;
    for (const model::Connection& connection : objects.connections) {
      connections[connection.ref()] = connection.server_side_only;
      if (const auto& slot = connection.credentials.default_slot) {
        Add(slot->vault, connection.server_side_only || slot->server_side_only);
      }
    }
    for (const model::Grant& grant : objects.grants) {
      if (!grant.credential) continue;
      const auto found = connections.find(grant.connection_ref());
      const bool connection_says = found != connections.end() && found->second;
      Add(grant.credential->vault,
          connection_says || grant.credential->server_side_only);
    }
  }

  bool Has(const model::VaultRef& vault) const {
    return paths_.find(ApiPath(vault)) != paths_.end();
  }

 private:
  void Add(const model::VaultRef& vault, bool server_side_only) {
    if (server_side_only) paths_.insert(ApiPath(vault));
  }

  std::unordered_set<std::string> paths_;
};

std::shared_ptr<ConnectionFacts> FactsOf(const model::Connection& connection,
                                         const ServerSidePaths& paths) {
  auto facts = std::make_shared<ConnectionFacts>();
  facts->ref = connection.ref();
  facts->uid = connection.metadata.uid;
  facts->provider = connection.provider;
  facts->endpoint = connection.endpoint;
  facts->credential_type = connection.credentials.type;
  facts->sharing = connection.sharing.mode;
  facts->mode = EffectiveMode(connection);
  facts->personal_allowed = PersonalAllowed(connection);
  facts->server_side_only = connection.server_side_only;
  facts->secret_readers = connection.secret_readers;
  facts->on_secret_failure = connection.credentials.on_secret_failure;
  facts->max_stale = connection.credentials.max_stale;
  facts->injectable = providers::HasInjector(connection.provider);
  facts->workloads = connection.workloads;
  facts->refused = connection.refused;
  if (const auto& slot = connection.credentials.default_slot) {
    facts->default_slot = Slot{slot->vault, 0, paths.Has(slot->vault)};
  }
  return facts;
}

}  // namespace

Snapshot::Snapshot(model::Objects objects, const SnapshotSettings& settings)
    : budgets_(settings.budgets),
      account_uids_by_name_(settings.account_uids_by_name),
      objects_(std::move(objects)) {
  JudgeConsent(settings.require_stamps, objects_);
  providers::CheckProviders(objects_);
  RefusePaths(settings.paths, objects_);
  RefuseForBrokenDenies(objects_);
  graph_ = GroupGraph(objects_.groups);
  IndexConnections();
  IndexGrants();
  IndexSubjects();
  IndexMentions();
  LimitOpenConnections(settings.organization_from);
  BuildFacts();
}

void Snapshot::IndexConnections() {
  by_ref_.reserve(objects_.connections.size());
  for (size_t i = 0; i < objects_.connections.size(); ++i) {
    by_ref_.try_emplace(KeyOf(objects_.connections[i].ref()),
                        static_cast<int>(i));
  }
  std::unordered_map<std::string, int> namespaces;
  namespace_of_.reserve(objects_.connections.size());
  for (const model::Connection& connection : objects_.connections) {
    const int next = static_cast<int>(namespaces.size());
    namespace_of_.push_back(
        namespaces.try_emplace(connection.metadata.ns, next).first->second);
  }
  namespaces_ = static_cast<int>(namespaces.size());
}

void Snapshot::IndexGrants() {
  grants_of_.resize(objects_.connections.size());
  inert_of_.resize(objects_.connections.size());
  for (size_t i = 0; i < objects_.grants.size(); ++i) {
    const model::Grant& grant = objects_.grants[i];
    if (grant.refused || grant.suspended) continue;
    const int connection = Find(grant.connection_ref());
    if (connection < 0) continue;
    auto& indices = grant.inert ? inert_of_ : grants_of_;
    indices[static_cast<size_t>(connection)].push_back(static_cast<int>(i));
  }
  for (auto* of : {&grants_of_, &inert_of_}) {
    for (std::vector<int>& indices : *of) {
      std::sort(indices.begin(), indices.end(), [&](int a, int b) {
        return objects_.grants[static_cast<size_t>(a)].metadata.name <
               objects_.grants[static_cast<size_t>(b)].metadata.name;
      });
    }
  }
}

// Ranges are noted as offsets first: the list moves while it grows.
void Snapshot::IndexSubjects() {
  std::vector<size_t> ends;
  const auto add = [&](const model::Subject& subject) {
    names_.Add(subject, graph_, named_);
  };
  rows_.resize(objects_.connections.size());
  for (size_t i = 0; i < rows_.size(); ++i) {
    const model::Connection& connection = objects_.connections[i];
    if (connection.owner) add(*connection.owner);
    ends.push_back(named_.size());
    for (const std::string& group : connection.sharing.groups) {
      add({SubjectKind::kGroup, "", group});
    }
    ends.push_back(named_.size());
    const auto add_grants = [&](const std::vector<int>& indices,
                                std::vector<GrantRow>& rows) {
      rows.reserve(indices.size());
      for (const int index : indices) {
        const model::Grant& grant = objects_.grants[static_cast<size_t>(index)];
        for (const model::Subject& subject : grant.subjects) add(subject);
        ends.push_back(named_.size());
        rows.push_back({index, grant.effect == Effect::kDeny, {}});
      }
    };
    add_grants(grants_of_[i], rows_[i].grants);
    add_grants(inert_of_[i], rows_[i].inert);
  }
  size_t begin = 0;
  auto end = ends.begin();
  const auto next = [&] {
    const NamedRange range{named_.data() + begin, named_.data() + *end};
    begin = *end++;
    return range;
  };
  for (ConnectionRow& row : rows_) {
    row.owner = next();
    row.sharing_groups = next();
    for (GrantRow& grant : row.grants) grant.subjects = next();
    for (GrantRow& grant : row.inert) grant.subjects = next();
  }
}

void Snapshot::IndexMentions() {
  of_caller_.resize(static_cast<size_t>(names_.size()));
  of_group_.resize(static_cast<size_t>(graph_.size()));
  for (size_t i = 0; i < rows_.size(); ++i) {
    const auto note = [&](NamedRange range, int sources) {
      for (const Named& named : range) {
        if (named.kind == Named::Kind::kEveryone) continue;
        const auto id = static_cast<size_t>(named.id);
        Mentions& mentions =
            named.kind == Named::Kind::kCaller ? of_caller_[id] : of_group_[id];
        const int connection = static_cast<int>(i);
        auto& all = mentions.connections;
        if (all.empty() || all.back() != connection) all.push_back(connection);
        mentions.sources += sources;
      }
    };
    note(rows_[i].owner, 1);
    note(rows_[i].sharing_groups, 1);
    for (const GrantRow& grant : rows_[i].grants) {
      note(grant.subjects, grant.denies ? 0 : 1);
    }
  }
}

void Snapshot::LimitOpenConnections(const std::vector<std::string>& from) {
  openness_ = Openness(objects_, grants_of_, namespace_of_, from, budgets_);
  for (const auto& [source, why] : openness_.closed()) {
    const SourceName name = NameOf(source);
    const bool by_grant = source.grant != Source::kConnection;
    const model::Metadata& metadata =
        by_grant ? objects_.grants[static_cast<size_t>(source.grant)].metadata
                 : objects_.connections[static_cast<size_t>(source.connection)]
                       .metadata;
    objects_.problems.push_back(
        {model::Problem::Severity::kWarning, metadata.location,
         by_grant ? "Grant " + metadata.ns + "/" + metadata.name
                  : "Connection " + ToString(name.connection),
         by_grant ? "spec.subjects" : "spec.sharing",
         why.reason + ": " + why.detail, why.fix});
  }
}

SourceName Snapshot::NameOf(const Source& source) const {
  SourceName name{
      objects_.connections[static_cast<size_t>(source.connection)].ref(), ""};
  if (source.grant != Source::kConnection) {
    name.grant =
        objects_.grants[static_cast<size_t>(source.grant)].metadata.name;
  }
  return name;
}

void Snapshot::BuildFacts() {
  const ServerSidePaths paths(objects_);
  facts_.reserve(objects_.connections.size());
  for (const model::Connection& connection : objects_.connections) {
    facts_.push_back(FactsOf(connection, paths));
  }
  slots_.resize(objects_.grants.size());
  for (size_t i = 0; i < objects_.grants.size(); ++i) {
    const auto& credential = objects_.grants[i].credential;
    if (!credential) continue;
    slots_[i] = std::make_shared<const Slot>(Slot{
        credential->vault, credential->priority, paths.Has(credential->vault)});
  }
}

std::string Snapshot::AccountUid(const model::ObjectRef& account) const {
  const auto found = objects_.account_uids.find(account);
  if (found != objects_.account_uids.end()) return found->second;
  if (!account_uids_by_name_) return "";
  return UuidV5("ServiceAccount/" + ToString(account));
}

int Snapshot::Find(const model::ObjectRef& ref) const {
  const auto found = by_ref_.find(KeyOf(ref));
  return found == by_ref_.end() ? -1 : found->second;
}

}  // namespace claviger::access
