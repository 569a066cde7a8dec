// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/certificates.h"

#include <gmock/gmock.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/digest.h"
#include "base/file.h"
#include "http/server.h"
#include "operator/webhook/configuration.h"
#include "operator/webhook/self_call.h"
#include "support/certificates.h"
#include "support/fake_clock.h"
#include "support/fake_kube.h"
#include "support/scratch_directory.h"

namespace claviger::op::webhook {
namespace {

using claviger::testing::FakeKube;
using nlohmann::json;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

json Configuration() {
  return {
      {"metadata", {{"name", "claviger"}}},
      {"webhooks",
       {{{"name", "a.claviger.io"}, {"clientConfig", {{"url", "https://x"}}}},
        {{"name", "b.claviger.io"},
         {"clientConfig", {{"url", "https://x"}}}}}}};
}

/// One replica: a keeper and a listener that shows what it keeps.
class Replica {
 public:
  Replica(FakeKube& kube, claviger::testing::FakeClock& clock,
          CertificateSettings settings = Settings())
      : clock_(clock),
        client_(kube),
        keeper_(std::move(settings), client_, *store_, random_, log_,
                counters_),
        server_(http::MakeServer({}, log_)) {
    port_ = *server_->ListenTls(
        "127.0.0.1", 0, store_,
        [](const http::ServerRequest&,
           const std::shared_ptr<http::Responder>& responder) {
          responder->Send({});
        });
    thread_ = std::thread([this] { server_->Run(); });
  }
  ~Replica() {
    server_->Stop(milliseconds(0));
    thread_.join();
  }
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  static CertificateSettings Settings() {
    CertificateSettings settings;
    settings.dns_names = {"claviger-webhook.claviger.svc"};
    return settings;
  }

  Status Tick() { return keeper_.Tick(clock_.Now()); }
  Status CallBy(const std::string& bundle) const {
    SelfCall call;
    call.address = "127.0.0.1";
    call.port = port_;
    call.server_name = "claviger-webhook.claviger.svc";
    call.bundle_pem = bundle;
    return Call(call);
  }
  const std::string& published() const { return keeper_.published(); }

 private:
  claviger::testing::FakeClock& clock_;
  std::shared_ptr<http::CertificateStore> store_ =
      std::make_shared<http::CertificateStore>();
  SystemRandom random_;
  NullLogger log_;
  Counters counters_;
  kube::Client client_;
  CertificateKeeper keeper_;
  std::unique_ptr<http::Server> server_;
  uint16_t port_ = 0;
  std::thread thread_;
};

class CertificateKeeperTest : public ::testing::Test {
 protected:
  CertificateKeeperTest() : kube_(clock_) {
    clock_.SetTime(std::chrono::time_point_cast<milliseconds>(
        std::chrono::system_clock::now()));
    kube_.Apply(kube::kValidatingWebhooks, Configuration());
    kube_.Apply(kube::kMutatingWebhooks, Configuration());
  }

  std::string BundleOf(const kube::Resource& resource, size_t index) {
    const json stored = kube_.Peek(resource, {"", "claviger"});
    const auto edit =
        EditBundles(json{{"metadata", stored["metadata"]},
                         {"webhooks", json::array({stored["webhooks"][index]})}}
                        .dump(),
                    {}, clock_.Now());
    return edit ? edit->bundle : "";
  }

