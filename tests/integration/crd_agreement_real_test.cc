// SPDX-License-Identifier: Apache-2.0
//
// The custom resource definitions and lib/model (with lib/providers) give the
// same verdict on the same object: what the API server admits the operator
// accepts, and what the operator refuses never gets in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "crd_bed.h"
#include "model/limits.h"
#include "providers/catalogue.h"
#include "support/bad_manifests.h"
#include "support/hostile_names.h"
#include "support/kube_manifests.h"
#include "support/limit_cases.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

class CrdAgreementTest : public CrdTest {};

TEST_F(CrdAgreementTest, OnEveryMistakeOfTheTable) {
  for (const std::string_view base :
       {kGoodConnection, kGoodGrant, kGoodGroup}) {
    EXPECT_TRUE(Agree(YamlToJson(base)));
  }
  for (const BadManifest& bad : BadManifests()) Agree(YamlToJson(Text(bad)));
}

TEST_F(CrdAgreementTest, OnHostileNamesInEveryField) {
  for (const auto& fields :
       {ConnectionNames(), EndpointNames(), GrantAndGroupNames()}) {
    for (const NameField& field : fields) {
      const bool own =
          field.path == "metadata.name" || field.path == "metadata.namespace";
      // Names of objects are judged as those of every kind of object are.
      if (field.path == "metadata.namespace") continue;
      for (const std::string& name : HostileNames()) {
        if (own && name.empty()) continue;
        EXPECT_FALSE(Agree(WithName(field, name)));
      }
      Agree(WithName(field, HarmlessName(field.path)));
    }
  }
}

TEST_F(CrdAgreementTest, OnEveryBound) {
  for (const auto& cases : {ListLimits(), TextLimits()}) {
    for (const LimitCase& c : cases) {
      SCOPED_TRACE(c.path);
      Agree(c.json(c.max));
      EXPECT_FALSE(Agree(c.json(c.max + 1)) && c.path != "metadata.uid");
    }
  }
  EXPECT_TRUE(Agree(ConnectionTrusting(model::kMaxCaBundle)));
  EXPECT_FALSE(Agree(ConnectionTrusting(model::kMaxCaBundle + 1)));
}

TEST_F(CrdAgreementTest, OnEveryTypeAtEveryProvider) {
  int accepted = 0;
  for (const providers::Provider& provider : providers::AllProviders()) {
    for (const auto& type : providers::AllCredentialTypes()) {
      json object = Good(kGoodConnection);
      json& spec = object["spec"];
      spec["provider"] = provider.id;
      spec["endpoint"] = provider.family == providers::EndpointFamily::kUrl
                             ? json{{"url", "https://a.corp"}}
                             : json{{"host", "a.corp"}};
      spec["credentials"] = {{"type", type.id}, {"mode", "PerUser"}};
      spec["serverSideOnly"] = provider.has_injector;
      if (!Agree(object.dump())) continue;
      ++accepted;
      for (const char* sharing :
           {"Private", "Organization", "Groups", "ViewerCredentials"}) {
        for (const char* mode : {"Global", "PerUser"}) {
          spec["sharing"] = {{"mode", sharing}, {"groups", {"finance"}}};
          spec["credentials"]["mode"] = mode;
          Agree(object.dump());
        }
      }
    }
  }
  EXPECT_GT(accepted, 80);
}

TEST_F(CrdAgreementTest, OnWhatEachProviderTakes) {
  for (const providers::Provider& provider : providers::AllProviders()) {
    const bool url = provider.family == providers::EndpointFamily::kUrl;
    json object = Good(kGoodConnection);
    json& spec = object["spec"];
    spec["provider"] = provider.id;
    spec["credentials"] = {{"type", provider.types.at(0)}, {"mode", "PerUser"}};
    spec["serverSideOnly"] = provider.has_injector;
    const json base =
        url ? json{{"url", "https://a.corp"}} : json{{"host", "a.corp"}};
    const auto agree = [&](const json& patch) {
      spec["endpoint"] = base;
      spec["endpoint"].merge_patch(patch);
      return Agree(object.dump());
    };
    EXPECT_TRUE(agree(json::object())) << provider.id;
    for (const std::string_view name : provider.parameters) {
      EXPECT_TRUE(agree({{"parameters", {{name, "x"}}}})) << provider.id;
    }
    EXPECT_FALSE(agree({{"parameters", {{"sslmode", "x"}}}}));
    EXPECT_EQ(agree({{"database", "x"}}), provider.has_database);
    EXPECT_EQ(agree({{"methods", {"GET"}}}), url);
    EXPECT_EQ(agree({{"pathPrefixes", {"/a"}}}), url);
    EXPECT_EQ(agree({{"hosts", {"b.corp:1"}}}), provider.has_hosts);
    EXPECT_FALSE(agree(url ? json{{"url", nullptr}, {"host", "a.corp"}}
                           : json{{"host", nullptr}, {"url", "https://a"}}));
    spec["serverSideOnly"] = true;
    EXPECT_EQ(agree(json::object()), provider.has_injector);
  }
}

