// SPDX-License-Identifier: Apache-2.0
//
// What becomes of running pods, and of new ones, when Claviger is upgraded,
// away, and uninstalled. The tests follow each other on one node.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "installation.h"
#include "support/await.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kPods[] = "/api/v1/namespaces/shop/pods";
constexpr char kOperator[] =
    "/apis/apps/v1/namespaces/claviger-system/deployments/claviger-operator";
constexpr char kAdmission[] = "/apis/admissionregistration.k8s.io/v1/";

// Asks for the credential all the time, and keeps what became of it.
constexpr char kReader[] = R"(
apiVersion: v1
kind: Pod
metadata:
  name: reader
  namespace: shop
  labels: {claviger.io/inject: "true"}
spec:
  serviceAccountName: frontend
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: localhost/box:1
      imagePullPolicy: Never
      command: [/busybox, sh, -c]
      args:
        - |
          while /busybox sleep 0.1; do
            /curl -s --unix-socket "$CLAVIGER_SOCKET" -o /dev/null -w '%{http_code}\n' \
              http://claviger/v1/connections/shop/orders/credential >> /tmp/reads
          done
)";

struct Bed {
  static Result<std::unique_ptr<Bed>> Start() {
    auto directory = ScratchDirectory::Create();
    if (!directory) return Fail(directory.error());
    const auto previous = PreviousRelease(*directory);
    if (!previous) return Fail(previous.error());
    auto installation = Installation::Start(*previous);
    if (!installation) return Fail(installation.error());
    auto bed = std::make_unique<Bed>();
    bed->installation = *std::move(installation);
    Node& node = bed->installation->node();
    Status done = bed->installation->StartShop();
    if (done) done = node.Apply(kReader);
    if (!done) return Fail(done.error());
    const std::string seen = node.AwaitPhase("shop", "reader", "Running");
    if (seen == "Running") return bed;
    return Fail(ErrorCode::kDeadlineExceeded, "the reader is not up: " + seen);
  }

  std::unique_ptr<Installation> installation;
};

// What a pod is made of, and whether one of its parts was ever started anew.
std::map<std::string, std::string> Containers(Node& node) {
  std::map<std::string, std::string> containers;
  const json list = node.Get(kPods);
  for (const json& pod : list.value("items", json::array())) {
    for (const char* field : {"initContainerStatuses", "containerStatuses"}) {
      for (const json& one : pod["status"].value(field, json::array())) {
        containers[std::string(pod["metadata"]["name"]) + "/" +
                   std::string(one["name"])] =
            std::string(one["containerID"]) + " " + one["restartCount"].dump() +
            " " + std::string(one["image"]);
      }
    }
  }
  return containers;
}

json Labelled(const std::string& label) {
  json pod = json::parse(
      R"({"metadata": {"name": "new"}, "spec": {"containers": [
          {"name": "main", "image": "localhost/box:1",
           "imagePullPolicy": "Never"}]}})");
  if (!label.empty())
    pod["metadata"]["labels"] = {{"claviger.io/inject", label}};
  return pod;
}

class ReleaseTest : public SharedBedTest<Bed> {
 protected:
  static Node& node() { return bed_->installation->node(); }

  // The statuses that the reader was answered since the last time.
  static std::string Reads() {
    const auto ran = node().Exec(
        "shop", "reader", "main",
        {"/busybox", "sh", "-c",
         "/busybox mv /tmp/reads /tmp/read && /busybox sleep 0.3 && "
         "/busybox sort -u /tmp/read"});
    return ran ? ran->out + ran->err : ran.error().message;
  }

  static void Scale(const std::string& deployment, int replicas) {
    const ApiAnswer scaled = node().Ask(
        "PATCH", deployment, {{"spec", {{"replicas", replicas}}}}, kMergePatch);
    ASSERT_TRUE(scaled.ok()) << scaled.message();
  }

  // What the API server says to such a pod, without making it.
  static std::string Try(const std::string& ns, const std::string& label) {
    const ApiAnswer answer =
        node().Ask("POST", "/api/v1/namespaces/" + ns + "/pods?dryRun=All",
                   Labelled(label));
    return answer.ok() ? "accepted" : answer.message();
  }

  static bool OperatorsAre(const std::string& image) {
    const json pods =
        node().Pods(kNamespace, "app.kubernetes.io/name=claviger-operator");
    return pods.size() == 2 &&
           std::all_of(pods.begin(), pods.end(), [&](const json& pod) {
             return !pod["metadata"].contains("deletionTimestamp") &&
                    pod["spec"]["containers"][0]["image"] == image;
           });
  }

  static std::string SidecarImage(const json& pod) {
    return pod["spec"]["initContainers"][0]["image"];
  }
};

