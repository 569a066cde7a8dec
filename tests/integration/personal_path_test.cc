// SPDX-License-Identifier: Apache-2.0
//
// Personal credentials from the socket to Vault: what an account's policy opens
// of them, to whom it does not, and that the operator cannot read them. Linked
// with the embedded Vault and with the real one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "access/principal.h"
#include "http/curl_client.h"
#include "integration/sidecar_bed.h"
#include "operator/own_policy.h"
#include "sidecar/session/user_token.h"
#include "support/real_servers.h"
#include "vault/kv.h"
#include "vault/policy.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

constexpr const char* kUrl = "/v1/connections/sales/warehouse/personal";
constexpr const char* kCredential =
    "/v1/connections/sales/warehouse/credential";
constexpr const char* kMine = R"({"username":"nina","password":"mine"})";

class PersonalPathTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto bed = SidecarBed::Start();
    CLAVIGER_NEED_SERVER(bed);
    bed_ = std::move(bed->release());
  }
  static void TearDownTestSuite() {
    delete bed_;
    bed_ = nullptr;
  }
  void SetUp() override {
    if (bed_ == nullptr) GTEST_SKIP() << "no Vault here";
    bed_->PutSecret("sales/default", R"({"username":"a","password":"shared"})");
  }
  void TearDown() override {
    if (bed_ != nullptr) bed_->StopAll();
  }

  static model::Objects Objects(const std::string& uid,
                                const std::string& host = "dw.example") {
    model::Connection connection =
        AConnection("sales/warehouse")
            .Shared(model::SharingMode::kOrganization)
            .Disclosable()
            .WithMode(model::CredentialMode::kLayered)
            .WithPersonal(true)
            .WithDefault(Kv2("secret", "sales/default"))
            .Created(Time(), "c-1");
    connection.endpoint.host = host;
    model::Objects objects;
    objects.connections.push_back(std::move(connection));
    objects.service_accounts = {{"reports", "nightly"}, {"finance", "closer"}};
    objects.account_uids = {{{"reports", "nightly"}, uid},
                            {{"finance", "closer"}, "f-1"}};
    return objects;
  }
  static std::string Slot(const model::ObjectRef& account,
                          const std::string& uid,
                          const std::string& connection = "c-1") {
    return access::PersonalPathOf(
               SidecarBed::kCluster,
               access::Principal::ServiceAccount(account.ns, account.name), uid,
               connection)
        .value();
  }
  std::string OwnUid() const {
    return sidecar::PeekAccountUid(bed_->PodToken(nightly_).value_or(""));
  }
  static std::optional<ErrorCode> ReadAs(const Secret& token,
                                         const std::string& path) {
    const auto read = vault::ReadKv2(bed_->api(), token, "claviger", path);
    return read ? std::nullopt : std::optional(read.error().code);
  }
  static std::optional<ErrorCode> WriteAs(const Secret& token,
                                          const std::string& path) {
    const auto written =
        vault::WriteKv2(bed_->api(), token, "claviger", path, kMine, 0);
    return written ? std::nullopt : std::optional(written.error().code);
  }
  static json Ask(const std::string& socket, http::Method method,
                  const std::string& body = "") {
    http::CurlSettings settings;
    settings.unix_socket = socket;
    const auto client = http::MakeCurlClient(settings);
    http::ClientRequest request;
    request.method = method;
    request.url = std::string("http://claviger") + kUrl;
    request.body = body;
    const auto answer = (*client)->Send(request);
    return answer ? json::parse(answer->body, nullptr, false) : json();
  }
  static json Credential(const std::string& socket,
                         const std::function<bool(const json&)>& good) {
    const auto answer =
        SidecarBed::GetUntil(socket, kCredential, [&](const SocketAnswer& got) {
          const json body = json::parse(got.body, nullptr, false);
          return body.is_object() && good(body);
        });
    return json::parse(answer.body, nullptr, false);
  }
  static std::function<bool(const json&)> OfSlot(const std::string& slot) {
    return [slot](const json& body) { return body.value("slot", "") == slot; };
  }

  static inline SidecarBed* bed_ = nullptr;
  const model::ObjectRef nightly_{"reports", "nightly"};
  const model::ObjectRef closer_{"finance", "closer"};
};

