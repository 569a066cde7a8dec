// SPDX-License-Identifier: Apache-2.0
//
// What an application gets hold of on a real node, and what whoever has every
// right in its namespace does: each attempt is made from inside the
// application's own container, by its own account, and refused by the kernel,
// the API server or Vault in these words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/file.h"
#include "installation.h"
#include "support/await.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPods[] = "/api/v1/namespaces/shop/pods";
constexpr char kVictim[] = "/api/v1/namespaces/shop/pods/victim";
constexpr char kAccount[] = "/api/v1/namespaces/shop/serviceaccounts/intruder";
constexpr char kAudience[] = "claviger-9f1c2d3e4b5a6978";

// The account may use the connection, and do everything in its namespace.
constexpr char kWorld[] = R"(
apiVersion: v1
kind: ServiceAccount
metadata: {name: intruder, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: intruder, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: intruder, namespace: shop}]
---
apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: intruder, namespace: shop}
spec:
  connection: orders
  subjects: [{kind: ServiceAccount, namespace: shop, name: intruder}]
  privileges: [use]
---
apiVersion: v1
kind: Secret
metadata:
  name: intruder
  namespace: shop
  annotations: {kubernetes.io/service-account.name: intruder}
type: kubernetes.io/service-account-token
---
apiVersion: v1
kind: Pod
metadata:
  name: victim
  namespace: shop
  labels: {claviger.io/inject: "true"}
  annotations: {claviger.io/containers: app}
spec:
  serviceAccountName: intruder
  terminationGracePeriodSeconds: 1
  containers:
    - {name: app, image: "localhost/box:1", imagePullPolicy: Never}
    - name: other
      image: localhost/box:1
      imagePullPolicy: Never
      volumeMounts: [{name: tokens, mountPath: /tokens}]
  volumes:
    - name: tokens
      projected:
        sources:
          - serviceAccountToken: {path: own}
          - serviceAccountToken: {path: vault, audience: vault}
)";

class BoundaryTest : public InstalledTest {
 protected:
  void Begin() override {
    InstalledTest::Begin();
    const Status applied = node().Apply(kWorld);
    ASSERT_TRUE(applied) << applied.error().message;
    ASSERT_EQ(node().AwaitPhase("shop", "victim", "Running"), "Running");
  }

  // A shell in a container of the victim; $1 and so on are `words`.
  static std::string In(const std::string& container, const std::string& script,
                        const std::vector<std::string>& words = {}) {
    std::vector<std::string> argv = {"/busybox", "sh", "-c", script, "sh"};
    argv.insert(argv.end(), words.begin(), words.end());
    const auto ran = node().Exec("shop", "victim", container, argv);
    return ran ? ran->out + ran->err : ran.error().message;
  }

  // A request to the API server with the token that is mounted; its message.
  static std::string Ask(const std::string& method, const std::string& path,
                         const json& body = {},
                         const std::string& type = "application/json") {
    const std::string answer =
        In("app",
           "/curl -sk -X \"$1\" -H \"Content-Type: $3\" -d \"$4\" "
           "-H \"Authorization: Bearer $(/busybox cat "
           "/var/run/secrets/kubernetes.io/serviceaccount/token)\" "
           "\"https://$KUBERNETES_SERVICE_HOST$2\"",
           {method, path, type, body.is_null() ? "" : body.dump()});
    const json parsed = json::parse(answer, nullptr, false);
    return parsed.is_object() ? parsed.value("message", parsed.dump()) : answer;
  }

  // Vault's answer to a login as the account, with this token.
  static std::string LogIn(const std::string& token) {
    return In(
        "app", "/curl -sk -X POST -d \"$1\" \"$2/v1/auth/claviger/login\"",
        {json{{"role", "claviger.try.sa.shop.intruder"}, {"jwt", token}}.dump(),
         node().vault().address()});
  }

  // The stored pod, as somebody would create a copy of it.
  static json Copy() {
    json pod = node().Pod("shop", "victim");
    pod["metadata"] = {{"name", "copy"},
                       {"annotations", pod["metadata"]["annotations"]}};
    pod["metadata"]["annotations"].erase("claviger.io/status");
    pod["spec"].erase("nodeName");
    pod.erase("status");
    return pod;
  }
};