TEST_F(ReleaseTest, UpgradesWithoutTouchingRunningPods) {
  const auto before = Containers(node());
  ASSERT_EQ(before.size(), 4u);
  std::atomic<bool> upgrading{true};
  int accepted = 0;
  std::string refusal;
  std::thread newcomers([&] {
    while (upgrading) {
      const std::string answer = Try("shop", "true");
      if (answer == "accepted") {
        ++accepted;
      } else {
        refusal = answer;
      }
    }
  });
  const Status upgraded = bed_->installation->Put(ThisRelease(), "upgrade");
  upgrading = false;
  newcomers.join();
  ASSERT_TRUE(upgraded) << upgraded.error().message;
  EXPECT_EQ(refusal, "");
  EXPECT_GT(accepted, 50);
  const json kind = node().Get(
      "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"
      "connections.claviger.io");
  EXPECT_EQ(kind["spec"]["versions"][0]["additionalPrinterColumns"][0]["name"],
            "Provider");
  // And then all operators end at once.
  ASSERT_TRUE(node()
                  .Ask("DELETE",
                       "/api/v1/namespaces/claviger-system/pods?labelSelector="
                       "app.kubernetes.io/name=claviger-operator")
                  .ok());
  // One of the previous release that is still ending injects what it knows.
  ASSERT_TRUE(
      Await([] { return OperatorsAre("localhost/claviger/operator:0.1.0"); },
            kNodePatience));
  EXPECT_EQ(node().AwaitRollout(kNamespace, "claviger-operator", 2), "");
  EXPECT_EQ(Containers(node()), before);
  EXPECT_EQ(Reads(), "200\n");
  // A pod of the previous release can be changed, and its successor is of this.
  const std::string reader = std::string(kPods) + "/reader";
  const ApiAnswer changed = node().Ask(
      "PATCH", reader, {{"metadata", {{"labels", {{"a", "b"}}}}}}, kMergePatch);
  ASSERT_TRUE(changed.ok()) << changed.message();
  EXPECT_EQ(SidecarImage(changed.body), "localhost/claviger/sidecar:0.0.9");
  const json old = node().Pods("shop", "app=frontend");
  ASSERT_EQ(old.size(), 1u);
  ASSERT_TRUE(node()
                  .Ask("DELETE", std::string(kPods) + "/" +
                                     std::string(old[0]["metadata"]["name"]))
                  .ok());
  EXPECT_EQ(node().AwaitRollout("shop", "frontend", 1), "");
  EXPECT_TRUE(Await(
      [] {
        const json pods = node().Pods("shop", "app=frontend");
        return pods.size() == 1 &&
               SidecarImage(pods[0]) == "localhost/claviger/sidecar:0.1.0";
      },
      kNodePatience));
}

TEST_F(ReleaseTest, WithoutAnOperatorOnlyLabelledPodsAreRefused) {
  Scale(kOperator, 0);
  ASSERT_TRUE(Await(
      [] {
        return node()
            .Pods(kNamespace, "app.kubernetes.io/name=claviger-operator")
            .empty();
      },
      kNodePatience));
  std::string refusal;
  EXPECT_TRUE(
      Await([&] { return (refusal = Try("shop", "true")) != "accepted"; },
            kNodePatience));
  EXPECT_THAT(refusal,
              HasSubstr("failed calling webhook \"pods.claviger.io\""));
  EXPECT_EQ(Try("shop", ""), "accepted");
  EXPECT_EQ(Try("shop", "false"), "accepted");
  for (const char* ns : {"kube-system", kNamespace}) {
    EXPECT_EQ(Try(ns, ""), "accepted") << ns;
    EXPECT_EQ(Try(ns, "true"), "accepted") << ns;
  }
  // The pods that run need nobody.
  EXPECT_EQ(Reads(), "200\n");
}

// Without its lease and its authorities, too, and with the webhook in the way.
TEST_F(ReleaseTest, StartsAgainFromNothing) {
  constexpr char kFrontend[] =
      "/apis/apps/v1/namespaces/shop/deployments/frontend";
  Scale(kFrontend, 2);
  EXPECT_TRUE(Await(
      [] {
        return node()
                   .Get(
                       "/api/v1/namespaces/shop/events?fieldSelector="
                       "reason=FailedCreate")
                   .dump()
                   .find("failed calling webhook") != std::string::npos;
      },
      kNodePatience));
  const std::string lease =
      "/apis/coordination.k8s.io/v1/namespaces/claviger-system/leases/"
      "claviger-operator";
  EXPECT_TRUE(node().Ask("DELETE", lease).ok());
  for (const char* kind : {"mutating", "validating"}) {
    const std::string path =
        std::string(kAdmission) + kind + "webhookconfigurations/claviger";
    json configuration = node().Get(path);
    ASSERT_TRUE(configuration.contains("webhooks"));
    for (json& webhook : configuration["webhooks"]) {
      webhook["clientConfig"].erase("caBundle");
    }
    const ApiAnswer emptied = node().Ask("PUT", path, configuration);
    EXPECT_TRUE(emptied.ok()) << emptied.message();
  }
  Scale(kOperator, 2);
  EXPECT_EQ(node().AwaitRollout(kNamespace, "claviger-operator", 2), "");
  // The controller that was refused tries again by itself.
  EXPECT_EQ(node().AwaitRollout("shop", "frontend", 2), "");
  EXPECT_EQ(Reads(), "200\n");
}

TEST_F(ReleaseTest, UninstallsAndLeavesNothingStuck) {
  const Status uninstalled = bed_->installation->RunHelm(
      {"uninstall", "claviger", "--namespace", kNamespace});
  ASSERT_TRUE(uninstalled) << uninstalled.error().message;
  for (const char* kind : {"connections", "grants"}) {
    const json list =
        node().Get(std::string("/apis/claviger.io/v1alpha1/") + kind);
    ASSERT_EQ(list["items"].size(), 1u) << list;
    EXPECT_FALSE(list["items"][0]["metadata"].contains("finalizers")) << list;
  }
  EXPECT_EQ(Try("shop", "true"), "accepted");
  EXPECT_EQ(Reads(), "200\n");
  EXPECT_TRUE(node().Ask("DELETE", "/api/v1/namespaces/shop").ok());
  EXPECT_TRUE(node()
                  .Ask("DELETE",
                       "/apis/apiextensions.k8s.io/v1/"
                       "customresourcedefinitions/connections.claviger.io")
                  .ok());
  EXPECT_TRUE(Await(
      [] { return node().Ask("GET", "/api/v1/namespaces/shop").status == 404; },
      kNodePatience));
}

}  // namespace
}  // namespace claviger::testing
