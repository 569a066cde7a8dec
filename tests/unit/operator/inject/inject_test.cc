// SPDX-License-Identifier: Apache-2.0
#include "operator/inject/inject.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/inject/names.h"
#include "unit/operator/inject/golden.h"
#include "unit/operator/inject/sidecar_arguments.h"

namespace claviger::op::inject {
namespace {

using nlohmann::json;
using testing::AfterInjection;
using testing::ConfigOf;
using testing::GoldenSettings;
using testing::GoldenSurroundings;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

json APod(const json& annotations = json::object()) {
  return {{"metadata",
           {{"labels", {{"claviger.io/inject", "true"}}},
            {"annotations", annotations}}},
          {"spec",
           {{"serviceAccountName", "app"},
            {"containers", {{{"name", "app"}, {"image", "a"}}}}}}};
}

std::string RefusalOf(const json& pod, Settings settings = GoldenSettings(),
                      Surroundings surroundings = GoldenSurroundings()) {
  const Outcome outcome = Inject(pod, settings, surroundings);
  EXPECT_EQ(outcome.allowed, outcome.message.empty());
  EXPECT_TRUE(outcome.allowed || outcome.patch.empty());
  return outcome.message;
}

TEST(InjectTest, RefusesWhatTheServerWouldNotUnderstand) {
  Surroundings old = GoldenSurroundings();
  old.native_sidecars = NativeSidecars::kNo;
  EXPECT_THAT(RefusalOf(APod(), GoldenSettings(), old),
              HasSubstr("older than 1.29"));
  old.native_sidecars = NativeSidecars::kUnknown;
  EXPECT_THAT(RefusalOf(APod(), GoldenSettings(), old),
              HasSubstr("try again in a moment"));
}

TEST(InjectTest, PutsTheTokenForNewsBesideItsOwn) {
  Settings settings = GoldenSettings();
  const auto sources = [&] {
    const json pod =
        AfterInjection(APod(), Inject(APod(), settings, GoldenSurroundings()));
    for (const json& volume : pod["spec"]["volumes"]) {
      if (volume["name"] == kTokenVolume) return volume["projected"]["sources"];
    }
    return json();
  };
  const json own = {{"serviceAccountToken",
                     {{"audience", settings.audience},
                      {"expirationSeconds", 3600},
                      {"path", "token"}}}};
  EXPECT_EQ(sources(), json::array({own}));
  settings.push_audience = "claviger-push-1";
  EXPECT_EQ(sources(), json::array({own,
                                    {{"serviceAccountToken",
                                      {{"audience", "claviger-push-1"},
                                       {"expirationSeconds", 3600},
                                       {"path", "push-token"}}}}}));
}

TEST(InjectTest, RefusesWithoutAnImageAndLeavesOthersAlone) {
  Settings off = GoldenSettings();
  off.image.clear();
  EXPECT_THAT(RefusalOf(APod(), off), HasSubstr("injection.image"));
  json unlabelled = APod();
  unlabelled["metadata"].erase("labels");
  EXPECT_EQ(RefusalOf(unlabelled, off), "");
  EXPECT_EQ(RefusalOf(json::object(), off), "");
}

TEST(InjectTest, TakesPodsThatAreNoneForWhatTheyAre) {
  for (const char* text :
       {R"({"metadata":{"labels":{"claviger.io/inject":"true"}}})",
        R"({"metadata":{"labels":{"claviger.io/inject":"true"}},"spec":[]})",
        R"({"metadata":{"labels":{"claviger.io/inject":"true"}},
            "spec":{"containers":{}}})"}) {
    EXPECT_THAT(RefusalOf(json::parse(text)), HasSubstr("no containers"));
  }
}

TEST(InjectTest, NothingButTheConfigurationDecidesWhereASidecarLogsIn) {
  for (const char* wish :
       {"vault-address", "vault-ca", "auth-mount", "image", "audience",
        "cluster", "identity", "service-account", "settings", "namespace",
        "files-path", "Containers", "containers.", "inject"}) {
    const std::string key = std::string("claviger.io/") + wish;
    EXPECT_THAT(RefusalOf(APod({{key, "x"}})),
                HasSubstr("annotation " + key + ": unknown"))
        << wish;
  }
}

TEST(InjectTest, NoWishReachesMoreThanItsOwnField) {
  const json plain = AfterInjection(
      APod(), Inject(APod(), GoldenSettings(), GoldenSurroundings()));
  const json wished =
      APod({{"claviger.io/log-level", "debug"},
            {"claviger.io/resources", R"({"limits":{"memory":"1Gi","cpu":2}})"},
            {"claviger.io/containers", "app"},
            {"other.io/anything", "$(x)"}});
  const json result = AfterInjection(
      wished, Inject(wished, GoldenSettings(), GoldenSurroundings()));
  json expected = plain["spec"];
  json& sidecar = expected["initContainers"][0];
  sidecar["args"][2] = "--log-level=debug";
  sidecar["resources"]["limits"]["memory"] = "1Gi";
  sidecar["resources"]["limits"]["cpu"] = "2";
  EXPECT_EQ(result["spec"], expected);
}

sidecar::Settings SettingsOf(const json& pod) {
  auto config = ConfigOf(
      AfterInjection(pod, Inject(pod, GoldenSettings(), GoldenSurroundings())));
  if (!config) ADD_FAILURE() << config.error().message;
  return config ? std::move(config->settings) : sidecar::Settings();
}

TEST(InjectTest, FilesReachTheSidecarAsItReadsThem) {
  const sidecar::Settings settings =
      SettingsOf(APod({{"claviger.io/connections", "sales/warehouse"},
                       {"claviger.io/files", " sales/warehouse=env,"},
                       {"claviger.io/files-mode", "0440"},
                       {"claviger.io/tcp", "true"},
                       {"claviger.io/files-notify", "80/x"}}));
  const sidecar::FileSettings& files = settings.files;
  EXPECT_EQ(providers::ToString(files.wanted), "sales/warehouse=env");
  EXPECT_EQ(files.mode, 0440U);
  EXPECT_EQ(files.notice->path, "/x");
  EXPECT_EQ(settings.tcp.port, kTcpPort);
  EXPECT_EQ(settings.tcp.secret_file, kTcpSecret);
  EXPECT_EQ(settings.tcp.mode, 0440U);
  // Where the injector tells applications that bindings are.
  EXPECT_EQ(files.bindings_directory, kBindings);
  EXPECT_TRUE(files.directory.starts_with(std::string(kRunPath) + "/"));
}

TEST(InjectTest, ListenersReachTheSidecarAsItReadsThem) {
  json annotations = {
      {"claviger.io/connections", "sales/rates, sales/warehouse,sales/ledger"}};
  sidecar::Settings settings = SettingsOf(APod(annotations));
  EXPECT_EQ(providers::ToString(settings.proxy.listeners),
            "sales/ledger=postgres,sales/rates=http");
  EXPECT_FALSE(settings.tcp.port);
  // Where the injector tells applications that sockets and the secret are.
  EXPECT_EQ(settings.proxy.directory, kListeners);
  EXPECT_EQ(settings.tcp.secret_file, kTcpSecret);
  annotations["claviger.io/tcp"] = "true";
  settings = SettingsOf(APod(annotations));
  EXPECT_EQ(providers::ToString(settings.proxy.listeners),
            "sales/ledger=postgres:9822,sales/rates=http:9820");
  EXPECT_EQ(settings.tcp.port, kTcpPort);
}

TEST(InjectTest, PortsOfListenersEndBeforeTheGuardsDo) {
  Surroundings surroundings = GoldenSurroundings();
  surroundings.variables_of = [](const auto&, const auto&) {
    return Variables{};
  };
  surroundings.protocol_for = [](const auto&, const auto&) {
    return providers::Protocol::kHttp;
  };
  std::string all;
  for (int i = 0; i < 64; ++i) all += "s/c" + std::to_string(i) + ",";
  const json pod =
      APod({{"claviger.io/connections", all}, {"claviger.io/tcp", "true"}});
  const json result =
      AfterInjection(pod, Inject(pod, GoldenSettings(), surroundings));
  const std::string listen = result["spec"]["initContainers"][0]["args"][3];
  EXPECT_THAT(listen, HasSubstr("s/c0=http:9820,"));
  EXPECT_THAT(listen, HasSubstr("s/c63=http:9883,"));
  EXPECT_TRUE(providers::ParseListenWishes(
      listen.substr(std::string("--listen=").size())));
}

TEST(InjectTest, IsBoundedInWhatItReads) {
  EXPECT_THAT(RefusalOf(APod({{"claviger.io/containers",
                               std::string(100'000, ',') + "app"}})),
              HasSubstr("too long"));
  std::string many;
  for (int i = 0; i < 65; ++i) many += "s/c" + std::to_string(i) + ",";
  EXPECT_THAT(RefusalOf(APod({{"claviger.io/connections", many}})),
              HasSubstr("more than 64"));
  EXPECT_THAT(RefusalOf(APod(
                  {{"claviger.io/resources", std::string(2'000, ' ') + "{}"}})),
              HasSubstr("not JSON"));
}

TEST(InjectTest, RefusesQuantitiesThatAreNone) {
  for (const char* bad : {"", "-1", "1.", ".5", "1e3", "5 m", "1Ti1", "mi",
                          "1.2.3", "0x10", "9999999999999999999", "$(x)"}) {
    const json wish = {{"requests", {{"memory", bad}}}};
    EXPECT_THAT(RefusalOf(APod({{"claviger.io/resources", wish.dump()}})),
                HasSubstr("not a quantity"))
        << bad;
  }
  for (const char* bad :
       {"[]", "{\"claims\":[]}", "{\"limits\":5}", "{", "x"}) {
    EXPECT_NE(RefusalOf(APod({{"claviger.io/resources", bad}})), "") << bad;
  }
}

TEST(InjectTest, LeavesTheUidToAClusterThatChoosesIt) {
  Settings settings = GoldenSettings();
  settings.run_as_user = 0;
  json pod = APod();
  json once = AfterInjection(pod, Inject(pod, settings, GoldenSurroundings()));
  json& context = once["spec"]["initContainers"][0]["securityContext"];
  EXPECT_FALSE(context.contains("runAsUser"));
  context["runAsUser"] = 1000650000;
  context["seLinuxOptions"] = {{"level", "s0:c1,c2"}};
  EXPECT_THAT(Inject(once, settings, GoldenSurroundings()).patch, IsEmpty());
}

TEST(InjectTest, TakesBackWhatOthersAddedToItsContainer) {
  const json pod = APod();
  const json once =
      AfterInjection(pod, Inject(pod, GoldenSettings(), GoldenSurroundings()));
  json changed = once;
  json& sidecar = changed["spec"]["initContainers"][0];
  // As the ServiceAccount admission and other webhooks do.
  sidecar["volumeMounts"].push_back(
      {{"name", "kube-api-access-x"},
       {"mountPath", "/var/run/secrets/kubernetes.io/serviceaccount"},
       {"readOnly", true}});
  sidecar["env"] = {{{"name", "LD_PRELOAD"}, {"value", "/lib/x.so"}}};
  const Outcome outcome =
      Inject(changed, GoldenSettings(), GoldenSurroundings());
  EXPECT_EQ(AfterInjection(changed, outcome), once);
}

}  // namespace
}  // namespace claviger::op::inject
