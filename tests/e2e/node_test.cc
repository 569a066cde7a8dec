// SPDX-License-Identifier: Apache-2.0
//
// That the node of these tests is one: before anything else is asked of it.
#include "node.h"

#include <gtest/gtest.h>

#include "integration/shared_bed.h"

namespace claviger::testing {
namespace {

class NodeTest : public SharedBedTest<Node> {};

TEST_F(NodeTest, RunsAJobBesideANativeSidecar) {
  const Status applied = bed_->Apply(R"(
apiVersion: v1
kind: Pod
metadata: {name: task, namespace: default}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  initContainers:
    - name: side
      image: localhost/box:1
      imagePullPolicy: Never
      restartPolicy: Always
  containers:
    - name: main
      image: localhost/box:1
      imagePullPolicy: Never
      command: [/busybox, echo, hello]
)");
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_EQ(bed_->AwaitPhase("default", "task", "Succeeded"), "Succeeded");
  EXPECT_EQ(bed_->Log("default", "task", "main"), "hello\n");
}

TEST_F(NodeTest, LetsPodsReachTheApiServerAndVault) {
  const Status applied = bed_->Apply(R"(
apiVersion: v1
kind: Pod
metadata: {name: caller, namespace: default}
spec:
  restartPolicy: Never
  containers:
    - name: main
      image: localhost/box:1
      imagePullPolicy: Never
      command: [/busybox, sh, -c]
      args:
        - >-
          /curl -sk --retry 20 --retry-all-errors
          https://$KUBERNETES_SERVICE_HOST/version -o /dev/null -w '%{http_code} '
          && /curl -sk )" + bed_->vault().address() +
                                     R"(/v1/sys/health
          -o /dev/null -w '%{http_code}'
)");
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_EQ(bed_->AwaitPhase("default", "caller", "Succeeded"), "Succeeded");
  EXPECT_EQ(bed_->Log("default", "caller", "main"), "200 200");
}

}  // namespace
}  // namespace claviger::testing