TEST_F(CrdAgreementTest, OnTheKeysOfEveryType) {
  for (const providers::Provider& provider : providers::AllProviders()) {
    for (const std::string_view id : provider.types) {
      const providers::CredentialType& type = *providers::FindType(id);
      json object = Good(kGoodConnection);
      json& spec = object["spec"];
      spec["provider"] = provider.id;
      spec["endpoint"] = provider.family == providers::EndpointFamily::kUrl
                             ? json{{"url", "https://a.corp"}}
                             : json{{"host", "a.corp"}};
      spec["serverSideOnly"] = false;
      spec["credentials"]["type"] = id;
      spec["credentials"]["mode"] = "Layered";
      json& keys = spec["credentials"]["default"]["vault"]["keys"];
      for (const auto& list : {type.required, type.optional}) {
        for (const std::string_view key : list) keys[std::string(key)] = "x";
      }
      EXPECT_TRUE(Agree(object.dump())) << id;
      keys["no_such_key"] = "x";
      EXPECT_FALSE(Agree(object.dump())) << id;
    }
    if (::testing::Test::HasFailure()) break;
  }
}

TEST_F(CrdAgreementTest, OnDisclosureTlsAndFailure) {
  for (const char* mode : {"disable", "require", "verify-ca", "verify-full"}) {
    for (const bool insecure : {false, true}) {
      for (const bool server_side_only : {false, true}) {
        json object = Good(kGoodConnection);
        object["spec"]["endpoint"]["tls"]["mode"] = mode;
        object["spec"]["endpoint"]["insecure"] = insecure;
        object["spec"]["serverSideOnly"] = server_side_only;
        Agree(object.dump());
      }
    }
  }
  for (const char* sharing : {"Private", "ViewerCredentials", "Groups"}) {
    for (const char* mode : {"Global", "PerUser", "Layered"}) {
      for (const char* failure : {"Fail", "Next"}) {
        json object = Good(kGoodConnection);
        object["spec"]["sharing"]["mode"] = sharing;
        object["spec"]["credentials"]["mode"] = mode;
        object["spec"]["credentials"]["onSecretFailure"] = failure;
        Agree(object.dump());
      }
    }
  }
}

TEST_F(CrdAgreementTest, OnDurations) {
  for (const json& duration :
       std::vector<json>{"10s",  "9s",    "1s",        "10m",
                         "168h", "169h",  "604800s",   "604801s",
                         "10d",  "1h30m", "010s",      "0s",
                         "-10m", "+10m",  "10",        "",
                         " 10m", "10m ",  "10M",       "1000000s",
                         "1.5h", "10ms",  600,         1.5,
                         true,   "m",     "10\u0660m", json::array({"10m"})}) {
    json object = Good(kGoodConnection);
    object["spec"]["credentials"]["maxStale"] = duration;
    Agree(object.dump());
  }
}

// What the two judge differently, and why nobody is harmed by it.
TEST_F(CrdAgreementTest, ExceptForThese) {
  struct Difference {
    const char* reason;
    const char* base;
    const char* patch;
  };
  for (const Difference& one : std::vector<Difference>{
           {"a whole number is stored as one, however it was written",
            "Connection", R"({"spec":{"endpoint":{"port":5432.0}}})"},
           {"CEL compares times to the nanosecond, we to the millisecond: such "
            "a Grant is refused here, and gives nothing",
            "Grant",
            R"({"spec":{"notBefore":"2026-12-01T00:00:00.0001Z",
                        "expiresAt":"2026-12-01T00:00:00.0002Z"}})"},
       }) {
    json object =
        Good(one.base == std::string("Grant") ? kGoodGrant : kGoodConnection);
    object.merge_patch(json::parse(one.patch));
    EXPECT_FALSE(Ours(object.dump()).accepted) << one.reason;
    EXPECT_TRUE(Theirs(object, object.dump()).accepted) << one.reason;
  }
  // null where there is a default: the API server puts the default there.
  json object = Good(kGoodConnection);
  object["spec"]["deletionPolicy"] = nullptr;
  EXPECT_FALSE(Ours(object.dump()).accepted);
  const Verdict theirs = Theirs(object, object.dump());
  EXPECT_TRUE(theirs.accepted);
  EXPECT_EQ(json::parse(theirs.why)["spec"]["deletionPolicy"], "Block");
}

