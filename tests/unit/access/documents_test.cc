// SPDX-License-Identifier: Apache-2.0
//
// What the sidecar decides from the documents in Vault is what `explain`
// decides from the objects, and a policy opens what the documents give and
// nothing else: on random worlds.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "access/compile.h"
#include "access/opened_path.h"
#include "support/builders.h"
#include "unit/access/answers.h"

namespace claviger::testing {
namespace {

using access::BindingsDocument;
using access::Caller;
using access::Compiler;
using access::Delivery;
using access::Principal;
using access::Question;
using access::Snapshot;
using model::ObjectRef;

constexpr uint64_t kWorlds = 1'000;

std::vector<std::string> Encode(const BindingsDocument& document,
                                size_t max_bytes) {
  // A document has at most 64 parts, however small they are asked to be.
  while (true) {
    std::vector<std::string> parts = EncodeBindings(document, max_bytes);
    if (parts.size() <= 64) return parts;
    max_bytes *= 2;
  }
}

// A document as the sidecar gets it: through its text.
BindingsDocument ThroughText(const BindingsDocument& document,
                             size_t max_bytes) {
  const std::vector<std::string> parts = Encode(document, max_bytes);
  const Result<int> count = access::CountParts(parts.front());
  EXPECT_TRUE(count && *count == static_cast<int>(parts.size()));
  Result<BindingsDocument> read = access::DecodeBindings(parts);
  EXPECT_TRUE(read) << (read ? "" : read.error().message);
  return read ? *std::move(read) : BindingsDocument();
}

Principal PrincipalOf(const Caller& caller) {
  return caller.kind == Caller::Kind::kServiceAccount
             ? Principal::ServiceAccount(caller.ns, caller.name)
             : Principal::User(caller.name);
}

bool IsPrincipal(const Compiler& compiler, const Principal& principal) {
  return std::binary_search(compiler.principals().begin(),
                            compiler.principals().end(), principal);
}

// The documents that the sidecar opens for a caller, merged.
std::vector<access::Binding> SeenBy(const Compiler& compiler,
                                    const Caller& caller, size_t max_bytes) {
  const bool account = caller.kind == Caller::Kind::kServiceAccount;
  const auto read = [&](const Principal& principal) {
    return ThroughText(compiler.Document(principal), max_bytes);
  };
  std::vector<BindingsDocument> opened = {
      read(account ? Principal::EveryoneServiceAccount()
                   : Principal::EveryoneUser())};
  for (const std::string& group :
       access::SatisfiedClaimGroups(opened.front(), caller.claims)) {
    opened.push_back(read(Principal::ClaimGroup(group)));
  }
  if (IsPrincipal(compiler, PrincipalOf(caller))) {
    opened.push_back(read(PrincipalOf(caller)));
  }
  std::vector<const BindingsDocument*> documents;
  for (const BindingsDocument& document : opened) {
    documents.push_back(&document);
  }
  return access::MergeDocuments(documents);
}

std::string Whole(const access::Decision& decision) {
  return Text(decision) + "\n" + decision.detail + "\n" + decision.fix;
}

// Asks both ways, now and around the edges of windows: documents do not depend
// on the time.
void CompareAnswers(const World& world, const Snapshot& snapshot,
                    const std::vector<access::Binding>& seen,
                    const Caller& caller, Dice& dice) {
  for (const ObjectRef& connection : AllConnections(world)) {
    const Question question = RandomQuestion(dice, world, caller, connection);
    const Time when = world.now + std::chrono::seconds(dice.Between(-2, 3));
    const access::Explanation expected =
        access::Explain(snapshot, caller, connection, question, when);
    const access::Decision decided =
        access::Decide(access::FindBinding(seen, connection), question, when);
    ASSERT_EQ(Whole(decided), Whole(expected.decision))
        << FormatRfc3339(when) << " "
        << Ask(world, caller, connection, question);
  }
}

access::Budgets UsualBudgets(uint64_t) { return {}; }

void CompareWorlds(uint64_t first_seed, size_t max_bytes,
                   access::Budgets (*budgets)(uint64_t) = UsualBudgets) {
  for (uint64_t seed = first_seed; seed < first_seed + kWorlds; ++seed) {
    const World world = RandomWorld(seed);
    const Snapshot snapshot = Judge(world.objects, budgets(seed));
    const Compiler compiler(snapshot, true);
    Dice dice(seed);
    for (const Caller& caller : world.callers) {
      const bool account = caller.kind == Caller::Kind::kServiceAccount;
      // An account that is no principal has no login, hence no documents.
      if (account && !IsPrincipal(compiler, PrincipalOf(caller))) continue;
      const auto seen = SeenBy(compiler, caller, max_bytes);
      CompareAnswers(world, snapshot, seen, caller, dice);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

TEST(DocumentsTest, DecideAsTheObjectsDo) {
  CompareWorlds(2'000'000, size_t{256} * 1024);
}

TEST(DocumentsTest, DecideAsTheObjectsDoInTinyParts) {
  CompareWorlds(2'100'000, 400);
}

TEST(DocumentsTest, DecideAsTheObjectsDoOverBudget) {
  CompareWorlds(2'400'000, size_t{256} * 1024, TinyBudgets);
  CompareWorlds(2'500'000, 400, TinyBudgets);
}

// `--as`, or a pod of an account that no object names.
TEST(DocumentsTest, AnExtraAccountSeesWhatIsOpenToAll) {
  for (uint64_t seed = 2'200'000; seed < 2'200'000 + kWorlds / 2; ++seed) {
    const World world = RandomWorld(seed);
    const Snapshot snapshot = Judge(world.objects);
    const ObjectRef& extra = WorldAccounts().back();
    const Compiler compiler(snapshot, true, {extra});
    const Caller caller = Caller::ServiceAccount(extra.ns, extra.name);
    ASSERT_TRUE(IsPrincipal(compiler, PrincipalOf(caller)));
    Dice dice(seed);
    CompareAnswers(world, snapshot, SeenBy(compiler, caller, 1'000), caller,
                   dice);
    if (HasFailure()) return;
  }
}

// No document of a principal changes with the order of the objects.
TEST(DocumentsTest, AreTheSameTextInWhateverOrderTheObjectsCome) {
  for (uint64_t seed = 2'300'000; seed < 2'300'000 + kWorlds / 4; ++seed) {
    const World world = RandomWorld(seed);
    World other = world;
    Dice dice(seed);
    dice.Shuffle(other.objects.connections);
    dice.Shuffle(other.objects.grants);
    dice.Shuffle(other.objects.groups);
    const Snapshot snapshot = Judge(world.objects);
    const Snapshot shuffled = Judge(other.objects);
    const Compiler compiler(snapshot, true);
    const Compiler again(shuffled, true);
    ASSERT_TRUE(compiler.principals() == again.principals());
    for (const Principal& principal : compiler.principals()) {
      ASSERT_EQ(Encode(compiler.Document(principal), 600),
                Encode(again.Document(principal), 600))
          << IdOf(principal) << "\n"
          << Describe(world);
    }
  }
}

std::set<std::string> PathsAt(const Compiler& compiler,
                              const Principal& principal, Time now) {
  const auto paths =
      compiler.CredentialPaths(principal, compiler.Document(principal), now);
  EXPECT_TRUE(std::is_sorted(paths.begin(), paths.end()));
  return {paths.begin(), paths.end()};
}

// Of some accounts the uid is not known.
void GiveUids(model::Objects& objects) {
  size_t next = 0;
  for (const ObjectRef& account : WorldAccounts()) {
    if (++next % 3 == 0) continue;
    objects.account_uids[account] = "account-" + std::to_string(next);
  }
}

// P9
TEST(CredentialPathsTest, AreExactlyWhatTheAccountCouldBeGiven) {
  size_t opened = 0;
  size_t personal = 0;
  for (uint64_t seed = 3'000'000; seed < 3'000'000 + kWorlds; ++seed) {
    World world = RandomWorld(seed, {4, 5, true});
    GiveUids(world.objects);
    const Snapshot snapshot = Judge(world.objects);
    const Compiler compiler(snapshot, true, {WorldAccounts().back()});
    const std::set<std::string> everyone =
        PathsAt(compiler, Principal::EveryoneServiceAccount(), world.now);
    for (const Principal& principal : compiler.principals()) {
      if (principal.kind != Principal::Kind::kServiceAccount) continue;
      std::set<std::string> paths = PathsAt(compiler, principal, world.now);
      for (const std::string& path : paths) {
        ASSERT_EQ(everyone.count(path), 0U) << path << " is opened twice";
      }
      paths.insert(everyone.begin(), everyone.end());
      opened += paths.size();
      std::set<std::string> expected = OraclePaths(
          world.objects, Caller::ServiceAccount(principal.ns, principal.name),
          world.now);
      const ObjectRef account{principal.ns, principal.name};
      for (const std::string& uid :
           OraclePersonal(world.objects, account, world.now)) {
        if (world.objects.account_uids.count(account) == 0) continue;
        expected.insert(access::OpenedPersonal(
            world.objects.account_uids.at(account), uid));
        ++personal;
      }
      ASSERT_EQ(paths, expected) << IdOf(principal) << "\n" << Describe(world);
    }
  }
  EXPECT_GT(opened, 2 * kWorlds);
  EXPECT_GT(personal, kWorlds / 4);
}

TEST(CredentialPathsTest, OpenThousandPersonalSlotsTheAccountsOwnFirst) {
  model::Objects objects;
  for (int i = 0; i < 1'100; ++i) {
    const bool own = i >= 1'000;
    AConnection connection("n" + std::to_string(i / 50) + "/c" +
                           std::to_string(i));
    connection.WithMode(model::CredentialMode::kPerUser)
        .Shared(own ? model::SharingMode::kPrivate
                    : model::SharingMode::kOrganization)
        .Created(Time(), (own ? "own-" : "shared-") + std::to_string(i));
    if (own) connection.WithOwner(Account("a/one"));
    objects.connections.push_back(connection);
  }
  objects.account_uids[{"a", "one"}] = "u-1";
  access::SnapshotSettings settings;
  settings.budgets.slots = 10'000;
  settings.budgets.namespaces = 100;
  settings.budgets.open_per_namespace = 100;
  const Snapshot snapshot(std::move(objects), settings);
  const Compiler compiler(snapshot, false);
  const std::set<std::string> paths =
      PathsAt(compiler, Principal::ServiceAccount("a", "one"), Time());
  EXPECT_EQ(paths.size(), 1'000U);
  for (int i = 1'000; i < 1'100; ++i) {
    EXPECT_EQ(
        paths.count(access::OpenedPersonal("u-1", "own-" + std::to_string(i))),
        1U)
        << i;
  }
}

TEST(CredentialPathsTest, AreNoneForUsersAndClaimGroups) {
  for (uint64_t seed = 3'100'000; seed < 3'100'000 + kWorlds; ++seed) {
    World world = RandomWorld(seed);
    GiveUids(world.objects);
    const Snapshot snapshot = Judge(world.objects);
    const Compiler compiler(snapshot, true);
    for (const Principal& principal : compiler.principals()) {
      if (principal.kind == Principal::Kind::kServiceAccount ||
          principal.kind == Principal::Kind::kEveryoneServiceAccount) {
        continue;
      }
      ASSERT_TRUE(PathsAt(compiler, principal, world.now).empty())
          << IdOf(principal) << "\n"
          << Describe(world);
    }
  }
}

// Between two transitions nothing changes: what a policy opens at any instant
// is what it opened at the last one.
TEST(CredentialPathsTest, ChangeOnlyAtTransitions) {
  using std::chrono::seconds;
  for (uint64_t seed = 3'200'000; seed < 3'200'000 + kWorlds / 4; ++seed) {
    const World world = RandomWorld(seed);
    const Snapshot snapshot = Judge(world.objects);
    const Compiler compiler(snapshot, true);
    const Time start = world.now - seconds(2);
    for (const Principal& principal : compiler.principals()) {
      Time last = start;
      for (Time now = start; now < world.now + seconds(4); now += seconds(1)) {
        const auto next = compiler.NextTransition(last);
        if (next && *next <= now) last = now;
        ASSERT_EQ(PathsAt(compiler, principal, now),
                  PathsAt(compiler, principal, last))
            << IdOf(principal) << " at " << FormatRfc3339(now) << "\n"
            << Describe(world);
      }
    }
  }
}

}  // namespace
}  // namespace claviger::testing
