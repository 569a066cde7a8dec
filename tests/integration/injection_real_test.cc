// SPDX-License-Identifier: Apache-2.0
//
// The injector and the guard behind a real API server: what people write, what
// is stored, and that nothing but that may be stored.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/file.h"
#include "integration/pod_bed.h"
#include "support/process.h"
#include "support/scratch_directory.h"
#include "unit/operator/inject/golden.h"
#include "unit/operator/inject/sidecar_arguments.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kPods[] = "/api/v1/namespaces/shop/pods";

json LabelledPod(const json& metadata = json::object()) {
  json pod = {{"apiVersion", "v1"},
              {"kind", "Pod"},
              {"metadata", {{"labels", {{"claviger.io/inject", "true"}}}}},
              {"spec",
               {{"serviceAccountName", "app"},
                {"containers", {{{"name", "app"}, {"image", "shop/app:1"}}}}}}};
  pod["metadata"].update(metadata, true);
  return pod;
}

class InjectionTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto bed = PodBed::Start();
    CLAVIGER_NEED_SERVER(bed);
    bed_ = std::move(*bed).release();
  }
  static void TearDownTestSuite() { delete std::exchange(bed_, nullptr); }
  void SetUp() override {
    if (bed_ == nullptr) GTEST_SKIP() << "no API server";
  }
  static PodBed* bed_;
};
PodBed* InjectionTest::bed_ = nullptr;

// The API server adds its own defaults and tokens; all of ours is as written.
void ExpectInjected(const std::string& name, const json& expected,
                    const json& stored) {
  json wanted = expected["spec"]["initContainers"];
  json found = stored["spec"]["initContainers"];
  ASSERT_EQ(found.size(), wanted.size()) << name;
  for (size_t i = 0; i < wanted.size(); ++i) {
    ASSERT_EQ(found[i]["name"], wanted[i]["name"]) << name;
    if (wanted[i]["name"] == "claviger-sidecar") {
      EXPECT_EQ(found[i], wanted[i]) << name << json::diff(wanted[i], found[i]);
    }
  }
  for (const json& container : expected["spec"]["containers"]) {
    for (const json& other : stored["spec"]["containers"]) {
      if (other["name"] != container["name"]) continue;
      for (const json& mount : container.value("volumeMounts", json::array())) {
        EXPECT_THAT(other["volumeMounts"], ::testing::Contains(mount)) << name;
      }
      EXPECT_EQ(other.value("env", json()), container.value("env", json()))
          << name;
    }
  }
}

TEST_F(InjectionTest, EveryPodComesOutAsWrittenDownAndPassesTheGuard) {
  int passed = 0;
  for (const GoldenPod& golden : GoldenPods(CLAVIGER_GOLDEN)) {
    const ApiAnswer answer = bed_->Try(golden.pod);
    if (golden.expected.contains("refused")) {
      EXPECT_FALSE(answer.ok()) << golden.name;
      EXPECT_THAT(answer.message(),
                  HasSubstr(std::string(golden.expected["refused"])))
          << golden.name;
      continue;
    }
    // Which the API server itself refuses in a new pod.
    if (golden.name == "ephemeral") continue;
    ASSERT_TRUE(answer.ok()) << golden.name << ": " << answer.message();
    if (golden.name == "label_false") continue;
    ExpectInjected(golden.name, golden.expected, answer.body);
    ++passed;
  }
  EXPECT_GE(passed, 14);
}

