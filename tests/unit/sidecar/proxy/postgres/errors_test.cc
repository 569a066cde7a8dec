// SPDX-License-Identifier: Apache-2.0
//
// Each reason of the sidecar's as a PostgreSQL error.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sidecar/proxy/postgres/faults.h"
#include "unit/sidecar/proxy/postgres/front_bed.h"

namespace claviger::testing {
namespace {

using ::testing::HasSubstr;

class ErrorsTest : public FrontBed {};

TEST_F(ErrorsTest, GivesEachReasonItsSqlState) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"NotVisible", "28000"},
      {"Forbidden", "28000"},
      {"Denied", "28000"},
      {"NotEligible", "28000"},
      {"EnrollmentRequired", "28000"},
      {"VaultDenied", "28000"},
      {"NotReady", "F0000"},
      {"AmbiguousCredential", "F0000"},
      {"NoCredential", "F0000"},
      {"SecretMissing", "F0000"},
      {"InjectionUnsupported", "F0000"},
      {"CredentialRefused", "28P01"},
      {"BackendUnavailable", "57P03"},
      {"Starting", "57P03"},
      {"LoginRefused", "57P03"},
  };
  for (const auto& [reason, sqlstate] : cases) {
    SCOPED_TRACE(reason);
    access_.problem = sidecar::Problem{reason, "the detail", "the fix"};
    Wire client = Connect();
    client.Say(Startup());
    const postgres::ErrorFields error = HearError(client);
    EXPECT_EQ(error.sqlstate, sqlstate);
    EXPECT_EQ(error.message, "the detail");
    EXPECT_EQ(error.hint, std::string("Connection sales/warehouse: ") + reason +
                              "; the fix");
    ASSERT_FALSE(reports_.empty());
    EXPECT_EQ(reports_.back().outcome, reason);
  }
}

TEST_F(ErrorsTest, SaysThatAnAddressMayNotBeConnectedTo) {
  access_.facts().endpoint.host = "169.254.169.254";
  Wire client = Connect();
  client.Say(Startup());
  const postgres::ErrorFields error = HearError(client);
  EXPECT_EQ(error.sqlstate, "F0000");
  EXPECT_THAT(error.hint, HasSubstr("AddressRefused"));
}

TEST_F(ErrorsTest, SaysThatTheProviderIsAnother) {
  access_.facts().provider = "mysql";
  Wire client = Connect();
  client.Say(Startup());
  EXPECT_THAT(HearError(client).hint, HasSubstr("InjectionUnsupported"));
  EXPECT_TRUE(NobodyCame());
}

TEST(FaultsTest, TellsRevocationsFromOutages) {
  using sidecar::proxy::pg::IsRevocation;
  for (const char* reason : {"NotVisible", "Denied", "Forbidden", "NotReady",
                             "NotEligible", "LoginRefused"}) {
    EXPECT_TRUE(IsRevocation({reason, "", ""})) << reason;
  }
  for (const char* reason : {"BackendUnavailable", "Starting", "SecretMissing",
                             "VaultDenied", "CredentialRefused"}) {
    EXPECT_FALSE(IsRevocation({reason, "", ""})) << reason;
  }
}

}  // namespace
}  // namespace claviger::testing
