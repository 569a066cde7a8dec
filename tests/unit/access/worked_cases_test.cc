// SPDX-License-Identifier: Apache-2.0
//
// The worked cases of the resolution rules, each for service accounts and for
// users. Short notation as there: a slot `g:sales` is a Grant of a credential
// and no privilege to the group sales, `u:alice` one to alice, `*` the default.
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <ostream>

#include "support/builders.h"
#include "unit/access/answers.h"

namespace claviger::testing {
namespace {

using access::Caller;
using access::Delivery;
using access::Question;
using access::Reason;
using model::CredentialMode;
using model::Privilege;
using model::SharingMode;

constexpr char kConnection[] = "sales/warehouse";

// The objects of one case: the groups of all of them, one connection of
// erin's, and what the case adds. People are users or service accounts.
class Scene {
 public:
  explicit Scene(Caller::Kind kind) : kind_(kind) {
    connection.WithOwner(Person("erin"));
    objects_.groups = {
        AGroup("eu-sales")
            .With(Person("alice"))
            .With(Person("bob"))
            .With(Person("fay")),
        AGroup("sales").With(InGroup("eu-sales")),
        AGroup("biz").With(InGroup("sales")).With(InGroup("finance")),
        AGroup("finance").With(Person("bob")).With(Person("carol")),
        AGroup("contractors").With(Person("fay")),
        AGroup("platform").With(Person("erin")),
        AGroup("loop-a").With(InGroup("loop-b")).With(Person("gus")),
        AGroup("loop-b").With(InGroup("loop-a")),
        AGroup("ops").With(InGroup("loop-a"))};
  }

  AConnection connection{kConnection};

  Scene& Sharing(SharingMode mode, std::vector<std::string> groups = {}) {
    connection.Shared(mode, std::move(groups));
    return *this;
  }
  Scene& Mode(CredentialMode mode) {
    connection.WithMode(mode);
    return *this;
  }
  /// `*`
  Scene& Default() {
    connection.WithDefault(Kv2("secret", "sales/default"));
    return *this;
  }
  /// `g:group`
  AGrant& G(const std::string& group, int priority = 0) {
    return Slot(group, InGroup(group), priority);
  }
  /// `u:person`
  AGrant& U(const std::string& person) {
    return Slot(person, Person(person), 0);
  }
  AGrant& Slot(const std::string& name, model::Subject subject, int priority) {
    return Add(name, std::move(subject))
        .WithCredential(Kv2("secret", "sales/" + name), priority);
  }
  AGrant& Allow(model::PrivilegeSet privileges, model::Subject subject) {
    return Add("allow", std::move(subject)).Allowing(privileges);
  }
  AGrant& Deny(model::Subject subject) {
    return Add("deny", std::move(subject)).Denying({Privilege::kUse});
  }

  model::Subject Person(const std::string& name) const {
    return kind_ == Caller::Kind::kUser ? User(name)
                                        : Account("people/" + name);
  }
  Caller AsCaller(const std::string& name) const {
    return kind_ == Caller::Kind::kUser
               ? Caller::User(name)
               : Caller::ServiceAccount("people", name);
  }

  model::Objects Objects() const {
    model::Objects objects = objects_;
    objects.connections.push_back(connection);
    objects.grants.assign(grants_.begin(), grants_.end());
    return objects;
  }

 private:
  AGrant& Add(const std::string& name, model::Subject subject) {
    grants_.emplace_back("sales/" + name, "warehouse");
    return grants_.back().To(std::move(subject));
  }