TEST_F(BoundaryTest, TheSidecarsFilesAndProcessesAreNotInTheApplication) {
  for (const char* container : {"app", "other"}) {
    EXPECT_THAT(In(container, "/busybox cat /var/run/secrets/claviger/token"),
                HasSubstr("No such file or directory"));
    EXPECT_THAT(In(container, "/busybox ps"),
                AllOf(HasSubstr("busybox"), Not(HasSubstr("claviger"))));
    EXPECT_THAT(In(container, "/busybox mount -t tmpfs none /tmp"),
                HasSubstr("permission denied"));
    // A node of the disk may be made, and not opened.
    EXPECT_THAT(In(container,
                   "/busybox mknod /tmp/disk b 254 0; /busybox head -c 1 "
                   "/tmp/disk; /busybox rm -f /tmp/disk"),
                HasSubstr("Operation not permitted"));
  }
}

TEST_F(BoundaryTest, TheSocketIsInNoContainerThatIsNotListed) {
  const std::string ask =
      "/curl -sS --unix-socket /run/claviger/claviger.sock "
      "http://claviger/v1/connections";
  EXPECT_THAT(In("app", ask), HasSubstr("shop/orders"));
  EXPECT_THAT(In("other", ask), HasSubstr("Couldn't connect to server"));
  EXPECT_THAT(In("other", "/busybox ls /run/claviger"),
              HasSubstr("No such file or directory"));
  // The port of the probes is all that it shares with them.
  EXPECT_THAT(In("other", "/curl -sS http://127.0.0.1:9810/v1/connections"),
              HasSubstr("there is no such page"));
  EXPECT_THAT(In("app", "/busybox touch /run/claviger/x"),
              HasSubstr("Read-only file system"));
  EXPECT_THAT(In("app", "/busybox mount -o remount,rw /run/claviger"),
              HasSubstr("permission denied"));
}

// The application may use this connection, and read its secret nowhere.
TEST_F(BoundaryTest, TheCredentialItselfIsNotGivenOut) {
  EXPECT_THAT(In("app",
                 "/curl -sS --unix-socket $CLAVIGER_SOCKET "
                 "http://claviger/v1/connections/shop/orders/credential"),
              HasSubstr(R"("status":403)"));
  const std::string log = node().Log("shop", "victim", "claviger-sidecar");
  EXPECT_THAT(log, AllOf(HasSubstr("logged in"), Not(HasSubstr("eyJ")),
                         Not(HasSubstr("hvs."))));
}

TEST_F(BoundaryTest, NoTokenThatTheApplicationCanGetLogsIn) {
  // The sidecar's own does, taken by root on the node: so it is the token that
  // is refused below, and nothing else.
  const pid_t sidecar = node().ProcessOf("shop", "victim", "claviger-sidecar");
  ASSERT_NE(sidecar, 0);
  const auto token = ReadFile("/proc/" + std::to_string(sidecar) +
                                  "/root/var/run/secrets/claviger/token",
                              size_t{1} << 16U);
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_THAT(LogIn(*token), HasSubstr("client_token"));

  constexpr char kWrongAudience[] = "invalid audience (aud) claim";
  for (const char* file : {"/tokens/own", "/tokens/vault"}) {
    EXPECT_THAT(LogIn(In("other", std::string("/busybox cat ") + file)),
                HasSubstr(kWrongAudience))
        << file;
  }
  for (const char* audience : {"", "vault", "claviger"}) {
    json request = {{"spec", json::object()}};
    if (*audience != '\0') request["spec"]["audiences"] = {audience};
    const ApiAnswer made =
        node().Ask("POST", std::string(kAccount) + "/token", request);
    ASSERT_TRUE(made.ok()) << made.message();
    EXPECT_THAT(LogIn(made.body["status"]["token"]), HasSubstr(kWrongAudience))
        << audience;
  }
  // The kind that lasts and has no audience at all.
  const json secret = node().Get("/api/v1/namespaces/shop/secrets/intruder");
  std::string text = secret.value("/data/token"_json_pointer, std::string());
  text.erase(text.find_last_not_of('=') + 1);
  const auto lasting = Base64UrlDecode(text);
  ASSERT_TRUE(lasting);
  EXPECT_THAT(LogIn(*lasting), HasSubstr(kWrongAudience));
}

