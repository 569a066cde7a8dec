// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/admission_review.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "unit/operator/webhook/bed.h"

namespace claviger::op::webhook {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using namespace testing;  // NOLINT: the bed of these tests

json ReviewOf(const json& object) {
  return {{"apiVersion", "admission.k8s.io/v1"},
          {"kind", "AdmissionReview"},
          {"request",
           {{"uid", "u-1"},
            {"kind",
             {{"group", "claviger.io"},
              {"version", "v1alpha1"},
              {"kind", object["kind"]}}},
            {"namespace", "sales"},
            {"name", object["metadata"].value("name", "")},
            {"operation", "CREATE"},
            {"userInfo", {{"username", "erin"}, {"groups", {"a", "b"}}}},
            {"dryRun", true},
            {"object", object},
            {"oldObject", nullptr}}}};
}

TEST(ParseReviewTest, ReadsWhoWantsWhat) {
  json object = ConnectionJson("sales/warehouse", "erin");
  object["metadata"]["finalizers"] = {"claviger.io/vault"};
  const auto review = ParseReview(ReviewOf(object).dump());
  ASSERT_TRUE(review) << review.error().message;
  EXPECT_EQ(review->uid, "u-1");
  EXPECT_EQ(review->kind, Kind::kConnection);
  EXPECT_EQ(review->operation, Operation::kCreate);
  EXPECT_EQ(review->user.username, "erin");
  EXPECT_EQ(review->user.groups, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(review->dry_run);
  ASSERT_TRUE(review->object && review->object->connection);
  EXPECT_EQ(review->object->connection->endpoint.host, "dw.corp");
  EXPECT_TRUE(review->object->has_owner);
  EXPECT_TRUE(review->object->has_finalizer);
  EXPECT_FALSE(review->old_object);
}

TEST(ParseReviewTest, TakesAGeneratedNameByItsBeginning) {
  json object = GrantJson("sales/x", "warehouse", {UserJson("bob")}, {"use"});
  object["metadata"].erase("name");
  object["metadata"]["generateName"] = "nightly-";
  object["metadata"].erase("namespace");
  const auto review = ParseReview(ReviewOf(object).dump());
  ASSERT_TRUE(review);
  EXPECT_EQ(review->name, "nightly-");
  ASSERT_TRUE(review->object->grant);
  EXPECT_EQ(review->object->grant->metadata.ns, "sales");
  EXPECT_FALSE(review->object->grant->refused);
}

TEST(ParseReviewTest, KeepsWhatIsWrongWithAnObject) {
  json object = ConnectionJson("sales/warehouse", "erin");
  object["spec"]["endpoint"] = "dw.corp";
  const auto review = ParseReview(ReviewOf(object).dump());
  ASSERT_TRUE(review);
  EXPECT_FALSE(review->object->connection);
  ASSERT_FALSE(review->object->problems.empty());
  EXPECT_EQ(review->object->problems[0].path, "spec.endpoint");
}

TEST(ParseReviewTest, RefusesWhatIsNoReviewOfOurs) {
  const json good = ReviewOf(ConnectionJson("sales/warehouse", "erin"));
  const auto refused = [](const json& review) {
    const auto parsed = ParseReview(review.dump());
    return parsed ? ErrorCode::kInternal : parsed.error().code;
  };
  json other = good;
  other["apiVersion"] = "admission.k8s.io/v1beta1";
  EXPECT_EQ(refused(other), ErrorCode::kUnsupported);
  other = good;
  other["request"]["kind"]["kind"] = "Secret";
  EXPECT_EQ(refused(other), ErrorCode::kUnsupported);
  other = good;
  other["request"]["kind"]["group"] = "apps";
  EXPECT_EQ(refused(other), ErrorCode::kUnsupported);
  other = good;
  other["request"]["operation"] = "CONNECT";
  EXPECT_EQ(refused(other), ErrorCode::kUnsupported);
  other = good;
  other["request"].erase("uid");
  EXPECT_EQ(refused(other), ErrorCode::kMalformed);
  other = good;
  other["request"].erase("userInfo");
  EXPECT_EQ(refused(other), ErrorCode::kMalformed);
  other = good;
  other["request"]["object"] = nullptr;
  EXPECT_EQ(refused(other), ErrorCode::kMalformed);
  other = good;
  other["request"]["operation"] = "DELETE";  // and no oldObject
  EXPECT_EQ(refused(other), ErrorCode::kMalformed);
}

TEST(ParseReviewTest, IsBoundedInBytesDepthAndDuplicates) {
  EXPECT_EQ(ParseReview(std::string(kMaxReviewBytes + 1, ' ')).error().code,
            ErrorCode::kTooLarge);
  EXPECT_EQ(ParseReview(std::string(100'000, '[')).error().code,
            ErrorCode::kTooLarge);
  EXPECT_EQ(ParseReview(R"({"a":1,"a":2})").error().code,
            ErrorCode::kMalformed);
  EXPECT_EQ(ParseReview("\xff").error().code, ErrorCode::kMalformed);
}

TEST(WriteAnswerTest, RefusesWithCodeAndMessage) {
  Answer answer;
  answer.code = 403;
  answer.message = "cannot create";
  const json body = json::parse(WriteAnswer("u-1", answer));
  EXPECT_EQ(body["apiVersion"], "admission.k8s.io/v1");
  EXPECT_EQ(body["response"], json::parse(R"({"uid":"u-1","allowed":false,
                "status":{"code":403,"message":"cannot create"}})"));
}

TEST(WriteAnswerTest, CarriesWarningsAndAPatchInBase64) {
  Answer answer;
  answer.allowed = true;
  answer.warnings = {"careful", std::string(1'000, 'x')};
  answer.patch = {{"add", "/spec/owner", R"({"kind":"User","name":"erin"})"},
                  {"remove", "/metadata/annotations/a", ""}};
  const json response = json::parse(WriteAnswer("u-1", answer))["response"];
  EXPECT_EQ(response["warnings"][0], "careful");
  EXPECT_EQ(response["warnings"][1].get<std::string>().size(), 240U);
  EXPECT_EQ(response["patchType"], "JSONPatch");
  EXPECT_EQ(response["patch"],
            "W3sib3AiOiJhZGQiLCJwYXRoIjoiL3NwZWMvb3duZXIiLCJ2YWx1ZSI6eyJraW5kIj"
            "oiVXNlciIsIm5hbWUiOiJlcmluIn19LHsib3AiOiJyZW1vdmUiLCJwYXRoIjoiL21l"
            "dGFkYXRhL2Fubm90YXRpb25zL2EifV0=");
  EXPECT_FALSE(response.contains("status"));
}

}  // namespace
}  // namespace claviger::op::webhook
