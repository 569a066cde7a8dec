// SPDX-License-Identifier: Apache-2.0
//
// The webhook behind a real API server: real users with client certificates,
// RBAC that lets them write everything, and the refusals that this must not
// matter to. The webhook's certificates are its own.
#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/file.h"
#include "kube/cpprest_transport.h"
#include "model/manifests.h"
#include "model/yaml_reader.h"
#include "operator/webhook/server.h"
#include "support/json_text.h"
#include "support/kube_manifests.h"
#include "support/real_servers.h"
#include "unit/operator/webhook/bed.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using namespace op::webhook;           // NOLINT: what is tested
using namespace op::webhook::testing;  // NOLINT: objects as JSON

const std::map<std::string, std::string> kPlurals = {
    {"Connection", "connections"}, {"Grant", "grants"}, {"Group", "groups"}};

struct Seen {
  int status = 0;
  json body;
  json At(const char* pointer) const {
    return body.value(json::json_pointer(pointer), json());
  }
  std::string message() const { return body.value("message", ""); }
};

class WebhookRealTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto kube = RealKubeApiServer::Start();
    CLAVIGER_NEED_SERVER(kube);
    kube_ = std::move(*kube).release();
    ASSERT_TRUE(InstallCrds(*kube_, CLAVIGER_CRDS));
    ASSERT_TRUE(kube_->CreateNamespace("sales"));
    LetPeopleWrite();
    StartOne();
  }
  static void TearDownTestSuite() {
    webhook_.reset();  // it calls by the administrator's transport
    users_.clear();
    delete std::exchange(kube_, nullptr);
  }
  void SetUp() override {
    if (kube_ == nullptr) GTEST_SKIP() << "no API server";
  }

  // RBAC is no obstacle to anybody here.
  static void LetPeopleWrite() {
    const std::string base = "/apis/rbac.authorization.k8s.io/v1/";
    const json role = {{"metadata", {{"name", "write-all"}}},
                       {"rules",
                        {{{"apiGroups", {"claviger.io"}},
                          {"resources", {"connections", "grants", "groups"}},
                          {"verbs", {"*"}}}}}};
    const json binding = {{"metadata", {{"name", "write-all"}}},
                          {"roleRef",
                           {{"apiGroup", "rbac.authorization.k8s.io"},
                            {"kind", "ClusterRole"},
                            {"name", "write-all"}}},
                          {"subjects",
                           {{{"apiGroup", "rbac.authorization.k8s.io"},
                             {"kind", "Group"},
                             {"name", "people"}}}}};
    ASSERT_TRUE(kube_->Call("POST", base + "clusterroles", role.dump())->ok());
    ASSERT_TRUE(
        kube_->Call("POST", base + "clusterrolebindings", binding.dump())
            ->ok());
  }

  static kube::Transport& TransportOf(const std::string& user) {
    auto& held = users_[user];
    if (!held) {
      kube::Cluster cluster;
      cluster.server = kube_->url();
      cluster.ca_pem = kube_->ca_pem();
      if (user == "admin") {
        cluster.token = Secret(std::string(kube_->admin_token()));
      } else {
        auto issued = kube_->IssueClientCertificate(user, {"people"});
        EXPECT_TRUE(issued);
        cluster.client_certificate_pem = issued->certificate_pem;
        cluster.client_key_pem = Secret(std::move(issued->key_pem));
      }
      auto made = kube::MakeCpprestTransport(std::move(cluster), clock_);
      EXPECT_TRUE(made);
      held = *std::move(made);
    }
    return *held;
  }

  static Seen Send(const std::string& user, const std::string& method,
                   const json& object, bool named,
                   const std::string& content_type = "application/json") {
    kube::Request request;
    request.method = method;
    request.path = {"apis", "claviger.io", "v1alpha1"};
    const json& metadata = object["metadata"];
    if (metadata.contains("namespace")) {
      request.path.insert(request.path.end(),
                          {"namespaces", metadata["namespace"]});
    }
    request.path.push_back(kPlurals.at(object["kind"]));
    if (named) request.path.push_back(metadata["name"]);
    if (method != "GET" && method != "DELETE") request.body = object.dump();
    request.content_type = content_type;
    request.deadline = std::chrono::seconds(30);
    const auto answer = TransportOf(user).Send(request);
    EXPECT_TRUE(answer) << answer.error().message;
    if (!answer) return {};
    return {answer->status, json::parse(answer->body, nullptr, false)};
  }
  static Seen Create(const std::string& user, const json& object) {
    const Seen seen = Send(user, "POST", object, false);
    Sync();
    return seen;
  }
  static Seen Replace(const std::string& user, const json& object) {
    const Seen seen = Send(user, "PUT", object, true);
    Sync();
    return seen;
  }
  static Seen Delete(const std::string& user, const json& object) {
    const Seen seen = Send(user, "DELETE", object, true);
    Sync();
    return seen;
  }
  static json Get(const json& object) {
    return Send("admin", "GET", object, true).body;
  }

  // What the informers would do.
  static void Sync() {
    json items = json::array();
    for (const auto& [kind, plural] : kPlurals) {
      const auto list =
          kube_->Call("GET", "/apis/claviger.io/v1alpha1/" + plural);
      ASSERT_TRUE(list && list->ok());
      json answer = list->Json();
      for (json& item : answer["items"]) {
        item["kind"] = kind;
        item["apiVersion"] = "claviger.io/v1alpha1";
        items.push_back(std::move(item));
      }
    }
    const json all = {{"apiVersion", "v1"}, {"kind", "List"}, {"items", items}};
    access::SnapshotSettings settings;
    settings.require_stamps = true;
    model::Objects objects = model::DecodeObject(all.dump());
    for (const model::Problem& problem : objects.problems) {
      EXPECT_EQ(problem.severity, model::Problem::Severity::kWarning)
          << ToString(problem);
    }
    webhook_->Publish(
        std::make_shared<const access::Snapshot>(std::move(objects), settings));
  }

  // operator/webhook.yaml as it is, but for where the webhook listens here.
  static void Register() {
    const auto text = ReadFile(CLAVIGER_WEBHOOK_YAML, size_t{1} << 20U);
    ASSERT_TRUE(text);
    int registered = 0;
    for (const model::Node& root : model::ReadYaml(*text).roots) {
      json configuration = json::parse(ToJson(root));
      if (configuration["kind"] == "Service") continue;
      for (json& webhook : configuration["webhooks"]) {
        json& client = webhook["clientConfig"];
        const std::string path = client["service"]["path"];
        client = {{"url", "https://localhost:" +
                              std::to_string(webhook_->port()) + path}};
      }
      const bool validates =
          configuration["kind"] == "ValidatingWebhookConfiguration";
      const auto made = kube_->Call(
          "POST",
          std::string("/apis/admissionregistration.k8s.io/v1/") +
              (validates ? "validating" : "mutating") + "webhookconfigurations",
          configuration.dump());
      ASSERT_TRUE(made && made->ok()) << made->body;
      ++registered;
    }
    ASSERT_EQ(registered, 2);
  }

  static void StartOne() {
    static kube::Client client(TransportOf("admin"));
    WebhookOptions options;
    options.address = "127.0.0.1";
    options.port = 0;
    options.certificates.dns_names = {"localhost"};
    options.settings.admins = {{{"ada"}, {}, {"*"}}};
    options.settings.operator_user = "robot";
    options.upkeep = std::chrono::milliseconds(50);
    auto started =
        StartWebhook(options, {client, clock_, random_, log_, counters_});
    ASSERT_TRUE(started) << started.error().message;
    webhook_ = *std::move(started);
    Register();
    Sync();
    while (!webhook_->Ready()) std::this_thread::yield();
    // API servers learn of a bundle a little later.
    const json probe = GroupJson("probe", {}, {});
    for (int tries = 0; tries < 1'000; ++tries) {
      if (Create("erin", probe).status == 201) break;
    }
    const Seen gone = Delete("ada", probe);
    ASSERT_EQ(gone.status, 200) << gone.message();
  }

  static void ExpectRefused(const Seen& seen, const std::string& reason) {
    EXPECT_GE(seen.status, 400) << seen.body;
    EXPECT_THAT(seen.message(), HasSubstr(reason));
  }
  static void ExpectDone(const Seen& seen) {
    EXPECT_TRUE(seen.status == 200 || seen.status == 201) << seen.body;
  }

  // Removes what a test made, as the administrator.
  static void Clear(const std::vector<json>& objects) {
    for (const json& object : objects) Delete("ada", object);
  }

  static RealKubeApiServer* kube_;
  static std::unique_ptr<Webhook> webhook_;
  static std::map<std::string, std::unique_ptr<kube::Transport>> users_;
  static SystemClock clock_;
  static SystemRandom random_;
  static NullLogger log_;
  static Counters counters_;
};

