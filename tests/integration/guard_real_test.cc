// SPDX-License-Identifier: Apache-2.0
//
// The guard in a real API server: whoever may create, patch or debug pods gets
// no token for Vault by it. Each attempt with its refusal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/guard_attempts.h"
#include "integration/pod_bed.h"
#include "providers/listeners.h"
#include "support/await.h"
#include "unit/operator/inject/golden.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kPods[] = "/api/v1/namespaces/shop/pods/";

class GuardTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto bed = PodBed::Start();
    CLAVIGER_NEED_SERVER(bed);
    bed_ = std::move(*bed).release();
  }
  static void TearDownTestSuite() { delete std::exchange(bed_, nullptr); }
  void SetUp() override {
    if (bed_ == nullptr) GTEST_SKIP() << "no API server";
  }

  static void ExpectRefused(const ApiAnswer& answer, const std::string& why,
                            const std::string& attempt) {
    EXPECT_THAT(answer.status, ::testing::AnyOf(403, 422)) << attempt;
    EXPECT_THAT(answer.message(), HasSubstr("ValidatingAdmissionPolicy"))
        << attempt;
    EXPECT_THAT(answer.message(), HasSubstr(why)) << attempt;
  }
  static void ExpectAllowed(const ApiAnswer& answer,
                            const std::string& attempt) {
    EXPECT_TRUE(answer.ok()) << attempt << ": " << answer.message();
  }

  static json Stored(const std::string& name) {
    json pod = InjectedPod();
    pod["metadata"]["name"] = name;
    const ApiAnswer made = bed_->Call("POST", kPods, pod);
    EXPECT_TRUE(made.ok()) << made.message();
    return made.body;
  }

  static PodBed* bed_;
};
PodBed* GuardTest::bed_ = nullptr;

// As for a pod that names so many connections, by names of the longest kind
// of which 64 fit into an annotation.
std::string Listeners(int count, bool ports) {
  std::vector<providers::ListenWish> wishes;
  for (int i = 0; i < count; ++i) {
    const std::string name = std::to_string(100 + i);
    wishes.push_back(
        {{std::string(60, 'n') + name, std::string(180, 'c') + name},
         i % 2 == 0 ? providers::Protocol::kHttp
                    : providers::Protocol::kPostgres,
         std::nullopt});
    if (ports) wishes.back().port = static_cast<uint16_t>(9820 + i);
  }
  return "--listen=" + providers::ToString(wishes);
}

TEST_F(GuardTest, TakesWhatTheInjectorWrites) {
  ExpectAllowed(bed_->Try(InjectedPod()), "as written");
  json pod = InjectedPod();
  json& sources = pod["spec"]["volumes"][0]["projected"]["sources"];
  sources.push_back(sources[0]);
  sources[1]["serviceAccountToken"]["audience"] = kPushAudience;
  sources[1]["serviceAccountToken"]["path"] = "push-token";
  ExpectAllowed(bed_->Try(pod), "with the token for news");
  json& sidecar = SidecarOf(pod);
  sidecar["args"][2] = "--log-level=debug";
  sidecar["resources"] = {{"limits", {{"cpu", "1"}, {"memory", "64Mi"}}}};
  sidecar["imagePullPolicy"] = "Always";
  sidecar["securityContext"]["runAsUser"] = 1000650000;
  sidecar["securityContext"]["seLinuxOptions"] = {{"level", "s0:c1,c2"}};
  ExpectAllowed(bed_->Try(pod), "with what clusters change");
  for (const char* wish :
       {"--files=sales/dw=my.cnf,sales/dw=service-binding", "--files-mode=0440",
        "--files-notify=8080/on-change", "--tcp=9811"}) {
    sidecar["args"].push_back(wish);
    ExpectAllowed(bed_->Try(pod), wish);
  }
  sidecar["args"].erase(sidecar["args"].begin() + 3, sidecar["args"].end() - 1);
  ExpectAllowed(bed_->Try(pod), "a port alone");
  sidecar["args"].erase(3);
  for (const int count : {1, 2, 64}) {
    sidecar["args"].push_back(Listeners(count, false));
    ExpectAllowed(bed_->Try(pod), "listeners");
    sidecar["args"].back() = Listeners(count, true);
    sidecar["args"].push_back("--tcp=9811");
    ExpectAllowed(bed_->Try(pod), "listeners with ports");
    sidecar["args"].erase(4);
    sidecar["args"].erase(3);
  }
}