TEST_F(PersonalPathTest, IsStoredServedAndRemovedThroughTheSocket) {
  const std::string uid = OwnUid();
  bed_->Reconcile(Objects(uid));
  const std::string socket = bed_->Run(nightly_);
  ASSERT_EQ(Credential(socket, OfSlot("default"))["slot"], "default");
  const json stored = Ask(socket, http::Method::kPut, kMine);
  ASSERT_EQ(stored.value("version", 0), 1) << stored.dump();
  const json served = Credential(socket, OfSlot("personal"));
  EXPECT_EQ(served["data"], json::parse(kMine));
  EXPECT_EQ(Ask(socket, http::Method::kPut, kMine)["version"], 2);
  EXPECT_EQ(Ask(socket, http::Method::kGet)["version"], 2);

  // Stored for another host than the one it is now.
  bed_->Reconcile(Objects(uid, "elsewhere.example"));
  EXPECT_EQ(Credential(socket, OfSlot("default"))["slot"], "default");
  EXPECT_EQ(Ask(socket, http::Method::kGet)["detail"], "EndpointChanged");

  EXPECT_EQ(Ask(socket, http::Method::kDelete)["stored"], false);
  EXPECT_EQ(ReadAs(bed_->root(), Slot(nightly_, uid)), ErrorCode::kNotFound);
}

// As by `vault kv delete`: check-and-set goes on counting.
TEST_F(PersonalPathTest, IsStoredAnewOverWhatWasDeletedInVault) {
  const std::string uid = OwnUid();
  bed_->Reconcile(Objects(uid));
  const std::string socket = bed_->Run(nightly_);
  ASSERT_EQ(Credential(socket, OfSlot("default"))["slot"], "default");
  ASSERT_EQ(Ask(socket, http::Method::kPut, kMine).value("version", 0), 1);
  vault::Call remove;
  remove.verb = vault::Verb::kDelete;
  remove.path = "claviger/data/" + Slot(nightly_, uid);
  remove.token = &bed_->root();
  ASSERT_TRUE(bed_->api().Do(remove));
  EXPECT_EQ(Ask(socket, http::Method::kGet)["stored"], false);
  const json anew = Ask(socket, http::Method::kPut, kMine);
  EXPECT_EQ(anew.value("version", 0), 2) << anew.dump();
  EXPECT_EQ(Ask(socket, http::Method::kDelete)["stored"], false);
}

TEST_F(PersonalPathTest, APodOfAnotherAccountThanTheBindingsSayIsRefused) {
  bed_->Reconcile(Objects("n-0"));
  const std::string socket = bed_->Run(nightly_);
  ASSERT_EQ(Credential(socket, OfSlot("default"))["slot"], "default");
  EXPECT_EQ(Ask(socket, http::Method::kPut, kMine)["reason"], "AnotherAccount");
  EXPECT_EQ(ReadAs(bed_->root(), Slot(nightly_, "n-0")), ErrorCode::kNotFound);
}

TEST_F(PersonalPathTest, AnAccountsPolicyOpensItsOwnSlotsAndNoMore) {
  bed_->Reconcile(Objects("n-2"));
  const auto token = bed_->LogIn(nightly_);
  ASSERT_TRUE(token) << token.error().message;
  const std::string mine = Slot(nightly_, "n-2");
  ASSERT_EQ(WriteAs(*token, mine), std::nullopt);
  EXPECT_EQ(ReadAs(*token, mine), std::nullopt);

  const auto denied = ErrorCode::kPermissionDenied;
  for (const std::string& other :
       {Slot(closer_, "f-1"), Slot(nightly_, "n-2", "c-2"),
        Slot(nightly_, "n-3"), mine + "/below"}) {
    EXPECT_EQ(ReadAs(*token, other), denied) << other;
    EXPECT_EQ(WriteAs(*token, other), denied) << other;
    const Status removed =
        vault::RemoveKv2(bed_->api(), *token, "claviger", other);
    ASSERT_FALSE(removed) << other;
    EXPECT_EQ(removed.error().code, denied) << other;
  }
  const std::string folder = mine.substr(0, mine.rfind('/'));
  for (const std::string& path :
       {folder, folder.substr(0, folder.rfind('/')), mine}) {
    const auto listed = vault::ListKv2(bed_->api(), *token, "claviger", path);
    ASSERT_FALSE(listed) << path;
    EXPECT_EQ(listed.error().code, denied) << path;
  }
  EXPECT_TRUE(vault::RemoveKv2(bed_->api(), *token, "claviger", mine));
}