// What the program says of such arguments, but for settings, which name a Vault
// that is not there: it complains of all that it does not take.
std::string ComplaintsAbout(const json& pod, const ScratchDirectory& scratch) {
  ProcessOptions options;
  options.stderr_path = scratch.File("complaints");
  std::filesystem::remove(options.stderr_path);
  options.argv = {CLAVIGER_SIDECAR_BINARY};
  json copy = pod;
  for (const std::string arg : SidecarOf(copy)["args"]) {
    const bool settings = arg.starts_with("--settings=");
    options.argv.push_back(settings ? "--settings=cluster: x" : arg);
  }
  auto process = Process::Start(options);
  if (!process) return process.error().message;
  EXPECT_EQ(process->WaitForExit(std::chrono::seconds(20)), 2);
  return ReadFile(options.stderr_path, 10'000).value_or("");
}

TEST_F(InjectionTest, TheSidecarTakesTheArgumentsThatAreStored) {
  const auto scratch = ScratchDirectory::Create();
  ASSERT_TRUE(scratch);
  int taken = 0;
  for (const GoldenPod& golden : GoldenPods(CLAVIGER_GOLDEN)) {
    if (golden.expected.contains("refused") || golden.name == "ephemeral" ||
        golden.name == "label_false") {
      continue;
    }
    const ApiAnswer answer = bed_->Try(golden.pod);
    ASSERT_TRUE(answer.ok()) << golden.name << ": " << answer.message();
    const auto config = ConfigOf(answer.body);
    ASSERT_TRUE(config) << golden.name << ": " << config.error().message;
    EXPECT_EQ(config->settings.identity.ns, "shop") << golden.name;
    const std::string complaints = ComplaintsAbout(answer.body, *scratch);
    EXPECT_THAT(complaints, HasSubstr("vault.address: required"));
    EXPECT_EQ(std::count(complaints.begin(), complaints.end(), '\n'), 1)
        << golden.name << ": " << complaints;
    ++taken;
  }
  EXPECT_GE(taken, 14);
}

// Where a sidecar with these settings would be found.
std::set<std::string> PlacesOf(const sidecar::Settings& settings) {
  std::set<std::string> places = {settings.tcp.secret_file};
  for (const providers::ListenWish& wish : settings.proxy.listeners) {
    const std::string socket =
        providers::SocketOf(settings.proxy.directory, wish);
    const std::string folder = socket.substr(0, socket.rfind('/'));
    const std::string port = ":" + std::to_string(wish.port.value_or(0));
    places.insert({socket, folder, folder + "/pgpass",
                   "http://127.0.0.1" + port, "postgresql://127.0.0.1" + port});
  }
  return places;
}

TEST_F(InjectionTest, VariablesOfListenersLeadToWhereTheSidecarListens) {
  int led = 0;
  for (const GoldenPod& golden : GoldenPods(CLAVIGER_GOLDEN)) {
    if (!golden.name.starts_with("listeners")) continue;
    const ApiAnswer answer = bed_->Try(golden.pod);
    ASSERT_TRUE(answer.ok()) << golden.name << ": " << answer.message();
    const auto config = ConfigOf(answer.body);
    ASSERT_TRUE(config) << config.error().message;
    const std::set<std::string> places = PlacesOf(config->settings);
    for (const json& variable : answer.body["spec"]["containers"][0]["env"]) {
      const std::string name = variable["name"];
      const bool ours = name == "CLAVIGER_TCP_SECRET_FILE" ||
                        name.starts_with("CLAVIGER_SALES__RATES_") ||
                        name.starts_with("CLAVIGER_SALES__LEDGER_");
      if (!ours || variable["value"] == "5432") continue;
      EXPECT_TRUE(places.contains(variable["value"])) << variable;
      ++led;
    }
  }
  EXPECT_EQ(led, 8);
}

TEST_F(InjectionTest, TheSidecarGetsNoTokenOfTheApiServer) {
  const ApiAnswer answer = bed_->Try(LabelledPod({{"name", "a"}}));
  ASSERT_TRUE(answer.ok()) << answer.message();
  json pod = answer.body;
  EXPECT_EQ(SidecarOf(pod)["volumeMounts"].size(), 2U);
  // While the application keeps its own.
  EXPECT_EQ(pod["spec"]["containers"][0]["volumeMounts"].size(), 2U);
}

TEST_F(InjectionTest, StoresAPodAndTakesACopyOfIt) {
  const ApiAnswer made =
      bed_->Call("POST", kPods, LabelledPod({{"generateName", "web-"}}));
  ASSERT_TRUE(made.ok()) << made.message();
  EXPECT_EQ(made.body["metadata"]["annotations"]["claviger.io/status"],
            "injected");
  // As `kubectl get -o yaml | kubectl create -f -` has it.
  json copy = {{"apiVersion", "v1"},
               {"kind", "Pod"},
               {"metadata",
                {{"name", "copy"},
                 {"labels", made.body["metadata"]["labels"]},
                 {"annotations", made.body["metadata"]["annotations"]}}},
               {"spec", made.body["spec"]}};
  const ApiAnswer again = bed_->Call("POST", kPods, copy);
  ASSERT_TRUE(again.ok()) << again.message();
  EXPECT_EQ(again.body["spec"], made.body["spec"]);
}

TEST_F(InjectionTest, TouchesNoPodThatDoesNotAsk) {
  for (const char* value : {"", "false"}) {
    json pod = LabelledPod({{"name", "plain"}});
    pod["metadata"]["labels"] = json::object();
    if (*value != '\0') pod["metadata"]["labels"]["claviger.io/inject"] = value;
    const ApiAnswer answer = bed_->Try(pod);
    ASSERT_TRUE(answer.ok()) << answer.message();
    EXPECT_FALSE(answer.body["spec"].contains("initContainers"));
  }
  for (const char* ns : {"kube-system", "claviger-system"}) {
    json pod = LabelledPod({{"name", "own"}});
    pod["spec"]["serviceAccountName"] = "default";
    const ApiAnswer answer = bed_->Try(pod, ns);
    ASSERT_TRUE(answer.ok()) << answer.message();
    EXPECT_FALSE(answer.body["spec"].contains("initContainers")) << ns;
  }
}

TEST_F(InjectionTest, RestrictedNamespacesTakeIt) {
  const ApiAnswer made =
      bed_->Call("POST", "/api/v1/namespaces",
                 json::parse(R"({"metadata": {"name": "strict", "labels": {
          "pod-security.kubernetes.io/enforce": "restricted"}}})"));
  ASSERT_TRUE(made.ok()) << made.message();
  ASSERT_TRUE(bed_->kube().CreateServiceAccount("strict", "app"));
  json pod = LabelledPod({{"name", "web"}});
  const ApiAnswer loose = bed_->Try(pod, "strict");
  EXPECT_THAT(loose.message(), HasSubstr("violates PodSecurity"));
  EXPECT_THAT(loose.message(), ::testing::Not(HasSubstr("claviger-sidecar")));
  pod["spec"]["containers"][0]["securityContext"] = json::parse(
      R"({"allowPrivilegeEscalation": false, "runAsNonRoot": true,
          "capabilities": {"drop": ["ALL"]},
          "seccompProfile": {"type": "RuntimeDefault"}})");
  const ApiAnswer strict = bed_->Try(pod, "strict");
  EXPECT_TRUE(strict.ok()) << strict.message();
}

