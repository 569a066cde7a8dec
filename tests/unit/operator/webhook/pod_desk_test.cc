// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/pod_desk.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "support/fake_clock.h"
#include "unit/operator/webhook/bed.h"

namespace claviger::op::webhook {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class Kept final : public http::Responder {
 public:
  void Send(http::ServerResponse response) override {
    answer = std::move(response);
  }
  std::shared_ptr<http::EventStream> StartEvents() override { return nullptr; }
  http::ServerResponse answer;
};

inject::Settings Injection() {
  inject::Settings settings;
  settings.image = "sidecar:1";
  settings.audience = "claviger";
  settings.sidecar_text = "{}";
  return settings;
}

class PodDeskTest : public ::testing::Test {
 protected:
  http::ServerResponse Send(const std::string& body,
                            const std::string& method = "POST") {
    http::ServerRequest request;
    request.method = method;
    request.target = "/inject?timeout=5s";
    request.body = body;
    auto kept = std::make_shared<Kept>();
    desk_.Handle(request, kept);
    return kept->answer;
  }
  json Ask(const json& pod) {
    const http::ServerResponse answer = Send(Review(pod).dump());
    EXPECT_EQ(answer.status, 200);
    return json::parse(answer.body)["response"];
  }
  static json Review(const json& pod) {
    return {{"apiVersion", "admission.k8s.io/v1"},
            {"kind", "AdmissionReview"},
            {"request",
             {{"uid", "u"},
              {"kind", {{"group", ""}, {"version", "v1"}, {"kind", "Pod"}}},
              {"namespace", "shop"},
              {"operation", "CREATE"},
              {"dryRun", true},
              {"object", pod}}}};
  }
  static json Labelled(const json& annotations = json::object()) {
    return {{"metadata",
             {{"generateName", "web-"},
              {"labels", {{"claviger.io/inject", "true"}}},
              {"annotations", annotations}}},
            {"spec", {{"containers", {{{"name", "app"}}}}}}};
  }

  claviger::testing::FakeClock clock_;
  NullLogger log_;
  Counters counters_;
  std::shared_ptr<const View> view_;
  PodDesk desk_{Injection(), [this] { return view_; }, clock_, log_, counters_};
};

TEST_F(PodDeskTest, AnswersWithAPatchOnceItKnowsTheServersVersion) {
  EXPECT_TRUE(desk_.NeedsVersion());
  EXPECT_FALSE(Ask(Labelled())["allowed"]);
  desk_.SetNativeSidecars(false);
  EXPECT_THAT(Ask(Labelled())["status"]["message"].get<std::string>(),
              HasSubstr("older than 1.29"));
  desk_.SetNativeSidecars(true);
  EXPECT_FALSE(desk_.NeedsVersion());
  const json response = Ask(Labelled());
  EXPECT_EQ(response["uid"], "u");
  EXPECT_TRUE(response["allowed"]);
  EXPECT_EQ(response["patchType"], "JSONPatch");
  EXPECT_THAT(
      counters_.Serialize(),
      HasSubstr("claviger_webhook_injections_total{result=\"injected\"} 1"));
  EXPECT_THAT(
      counters_.Serialize(),
      HasSubstr("claviger_webhook_injections_total{result=\"refused\"} 2"));
}

TEST_F(PodDeskTest, NeedsTheObjectsOnlyForConnections) {
  desk_.SetNativeSidecars(true);
  EXPECT_TRUE(Ask(Labelled())["allowed"]);
  const auto refusal = [this] {
    const json refused =
        Ask(Labelled({{"claviger.io/connections", "sales/w"}}));
    EXPECT_FALSE(refused["allowed"]);
    EXPECT_EQ(refused["status"]["code"], 403);
    return refused["status"]["message"].get<std::string>();
  };
  EXPECT_THAT(refusal(), HasSubstr("has not read all Connections yet"));
  view_ = std::make_shared<const View>(std::make_shared<access::Snapshot>(
      model::Objects(), access::SnapshotSettings()));
  EXPECT_THAT(refusal(), HasSubstr("sa/shop/default may not see it"));
}

TEST_F(PodDeskTest, LetsPodsOfNoConcernPass) {
  json pod = Labelled();
  pod["metadata"].erase("labels");
  const json response = Ask(pod);
  EXPECT_TRUE(response["allowed"]);
  EXPECT_FALSE(response.contains("patch"));
}

TEST_F(PodDeskTest, RefusesWhatIsNoReviewOfANewPod) {
  EXPECT_EQ(Send("", "GET").status, 405);
  EXPECT_EQ(Send(std::string(kMaxReviewBytes + 1, ' ')).status, 413);
  const auto status = [this](const char* pointer, const json& value) {
    json review = Review(Labelled());
    review[json::json_pointer(pointer)] = value;
    return Send(review.dump()).status;
  };
  EXPECT_EQ(Send("{").status, 400);
  EXPECT_EQ(Send("[]").status, 400);
  EXPECT_EQ(status("/apiVersion", "admission.k8s.io/v1beta1"), 400);
  EXPECT_EQ(status("/request", 5), 400);
  EXPECT_EQ(status("/request/kind/kind", "Deployment"), 400);
  EXPECT_EQ(status("/request/operation", "UPDATE"), 400);
  EXPECT_EQ(status("/request/subResource", "exec"), 400);
  EXPECT_EQ(status("/request/namespace", "../x"), 400);
  EXPECT_EQ(status("/request/uid", 7), 400);
  EXPECT_EQ(status("/request/object", nullptr), 400);
}

}  // namespace
}  // namespace claviger::op::webhook