// The very token that could is held to the policy as it is now.
TEST_F(PersonalPathTest, AnAccountMadeAnewReadsNothingOfItsPredecessors) {
  bed_->Reconcile(Objects("n-4"));
  const auto token = bed_->LogIn(nightly_);
  ASSERT_TRUE(token) << token.error().message;
  ASSERT_EQ(WriteAs(*token, Slot(nightly_, "n-4")), std::nullopt);
  bed_->Reconcile(Objects("n-5"));
  EXPECT_EQ(ReadAs(*token, Slot(nightly_, "n-4")),
            ErrorCode::kPermissionDenied);
  EXPECT_EQ(ReadAs(*token, Slot(nightly_, "n-5")), ErrorCode::kNotFound);
}

TEST_F(PersonalPathTest, TheOperatorsOwnTokenCannotReadThem) {
  bed_->Reconcile(Objects("n-6"));
  const std::string slot = Slot(nightly_, "n-6");
  ASSERT_EQ(WriteAs(bed_->root(), slot), std::nullopt);
  access::VaultLayout layout;
  layout.cluster = SidecarBed::kCluster;
  ASSERT_TRUE(vault::WritePolicy(bed_->api(), bed_->root(), "own-test",
                                 op::OwnPolicyText(layout)));
  vault::Call make;
  make.verb = vault::Verb::kWrite;
  make.path = "auth/token/create";
  make.token = &bed_->root();
  make.body = R"({"policies":["own-test"],"no_default_policy":true})";
  const auto made = bed_->api().Do(make);
  ASSERT_TRUE(made) << made.error().message;
  const Secret token(
      json::parse(made->body)["auth"]["client_token"].get<std::string>());
  EXPECT_EQ(ReadAs(token, "test/bindings/sa.reports.nightly"), std::nullopt);
  const auto denied = ErrorCode::kPermissionDenied;
  EXPECT_EQ(ReadAs(token, slot), denied);
  EXPECT_EQ(WriteAs(token, slot), denied);
  const auto can = [&](vault::Verb verb, const std::string& path) {
    vault::Call call;
    call.verb = verb;
    call.path = "claviger/" + path;
    call.token = &token;
    if (verb == vault::Verb::kWrite) call.body = R"({"versions":[1]})";
    const auto answer = bed_->api().Do(call);
    return answer ? std::nullopt : std::optional(answer.error().code);
  };
  // What tells more than names, and what brings back what was deleted.
  EXPECT_EQ(can(vault::Verb::kRead, "metadata/" + slot), denied);
  EXPECT_EQ(can(vault::Verb::kWrite, "metadata/" + slot), denied);
  EXPECT_EQ(can(vault::Verb::kDelete, "data/" + slot), denied);
  for (const char* verb : {"delete/", "undelete/", "destroy/"}) {
    EXPECT_EQ(can(vault::Verb::kWrite, verb + slot), denied) << verb;
  }
  EXPECT_EQ(can(vault::Verb::kRead, "subkeys/" + slot), denied);
  // It may find them by name, and remove them.
  const auto listed = vault::ListKv2(bed_->api(), token, "claviger",
                                     slot.substr(0, slot.rfind('/')));
  ASSERT_TRUE(listed) << listed.error().message;
  EXPECT_EQ(*listed, std::vector<std::string>{"c-1"});
  EXPECT_TRUE(vault::ListKv2(bed_->api(), token, "claviger", "test/personal"));
  EXPECT_TRUE(vault::RemoveKv2(bed_->api(), token, "claviger", slot));
  EXPECT_EQ(ReadAs(bed_->root(), slot), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace claviger::testing
