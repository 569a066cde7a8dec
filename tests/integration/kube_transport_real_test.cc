// SPDX-License-Identifier: Apache-2.0
//
// The transport and the informer against a real API server: logins, and what
// happens when it stops or goes.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/file.h"
#include "base/random.h"
#include "integration/kube_real.h"
#include "kube/client.h"
#include "kube/informer.h"
#include "kube/kubeconfig.h"
#include "support/scratch_directory.h"

namespace claviger::testing {
namespace {

using kube::kGrants;
using kube::kNamespaces;
using nlohmann::json;
using std::chrono::milliseconds;

template <typename T>
std::string CodeOf(const Result<T>& result) {
  return result ? "ok" : std::string(ToString(result.error().code));
}

Result<std::unique_ptr<RealKubeApiServer>>& SharedServer() {
  static auto shared = [] {
    auto server = RealKubeApiServer::Start();
    if (server) {
      const Status done = InstallDefinitions(**server);
      EXPECT_TRUE(done) << done.error().message;
    }
    return server;
  }();
  return shared;
}

class KubeTransportRealTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto& shared = SharedServer();
    CLAVIGER_NEED_SERVER(shared);
    server_ = shared->get();
    ASSERT_TRUE(server_->CreateNamespace("sales"));
  }

  std::unique_ptr<kube::Transport> To(kube::Cluster cluster) const {
    auto made = kube::MakeCpprestTransport(std::move(cluster), clock_);
    EXPECT_TRUE(made) << made.error().message;
    return made ? *std::move(made) : nullptr;
  }
  // What getting the namespace comes to.
  std::string Try(kube::Transport& transport) const {
    return CodeOf(kube::Client(transport).Get(kNamespaces, {"", "sales"}));
  }
  std::string Try(kube::Cluster cluster) const {
    const auto transport = To(std::move(cluster));
    return Try(*transport);
  }
  Secret TokenOf(const std::string& account) const {
    EXPECT_TRUE(server_->CreateServiceAccount("sales", account));
    return Secret(*server_->RequestToken("sales", account, {}));
  }
  static std::string GrantText(const std::string& name, int number) {
    return json{{"apiVersion", "claviger.io/v1alpha1"},
                {"kind", "Grant"},
                {"metadata", {{"name", name}}},
                {"spec",
                 {{"connection", "warehouse"},
                  {"subjects", {{{"kind", "User"}, {"name", "erin"}}}},
                  {"reason", std::to_string(number)}}}}
        .dump();
  }

  RealKubeApiServer* server_ = nullptr;
  SystemClock clock_;
  ScratchDirectory directory_ = *ScratchDirectory::Create();
};

TEST_F(KubeTransportRealTest, LogsInByToken) {
  EXPECT_EQ(Try(AdminOf(*server_)), "ok");
  kube::Cluster cluster = AdminOf(*server_);
  cluster.token = Secret(std::string("wrong"));
  EXPECT_EQ(Try(std::move(cluster)), "unauthenticated");
  cluster = AdminOf(*server_);
  cluster.token = TokenOf("nobody");
  EXPECT_EQ(Try(std::move(cluster)), "permission_denied");
}

TEST_F(KubeTransportRealTest, LogsInByClientCertificate) {
  const auto issued =
      server_->IssueClientCertificate("erin", {"system:masters"});
  ASSERT_TRUE(issued);
  kube::Cluster cluster = AdminOf(*server_);
  cluster.token = Secret();
  cluster.client_certificate_pem = issued->certificate_pem;
  cluster.client_key_pem = Secret(std::string(issued->key_pem));
  EXPECT_EQ(Try(std::move(cluster)), "ok");
}