RealKubeApiServer* WebhookRealTest::kube_ = nullptr;
std::unique_ptr<Webhook> WebhookRealTest::webhook_;
std::map<std::string, std::unique_ptr<kube::Transport>> WebhookRealTest::users_;
SystemClock WebhookRealTest::clock_;
SystemRandom WebhookRealTest::random_;
NullLogger WebhookRealTest::log_;
Counters WebhookRealTest::counters_;

TEST_F(WebhookRealTest, OwnerIsTheCreatorAndGrantsAreStamped) {
  const json connection = ConnectionJson("sales/w", "");
  const Seen made = Create("erin", connection);
  ExpectDone(made);
  EXPECT_EQ(made.At("/spec/owner"), UserJson("erin"));
  const json grant = GrantJson("sales/g", "w", {UserJson("dan")}, {"use"});
  const Seen granted = Create("erin", grant);
  ExpectDone(granted);
  EXPECT_EQ(granted.At("/metadata/annotations/claviger.io~1connection-uid"),
            made.At("/metadata/uid"));
  Clear({grant, connection});
}

TEST_F(WebhookRealTest, NobodyClimbsByWritingObjects) {
  const json connection = ConnectionJson("sales/w", "");
  const json group =
      GroupJson("finance", {UserJson("bob")}, {UserJson("carol")});
  const json sharer =
      GrantJson("sales/sharer", "w", {UserJson("sam")}, {"use", "share"});
  const json deny =
      DenyJson("sales/deny", "w", {UserJson("sam")}, {"readSecret"});
  ExpectDone(Create("carol", group));
  ExpectDone(Create("erin", connection));
  ExpectDone(Create("erin", sharer));
  ExpectDone(Create("erin", deny));

  const std::vector<json> self = {UserJson("sam")};
  ExpectRefused(Create("sam", GrantJson("sales/x", "w", self, {"manage"})),
                "a Grant of manage needs manage on Connection sales/w");
  ExpectRefused(Create("sam", GrantJson("sales/x", "w", self, {"readSecret"})),
                "a Grant of readSecret needs manage");
  ExpectRefused(Delete("sam", deny), "a Deny needs manage");
  ExpectRefused(
      Create("erin", DenyJson("sales/x", "w", {UserJson("erin")}, {"use"})),
      "would deny the owner, User erin");
  json edited = Get(group);
  edited["spec"]["members"].push_back(UserJson("bob2"));
  ExpectRefused(Replace("bob", edited),
                "user/bob is not an admin of the group");
  json theft = ConnectionJson("sales/mine", "");
  theft["spec"]["credentials"]["default"]["vault"] =
      Kv2Json("secret", "sales/w");
  ExpectRefused(Create("mallory", theft), "PathClaimed");
  json moved = Get(connection);
  moved["spec"]["endpoint"]["host"] = "evil.example";
  ExpectRefused(Replace("mallory", moved), "lacks manage on it");
  ExpectRefused(Delete("mallory", connection), "lacks manage on it");
  Clear({deny, sharer, connection, group});
}

