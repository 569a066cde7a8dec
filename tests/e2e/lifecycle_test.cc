// SPDX-License-Identifier: Apache-2.0
//
// How injected pods start, end and are replaced on a real node.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "installation.h"
#include "support/await.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kPods[] = "/api/v1/namespaces/shop/pods/";
// As an application would ask.
constexpr char kAsk[] =
    "/curl -sS --fail --unix-socket /run/claviger/claviger.sock "
    "http://claviger/v1/connections/shop/orders/credential";

json ContainerOf(const json& pod, const char* list, const std::string& name) {
  for (const json& one :
       pod.value("status", json::object()).value(list, json::array())) {
    if (one.value("name", "") == name) return one;
  }
  return json::object();
}

json EndOf(const json& pod, const char* list, const std::string& name) {
  return ContainerOf(pod, list, name)
      .value("/state/terminated"_json_pointer, json::object());
}

int CountLines(const std::string& text, const std::string& line) {
  int count = 0;
  for (size_t at = text.find(line); at != std::string::npos;
       at = text.find(line, at + line.size())) {
    ++count;
  }
  return count;
}

class LifecycleTest : public InstalledTest {};

TEST_F(LifecycleTest, FinishesAJobWhoseApplicationHasEnded) {
  const Status applied = node().Apply(R"(
apiVersion: batch/v1
kind: Job
metadata: {name: report, namespace: shop}
spec:
  backoffLimit: 0
  template:
    metadata:
      labels: {app: report, claviger.io/inject: "true"}
    spec:
      restartPolicy: Never
      serviceAccountName: frontend
      containers:
        - name: main
          image: localhost/box:1
          imagePullPolicy: Never
          command: [/busybox, sh, -c, ")" +
                                      std::string(kAsk) + R"("]
)");
  ASSERT_TRUE(applied) << applied.error().message;
  json job;
  EXPECT_TRUE(Await(
      [&] {
        job = node().Get("/apis/batch/v1/namespaces/shop/jobs/report");
        return job.value("/status/succeeded"_json_pointer, 0) == 1;
      },
      kNodePatience))
      << job.dump();
  const json pods = node().Pods("shop", "app=report");
  ASSERT_EQ(pods.size(), 1u);
  const std::string name = pods[0]["metadata"]["name"];
  EXPECT_THAT(node().Log("shop", name, "main"),
              HasSubstr(R"("username":"shop")"));
  const json end = EndOf(pods[0], "initContainerStatuses", "claviger-sidecar");
  EXPECT_EQ(end.value("exitCode", -1), 0) << end;
}

// The finalizer keeps the pod's last status readable.
TEST_F(LifecycleTest, ServesTheApplicationToItsEndAndThenExitsWithZero) {
  const Status applied = node().Apply(R"(
apiVersion: v1
kind: Pod
metadata:
  name: ending
  namespace: shop
  labels: {claviger.io/inject: "true"}
  finalizers: [example.com/look]
spec:
  serviceAccountName: frontend
  containers:
    - name: main
      image: localhost/box:1
      imagePullPolicy: Never
      command: [/busybox, sh, -c]
      args:
        - |
          at_end() {
            good=0
            for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
              )" + std::string(kAsk) + R"( > /dev/null && good=$((good + 1))
              /busybox sleep 0.1
            done
            echo -n "$good of 20" > /dev/termination-log
            exit 0
          }
          trap at_end TERM
          while true; do /busybox sleep 0.1; done
)");
  ASSERT_TRUE(applied) << applied.error().message;
  const std::string path = std::string(kPods) + "ending";
  ASSERT_EQ(node().AwaitPhase("shop", "ending", "Running"), "Running");
  ASSERT_TRUE(node().Ask("DELETE", path).ok());
  json pod;
  json sidecar;
  EXPECT_TRUE(Await(
      [&] {
        pod = node().Get(path);
        sidecar = EndOf(pod, "initContainerStatuses", "claviger-sidecar");
        return !sidecar.empty();
      },
      kNodePatience))
      << pod["status"].dump();
  const json main = EndOf(pod, "containerStatuses", "main");
  EXPECT_EQ(main.value("message", ""), "20 of 20") << main;
  EXPECT_EQ(sidecar.value("exitCode", -1), 0) << sidecar;
  // Texts of equal form: they compare as times.
  EXPECT_GE(sidecar.value("finishedAt", ""), main.value("finishedAt", "none"));
  node().Ask("PATCH", path, {{"metadata", {{"finalizers", nullptr}}}},
             kMergePatch);
}

// The application asks the sidecar for each request, so a sidecar that comes
// late or goes early is a request lost.
constexpr char kWeb[] = R"(
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop}
data:
  ask: |
    #!/busybox sh
    if answer=$()";
constexpr char kWebRest[] = R"(); then
      printf 'Status: 200 OK\r\nContent-Type: application/json\r\n\r\n%s' "$answer"
    else
      printf 'Status: 503 Service Unavailable\r\n\r\n'
    fi
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
  template:
    metadata:
      labels: {app: web, claviger.io/inject: "true"}
    spec:
      serviceAccountName: frontend
      containers:
        - name: web
          image: localhost/box:1
          imagePullPolicy: Never
          command: [/busybox, sh, -c]
          args:
            - |
              /busybox httpd -p 8080 -h /www
              trap 'exit 0' TERM
              while true; do /busybox sleep 0.2; done
          readinessProbe:
            httpGet: {path: /cgi-bin/ask, port: 8080}
            periodSeconds: 1
          # Until kube-proxy has heard that this pod ends.
          lifecycle: {preStop: {sleep: {seconds: 3}}}
          volumeMounts: [{name: pages, mountPath: /www/cgi-bin}]
      volumes:
        - name: pages
          configMap: {name: web, defaultMode: 493}