TEST_F(GuardTest, RefusesASidecarThatIsNotOurs) {
  for (const Attempt& attempt : AgainstTheSidecar()) {
    json pod = InjectedPod();
    attempt.change(pod["spec"], SidecarOf(pod));
    ExpectRefused(bed_->Try(pod), attempt.why, attempt.what);
  }
}

TEST_F(GuardTest, RefusesWaysAroundTheSidecar) {
  for (const Attempt& attempt : AroundTheSidecar()) {
    json pod = InjectedPod();
    attempt.change(pod["spec"], SidecarOf(pod));
    ExpectRefused(bed_->Try(pod), attempt.why, attempt.what);
  }
}

TEST_F(GuardTest, KeepsTheSocketToTheContainersThatAreListed) {
  json pod = InjectedPod();
  pod["metadata"]["annotations"]["claviger.io/containers"] = "other";
  ExpectRefused(bed_->Try(pod), "not named by the annotation", "unlisted");
  pod["metadata"]["annotations"]["claviger.io/containers"] = " x, app ,";
  ExpectAllowed(bed_->Try(pod), "listed");
}

TEST_F(GuardTest, RefusesATokenWithoutASidecar) {
  json pod = InjectedPod();
  pod["spec"].erase("initContainers");
  pod["spec"]["volumes"] = json::array({TokenVolume(kSidecarAudience)});
  App(pod["spec"])["volumeMounts"] = {Mount("token", "/t")};
  ExpectRefused(bed_->Try(pod), "reserved for Claviger's sidecar", "plain");
  for (const char* ns : {"kube-system", "claviger-system"}) {
    pod["spec"]["serviceAccountName"] = "default";
    ExpectRefused(bed_->Try(pod, ns), "reserved for Claviger's sidecar", ns);
  }
}

TEST_F(GuardTest, LeavesAllOtherPodsAlone) {
  json pod = InjectedPod();
  pod["spec"].erase("initContainers");
  pod["spec"]["volumes"] = json::array({TokenVolume("", "a"),
                                        TokenVolume("istio-ca", "b"),
                                        TokenVolume("claviger", "c"),
                                        {{"name", "claviger-run"}}});
  pod["spec"]["volumes"][3]["emptyDir"] = json::object();
  pod["spec"]["shareProcessNamespace"] = true;
  App(pod["spec"])["volumeMounts"] = {Mount("a", "/a"), Mount("b", "/b"),
                                      Mount("claviger-run", "/c")};
  ExpectAllowed(bed_->Try(pod), "other audiences");
  // Larger than any real one: the cost of judging has a bound.
  for (int i = 0; i < 400; ++i) {
    const std::string name = "v" + std::to_string(i);
    json volume = TokenVolume("other", name);
    for (int k = 0; k < 20; ++k) {
      volume["projected"]["sources"].push_back(
          {{"configMap", {{"name", "c"}, {"optional", true}}}});
    }
    pod["spec"]["volumes"].push_back(volume);
    App(pod["spec"])["volumeMounts"].push_back(
        Mount(name.c_str(), ("/m/" + name).c_str()));
  }
  for (int i = 0; i < 60; ++i) {
    json container = App(pod["spec"]);
    container["name"] = "c" + std::to_string(i);
    pod["spec"]["containers"].push_back(container);
  }
  ExpectAllowed(bed_->Try(pod), "a huge pod");
  json ours = InjectedPod();
  for (int i = 0; i < 60; ++i) {
    json container = App(ours["spec"]);
    container["name"] = "c" + std::to_string(i);
    ours["spec"]["containers"].push_back(container);
  }
  ExpectAllowed(bed_->Try(ours), "a large pod of ours");
}

