// SPDX-License-Identifier: Apache-2.0
//
// When a replica says that it is ready: `helm install --wait` comes before
// Vault is prepared, and the webhook must serve while Vault is away.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cluster_bed.h"

namespace claviger::testing {
namespace {

TEST(OperatorReadyTest, AReplicaIsReadyWithoutVaultOnceItKnowsTheObjects) {
  auto bed = ClusterBed::Start();
  CLAVIGER_NEED_SERVER(bed);
  (*bed)->vault().process().Stop();
  auto only = (*bed)->StartOperator(
      "only", "webhook: {address: 127.0.0.1, port: 0, names: [localhost]}\n");
  ASSERT_TRUE(only) << only.error().message;
  const auto line = only->WaitForLine("health_port", kPatience);
  ASSERT_TRUE(line) << only->StderrTail();
  ASSERT_TRUE(only->WaitForLine("\"leading\"", kPatience));
  HttpCall ready;
  ready.url = "http://127.0.0.1:" +
              nlohmann::json::parse(*line).at("health_port").dump() + "/readyz";
  // Without webhook configurations there is nowhere to publish an authority:
  // the webhook is what it waits for, and no longer for the objects.
  EXPECT_TRUE(ClusterBed::Await([&] {
    const auto answer = SendHttp(ready);
    return answer && answer->body.find("webhook") != std::string::npos;
  })) << SendHttp(ready)->body;
}

}  // namespace
}  // namespace claviger::testing
