// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/credential_access.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "unit/sidecar/harness.h"

namespace claviger::sidecar::proxy {
namespace {

using testing::AConnection;
using testing::Harness;

AConnection Api() {
  AConnection connection("sales/warehouse");
  connection.Shared(model::SharingMode::kOrganization)
      .WithDefault(testing::Kv2("secret", "sales/warehouse"));
  return connection;
}

class CredentialAccessTest : public ::testing::Test {
 protected:
  CredentialAccessTest()
      : access_(harness_.core.MakeAccess([](auto task) { task(); })) {
    Put("first");
    harness_.Publish(testing::ObjectsOf({Api()}));
    harness_.Begin();
  }

  void Put(const std::string& password) {
    harness_.vault.PutSecret(
        "secret/sales/warehouse",
        R"({"username":"u","password":")" + password + R"("})");
  }

  Access::Answer Obtain(const std::string& name = "warehouse") {
    std::optional<Access::Answer> answer;
    access_->Obtain({"sales", name}, [&](Access::Answer a) { answer = a; });
    harness_.Work();
    return answer.value();
  }

  std::string PasswordOf(const Access::Answer& answer) {
    const auto fields = access_->FieldsOf(std::get<Permit>(answer));
    return std::string(fields->at("password").Reveal());
  }

  // Reports `count` times at once.
  std::vector<Access::Answer> Replace(const Permit& refused, int count = 1) {
    std::vector<Access::Answer> answers;
    for (int i = 0; i < count; ++i) {
      access_->Replace(refused,
                       [&](Access::Answer a) { answers.push_back(a); });
    }
    harness_.Work();
    return answers;
  }

  int reads() { return harness_.vault.reads("secret/data/sales/warehouse"); }

  Harness harness_;
  std::unique_ptr<Access> access_;
};

TEST_F(CredentialAccessTest, GivesAServerSideOnlyCredentialToTheProxy) {
  const Access::Answer answer = Obtain();
  ASSERT_TRUE(std::holds_alternative<Permit>(answer));
  const auto& permit = std::get<Permit>(answer);
  EXPECT_EQ(permit.facts->ref.name, "warehouse");
  EXPECT_EQ(permit.slot, "default");
  EXPECT_EQ(permit.caller, "sa/reports/nightly");
  EXPECT_EQ(PasswordOf(answer), "first");
}

TEST_F(CredentialAccessTest, KeepsOneObjectPerCredential) {
  const auto first = std::get<Permit>(Obtain());
  const auto second = std::get<Permit>(Obtain());
  EXPECT_EQ(first.credential, second.credential);
  EXPECT_EQ(reads(), 1);
}

TEST_F(CredentialAccessTest, RefusesWhatThePodMayNotUse) {
  const Access::Answer answer = Obtain("payroll");
  ASSERT_TRUE(std::holds_alternative<Problem>(answer));
  EXPECT_EQ(std::get<Problem>(answer).reason, "NotVisible");
}

TEST_F(CredentialAccessTest, RefusesAtOnceWhatWasTakenAway) {
  ASSERT_TRUE(std::holds_alternative<Permit>(Obtain()));
  harness_.Publish(testing::ObjectsOf({}));
  harness_.NextCheck();
  EXPECT_TRUE(std::holds_alternative<Problem>(Obtain()));
}

TEST_F(CredentialAccessTest, ReplacesARefusedCredentialOnceForAllWhoAsk) {
  const auto refused = std::get<Permit>(Obtain());
  Put("second");
  const auto answers = Replace(refused, 50);
  ASSERT_EQ(answers.size(), 50U);
  for (const Access::Answer& answer : answers) {
    ASSERT_TRUE(std::holds_alternative<Permit>(answer));
    EXPECT_EQ(PasswordOf(answer), "second");
  }
  EXPECT_EQ(reads(), 2);
}

TEST_F(CredentialAccessTest, GivesThePresentOneWhereItWasReplacedMeanwhile) {
  const auto refused = std::get<Permit>(Obtain());
  Put("second");
  Replace(refused);
  const int before = reads();
  const auto answers = Replace(refused);
  EXPECT_EQ(PasswordOf(answers.at(0)), "second");
  EXPECT_EQ(reads(), before);
}

TEST_F(CredentialAccessTest, SaysSoWhereVaultHasNoOtherAndDoesNotAskAgainSoon) {
  const auto refused = std::get<Permit>(Obtain());
  for (int i = 0; i < 5; ++i) {
    const auto answers = Replace(refused);
    ASSERT_TRUE(std::holds_alternative<Problem>(answers.at(0)));
    EXPECT_EQ(std::get<Problem>(answers[0]).reason, "CredentialRefused");
  }
  EXPECT_EQ(reads(), 2);
  harness_.Advance(std::chrono::seconds(11));
  Replace(refused);
  EXPECT_EQ(reads(), 3);
}

}  // namespace
}  // namespace claviger::sidecar::proxy