TEST_F(GuardTest, KeepsTheOperatorsTokenToTheOperator) {
  json pod = InjectedPod();
  pod["spec"].erase("initContainers");
  pod["spec"]["serviceAccountName"] = "claviger-operator";
  pod["spec"]["volumes"] = json::array({TokenVolume(kOperatorAudience)});
  App(pod["spec"])["name"] = "operator";
  App(pod["spec"])["volumeMounts"] = {Mount("token", "/t")};
  ExpectAllowed(bed_->Try(pod, "claviger-system"), "the operator");

  json other = pod;
  App(other["spec"])["name"] = "app";
  ExpectRefused(bed_->Try(other, "claviger-system"),
                "only the container operator", "another container");
  other = pod;
  other["spec"]["shareProcessNamespace"] = true;
  ExpectRefused(bed_->Try(other, "claviger-system"), "shareProcessNamespace",
                "its processes shared");
  other = pod;
  other["spec"]["serviceAccountName"] = "default";
  ExpectRefused(bed_->Try(other, "claviger-system"), "its own service account",
                "another account");
  other["spec"]["serviceAccountName"] = "app";
  ExpectRefused(bed_->Try(other), "its own service account", "elsewhere");
  other = pod;
  other["spec"]["volumes"] = json::array({TokenVolume(kPushAudience)});
  ExpectRefused(bed_->Try(other, "claviger-system"),
                "exactly as the injector writes it", "push");
  other = pod;
  other["spec"]["volumes"].push_back(TokenVolume(kSidecarAudience, "second"));
  ExpectRefused(bed_->Try(other, "claviger-system"), "none but its own",
                "a sidecar's besides");
}

TEST_F(GuardTest, JudgesUpdatesByWhatTheyChange) {
  Stored("update");
  const std::string path = std::string(kPods) + "update";
  ExpectAllowed(
      bed_->Call("PATCH", path, {{"metadata", {{"labels", {{"a", "b"}}}}}},
                 kMergePatch),
      "a label");
  const auto image = [&](const char* list, const char* name, const char* to) {
    return bed_->Call(
        "PATCH", path,
        {{"spec", {{list, json::array({{{"name", name}, {"image", to}}})}}}},
        kStrategicPatch);
  };
  ExpectAllowed(image("containers", "app", "shop/app:2"), "the application");
  ExpectRefused(image("initContainers", "claviger-sidecar", "evil:1"),
                "cannot be changed", "the sidecar");
}

TEST_F(GuardTest, LetsPodsOfThePreviousReleaseLive) {
  const auto settings = GoldenSettings();
  const std::string text = settings.sidecar_text;
  Stored("previous");
  ASSERT_TRUE(bed_->SetGuard({{"sidecar:next", text}}));
  const std::string path = std::string(kPods) + "previous";
  ExpectAllowed(
      bed_->Call("PATCH", path, {{"metadata", {{"labels", {{"a", "b"}}}}}},
                 kMergePatch),
      "a label of an old pod");
  ExpectRefused(
      bed_->Call(
          "PATCH", path,
          {{"spec",
            {{"initContainers", json::array({{{"name", "claviger-sidecar"},
                                              {"image", "sidecar:next"}}})}}}},
          kStrategicPatch),
      "cannot be changed", "the image of an old pod");
  ExpectRefused(bed_->Try(InjectedPod()), "image of the container",
                "a new pod of the old shape");
  ASSERT_TRUE(bed_->SetGuard({{"sidecar:next", text}, {settings.image, text}}));
  ExpectAllowed(bed_->Try(InjectedPod()), "both shapes, under way");
  json mixed = InjectedPod();
  SidecarOf(mixed)["image"] = "sidecar:next";
  ExpectAllowed(bed_->Try(mixed), "the next shape");
  ASSERT_TRUE(bed_->SetGuard({{settings.image, text}}));
}

TEST_F(GuardTest, LetsNobodyIn) {
  Stored("entered");
  const std::string path = std::string(kPods) + "entered/";
  for (const char* way : {"exec", "attach"}) {
    const std::string call = path + way + "?stdout=true&command=id&container=";
    ExpectRefused(bed_->Call("POST", call + "claviger-sidecar"),
                  "nobody may exec into or attach to the container", way);
    EXPECT_THAT(bed_->Call("POST", call + "app").message(),
                HasSubstr("does not have a host assigned"));
    EXPECT_THAT(
        bed_->Call("POST", path + way + "?stdout=true&command=id").message(),
        HasSubstr("does not have a host assigned"));
    const std::string own = std::string(
                                "/api/v1/namespaces/claviger-system/pods/"
                                "claviger-operator-x/") +
                            way + "?stdout=true&command=id";
    ExpectRefused(bed_->Call("POST", own), "Claviger's operator", way);
    ExpectRefused(bed_->Call("POST", own + "&container=operator"),
                  "Claviger's operator", way);
  }
}

