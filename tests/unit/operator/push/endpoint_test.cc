// SPDX-License-Identifier: Apache-2.0
//
// The endpoint over real sockets and TLS, and the sidecars' client of it.
#include "operator/push/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "http/event_source.h"
#include "support/await.h"
#include "support/certificates.h"
#include "support/fake_clock.h"
#include "support/fake_random.h"
#include "unit/operator/push/reviews.h"

namespace claviger::testing {
namespace {

using op::push::Endpoint;
using op::push::EndpointOptions;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Ge;
using ::testing::Le;

constexpr const char* kName = "claviger-webhook.claviger-system.svc";
constexpr milliseconds kPatience{10'000};

// One sidecar that listens.
class Listener {
 public:
  Listener(uint16_t port, const std::string& authorities, std::string token,
           const std::string& name = kName)
      : token_(std::move(token)), source_(http::MakeCurlEventSource()) {
    request_.url = std::string("https://") + name + ":9444/v1/changes";
    request_.connect_to = "127.0.0.1:" + std::to_string(port);
    request_.authorities = authorities;
    request_.bearer = &token_;
    thread_ = std::thread([this] {
      const Error why = source_->Run(
          request_, [this](std::string_view event, std::string_view data) {
            const std::lock_guard lock(mutex_);
            events_.push_back(std::string(event) + " " + std::string(data));
          });
      const std::lock_guard lock(mutex_);
      ended_ = why;
    });
  }
  ~Listener() {
    source_->Stop();
    thread_.join();
  }
  size_t Count() const {
    const std::lock_guard lock(mutex_);
    return events_.size();
  }
  std::string First() const {
    const std::lock_guard lock(mutex_);
    return events_.empty() ? "" : events_.front();
  }
  std::optional<Error> Ended() const {
    const std::lock_guard lock(mutex_);
    return ended_;
  }
  std::optional<Error> AwaitEnd() const {
    Await([this] { return Ended().has_value(); }, kPatience);
    return Ended();
  }

 private:
  const Secret token_;
  http::EventRequest request_;
  std::unique_ptr<http::EventSource> source_;
  mutable std::mutex mutex_;
  std::vector<std::string> events_;
  std::optional<Error> ended_;
  std::thread thread_;
};

class PushEndpointTest : public ::testing::Test {
 protected:
  PushEndpointTest()
      : authority_(*CertificateAuthority::Create("claviger test")),
        certificates_(std::make_shared<http::CertificateStore>()) {
    CertificateWish wish;
    wish.common_name = kName;
    wish.dns_names = {kName};
    const auto leaf = authority_.Issue(wish);
    EXPECT_TRUE(certificates_->Set(leaf->certificate_pem,
                                   Secret(std::string(leaf->key_pem))));
    options_.address = "127.0.0.1";
    options_.port = 0;
    options_.review.audience = kPushAudience;
  }
  void Start() {
    auto started = op::push::StartEndpoint(
        options_, {client_, clock_, random_, log_, certificates_});
    ASSERT_TRUE(started) << started.error().message;
    endpoint_ = *std::move(started);
  }
  std::unique_ptr<Listener> Listen(const std::string& account,
                                   const char* signature = "good") {
    return std::make_unique<Listener>(
        endpoint_->port(), authority_.certificate_pem(),
        TokenOf("system:serviceaccount:reports:" + account, signature));
  }
  bool AwaitListeners(size_t count) {
    return Await([&] { return endpoint_->hub().listeners() == count; },
                 kPatience);
  }

  FakeClock clock_;
  FakeRandom random_;
  NullLogger log_;
  Reviews server_;
  kube::Client client_{server_};
  CertificateAuthority authority_;
  std::shared_ptr<http::CertificateStore> certificates_;
  EndpointOptions options_;
  std::unique_ptr<Endpoint> endpoint_;
};

TEST_F(PushEndpointTest, TellsEachSidecarOfItsOwnPrincipalOnly) {
  Start();
  endpoint_->hub().Open();
  const auto nightly = Listen("nightly");
  const auto daily = Listen("daily");
  ASSERT_TRUE(AwaitListeners(2));
  endpoint_->hub().Announce("sa.reports.nightly");
  endpoint_->hub().Announce("everyone.sa");
  ASSERT_TRUE(Await([&] { return daily->Count() == 1; }, kPatience));
  ASSERT_TRUE(Await([&] { return nightly->Count() == 2; }, kPatience));
  EXPECT_EQ(nightly->First(), "changed own");
  EXPECT_EQ(daily->First(), "changed everyone");
}

TEST_F(PushEndpointTest, RefusesTokensThatTheApiServerDoesNotBelieve) {
  Start();
  endpoint_->hub().Open();
  const auto forged = Listen("nightly", "forged")->AwaitEnd();
  ASSERT_TRUE(forged);
  EXPECT_EQ(forged->code, ErrorCode::kUnauthenticated);
  EXPECT_EQ(endpoint_->hub().listeners(), 0U);
}

TEST_F(PushEndpointTest, SendsSidecarsAwayForAWhileUnlessItLeads) {
  Start();
  const auto early = Listen("nightly")->AwaitEnd();
  ASSERT_TRUE(early);
  EXPECT_EQ(early->code, ErrorCode::kRateLimited);
  EXPECT_THAT(*early->retry_after,
              AllOf(Ge(milliseconds(10'000)), Le(milliseconds(70'000))));
  EXPECT_EQ(server_.asked, 0);  // nor is the API server asked
}

TEST_F(PushEndpointTest, EndsAllStreamsWhenItLeadsNoMore) {
  Start();
  endpoint_->hub().Open();
  const auto nightly = Listen("nightly");
  ASSERT_TRUE(AwaitListeners(1));
  endpoint_->hub().Close();
  const auto ended = nightly->AwaitEnd();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, ErrorCode::kUnavailable);
}

TEST_F(PushEndpointTest, TakesNoMoreThanItsBound) {
  options_.max_listeners = 2;
  Start();
  endpoint_->hub().Open();
  const auto one = Listen("a");
  const auto two = Listen("b");
  ASSERT_TRUE(AwaitListeners(2));
  const auto three = Listen("c")->AwaitEnd();
  ASSERT_TRUE(three);
  EXPECT_EQ(three->code, ErrorCode::kRateLimited);
  EXPECT_FALSE(one->Ended());
}

TEST_F(PushEndpointTest, IsBelievedByItsCertificateAlone) {
  Start();
  endpoint_->hub().Open();
  const auto other = CertificateAuthority::Create("somebody else");
  const std::string token = TokenOf("system:serviceaccount:reports:nightly");
  const auto stranger =
      Listener(endpoint_->port(), other->certificate_pem(), token).AwaitEnd();
  ASSERT_TRUE(stranger);
  EXPECT_EQ(stranger->code, ErrorCode::kUnauthenticated);
  const auto misnamed =
      Listener(endpoint_->port(), authority_.certificate_pem(), token,
               "other.claviger-system.svc")
          .AwaitEnd();
  ASSERT_TRUE(misnamed);
  EXPECT_EQ(misnamed->code, ErrorCode::kUnauthenticated);
  EXPECT_EQ(server_.asked, 0);
}

}  // namespace
}  // namespace claviger::testing
