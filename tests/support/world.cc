// SPDX-License-Identifier: Apache-2.0
#include "support/world.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "support/builders.h"

namespace claviger::testing {
namespace {

using std::chrono::seconds;

const std::vector<std::string> kUsers = {"alice", "bob",  "carol",
                                         "dan",   "erin", "fay"};
const std::vector<std::string> kNamespaces = {"sales", "sales-eu", "data"};
const std::vector<std::string> kGroupNames = {"biz", "eu",  "finance", "hr",
                                              "it",  "ops", "sales",   "vip"};
const std::vector<std::string> kClaimNames = {"groups", "dept"};
const std::vector<std::string> kClaimValues = {"red", "blue"};
const std::vector<std::string> kGrantNames = {"a", "b", "c", "d", "e",
                                              "f", "g", "h", "i"};

class Maker {
 public:
  Maker(uint64_t seed, const WorldLimits& limits)
      : limits_(limits), dice_(seed) {
    world_.seed = seed;
    world_.now = *ParseRfc3339("2026-12-01T00:00:00Z");
  }

  World Make() {
    MakeGroups();
    MakeReferences();
    MakeConnections();
    MakeGrants();
    MakeCallers();
    dice_.Shuffle(world_.objects.groups);
    dice_.Shuffle(world_.objects.connections);
    dice_.Shuffle(world_.objects.grants);
    return std::move(world_);
  }

 private:
  bool Broken(int percent) { return limits_.broken && dice_.Chance(percent); }

  model::Subject SomeAccount() {
    const auto& all = WorldAccounts();
    const auto& ref =
        all[static_cast<size_t>(dice_.Below(static_cast<int>(all.size()) - 1))];
    return {model::SubjectKind::kServiceAccount, ref.ns, ref.name};
  }

  std::string SomeGroup() {
    return groups_.empty() || dice_.Chance(3) ? "ghosts" : dice_.Pick(groups_);
  }

  model::Subject SomeSubject() {
    const int roll = dice_.Below(100);
    if (roll < 35) return SomeAccount();
    if (roll < 60) return User(dice_.Pick(kUsers));
    if (roll < 92) return InGroup(SomeGroup());
    return Everyone();
  }

  void MakeGroups() {
    const int count = dice_.Below(static_cast<int>(kGroupNames.size()) + 1);
    groups_.assign(kGroupNames.begin(), kGroupNames.begin() + count);
    dice_.Shuffle(groups_);
    for (int i = 0; i < count; ++i) {
      AGroup group(groups_[static_cast<size_t>(i)]);
      AddMembers(group, i);
      if (dice_.Chance(25)) {
        group.Claiming(dice_.Pick(kClaimNames), dice_.Pick(kClaimValues));
      }
      if (Broken(4)) group.Refused();
      world_.objects.groups.push_back(group);
    }
    if (dice_.Chance(10)) MakeChain();
  }

  // Nested groups are mostly later ones, so that most graphs have no cycle; the
  // rest may be any, the group itself included.
  void AddMembers(AGroup& group, int self) {
    const int count = static_cast<int>(groups_.size());
    for (int left = dice_.Below(4); left > 0; --left) {
      const int roll = dice_.Below(100);
      if (roll < 25) {
        group.With(SomeAccount());
      } else if (roll < 33) {
        group.With(InNamespace(dice_.Pick(kNamespaces)));
      } else if (roll < 55) {
        group.With(User(dice_.Pick(kUsers)));
      } else if (roll < 92 && self + 1 < count) {
        group.With(InGroup(
            groups_[static_cast<size_t>(dice_.Between(self + 1, count - 1))]));
      } else {
        group.With(InGroup(SomeGroup()));
      }
    }
  }

  // A chain around the depth limit, named among the other groups, and entered
  // near its lower end.
  void MakeChain() {
    const int length = dice_.Between(14, 19);
    for (int i = 0; i < length; ++i) {
      AGroup link("chain-" + std::to_string(i));
      if (i > 0) link.With(InGroup("chain-" + std::to_string(i - 1)));
      if (i == 0) link.With(SomeAccount()).With(User(dice_.Pick(kUsers)));
      if (i == 1 && dice_.Chance(50)) link.Claiming("groups", "red");
      world_.objects.groups.push_back(link);
    }
    for (int i = std::max(0, length - 5); i < length; ++i) {
      groups_.push_back("chain-" + std::to_string(i));
    }
    groups_.push_back("chain-0");
  }

