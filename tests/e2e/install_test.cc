// SPDX-License-Identifier: Apache-2.0
//
// docs/install.md on a real node: the chart, its images, and Vault set up by
// the command line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "installation.h"
#include "support/await.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class InstallTest : public InstalledTest {};

TEST_F(InstallTest, LeadsFromAnEmptyClusterToACredentialInAPod) {
  std::string seen;
  Await(
      [&] {
        for (const json& pod : node().Pods("shop", "app=frontend")) {
          seen = node().Log("shop", pod["metadata"]["name"], "frontend");
        }
        return seen.find(R"("username":"shop")") != std::string::npos;
      },
      kNodePatience);
  EXPECT_THAT(seen, HasSubstr(R"("username":"shop")"));
}

}  // namespace
}  // namespace claviger::testing