TEST_F(CrdAgreementTest, ExplainsWhatIsWrongAndHowToPutItRight) {
  json object = Good(kGoodConnection);
  object["spec"]["credentials"]["type"] = "token";
  object["spec"]["sharing"]["mode"] = "Groups";
  const std::string why = Theirs(object, object.dump()).why;
  EXPECT_THAT(why,
              ::testing::HasSubstr("spec.credentials.type: Invalid value"));
  EXPECT_THAT(why, ::testing::HasSubstr(
                       "provider postgresql takes no credentials of this "
                       "type; use password, client-cert, dyn, oauth2-code, "
                       "oauth2-client or kerberos"));
  EXPECT_THAT(why, ::testing::HasSubstr(
                       "spec.sharing.groups: Required value: required with "
                       "mode Groups; name the groups that may use the "
                       "connection"));
}

TEST_F(CrdAgreementTest, NeverRepeatsAPasswordInTheWrongPlace) {
  for (const json& endpoint : std::vector<json>{
           {{"url", "https://u:hunter2@a.corp/x"}},
           {{"host", "u:hunter2@a.corp"}},
           {{"hosts", {"u:hunter2@a.corp:1"}}},
           {{"host", "a"}, {"database", "postgresql://u:hunter2@a.corp/b"}},
           {{"host", "a"}, {"parameters", {{"options", "{hunter2}"}}}}}) {
    json object = Good(kGoodConnection);
    object["spec"]["endpoint"] = endpoint;
    const Verdict theirs = Theirs(object, object.dump());
    EXPECT_FALSE(theirs.accepted);
    EXPECT_THAT(theirs.why, ::testing::Not(::testing::HasSubstr("hunter2")));
  }
}

TEST_F(CrdAgreementTest, KeepsAGrantOnItsConnection) {
  const json grant = Good(kGoodGrant);
  const std::string path =
      ResourcePath("claviger.io/v1alpha1", "Grant", "sales");
  ASSERT_EQ(kube_->Call("POST", path, grant.dump())->status, 201);
  const auto patch = [&](const char* body) {
    HttpCall call = kube_->Prepare("PATCH", path + "/g");
    call.headers.back().second = "application/merge-patch+json";
    call.body = body;
    return *SendHttp(call);
  };
  EXPECT_EQ(patch(R"({"spec":{"suspended":true}})").status, 200);
  const HttpAnswer moved = patch(R"({"spec":{"connection":"other"}})");
  EXPECT_EQ(moved.status, 422);
  EXPECT_THAT(moved.body,
              ::testing::HasSubstr(
                  "cannot be changed; delete the Grant and create another"));
}

TEST_F(CrdAgreementTest, LeavesTheStatusToTheOperator) {
  json group = Good(kGoodGroup);
  const std::string path = ResourcePath("claviger.io/v1alpha1", "Group", "");
  group["status"] = {{"members", 5}};
  const HttpAnswer created = *kube_->Call("POST", path, group.dump());
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_FALSE(created.Json().contains("status"));
  HttpCall call = kube_->Prepare("PATCH", path + "/finance/status");
  call.headers.back().second = "application/merge-patch+json";
  call.body = R"({"spec":{"members":[]},"status":{"members":3,"conditions":[
      {"type":"Accepted","status":"True","reason":"Accepted","message":"",
       "observedGeneration":1,"lastTransitionTime":"2026-12-01T00:00:00Z"}]}})";
  const HttpAnswer patched = *SendHttp(call);
  ASSERT_EQ(patched.status, 200) << patched.body;
  EXPECT_EQ(patched.Json()["status"]["members"], 3);
  EXPECT_EQ(patched.Json()["spec"]["members"].size(), 1U);
}

TEST_F(CrdAgreementTest, AdmitsTheExamples) {
  for (const char* file : {"crm", "groups", "invoices", "invoices-nightly",
                           "payments", "service-accounts", "warehouse"}) {
    const auto text =
        ReadFile(std::string(CLAVIGER_SOURCE_DIR) +
                     "/examples/quickstart/manifests/" + file + ".yaml",
                 size_t{1} << 20U);
    ASSERT_TRUE(text) << text.error().message;
    const auto applied = ApplyManifests(*kube_, *text);
    EXPECT_TRUE(applied) << applied.error().message;
  }
}

}  // namespace
}  // namespace claviger::testing