TEST_F(GuardTest, KeepsDebuggersOut) {
  Stored("debugged");
  const auto debug = [](const json& container) {
    return bed_->Call(
        "PATCH", std::string(kPods) + "debugged/ephemeralcontainers",
        {{"spec", {{"ephemeralContainers", json::array({container})}}}},
        kStrategicPatch);
  };
  ExpectRefused(debug({{"name", "a"},
                       {"image", "x"},
                       {"targetContainerName", "claviger-sidecar"}}),
                "cannot target", "its processes");
  for (const char* volume : {"claviger-token", "claviger-run"}) {
    ExpectRefused(debug({{"name", "a"},
                         {"image", "x"},
                         {"volumeMounts", {Mount(volume, "/x")}}}),
                  "cannot mount a volume", volume);
  }
  ExpectAllowed(
      debug({{"name", "b"}, {"image", "x"}, {"targetContainerName", "app"}}),
      "the application");
}

class TokenTest : public GuardTest {
 protected:
  static json Request(const std::vector<std::string>& audiences,
                      const json& bound = {}) {
    json request = {{"spec", {{"audiences", audiences}}}};
    if (!bound.is_null()) request["spec"]["boundObjectRef"] = bound;
    return request;
  }
  static std::string PathOf(const std::string& ns, const std::string& account) {
    return "/api/v1/namespaces/" + ns + "/serviceaccounts/" + account +
           "/token";
  }
};

TEST_F(TokenTest, AreMadeForNobodyButAKubelet) {
  for (const char* audience :
       {kSidecarAudience, kOperatorAudience, kPushAudience}) {
    const auto path = PathOf("shop", "app");
    ExpectRefused(bed_->Call("POST", path, Request({audience})),
                  "only a kubelet requests them", audience);
    ExpectRefused(bed_->Call("POST", path, Request({"other", audience})),
                  "only a kubelet requests them", audience);
    ExpectRefused(bed_->CallAs("system:node:n1", {"system:masters"}, "POST",
                               path, Request({audience})),
                  "only a kubelet requests them", "a name alone");
    ExpectRefused(bed_->CallAs("mallory", {"system:nodes", "system:masters"},
                               "POST", path, Request({audience})),
                  "only a kubelet requests them", "a group alone");
  }
  ExpectAllowed(bed_->Call("POST", PathOf("shop", "app"), Request({"other"})),
                "another audience");
  ExpectAllowed(bed_->Call("POST", PathOf("shop", "app"), json::object()),
                "no audience");
}

TEST_F(TokenTest, AreMadeForTheKubeletOfThePod) {
  const ApiAnswer node = bed_->Call(
      "POST", "/api/v1/nodes",
      {{"metadata", {{"name", "n1"}}}, {"kind", "Node"}, {"apiVersion", "v1"}});
  ASSERT_TRUE(node.ok()) << node.message();
  json pod = InjectedPod();
  pod["metadata"]["name"] = "placed";
  pod["spec"]["nodeName"] = "n1";
  const ApiAnswer made = bed_->Call("POST", kPods, pod);
  ASSERT_TRUE(made.ok()) << made.message();
  const json bound = {{"apiVersion", "v1"},
                      {"kind", "Pod"},
                      {"name", "placed"},
                      {"uid", made.body["metadata"]["uid"]}};
  const auto ask = [&](const std::vector<std::string>& audiences,
                       const json& to) {
    return bed_->CallAs("system:node:n1", {"system:nodes", "system:masters"},
                        "POST", PathOf("shop", "app"), Request(audiences, to));
  };
  // The API server's admission learns of pods by a watch of its own.
  Await([&] { return ask({kSidecarAudience}, bound).ok(); },
        std::chrono::seconds(30));
  ExpectAllowed(ask({kSidecarAudience}, bound), "the kubelet's own request");
  ExpectAllowed(ask({kPushAudience}, bound), "the one for news");
  EXPECT_FALSE(ask({kSidecarAudience}, json()).ok());
  EXPECT_FALSE(ask({kSidecarAudience, "other"}, bound).ok());
  EXPECT_FALSE(ask({kOperatorAudience}, bound).ok());
}

TEST_F(TokenTest, AreNotForCsiDrivers) {
  const auto driver = [](const char* name, const char* audience) {
    return bed_->Call(
        "POST", "/apis/storage.k8s.io/v1/csidrivers?dryRun=All",
        {{"apiVersion", "storage.k8s.io/v1"},
         {"kind", "CSIDriver"},
         {"metadata", {{"name", name}}},
         {"spec",
          {{"tokenRequests", json::array({{{"audience", audience}}})}}}});
  };
  ExpectRefused(driver("a.example", kSidecarAudience), "a CSI driver", "ours");
  ExpectAllowed(driver("b.example", "other"), "another");
}

}  // namespace
}  // namespace claviger::testing