TEST_F(BoundaryTest, NobodyHasATokenWithTheAudienceMade) {
  EXPECT_THAT(
      Ask("POST", std::string(kAccount) + "/token",
          {{"spec", {{"audiences", {kAudience}}}}}),
      HasSubstr("tokens with this audience are reserved by Claviger: "
                "only a kubelet requests them, for a pod that it runs"));
  const json bound = {{"kind", "Pod"},
                      {"apiVersion", "v1"},
                      {"name", "victim"},
                      {"uid", node().Pod("shop", "victim")["metadata"]["uid"]}};
  EXPECT_THAT(
      Ask("POST", std::string(kAccount) + "/token",
          {{"spec", {{"audiences", {kAudience}}, {"boundObjectRef", bound}}}}),
      HasSubstr("only a kubelet requests them"));
}

TEST_F(BoundaryTest, NoPodMountsSuchATokenButTheSidecars) {
  json plain = {{"metadata", {{"name", "copy"}}}, {"spec", json::object()}};
  plain["spec"]["volumes"] = json::parse(
      R"([{"name": "t", "projected": {"sources": [{"serviceAccountToken":
           {"path": "token", "audience": "claviger-9f1c2d3e4b5a6978"}}]}}])");
  plain["spec"]["containers"] = json::parse(
      R"([{"name": "app", "image": "localhost/box:1",
           "volumeMounts": [{"name": "t", "mountPath": "/t"}]}])");
  EXPECT_THAT(Ask("POST", kPods, plain),
              HasSubstr("the audience of this service account token is "
                        "reserved for Claviger's sidecar"));

  // As `kubectl debug --copy-to` makes one.
  json shared = Copy();
  shared["spec"]["shareProcessNamespace"] = true;
  EXPECT_THAT(Ask("POST", kPods, shared),
              HasSubstr("cannot share its process namespace"));
  json other = Copy();
  other["spec"]["initContainers"][0]["image"] = "localhost/box:1";
  EXPECT_THAT(Ask("POST", kPods, other),
              HasSubstr("the image of the container claviger-sidecar is not "
                        "the one that the operator is configured with"));
  json mounted = Copy();
  mounted["spec"]["containers"][0]["volumeMounts"].push_back(
      {{"name", "claviger-token"}, {"mountPath", "/t"}});
  EXPECT_THAT(Ask("POST", kPods, mounted),
              HasSubstr("only the init container claviger-sidecar may mount a "
                        "token with this audience"));
}

// Controllers ask for pods with rights of their own.
TEST_F(BoundaryTest, NoControllerMakesSuchAPodForSomebody) {
  json job = json::parse(
      R"({"apiVersion": "batch/v1", "kind": "Job",
          "metadata": {"name": "copies", "namespace": "shop"},
          "spec": {"backoffLimit": 0}})");
  json pod = Copy();
  pod["spec"]["shareProcessNamespace"] = true;
  pod["spec"]["restartPolicy"] = "Never";
  job["spec"]["template"] = {{"spec", pod["spec"]}};
  EXPECT_THAT(Ask("POST", "/apis/batch/v1/namespaces/shop/jobs", job),
              HasSubstr(R"("kind":"Job")"));
  std::string events;
  EXPECT_TRUE(Await(
      [&] {
        events = node()
                     .Get(
                         "/api/v1/namespaces/shop/events?fieldSelector="
                         "involvedObject.name=copies")
                     .dump();
        return events.find("FailedCreate") != std::string::npos;
      },
      kNodePatience));
  EXPECT_THAT(events, HasSubstr("cannot share its process namespace"));
  Ask("DELETE", "/apis/batch/v1/namespaces/shop/jobs/copies");
}

TEST_F(BoundaryTest, NobodyEntersTheSidecar) {
  constexpr char kNobody[] =
      "nobody may exec into or attach to the container claviger-sidecar";
  for (const char* way : {"exec", "attach"}) {
    const std::string path =
        std::string(kVictim) + "/" + way + "?stdout=true&command=id&container=";
    for (const char* method : {"POST", "GET"}) {
      EXPECT_THAT(Ask(method, path + "claviger-sidecar"), HasSubstr(kNobody))
          << method << " " << way;
      // Their own container is theirs: only an upgrade is missing.
      EXPECT_THAT(Ask(method, path + "app"), HasSubstr("pgrade"))
          << method << " " << way;
    }
  }
  // The kubelet knows no such policy, and does not take the account's word.
  EXPECT_THAT(In("app",
                 "/curl -sk -X POST -H \"Authorization: Bearer $(/busybox cat "
                 "/var/run/secrets/kubernetes.io/serviceaccount/token)\" "
                 "'https://10.77.0.1:10250/run/shop/victim/claviger-sidecar?"
                 "cmd=id'"),
              HasSubstr("Forbidden (user=system:serviceaccount:shop:intruder, "
                        "verb=create, resource=nodes"));
}