  Caller::Kind kind_;
  model::Objects objects_;
  std::deque<AGrant> grants_;  // keeps references to its elements valid
};

struct WorkedCase {
  std::string number;
  std::function<void(Scene&)> build;
  std::string caller;
  Question question;
  std::string answer;  // as Text() gives it, without the Vault reference
};

std::ostream& operator<<(std::ostream& out, const WorkedCase& one) {
  return out << one.number << " " << one.caller;
}

Time Now() { return *ParseRfc3339("2026-12-01T00:00:00Z"); }

const Question kInject{};

Question Disclose() {
  Question question;
  question.delivery = Delivery::kDisclose;
  return question;
}

Question Enrolled(Question question = kInject) {
  question.enrolled = true;
  return question;
}

Question Hint(const std::string& slot) {
  Question question;
  question.slot = slot;
  return question;
}

// Settings that several cases share.

void Shared(Scene& s) { s.Sharing(SharingMode::kOrganization); }

void Layered(Scene& s) {
  Shared(s);
  s.Mode(CredentialMode::kLayered);
}

void Case4(Scene& s) {
  Layered(s);
  s.Default().U("alice");
  s.G("eu-sales");
}

void Case10(Scene& s) {
  Layered(s);
  s.G("eu-sales");
  s.G("finance");
}

void GroupsOfSales(Scene& s) {
  s.Sharing(SharingMode::kGroups, {"sales"}).Mode(CredentialMode::kLayered);
}

void Viewers(Scene& s) { s.Sharing(SharingMode::kViewerCredentials); }

const std::vector<WorkedCase>& SlotCases() {
  static const std::vector<WorkedCase> kCases = {
      {"1", [](Scene& s) { s.Default(); }, "erin", kInject, "Allowed default"},
      {"2", [](Scene& s) { s.Default(); }, "alice", kInject, "NotVisible"},
      {"3",
       [](Scene& s) {
         Shared(s);
         s.Default().U("alice");
       },
       "alice", Enrolled(), "Allowed default"},
      {"4", Case4, "alice", kInject, "Allowed grant/alice depth 0"},
      {"5", Case4, "alice", Enrolled(), "Allowed personal depth 0"},
      {"6",
       [](Scene& s) {
         Case4(s);
         s.connection.WithPersonal(false);
       },
       "alice", Enrolled(), "Allowed grant/alice depth 0"},
      {"7",
       [](Scene& s) {
         Layered(s);
         s.G("eu-sales");
         s.G("sales");
         s.G("biz");
       },
       "alice", kInject, "Allowed grant/eu-sales depth 1"},
      {"8",
       [](Scene& s) {
         Layered(s);
         s.G("sales");
         s.G("biz");
       },
       "alice", kInject, "Allowed grant/sales depth 2"},
      {"9",
       [](Scene& s) {
         Layered(s);
         s.Default().G("biz");
       },
       "alice", kInject, "Allowed grant/biz depth 3"},
      {"10", Case10, "bob", kInject,
       "AmbiguousCredential grant/eu-sales grant/finance"},
      {"11",
       [](Scene& s) {
         Layered(s);
         s.G("eu-sales");
         s.G("finance", 10);
       },
       "bob", kInject, "Allowed grant/finance depth 1"},
      {"12",
       [](Scene& s) {
         Layered(s);
         s.G("eu-sales").WithCredential(Kv2("secret", "sales/same"));
         s.G("finance").WithCredential(Kv2("secret", "sales/same"));
       },
       "bob", kInject, "Allowed grant/eu-sales depth 1"},
      {"13", Case10, "bob", Hint("grant/finance"),
       "Allowed grant/finance depth 1"},
      {"14",
       [](Scene& s) {
         Case10(s);
         s.U("alice");
       },
       "bob", Hint("grant/alice"), "NotEligible"},
      {"15",
       [](Scene& s) {
         Layered(s);
         s.G("biz");
       },
       "bob", kInject, "Allowed grant/biz depth 2"},
      {"16",
       [](Scene& s) {
         Layered(s);
         s.G("biz", 900);
         s.G("eu-sales");
       },
       "alice", kInject, "Allowed grant/eu-sales depth 1"},
      {"17",
       [](Scene& s) {
         Layered(s);
         s.Default().G("sales");
       },
       "dan", kInject, "Allowed default"},
      {"18",
       [](Scene& s) {
         Layered(s);
         s.G("sales");
       },
       "dan", kInject, "NoCredential"},
      {"40",
       [](Scene& s) {
         Layered(s);
         s.Default().Slot("all", Everyone(), 0);
       },
       "dan", kInject, "Allowed grant/all"},
  };
  return kCases;
}

const std::vector<WorkedCase>& SharingCases() {
  static const std::vector<WorkedCase> kCases = {
      {"19",
       [](Scene& s) {
         GroupsOfSales(s);
         s.Default();
       },
       "alice", kInject, "Allowed default"},
      {"20",
       [](Scene& s) {
         GroupsOfSales(s);
         s.Default();
       },
       "carol", kInject, "NotVisible"},
      {"21",
       [](Scene& s) {
         GroupsOfSales(s);
         s.U("dan");
       },
       "dan", kInject, "NotVisible"},
      {"22",
       [](Scene& s) {
         GroupsOfSales(s);
         s.Default().Allow({Privilege::kView}, s.Person("carol"));
       },
       "carol", kInject, "Forbidden"},
      {"23",
       [](Scene& s) {
         Viewers(s);
         s.Default().G("eu-sales");
       },
       "alice", kInject, "EnrollmentRequired"},
      {"24", Viewers, "erin", kInject, "EnrollmentRequired"},
      {"25",
       [](Scene& s) {
         Viewers(s);
         s.connection.WithPersonal(false);
       },
       "alice", Enrolled(), "Allowed personal depth 0"},
      {"26",
       [](Scene& s) {
         s.Sharing(SharingMode::kViewerCredentials, {"finance"});
       },
       "alice", Enrolled(), "NotVisible"},
      {"27",
       [](Scene& s) {
         Shared(s);
         s.Mode(CredentialMode::kPerUser);
         s.connection.WithPersonal(false);
       },
       "alice", kInject, "NoCredential"},
      {"28",
       [](Scene& s) {
         Layered(s);
         s.G("eu-sales").Suspended();
         s.G("sales");
       },
       "alice", kInject, "Allowed grant/sales depth 2"},
      {"29",
       [](Scene& s) {
         s.Default().Allow({Privilege::kUse}, s.Person("dan")).Until(Now());
       },
       "dan", kInject, "NotVisible"},
  };
  return kCases;
}

const std::vector<WorkedCase>& DenyAndDiscloseCases() {
  static const std::vector<WorkedCase> kCases = {
      {"30",
       [](Scene& s) {
         Shared(s);
         s.Default().Deny(InGroup("contractors"));
       },
       "fay", kInject, "Denied"},
      {"31",
       [](Scene& s) {
         Shared(s);
         s.Default().Deny(InGroup("biz"));
         s.Allow({Privilege::kUse}, s.Person("alice"));
       },
       "alice", kInject, "Denied"},
      {"32", [](Scene& s) { s.Deny(s.Person("erin")); }, "erin", kInject,
       "Denied"},
      {"33", [](Scene& s) { s.Default().Deny(s.Person("dan")); }, "dan",
       kInject, "NotVisible"},
      {"34", Layered, "alice", Enrolled(Disclose()), "ServerSideOnly"},
      {"35",
       [](Scene& s) {
         Shared(s);
         s.connection.ServerSideOnly(false);
         s.Default().Allow({Privilege::kReadSecret}, InGroup("platform"));
       },
       "alice", Disclose(), "DisclosureNotAllowed"},
      {"35",
       [](Scene& s) {
         Shared(s);
         s.connection.ServerSideOnly(false);
         s.Default().Allow({Privilege::kReadSecret}, InGroup("platform"));
       },
       "erin", Disclose(), "Allowed default"},
      {"36",
       [](Scene& s) {
         Shared(s);
         s.connection.Disclosable().WithDefault(Kv2("secret", "sales/dw"),
                                                true);
       },
       "alice", Disclose(), "ServerSideOnly"},
      {"37",
       [](Scene& s) {
         Layered(s);
         s.G("loop-a");
       },
       "gus", kInject, "NoCredential"},
      {"37",
       [](Scene& s) {
         Layered(s);
         s.G("loop-a");
         s.Deny(InGroup("loop-b"));
       },
       "gus", kInject, "Denied"},
      {"38",
       [](Scene& s) { s.Sharing(SharingMode::kGroups, {"ops"}).Default(); },
       "gus", kInject, "NotVisible"},
      {"39",
       [](Scene& s) {
         Shared(s);
         s.Default().connection.ForWorkload("reports");
       },
       "alice", kInject, "NotVisible"},
  };
  return kCases;
}

class WorkedCasesTest
    : public ::testing::TestWithParam<std::tuple<Caller::Kind, WorkedCase>> {};

std::string WithoutReference(const access::Decision& decision) {
  access::Decision bare = decision;
  bare.vault = nullptr;
  bare.valid_until.reset();
  return Text(bare);
}

TEST_P(WorkedCasesTest, AnswersAsTheRulesSay) {
  const auto& [kind, one] = GetParam();
  Scene scene(kind);
  one.build(scene);
  const model::Objects objects = scene.Objects();
  const Caller caller = scene.AsCaller(one.caller);
  Question question = one.question;
  question.carrier = model::ObjectRef{"people", "web"};
  if (kind == Caller::Kind::kServiceAccount) {
    question.carrier->name = one.caller;
  }

  const access::Snapshot snapshot = Judge(objects);
  const access::Explanation explanation =
      access::Explain(snapshot, caller, Ref(kConnection), question, Now());

  EXPECT_EQ(WithoutReference(explanation.decision), one.answer);
  EXPECT_EQ(Text(explanation.decision),
            Text(Oracle(objects, caller, Ref(kConnection), question, Now())));
}

std::string NameOf(
    const ::testing::TestParamInfo<WorkedCasesTest::ParamType>& info) {
  const auto& [kind, one] = info.param;
  return "Case" + one.number +
         (kind == Caller::Kind::kUser ? "User" : "Account") +
         std::to_string(info.index);
}

const auto kKinds =
    ::testing::Values(Caller::Kind::kServiceAccount, Caller::Kind::kUser);

INSTANTIATE_TEST_SUITE_P(Slots, WorkedCasesTest,
                         ::testing::Combine(kKinds,
                                            ::testing::ValuesIn(SlotCases())),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(
    Sharing, WorkedCasesTest,
    ::testing::Combine(kKinds, ::testing::ValuesIn(SharingCases())), NameOf);
INSTANTIATE_TEST_SUITE_P(
    DenyAndDisclose, WorkedCasesTest,
    ::testing::Combine(kKinds, ::testing::ValuesIn(DenyAndDiscloseCases())),
    NameOf);

TEST(WorkloadGateTest, NamesItselfInTheStepsOnly) {
  Scene scene(Caller::Kind::kUser);
  Shared(scene);
  scene.Default().connection.ForWorkload("reports");
  const access::Snapshot snapshot = Judge(scene.Objects());
  Question question;
  for (const char* carrier : {"", "sales/web", "reports-eu/nightly"}) {
    if (*carrier != 0) question.carrier = Ref(carrier);
    const access::Explanation explanation = access::Explain(
        snapshot, Caller::User("alice"), Ref(kConnection), question, Now());
    EXPECT_EQ(Text(explanation.decision), "NotVisible") << carrier;
    std::string steps;
    for (const access::Step& step : explanation.steps) steps += step.result;
    EXPECT_NE(steps.find("WorkloadNotAllowed"), std::string::npos) << steps;
    EXPECT_EQ((explanation.decision.detail + explanation.decision.fix)
                  .find("orkload"),
              std::string::npos);
  }
  question.carrier = Ref("reports/nightly");
  EXPECT_TRUE(access::Explain(snapshot, Caller::User("alice"), Ref(kConnection),
                              question, Now())
                  .decision.allowed());
}

// For a service account's own question the carrier is that account, whatever
// else is said.
TEST(WorkloadGateTest, TakesTheServiceAccountItselfForItsCarrier) {
  Scene scene(Caller::Kind::kServiceAccount);
  Shared(scene);
  scene.Default().connection.ForWorkload("people", {"alice"});
  const access::Snapshot snapshot = Judge(scene.Objects());
  const auto ask = [&snapshot](const std::string& name,
                               std::optional<model::ObjectRef> carrier) {
    Question question;
    question.carrier = std::move(carrier);
    return ToString(access::Explain(snapshot,
                                    Caller::ServiceAccount("people", name),
                                    Ref(kConnection), question, Now())
                        .decision.reason);
  };
  EXPECT_EQ(ask("alice", std::nullopt), "Allowed");
  EXPECT_EQ(ask("bob", Ref("people/alice")), "NotVisible");
  EXPECT_EQ(ask("alice", Ref("people/bob")), "Allowed");
}

}  // namespace
}  // namespace claviger::testing