TEST_F(WebhookRealTest, AdministratorsMayWhatOwnersMay) {
  const json connection = ConnectionJson("sales/w", "");
  ExpectDone(Create("erin", connection));
  json given = Get(connection);
  given["spec"]["owner"] = UserJson("dan");
  ExpectRefused(Replace("erin", given), "user/erin is not User dan");
  ExpectDone(Replace("ada", given));
  ExpectRefused(Delete("erin", connection), "its owner (User dan)");
  Clear({connection});
}

TEST_F(WebhookRealTest, FinalizerIsTheOperators) {
  const json connection = ConnectionJson("sales/w", "");
  ExpectDone(Create("erin", connection));
  json held = Get(connection);
  held["metadata"]["finalizers"] = {"claviger.io/vault"};
  ExpectDone(Replace("erin", held));
  json freed = Get(connection);
  freed["metadata"].erase("finalizers");
  ExpectRefused(Replace("erin", freed), "the finalizer claviger.io/vault");
  // The group of people lets it write; it is the operator by its name.
  ExpectDone(Replace("robot", freed));
  Clear({connection});
}

TEST_F(WebhookRealTest, MovedEndpointNeedsConsentAgain) {
  const json connection = ConnectionJson("sales/w", "");
  const json group =
      GroupJson("finance", {UserJson("bob")}, {UserJson("carol")});
  ExpectDone(Create("carol", group));
  ExpectDone(Create("erin", connection));
  json grant = GrantJson("sales/g", "w", {InGroupJson("finance")}, {});
  grant["spec"]["credential"] = {{"vault", Kv2Json("secret", "sales/fin")}};
  ExpectRefused(Create("erin", grant), "giving Group finance a credential");
  ExpectDone(Create("ada", grant));
  json moved = Get(connection);
  moved["spec"]["endpoint"]["host"] = "other.corp";
  ExpectDone(Replace("erin", moved));
  const json before = Get(grant);
  json labelled = before;
  labelled["metadata"]["labels"] = {{"seen", "yes"}};
  ExpectDone(Replace("erin", labelled));
  EXPECT_EQ(Get(grant)["metadata"]["annotations"],
            before["metadata"]["annotations"]);
  json saved = Get(grant);
  saved["spec"]["reason"] = "looked at it";
  ExpectRefused(Replace("erin", saved), "giving Group finance a credential");
  ExpectDone(Replace("ada", saved));
  EXPECT_NE(Get(grant)["metadata"]["annotations"],
            before["metadata"]["annotations"]);
  Clear({grant, connection, group});
}

TEST_F(WebhookRealTest, AGrantWaitsForTheConnectionAppliedRightBeforeIt) {
  const json connection = ConnectionJson("sales/w", "");
  const json grant = GrantJson("sales/g", "w", {UserJson("dan")}, {"use"});
  ExpectDone(Send("erin", "POST", connection, false));  // and no Sync
  Seen granted;
  std::thread writer([&] { granted = Send("erin", "POST", grant, false); });
  while (counters_.Serialize().find("claviger_webhook_waiting 1") ==
         std::string::npos) {
    std::this_thread::yield();
  }
  Sync();
  writer.join();
  ExpectDone(granted);
  Sync();
  Clear({grant, connection});
}

TEST_F(WebhookRealTest, ObjectsWithAGeneratedNameAreTaken) {
  json connection = ConnectionJson("sales/w", "");
  connection["metadata"].erase("name");
  connection["metadata"]["generateName"] = "w-";
  const Seen made = Create("erin", connection);
  ExpectDone(made);
  EXPECT_EQ(made.At("/spec/owner"), UserJson("erin"));
  Clear({made.body});
}

}  // namespace
}  // namespace claviger::testing