TEST_F(BoundaryTest, NobodyChangesOrDebugsTheSidecarsPod) {
  const auto image = json::parse(
      R"({"spec": {"initContainers": [
          {"name": "claviger-sidecar", "image": "localhost/box:1"}]}})");
  EXPECT_THAT(Ask("PATCH", kVictim, image, kStrategicPatch),
              HasSubstr("the image of a container that holds a token of "
                        "Claviger's cannot be changed"));
  const auto debug = [](const char* more) {
    json container = {{"name", "debugger"}, {"image", "localhost/box:1"}};
    container.update(json::parse(more));
    return Ask("PATCH", std::string(kVictim) + "/ephemeralcontainers",
               {{"spec", {{"ephemeralContainers", json::array({container})}}}},
               kStrategicPatch);
  };
  EXPECT_THAT(debug(R"({"targetContainerName": "claviger-sidecar"})"),
              HasSubstr("an ephemeral container cannot target the container "
                        "that holds a token of Claviger's"));
  for (const char* volume : {"claviger-token", "claviger-run"}) {
    const json mount = {
        {"volumeMounts", {{{"name", volume}, {"mountPath", "/x"}}}}};
    EXPECT_THAT(debug(mount.dump().c_str()),
                HasSubstr("an ephemeral container cannot mount a volume of "
                          "Claviger's sidecar"));
  }
  EXPECT_THAT(debug(R"({"targetContainerName": "other"})"),
              HasSubstr(R"("kind":"Pod")"));
}

// What it may enter by `kubectl exec` it may debug as well, and no more.
TEST_F(BoundaryTest, ADebuggerGetsWhatTheContainerItTargetsHas) {
  json debuggers = json::array();
  for (const char* target : {"app", "other"}) {
    debuggers.push_back({{"name", std::string("debug-") + target},
                         {"image", "localhost/box:1"},
                         {"imagePullPolicy", "Never"},
                         {"targetContainerName", target}});
  }
  const ApiAnswer added = node().Ask(
      "PATCH", std::string(kVictim) + "/ephemeralcontainers",
      {{"spec", {{"ephemeralContainers", debuggers}}}}, kStrategicPatch);
  ASSERT_TRUE(added.ok()) << added.message();
  for (const char* target : {"app", "other"}) {
    ASSERT_TRUE(Await(
        [&] {
          return node().ProcessOf("shop", "victim",
                                  std::string("debug-") + target) != 0;
        },
        kNodePatience));
  }
  const std::string look =
      "/busybox ls /proc/[0-9]*/root/run/claviger "
      "/proc/[0-9]*/root/var/run/secrets/claviger";
  EXPECT_THAT(In("debug-app", look),
              AllOf(HasSubstr("claviger.sock"), Not(HasSubstr("token"))));
  EXPECT_THAT(In("debug-other", look),
              AllOf(HasSubstr("No such file"), Not(HasSubstr("claviger.sock")),
                    Not(HasSubstr("token"))));
}

TEST_F(BoundaryTest, NobodyInANamespaceSwitchesTheGuardOff) {
  const std::string admission = "/apis/admissionregistration.k8s.io/v1/";
  for (const char* object : {"validatingadmissionpolicies/claviger-pods",
                             "validatingadmissionpolicybindings/claviger-pods",
                             "mutatingwebhookconfigurations/claviger"}) {
    EXPECT_THAT(Ask("DELETE", admission + object),
                HasSubstr("is forbidden: User "
                          "\"system:serviceaccount:shop:intruder\" cannot "
                          "delete resource"));
  }
  EXPECT_THAT(Ask("PATCH",
                  "/api/v1/namespaces/claviger-system/configmaps/"
                  "claviger-operator",
                  json::object(), kMergePatch),
              HasSubstr("cannot patch resource \"configmaps\""));
}

}  // namespace
}  // namespace claviger::testing
