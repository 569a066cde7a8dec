// SPDX-License-Identifier: Apache-2.0
//
// Admission reviews per second on one core, by the work of one server thread:
// parse, judge, answer, and the same over a standing TLS connection. 1,000
// Connections, 5,000 Grants and 200 Groups. Goal: 2,000 a second.
#include <sys/resource.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "base/log.h"
#include "http/curl_client.h"
#include "http/server.h"
#include "operator/webhook/desk.h"
#include "support/builders.h"
#include "support/certificates.h"
#include "support/scratch_directory.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using namespace op::webhook;  // NOLINT: what is measured

constexpr double kGoal = 2'000;
constexpr int kReviews = 5'000;

class Discard final : public http::Responder {
 public:
  void Send(http::ServerResponse response) override {
    bytes += response.body.size();
  }
  std::shared_ptr<http::EventStream> StartEvents() override { return nullptr; }
  size_t bytes = 0;
};

model::Objects Objects() {
  model::Objects objects;
  for (int g = 0; g < 200; ++g) {
    AGroup group("g" + std::to_string(g));
    group.With(User("user" + std::to_string(g)));
    if (g % 4 != 0) group.With(InGroup("g" + std::to_string(g - 1)));
    objects.groups.push_back(group);
  }
  for (int c = 0; c < 1'000; ++c) {
    const std::string name = "c" + std::to_string(c);
    objects.connections.push_back(
        AConnection("sales/" + name)
            .WithOwner(User("erin"))
            .WithMode(model::CredentialMode::kLayered)
            .WithDefault(Kv2("secret", "sales/" + name)));
    for (int g = 0; g < 5; ++g) {
      AGrant grant("sales/" + name + "-" + std::to_string(g), name);
      grant.To(InGroup("g" + std::to_string((c + g) % 200)))
          .Allowing({model::Privilege::kUse})
          .WithCredential(
              Kv2("secret", "sales/" + name + "-" + std::to_string(g)));
      objects.grants.push_back(grant);
    }
  }
  return objects;
}

// As kubectl apply sends it: with managed fields and the last applied text.
std::string Review(const model::Objects& objects, int number) {
  const model::Connection& connection =
      objects.connections[static_cast<size_t>(number) % 1'000];
  json object = {
      {"apiVersion", "claviger.io/v1alpha1"},
      {"kind", "Grant"},
      {"metadata",
       {{"name", "nightly"},
        {"namespace", "sales"},
        {"uid", "6b1f1c0e-6f5b-4d0e-9d53-0a8a2a9a0001"},
        {"annotations",
         {{"claviger.io/connection-uid", connection.metadata.uid},
          {"kubectl.kubernetes.io/last-applied-configuration",
           std::string(600, 'x')}}},
        {"managedFields",
         {{{"manager", "kubectl"},
           {"fieldsV1", {{"f:spec", json::object()}}}}}}}},
      {"spec",
       {{"connection", connection.metadata.name},
        {"subjects",
         {{{"kind", "ServiceAccount"}, {"namespace", "a"}, {"name", "b"}},
          {{"kind", "User"}, {"name", "alice"}},
          {{"kind", "Group"}, {"name", "g7"}}}},
        {"privileges", {"use"}},
        {"reason", "ticket OPS-113"}}}};
  return json{
      {"apiVersion", "admission.k8s.io/v1"},
      {"kind", "AdmissionReview"},
      {"request",
       {{"uid", "705ab4f5-6393-11e8-b7cc-42010a800002"},
        {"kind",
         {{"group", "claviger.io"},
          {"version", "v1alpha1"},
          {"kind", "Grant"}}},
        {"namespace", "sales"},
        {"name", "nightly"},
        {"operation", "CREATE"},
        {"userInfo",
         {{"username", "erin"}, {"groups", {"system:authenticated", "devs"}}}},
        {"object", object}}}}
      .dump();
}

double CpuSeconds(int who) {
  rusage usage{};
  getrusage(who, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void Report(const char* what, double seconds) {
  const double rate = kReviews / seconds;
  std::printf("%-34s %9.0f /s per core   %6.1f us   goal %.0f /s   %s\n", what,
              rate, 1e6 * seconds / kReviews, kGoal,
              rate >= kGoal ? "met" : "MISSED");
}

void OverTls(Desk& desk, const std::vector<std::string>& bodies) {
  NullLogger log;
  const auto authority = *CertificateAuthority::Create("bench");
  const auto leaf = *authority.IssueForLoopback();
  auto store = std::make_shared<http::CertificateStore>();
  if (!store->Set(leaf.certificate_pem, Secret(std::string(leaf.key_pem)))) {
    return;
  }
  const auto server = http::MakeServer({}, log);
  const auto port =
      server->ListenTls("127.0.0.1", 0, store,
                        [&](const http::ServerRequest& request,
                            std::shared_ptr<http::Responder> responder) {
                          desk.Handle(request, std::move(responder));
                        });
  double spent = 0;
  std::thread serving([&] {
    server->Run();
    spent = CpuSeconds(RUSAGE_THREAD);
  });
  const auto directory = *ScratchDirectory::Create();
  http::CurlSettings settings;
  settings.ca_file = *directory.Write("ca.pem", authority.certificate_pem());
  const auto client = http::MakeCurlClient(settings);
  http::ClientRequest request;
  request.method = http::Method::kPost;
  request.url = "https://127.0.0.1:" + std::to_string(*port) + "/validate";
  for (int i = 0; i < kReviews; ++i) {
    request.body = bodies[static_cast<size_t>(i) % bodies.size()];
    const auto answer = (*client)->Send(request);
    if (!answer || answer->body.find("\"allowed\":true") == std::string::npos) {
      std::printf(
          "a review failed: %s\n",
          answer ? answer->body.c_str() : answer.error().message.c_str());
      break;
    }
  }
  server->Stop(std::chrono::milliseconds(0));
  serving.join();
  Report("over TLS, CPU of the server thread", spent);
}

int Main() {
  NullLogger log;
  SystemClock clock;
  Counters counters;
  Desk desk({}, {}, clock, log, counters);
  const model::Objects objects = Objects();
  const double before = CpuSeconds(RUSAGE_THREAD);
  desk.Publish(std::make_shared<const access::Snapshot>(
      objects, access::SnapshotSettings()));
  std::printf("snapshot and view of 1,000 connections: %.1f ms\n",
              1e3 * (CpuSeconds(RUSAGE_THREAD) - before));
  std::vector<std::string> bodies;
  for (int i = 0; i < 200; ++i) bodies.push_back(Review(objects, i * 5));
  for (const char* path : {"/validate", "/mutate"}) {
    const auto discard = std::make_shared<Discard>();
    const double start = CpuSeconds(RUSAGE_THREAD);
    for (int i = 0; i < kReviews; ++i) {
      http::ServerRequest request;
      request.method = "POST";
      request.target = path;
      request.body = bodies[static_cast<size_t>(i) % bodies.size()];
      desk.Handle(request, discard);
    }
    Report(path, CpuSeconds(RUSAGE_THREAD) - start);
  }
  OverTls(desk, bodies);
  return 0;
}

}  // namespace
}  // namespace claviger::testing

int main() { return claviger::testing::Main(); }