  void MakeReferences() {
    references_ = {Kv2("secret", "sales/dw"),     Kv2("secret", "sales/crm"),
                   Kv2("secret", "hr/pay"),       DatabaseRole("db", "ro"),
                   DatabaseRole("db", "rw"),      Kv1("kv", "legacy"),
                   Kv2("secret", "sales/report"), Kv2("team", "shared")};
    dice_.Shuffle(references_);
    references_.resize(static_cast<size_t>(dice_.Between(2, 8)));
    if (dice_.Chance(30)) {  // the same path by another engine
      references_.push_back(AnyRead("secret", "data/sales/dw"));
    }
    if (dice_.Chance(3)) references_.push_back(AnyRead("sys", "raw"));
  }

  // Mostly twins, sometimes the same path in another version or with other
  // keys.
  model::VaultRef SomeReference() {
    model::VaultRef ref = dice_.Pick(references_);
    if (ref.engine == model::Engine::kKv2 && dice_.Chance(15)) {
      ref.version = dice_.Between(1, 2);
    }
    if (dice_.Chance(15)) {
      ref.keys = {{"username", "user"}, {"password", "pass"}};
    }
    return ref;
  }

  std::optional<model::Subject> SomeOwner() {
    const int roll = dice_.Below(100);
    if (roll < 40) return User(dice_.Pick(kUsers));
    if (roll < 65) return SomeAccount();
    if (roll < 85) return InGroup(SomeGroup());
    return std::nullopt;
  }

  void MakeConnections() {
    const std::optional<model::Subject> common = SomeOwner();
    const bool one_owner = dice_.Chance(70);
    from_cluster_ = dice_.Chance(50);
    const int count = dice_.Between(1, limits_.max_connections);
    for (int i = 0; i < count; ++i) {
      const std::string ref =
          dice_.Pick(kNamespaces) + "/c" + std::to_string(dice_.Below(6));
      if (IsTaken(Ref(ref))) continue;
      AConnection connection(ref);
      const std::optional<model::Subject> owner =
          one_owner ? common : SomeOwner();
      if (owner) connection.WithOwner(*owner);
      if (from_cluster_) connection.Created(SomeCreation(), SomeUid(ref));
      Share(connection);
      SetCredentials(connection);
      if (dice_.Chance(15)) Gate(connection);
      if (Broken(5)) {
        connection.Refused(dice_.Chance(50) ? "InvalidSpec" : "PathNotAllowed");
      }
      world_.objects.connections.push_back(connection);
    }
  }

  // Often the same, so that the uid decides.
  Time SomeCreation() { return world_.now - seconds(dice_.Below(4)); }
  std::string SomeUid(const std::string& unique) {
    std::string uid = "uid-" + std::to_string(dice_.Below(1'000'000)) + "-";
    uid += unique;
    // As the API server's, it may be a part of a path.
    std::replace(uid.begin(), uid.end(), '/', '-');
    return uid;
  }

  bool IsTaken(const model::ObjectRef& ref) const {
    const auto& all = world_.objects.connections;
    return std::any_of(
        all.begin(), all.end(),
        [&ref](const model::Connection& one) { return one.ref() == ref; });
  }

  std::vector<std::string> SomeGroups() {
    std::vector<std::string> names = {SomeGroup()};
    if (dice_.Chance(40)) names.push_back(SomeGroup());
    return names;
  }

  void Share(AConnection& connection) {
    const int roll = dice_.Below(100);
    if (roll < 17) return;
    if (roll < 60) {
      connection.Shared(
          model::SharingMode::kOrganization,
          dice_.Chance(30) ? SomeGroups() : std::vector<std::string>());
    } else if (roll < 84) {
      connection.Shared(model::SharingMode::kGroups, SomeGroups());
    } else {
      connection.Shared(
          model::SharingMode::kViewerCredentials,
          dice_.Chance(30) ? SomeGroups() : std::vector<std::string>());
    }
  }