// Another webhook, or LimitRanger, works on the same pod.
TEST_F(InjectionTest, LivesWithTheClustersOwnAdmission) {
  const ApiAnswer limits =
      bed_->Call("POST", "/api/v1/namespaces/shop/limitranges",
                 json::parse(R"({"metadata": {"name": "l"}, "spec": {"limits": [
          {"type": "Container", "default": {"cpu": "2"},
           "max": {"cpu": "4"}}]}})"));
  ASSERT_TRUE(limits.ok()) << limits.message();
  ApiAnswer answer;
  // It takes the API server a moment to see the range.
  for (int tries = 0; tries < 200; ++tries) {
    answer = bed_->Try(LabelledPod({{"name", "ranged"}}));
    ASSERT_TRUE(answer.ok()) << answer.message();
    if (SidecarOf(answer.body)["resources"]["limits"].contains("cpu")) break;
  }
  EXPECT_EQ(SidecarOf(answer.body)["resources"]["limits"]["cpu"], "2");
  EXPECT_EQ(SidecarOf(answer.body)["resources"]["limits"]["memory"], "32Mi");
  EXPECT_TRUE(
      bed_->Call("DELETE", "/api/v1/namespaces/shop/limitranges/l").ok());
}

}  // namespace
}  // namespace claviger::testing