  claviger::testing::FakeClock clock_;
  FakeKube kube_;
};

TEST_F(CertificateKeeperTest, PublishesItsAuthorityAndServesByIt) {
  Replica replica(kube_, clock_);
  ASSERT_TRUE(replica.Tick());
  EXPECT_TRUE(replica.CallBy(replica.published()));
  for (const auto& resource :
       {kube::kValidatingWebhooks, kube::kMutatingWebhooks}) {
    EXPECT_EQ(BundleOf(resource, 0), replica.published());
    EXPECT_EQ(BundleOf(resource, 1), replica.published());
  }
}

TEST_F(CertificateKeeperTest, SecondTickWritesNothing) {
  Replica replica(kube_, clock_);
  ASSERT_TRUE(replica.Tick());
  kube_.ResetLog();
  ASSERT_TRUE(replica.Tick());
  EXPECT_EQ(kube_.writes(), 0);
}

TEST_F(CertificateKeeperTest, ReplicasTrustEachOther) {
  Replica one(kube_, clock_);
  Replica two(kube_, clock_);
  ASSERT_TRUE(one.Tick());
  ASSERT_TRUE(two.Tick());
  ASSERT_TRUE(one.Tick());
  EXPECT_EQ(one.published(), two.published());
  EXPECT_TRUE(one.CallBy(one.published()));
  EXPECT_TRUE(two.CallBy(one.published()));
}

TEST_F(CertificateKeeperTest, ServesNothingThatIsNotPublished) {
  kube_.Delete(kube::kMutatingWebhooks, {"", "claviger"});
  Replica replica(kube_, clock_);
  const Status ticked = replica.Tick();
  ASSERT_FALSE(ticked);
  EXPECT_THAT(ticked.error().message,
              HasSubstr("publish the webhook's authority"));
  EXPECT_FALSE(replica.CallBy(BundleOf(kube::kValidatingWebhooks, 0)));
}

TEST_F(CertificateKeeperTest, PutsItsAuthorityBackWhereItWasTakenOut) {
  Replica replica(kube_, clock_);
  ASSERT_TRUE(replica.Tick());
  kube_.Apply(kube::kValidatingWebhooks, Configuration());
  ASSERT_TRUE(replica.Tick());
  EXPECT_TRUE(replica.CallBy(BundleOf(kube::kValidatingWebhooks, 0)));
}

TEST_F(CertificateKeeperTest, TriesAgainAfterAConflict) {
  Replica replica(kube_, clock_);
  kube_.Answer("PATCH", 409, 2);
  EXPECT_TRUE(replica.Tick());
}

TEST_F(CertificateKeeperTest, RenewsItsCertificateWhileTheApiServerIsAway) {
  CertificateSettings settings = Replica::Settings();
  settings.times = {hours(20), hours(3), seconds(60)};
  Replica replica(kube_, clock_, settings);
  clock_.Advance(-hours(3));
  ASSERT_TRUE(replica.Tick());
  const std::string bundle = replica.published();
  clock_.Advance(hours(3));
  EXPECT_FALSE(replica.CallBy(bundle)) << "it has ended";
  kube_.GoAway(true);
  EXPECT_FALSE(replica.Tick());
  EXPECT_TRUE(replica.CallBy(bundle));
}

TEST_F(CertificateKeeperTest, SuccessorIsTrustedBeforeItSigns) {
  CertificateSettings settings = Replica::Settings();
  // Short enough for the machine's own clock, by which OpenSSL verifies.
  settings.times = {hours(2), hours(1), seconds(60)};
  Replica replica(kube_, clock_, settings);
  clock_.Advance(-hours(1));  // half of the authority's life is over by now
  ASSERT_TRUE(replica.Tick());
  const std::string first = replica.published();
  clock_.Advance(hours(1));
  ASSERT_TRUE(replica.Tick());
  const std::string both = replica.published();
  EXPECT_NE(both, first);
  EXPECT_TRUE(replica.CallBy(first)) << "the old one still signs";
  EXPECT_TRUE(replica.CallBy(both));
  clock_.Advance(seconds(60));
  ASSERT_TRUE(replica.Tick());
  EXPECT_FALSE(replica.CallBy(first)) << "the new one signs";
  EXPECT_TRUE(replica.CallBy(both));
}

TEST_F(CertificateKeeperTest, ShowsCertificatesOfFilesAndReadsThemAgain) {
  const auto directory = claviger::testing::ScratchDirectory::Create();
  ASSERT_TRUE(directory);
  const auto authority =
      claviger::testing::CertificateAuthority::Create("cert-manager");
  CertificateSettings settings = Replica::Settings();
  const auto write = [&] {
    claviger::testing::CertificateWish wish;
    wish.common_name = "webhook";
    wish.dns_names = settings.dns_names;
    const auto leaf = authority->Issue(wish);
    settings.cert_file = *directory->Write("tls.crt", leaf->certificate_pem);
    settings.key_file = *directory->Write("tls.key", leaf->key_pem);
  };
  write();
  Replica replica(kube_, clock_, settings);
  ASSERT_TRUE(replica.Tick());
  EXPECT_TRUE(replica.CallBy(authority->certificate_pem()));
  EXPECT_EQ(replica.published(), "") << "the bundle is cert-manager's";
  write();
  ASSERT_TRUE(replica.Tick());
  EXPECT_TRUE(replica.CallBy(authority->certificate_pem()));
  ASSERT_TRUE(WriteFileAtomically(settings.key_file, "half", 0600));
  EXPECT_FALSE(replica.Tick());
  EXPECT_TRUE(replica.CallBy(authority->certificate_pem()));
}

TEST(MergeBundleTest, DropsWhatHasEndedAndKeepsTheNewestWithinItsBound) {
  SystemRandom random;
  const Time now = *ParseRfc3339("2026-12-01T00:00:00Z");
  std::string bundle;
  std::vector<std::string> made;
  for (int i = 0; i < 5; ++i) {
    made.push_back(
        MakeAuthority("a", now + hours(i), hours(10), random)->certificate_pem);
    bundle += made.back();
  }
  bundle += "-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----";
  const std::string ours =
      MakeAuthority("a", now, hours(100), random)->certificate_pem;
  const std::string merged = MergeBundle(bundle, {ours}, now + hours(11), 3);
  EXPECT_EQ(merged, ours + made[4] + made[3]);
  EXPECT_EQ(MergeBundle(merged, {ours}, now + hours(11), 3), merged);
}

TEST(EditBundlesTest, RefusesWhatIsNoConfiguration) {
  const Time now = *ParseRfc3339("2026-12-01T00:00:00Z");
  for (const char* text : {"", "[]", "{}", R"({"metadata":{},"webhooks":[]})",
                           R"({"metadata":{},"webhooks":[1]})"}) {
    EXPECT_FALSE(EditBundles(text, {}, now)) << text;
  }
}

}  // namespace
}  // namespace claviger::op::webhook