TEST_F(KubeTransportRealTest, LogsInAsAPodDoesAndTakesItsNewToken) {
  const auto write = [&](const std::string& name, std::string_view text) {
    ASSERT_TRUE(WriteFileAtomically(directory_.File(name), text, 0600));
  };
  write("ca.crt", server_->ca_pem());
  write("namespace", "sales");
  write("token", "wrong");
  const std::string url = server_->url();
  const size_t colon = url.rfind(':');
  auto cluster =
      kube::InCluster(directory_.File(""), "127.0.0.1", url.substr(colon + 1));
  ASSERT_TRUE(cluster) << cluster.error().message;
  const auto transport = To(*std::move(cluster));
  EXPECT_EQ(Try(*transport), "unauthenticated");
  ASSERT_TRUE(server_->BindClusterRole("cluster-admin", "sales", "pod"));
  const Secret token = TokenOf("pod");
  write("token", token.Reveal());
  EXPECT_EQ(Try(*transport), "ok");
}

TEST_F(KubeTransportRealTest, EndsASilentStreamByItsDeadline) {
  const auto transport = To(AdminOf(*server_));
  kube::WatchRequest request;
  const auto version =
      kube::Client(*transport)
          .List(kNamespaces, {}, {[] {}, [](const kube::ObjectView&) {}});
  ASSERT_TRUE(version);
  request.resource_version = *version;
  request.silence = milliseconds(500);
  const SteadyTime begun = clock_.SteadyNow();
  const auto end = kube::Client(*transport)
                       .Watch(kNamespaces, request,
                              [](const kube::WatchEvent&) { return true; });
  EXPECT_EQ(CodeOf(end), "deadline_exceeded");
  EXPECT_LT(clock_.SteadyNow() - begun, milliseconds(5'000));
}

// Keeps what it is told, under a lock.
class Mirror final : public kube::InformerSink {
 public:
  void OnObject(const kube::ObjectView& object, Seen) override {
    const std::lock_guard lock(mutex_);
    state_[object.name.name] = json::parse(object.json)["spec"]["reason"];
  }
  void OnDeleted(const kube::ObjectName& name, const std::string&,
                 Gone gone) override {
    const std::lock_guard lock(mutex_);
    state_.erase(name.name);
    if (gone == Gone::kAbsent) ++absent_;
  }
  void OnSynced() override {}

  std::map<std::string, std::string> state() const {
    const std::lock_guard lock(mutex_);
    return state_;
  }
  int absent() const { return absent_; }
  void WaitFor(const std::map<std::string, std::string>& wanted) const {
    while (state() != wanted) std::this_thread::yield();
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> state_;
  std::atomic<int> absent_{0};
};

TEST_F(KubeTransportRealTest, FollowsTheServerThroughAPause) {
  const auto writing = To(AdminOf(*server_));
  const auto following = To(AdminOf(*server_));
  const kube::Client writer(*writing);
  const kube::Client reader(*following);
  SystemRandom random;
  NullLogger log;
  Mirror mirror;
  kube::InformerSettings settings;
  settings.silence = milliseconds(700);
  settings.backoff = {milliseconds(50), milliseconds(200)};
  kube::Informer informer({reader, clock_, random, log}, kGrants, settings,
                          mirror);
  std::thread thread([&] { informer.Run(); });
  ASSERT_TRUE(writer.Create(kGrants, "sales", GrantText("a", 1)));
  ASSERT_TRUE(writer.Create(kGrants, "sales", GrantText("b", 2)));
  mirror.WaitFor({{"a", "1"}, {"b", "2"}});
  const uint64_t watches = informer.stats().watches;

  // Half-open: the server takes connections and says nothing.
  ASSERT_EQ(kill(server_->process().pid(), SIGSTOP), 0);
  while (informer.stats().watches < watches + 2) std::this_thread::yield();
  ASSERT_EQ(kill(server_->process().pid(), SIGCONT), 0);

  ASSERT_TRUE(
      writer.Patch(kGrants, {"sales", "a"}, R"({"spec":{"reason":"3"}})"));
  const auto b = writer.Get(kGrants, {"sales", "b"});
  ASSERT_TRUE(b);
  ASSERT_TRUE(
      writer.Delete(kGrants, {"sales", "b"},
                    json::parse(*b)["metadata"]["uid"].get<std::string>()));
  mirror.WaitFor({{"a", "3"}});
  EXPECT_EQ(mirror.absent(), 0);
  EXPECT_EQ(informer.stats().lists, 1U);
  informer.Stop();
  following->Close();
  thread.join();
}

}  // namespace
}  // namespace claviger::testing
