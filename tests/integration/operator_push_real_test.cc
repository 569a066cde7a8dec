// SPDX-License-Identifier: Apache-2.0
//
// The operator as a process tells a service account of a Grant: found through
// the real Vault by the account's own login, with the token judged by the real
// API server's TokenReview and the operator's own rights.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "access/push_document.h"
#include "cluster_bed.h"
#include "http/event_source.h"

namespace claviger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kDocument[] = "claviger/data/prod/ledger/push";

class Stream {
 public:
  Stream(const access::PushDocument& where, std::string token)
      : token_(std::move(token)), source_(http::MakeCurlEventSource()) {
    request_.url = "https://" + where.server_name + ":1/v1/changes";
    request_.connect_to = where.address;
    request_.authorities = where.authorities;
    request_.bearer = &token_;
    thread_ = std::thread([this] {
      const Error why = source_->Run(
          request_, [this](std::string_view event, std::string_view data) {
            const std::lock_guard lock(mutex_);
            said_ += std::string(event) + " " + std::string(data) + "\n";
          });
      const std::lock_guard lock(mutex_);
      ended_ = why;
    });
  }
  ~Stream() {
    source_->Stop();
    thread_.join();
  }
  std::string Said() const {
    const std::lock_guard lock(mutex_);
    return said_;
  }
  std::optional<Error> Ended() const {
    const std::lock_guard lock(mutex_);
    return ended_;
  }

 private:
  const Secret token_;
  http::EventRequest request_;
  std::unique_ptr<http::EventSource> source_;
  mutable std::mutex mutex_;
  std::string said_;
  std::optional<Error> ended_;
  std::thread thread_;
};

class OperatorPushTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto bed = ClusterBed::Start();
    CLAVIGER_NEED_SERVER(bed);
    bed_ = *std::move(bed);
    bed_->SetEnvironment({"CLAVIGER_POD_IP=127.0.0.1"});
    auto started = bed_->StartOperator(
        "operator",
        std::string(kWithWebhook) + "push: {address: 127.0.0.1, port: 0}\n");
    ASSERT_TRUE(started) << started.error().message;
    process_.emplace(*std::move(started));
    const Status registered = bed_->RegisterWebhook(*process_);
    ASSERT_TRUE(registered) << registered.error().message;
    // Until the API server has learnt of the bundle, it refuses everything.
    ASSERT_TRUE(ClusterBed::Await([&] {
      return bed_->Apply(WarehouseYaml()).has_value();
    })) << bed_->LogOf("operator");
    Share("first");
  }

  void Share(const std::string& name) {
    ASSERT_TRUE(bed_->Apply(GrantYaml(name, "reports/nightly")));
    ASSERT_EQ(
        bed_->AwaitCondition("Grant", "sales", name, "Ready", "True/Ready"),
        "True/Ready")
        << bed_->LogOf("operator");
  }

  // As its sidecar reads it.
  std::optional<access::PushDocument> Find(const std::string& ns,
                                           const std::string& account) {
    const auto login = bed_->LogIn(ns, account);
    if (!login) return std::nullopt;
    HttpCall call = bed_->vault().Prepare("GET", kDocument);
    for (auto& header : call.headers) {
      if (header.first == "X-Vault-Token") header.second = *login;
    }
    const auto answer = SendHttp(call);
    if (!answer || !answer->ok()) return std::nullopt;
    const auto document =
        access::DecodePush("prod", answer->Json()["data"]["data"].dump());
    if (!document) return std::nullopt;
    return *document;
  }

  std::string Token(const std::string& audience) {
    const auto token =
        bed_->kube().RequestToken("reports", "nightly", {audience});
    EXPECT_TRUE(token);
    return token ? *token : "";
  }

  std::unique_ptr<ClusterBed> bed_;
  std::optional<Process> process_;
};

TEST_F(OperatorPushTest, TellsAnAccountOfItsGrantAndNobodyWithoutItsToken) {
  std::optional<access::PushDocument> where;
  ASSERT_TRUE(ClusterBed::Await([&] {
    where = Find("reports", "nightly");
    return where.has_value();
  })) << bed_->LogOf("operator");
  EXPECT_THAT(where->address, HasSubstr("127.0.0.1:"));

  const Stream stranger(*where, Token("claviger-sidecar-test"));
  ASSERT_TRUE(ClusterBed::Await([&] { return stranger.Ended().has_value(); }));
  EXPECT_EQ(stranger.Ended()->code, ErrorCode::kUnauthenticated);

  const Stream nightly(*where, Token(kPushAudience));
  // Which stream is open cannot be seen from outside: a Grant after another.
  int grants = 0;
  ASSERT_TRUE(ClusterBed::Await([&] {
    Share("more" + std::to_string(++grants));
    return nightly.Said().find("changed own") != std::string::npos ||
           nightly.Ended().has_value();
  })) << bed_->LogOf("operator");
  ASSERT_FALSE(nightly.Ended()) << nightly.Ended()->message;
  EXPECT_THAT(nightly.Said(), HasSubstr("changed own"));
  EXPECT_THAT(nightly.Said(), Not(HasSubstr("sales")));

  EXPECT_EQ(process_->Stop(), 0);
  ASSERT_TRUE(ClusterBed::Await([&] { return nightly.Ended().has_value(); }));
}

}  // namespace
}  // namespace claviger::testing