  void SetCredentials(AConnection& connection) {
    const int provider = dice_.Below(100);
    if (provider < 8) {
      connection.OnProvider("oracle", "password");
    } else if (provider < 14) {
      connection.OnProvider("http", "oauth2-code");
    } else if (provider < 30) {
      connection.OnProvider("http", "token");
    }
    connection.ServerSideOnly(dice_.Chance(provider < 8 ? 10 : 35));
    connection.ReadableBy(dice_.Chance(60) ? model::SecretReaders::kUsers
                                           : model::SecretReaders::kGranted);
    const int mode = dice_.Below(100);
    connection.WithMode(mode < 15   ? model::CredentialMode::kGlobal
                        : mode < 28 ? model::CredentialMode::kPerUser
                                    : model::CredentialMode::kLayered);
    connection.WithPersonal(dice_.Chance(70));
    if (dice_.Chance(60)) {
      connection.WithDefault(SomeReference(), dice_.Chance(8));
    }
  }

  void Gate(AConnection& connection) {
    for (int left = dice_.Between(1, 2); left > 0; --left) {
      const model::Subject account = SomeAccount();
      if (dice_.Chance(50)) {
        connection.ForWorkload(account.ns);
      } else {
        connection.ForWorkload(account.ns, {account.name, "someone-else"});
      }
    }
  }

  void MakeGrants() {
    const std::vector<model::Connection>& all = world_.objects.connections;
    for (const model::Connection& connection : all) {
      std::vector<std::string> names = kGrantNames;
      dice_.Shuffle(names);
      rival_.reset();
      if (dice_.Chance(40)) rival_ = SomeSubject();
      int left = dice_.Below(limits_.max_grants_per_connection + 1);
      for (; left > 0; --left) {
        MakeGrant(connection.ref(), names[static_cast<size_t>(left)]);
      }
    }
    if (Broken(10)) MakeGrant({"sales", "missing"}, "orphan");
    if (Broken(4)) {
      world_.objects.broken_denies.push_back(
          {"torn", dice_.Pick(all).ref(), {}});
    }
  }

  void MakeGrant(const model::ObjectRef& connection, const std::string& name) {
    AGrant grant(connection.ns + "/" + connection.name + "-" + name,
                 connection.name);
    const bool rival = rival_ && dice_.Chance(60);
    if (rival) grant.To(*rival_);
    for (int left = dice_.Between(rival ? 0 : 1, 2); left > 0; --left) {
      grant.To(SomeSubject());
    }
    if (dice_.Chance(15)) {
      grant.Denying(SomePrivileges(
          {model::Privilege::kUse, model::Privilege::kReadSecret,
           model::Privilege::kShare, model::Privilege::kManage}));
    } else {
      SetAllowance(grant);
    }
    SetWindow(grant);
    if (from_cluster_) {
      grant.Created(SomeCreation(),
                    SomeUid(connection.ns + connection.name + name));
    }
    if (from_cluster_ && dice_.Chance(30)) Stamp(grant, connection);
    if (dice_.Chance(7)) grant.Suspended();
    if (Broken(3)) grant.Refused();
    world_.objects.grants.push_back(grant);
  }

  // Mostly what fits; sometimes of an earlier connection or endpoint, or with
  // half of it missing.
  void Stamp(AGrant& grant, const model::ObjectRef& ref) {
    const auto& all = world_.objects.connections;
    const auto connection = std::find_if(
        all.begin(), all.end(),
        [&ref](const model::Connection& one) { return one.ref() == ref; });
    if (connection == all.end()) return;
    const int roll = dice_.Below(100);
    if (roll < 55) {
      grant.StampedFor(*connection);
    } else if (roll < 75) {
      grant.Stamped(connection->metadata.uid, "of-another-endpoint");
    } else if (roll < 85) {
      grant.Stamped(connection->metadata.uid);
    } else {
      grant.Stamped("of-an-earlier-connection");
    }
  }

  void SetAllowance(AGrant& grant) {
    const bool credential = dice_.Chance(75);
    if (!credential || dice_.Chance(50)) {
      grant.Allowing(SomePrivileges(
          {model::Privilege::kUse, model::Privilege::kUse,
           model::Privilege::kReadSecret, model::Privilege::kView,
           model::Privilege::kShare, model::Privilege::kManage}));
    }
    if (!credential) return;
    const std::vector<int> priorities = {0, 0, 0, 0, 10, -5};
    grant.WithCredential(SomeReference(), dice_.Pick(priorities),
                         dice_.Chance(8));
  }