---
apiVersion: v1
kind: Pod
metadata: {name: visitor, namespace: shop}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: localhost/box:1
      imagePullPolicy: Never
)";
constexpr char kVisit[] = R"(
for i in 1 2 3; do
  while [ ! -e /tmp/stop ]; do
    /curl -s -m 10 -o /dev/null -w '%{http_code} %{errormsg}\n' \
      "http://$0:8080/cgi-bin/ask"
  done >> /tmp/visits &
done
)";

TEST_F(LifecycleTest, LosesNoRequestWhileADeploymentIsReplaced) {
  const Status applied = node().Apply(kWeb + std::string(kAsk) + kWebRest);
  ASSERT_TRUE(applied) << applied.error().message;
  ASSERT_EQ(node().AwaitRollout("shop", "web", 2), "");
  ASSERT_EQ(node().AwaitPhase("shop", "visitor", "Running"), "Running");
  const json service = node().Get("/api/v1/namespaces/shop/services/web");
  const std::string address = service["spec"]["clusterIP"];
  const auto visitor = [&](const std::string& script) {
    const auto ran = node().Exec("shop", "visitor", "main",
                                 {"/busybox", "sh", "-c", script, address});
    return ran ? ran->out + ran->err : ran.error().message;
  };
  const auto visits = [&] { return visitor("/busybox cat /tmp/visits"); };
  const auto await_more = [&] {
    const int so_far = CountLines(visits(), "\n");
    return Await([&] { return CountLines(visits(), "\n") > so_far + 10; },
                 kNodePatience);
  };
  EXPECT_EQ(visitor(kVisit), "");
  EXPECT_TRUE(await_more());
  const ApiAnswer restart = node().Ask(
      "PATCH", "/apis/apps/v1/namespaces/shop/deployments/web",
      {{"spec",
        {{"template", {{"metadata", {{"annotations", {{"restart", "1"}}}}}}}}}},
      kMergePatch);
  ASSERT_TRUE(restart.ok()) << restart.message();
  EXPECT_EQ(node().AwaitRollout("shop", "web", 2), "");
  EXPECT_TRUE(Await([&] { return node().Pods("shop", "app=web").size() == 2; },
                    kNodePatience));
  EXPECT_TRUE(await_more());
  visitor("echo > /tmp/stop; /busybox sleep 0.5");
  const std::string all = visits();
  EXPECT_EQ(CountLines(all, "200 \n"), CountLines(all, "\n")) << all;
}

// What the restricted Pod Security Standard asks of the application itself, and
// no token of the API server in it.
constexpr char kStrict[] = R"(
apiVersion: v1
kind: Namespace
metadata:
  name: strict
  labels: {pod-security.kubernetes.io/enforce: restricted}
---
apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: orders, namespace: strict}
spec:
  provider: postgresql
  endpoint: {host: orders.example.com, port: 5432, database: orders, tls: {mode: verify-full}}
  sharing: {mode: Private}
  credentials:
    type: password
    mode: Global
    default: {vault: {engine: kv2, mount: secret, path: strict/orders}}
  serverSideOnly: false
  secretReaders: Granted
---
apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: app, namespace: strict}
spec:
  connection: orders
  subjects: [{kind: ServiceAccount, namespace: strict, name: app}]
  privileges: [use, readSecret]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: app, namespace: strict}
---
apiVersion: v1
kind: Pod
metadata:
  name: app
  namespace: strict
  labels: {claviger.io/inject: "true"}
spec:
  serviceAccountName: app
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 1
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    seccompProfile: {type: RuntimeDefault}
  containers:
    - name: app
      image: localhost/box:1
      imagePullPolicy: Never
      securityContext:
        allowPrivilegeEscalation: false
        capabilities: {drop: [ALL]}
)";

TEST_F(LifecycleTest, RunsInRestrictedNamespacesWithoutATokenOfTheApiServer) {
  ASSERT_TRUE(
      node().vault().Call("POST", "secret/data/strict/orders",
                          R"({"data":{"username":"strict","password":"s4"}})"));
  const Status applied = node().Apply(kStrict);
  ASSERT_TRUE(applied) << applied.error().message;
  ASSERT_EQ(node().AwaitPhase("strict", "app", "Running"), "Running");
  const auto ran =
      node().Exec("strict", "app", "app",
                  {"/busybox", "sh", "-c",
                   "/busybox ls /var/run/secrets; /curl -sS --unix-socket "
                   "\"$CLAVIGER_SOCKET\" "
                   "http://claviger/v1/connections/strict/orders/credential"});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_THAT(ran->out, HasSubstr(R"("username":"strict")"));
  EXPECT_THAT(ran->err, HasSubstr("/var/run/secrets: No such file"));
  // That the namespace does enforce it.
  json pod = node().Pod("strict", "app");
  pod["metadata"] = {{"name", "other"}, {"labels", pod["metadata"]["labels"]}};
  pod["spec"]["containers"][0].erase("securityContext");
  EXPECT_THAT(
      node().Ask("POST", "/api/v1/namespaces/strict/pods", pod).message(),
      HasSubstr("violates PodSecurity \"restricted:latest\""));
}

}  // namespace
}  // namespace claviger::testing
