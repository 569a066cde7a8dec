// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/desk.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "support/fake_clock.h"
#include "unit/operator/webhook/bed.h"

namespace claviger::op::webhook {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using namespace testing;  // NOLINT: the bed of these tests

/// Keeps the answer.
class Kept final : public http::Responder {
 public:
  void Send(http::ServerResponse response) override {
    answer = std::move(response);
  }
  std::shared_ptr<http::EventStream> StartEvents() override { return nullptr; }
  std::optional<http::ServerResponse> answer;
};

class DeskTest : public ::testing::Test {
 protected:
  std::shared_ptr<Kept> Send(const std::string& path, const std::string& body,
                             const std::string& method = "POST") {
    http::ServerRequest request;
    request.method = method;
    request.target = path;
    request.body = body;
    auto kept = std::make_shared<Kept>();
    desk_.Handle(request, kept);
    return kept;
  }
  std::shared_ptr<Kept> Validate(const json& object) {
    return Send("/validate?timeout=10s", Request(object));
  }
  std::string Request(const json& object) const {
    return json{{"apiVersion", "admission.k8s.io/v1"},
                {"kind", "AdmissionReview"},
                {"request",
                 {{"uid", "u"},
                  {"kind",
                   {{"group", "claviger.io"},
                    {"version", "v1alpha1"},
                    {"kind", object["kind"]}}},
                  {"namespace", "sales"},
                  {"operation", "CREATE"},
                  {"userInfo", {{"username", "erin"}}},
                  {"object", object}}}}
        .dump();
  }
  static json ResponseOf(const Kept& kept) {
    EXPECT_TRUE(kept.answer);
    return kept.answer ? json::parse(kept.answer->body)["response"] : json();
  }
  std::shared_ptr<const access::Snapshot> Snapshot() const {
    return std::make_shared<const access::Snapshot>(bed_.Decoded(),
                                                    bed_.settings.snapshot);
  }

  Bed bed_;
  const Desk::Patience patience_{milliseconds(500), 2};
  claviger::testing::FakeClock clock_;
  NullLogger log_;
  Counters counters_;
  Desk desk_{bed_.settings, patience_, clock_, log_, counters_};
};

TEST_F(DeskTest, FailsClosedWhileThereIsNoSnapshot) {
  const auto kept = Validate(ConnectionJson("sales/w", "erin"));
  EXPECT_FALSE(kept->answer);
  clock_.Advance(milliseconds(500));
  desk_.Expire(clock_.SteadyNow());
  const json response = ResponseOf(*kept);
  EXPECT_FALSE(response["allowed"]);
  EXPECT_EQ(response["status"]["code"], 503);
  EXPECT_THAT(response["status"]["message"].get<std::string>(),
              HasSubstr("has not read all"));
}

TEST_F(DeskTest, AnswersWhatWaitedForTheFirstSnapshot) {
  const auto kept = Validate(ConnectionJson("sales/w", "erin"));
  desk_.Publish(Snapshot());
  EXPECT_TRUE(ResponseOf(*kept)["allowed"]);
  EXPECT_FALSE(desk_.NextDeadline());
}

TEST_F(DeskTest, GrantWaitsForTheConnectionRightBeforeIt) {
  desk_.Publish(Snapshot());
  const auto kept =
      Send("/mutate",
           Request(GrantJson("sales/g", "w", {UserJson("dan")}, {"use"})));
  EXPECT_FALSE(kept->answer);
  EXPECT_EQ(desk_.NextDeadline(), clock_.SteadyNow() + milliseconds(500));
  desk_.Publish(Snapshot());  // still without it
  EXPECT_FALSE(kept->answer);
  bed_.Store(ConnectionJson("sales/w", "erin"));
  desk_.Publish(Snapshot());
  const json response = ResponseOf(*kept);
  EXPECT_TRUE(response["allowed"]);
  EXPECT_EQ(response["patchType"], "JSONPatch");
}

TEST_F(DeskTest, RefusesAGrantWhoseConnectionNeverComes) {
  desk_.Publish(Snapshot());
  const auto kept =
      Validate(GrantJson("sales/g", "w", {UserJson("dan")}, {"use"}));
  clock_.Advance(milliseconds(499));
  desk_.Expire(clock_.SteadyNow());
  EXPECT_FALSE(kept->answer);
  clock_.Advance(milliseconds(1));
  desk_.Expire(clock_.SteadyNow());
  const json response = ResponseOf(*kept);
  EXPECT_EQ(response["status"]["code"], 409);
  EXPECT_THAT(response["status"]["message"].get<std::string>(),
              HasSubstr("there is no Connection sales/w"));
}

TEST_F(DeskTest, OnlySoManyWait) {
  desk_.Publish(Snapshot());
  const json grant = GrantJson("sales/g", "w", {UserJson("dan")}, {"use"});
  EXPECT_FALSE(Validate(grant)->answer);
  EXPECT_FALSE(Validate(grant)->answer);
  EXPECT_FALSE(ResponseOf(*Validate(grant))["allowed"]);
}

TEST_F(DeskTest, AnswersOtherRequestsForWhatTheyAre) {
  EXPECT_EQ(Send("/ping", "", "GET")->answer->status, 200);
  EXPECT_EQ(Send("/validate", "", "GET")->answer->status, 405);
  EXPECT_EQ(Send("/elsewhere", "{}")->answer->status, 404);
  EXPECT_EQ(Send("/validate", "{}")->answer->status, 400);
  EXPECT_EQ(
      Send("/validate", std::string(kMaxReviewBytes + 1, ' '))->answer->status,
      413);
}

TEST_F(DeskTest, CountsByTheRuleThatRefused) {
  desk_.Publish(Snapshot());
  Validate(ConnectionJson("sales/w", "erin"));
  Validate(ConnectionJson("sales/w", "olga"));
  const std::string text = counters_.Serialize();
  EXPECT_THAT(text, HasSubstr("claviger_webhook_reviews_total{kind="
                              "\"Connection\",operation=\"create\",refused_by="
                              "\"owner\",route=\"validate\"} 1"));
  EXPECT_THAT(text, HasSubstr("refused_by=\"none\""));
}

}  // namespace
}  // namespace claviger::op::webhook