  model::PrivilegeSet SomePrivileges(
      const std::vector<model::Privilege>& from) {
    model::PrivilegeSet some;
    for (int left = dice_.Between(1, 2); left > 0; --left) {
      some.Add(dice_.Pick(from));
    }
    return some;
  }

  // Edges at and around now, where comparisons go wrong.
  void SetWindow(AGrant& grant) {
    const std::vector<int> starts = {-3600, -1, 0, 0, 1, 600};
    const std::vector<int> lengths = {1, 1, 2, 600, 3600, 7200};
    const int start = dice_.Pick(starts);
    if (dice_.Chance(18)) grant.From(world_.now + seconds(start));
    if (dice_.Chance(18)) {
      grant.Until(world_.now + seconds(start + dice_.Pick(lengths)));
    }
  }

  void MakeCallers() {
    for (const model::ObjectRef& account : WorldAccounts()) {
      world_.callers.push_back(
          access::Caller::ServiceAccount(account.ns, account.name));
    }
    for (const std::string& user : kUsers) {
      world_.callers.push_back(access::Caller::User(user, SomeClaims()));
    }
    world_.callers.push_back(access::Caller::User("nobody", SomeClaims()));
    dice_.Shuffle(world_.callers);
  }

  access::Claims SomeClaims() {
    access::Claims claims;
    for (const std::string& name : kClaimNames) {
      if (!dice_.Chance(35)) continue;
      claims[name].push_back(dice_.Pick(kClaimValues));
      if (dice_.Chance(30)) claims[name].push_back(dice_.Pick(kClaimValues));
    }
    return claims;
  }

  WorldLimits limits_;
  Dice dice_;
  World world_;
  std::vector<std::string> groups_;
  std::vector<model::VaultRef> references_;
  // Whom several Grants of one connection name, so that they compete.
  std::optional<model::Subject> rival_;
  bool from_cluster_ = false;
};

std::string SomeHint(Dice& dice, const World& world,
                     const model::ObjectRef& connection) {
  static const std::vector<std::string> kBogus = {
      "", "grant/", "grant/none", "Default", "personal/", "default ", "a"};
  if (dice.Chance(15)) return dice.Pick(kBogus);
  if (dice.Chance(10)) {  // another connection's
    const auto& other = dice.Pick(world.objects.connections);
    return dice.Pick(SlotNames(world, other.ref()));
  }
  return dice.Pick(SlotNames(world, connection));
}

}  // namespace

World RandomWorld(uint64_t seed, const WorldLimits& limits) {
  return Maker(seed, limits).Make();
}

const std::vector<model::ObjectRef>& WorldAccounts() {
  static const std::vector<model::ObjectRef> kAccounts = {
      {"sales", "web"},    {"sales", "batch"},    {"sales", "etl"},
      {"sales-eu", "web"}, {"sales-eu", "batch"}, {"data", "web"},
      {"data", "loader"},  {"data", "unnamed"}};
  return kAccounts;
}

access::Question RandomQuestion(Dice& dice, const World& world,
                                const access::Caller& caller,
                                const model::ObjectRef& connection) {
  access::Question question;
  if (dice.Chance(45)) question.delivery = access::Delivery::kDisclose;
  if (dice.Chance(35)) question.slot = SomeHint(dice, world, connection);
  question.enrolled = dice.Chance(35);
  if (caller.kind == access::Caller::Kind::kServiceAccount) {
    question.carrier = model::ObjectRef{caller.ns, caller.name};
  } else if (dice.Chance(75)) {
    question.carrier = dice.Pick(WorldAccounts());
  }
  return question;
}

std::vector<std::string> SlotNames(const World& world,
                                   const model::ObjectRef& connection) {
  std::vector<std::string> names = {"default", "personal"};
  for (const model::Grant& grant : world.objects.grants) {
    if (grant.connection_ref() == connection) {
      names.push_back("grant/" + grant.metadata.name);
    }
  }
  return names;
}

}  // namespace claviger::testing
