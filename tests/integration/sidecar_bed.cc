// SPDX-License-Identifier: Apache-2.0
#include "integration/sidecar_bed.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "access/principal.h"
#include "base/file.h"
#include "http/curl_client.h"
#include "vault/auth.h"
#include "vault/http_api.h"
#include "vault/kv.h"
#include "vault/sys.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

constexpr const char* kPods = "claviger";
constexpr const char* kUsers = "claviger-users";

op::ReconcilerSettings Reconciling() {
  op::ReconcilerSettings settings;
  settings.layout.cluster = SidecarBed::kCluster;
  settings.layout.auth_mount = kPods;
  settings.layout.user_auth_mount = kUsers;
  settings.layout.user_audiences = {SidecarBed::kUserAudience};
  settings.layout.sidecar_audience = SidecarBed::kAudience;
  // Tests take objects away in great shares.
  settings.safety.percent = 100;
  return settings;
}

}  // namespace

SidecarBed::SidecarBed(std::unique_ptr<VaultUnderTest> vault,
                       std::unique_ptr<http::Client> client,
                       std::unique_ptr<vault::Api> api, ScratchDirectory folder)
    : vault_(std::move(vault)),
      client_(std::move(client)),
      api_(std::move(api)),
      folder_(std::move(folder)),
      root_(vault_->root_token()),
      operator_token_(root_.Clone()),
      store_(*api_, operator_token_, "claviger"),
      reconciler_(Reconciling(), store_) {}

SidecarBed::~SidecarBed() { StopAll(); }

Result<std::unique_ptr<SidecarBed>> SidecarBed::Start() {
  auto vault = StartVaultUnderTest();
  if (!vault) return Fail(std::move(vault.error()));
  auto client = http::MakeCurlClient({});
  if (!client) return Fail(std::move(client.error()));
  auto api = vault::MakeHttpApi({(*vault)->address(), ""}, **client);
  if (!api) return Fail(std::move(api.error()));
  auto folder = ScratchDirectory::Create();
  if (!folder) return Fail(std::move(folder.error()));
  std::unique_ptr<SidecarBed> bed(
      new SidecarBed(std::move(*vault), std::move(*client), std::move(*api),
                     std::move(*folder)));
  if (Status mounted = bed->Mount(); !mounted) {
    return Fail(std::move(mounted.error()));
  }
  return bed;
}

Status SidecarBed::Configure(const std::string& path, const std::string& body) {
  vault::Call call;
  call.verb = vault::Verb::kWrite;
  call.path = path;
  call.body = body;
  call.token = &root_;
  const auto answer = api_->Do(call);
  if (!answer) return Fail(answer.error());
  return {};
}

Status SidecarBed::Mount() {
  for (const char* mount : {"claviger", "secret"}) {
    Status done =
        vault::EnableMount(*api_, root_, mount, {"kv", {{"version", "2"}}});
    if (!done) return done;
  }
  if (Status done = vault_->EnableKubernetes(kPods); !done) return done;
  if (Status done = vault::EnableAuthMount(*api_, root_, kUsers, "jwt");
      !done) {
    return done;
  }
  return Configure(
      std::string("auth/") + kUsers + "/config",
      json{{"jwt_validation_pubkeys", {provider_.public_pem()}}}.dump());
}

void SidecarBed::Reconcile(model::Objects objects) {
  const op::PassReport report =
      reconciler_.Pass(std::move(objects), clock_.Now());
  for (const op::Failure& failure : report.failures) {
    ADD_FAILURE() << failure.principal << ": " << failure.error.message;
  }
}

void SidecarBed::PutSecret(const std::string& path, const std::string& text) {
  const auto now = vault::ReadKv2(*api_, root_, "secret", path);
  const auto written = vault::WriteKv2(*api_, root_, "secret", path, text,
                                       now ? now->version : 0);
  ASSERT_TRUE(written) << written.error().message;
}

sidecar::Settings SidecarBed::SettingsFor(const model::ObjectRef& identity) {
  sidecar::Settings settings;
  settings.vault.cluster = kCluster;
  settings.vault.auth_mount = kPods;
  settings.vault.user_auth_mount = kUsers;
  settings.identity = identity;
  settings.socket.path = Folder() + "/s" + std::to_string(++sockets_) + ".sock";
  settings.intervals.bindings = std::chrono::milliseconds(200);
  settings.intervals.kv = std::chrono::milliseconds(500);
  return settings;
}

std::string SidecarBed::WriteConfig(const model::ObjectRef& identity) {
  const std::string base = Folder() + "/" + identity.name;
  const auto jwt =
      vault_->ServiceAccountToken(identity.ns, identity.name, kAudience);
  EXPECT_TRUE(jwt) << jwt.error().message;
  if (!jwt) return "";
  EXPECT_TRUE(WriteFileAtomically(base + ".token", *jwt, 0600));
  const json config = {
      {"cluster", kCluster},
      {"vault",
       {{"address", vault_->address()},
        {"auth", {{"kind", "kubernetes"}, {"mount", kPods}}},
        {"userAuth", {{"mount", kUsers}}}}},
      {"identity",
       {{"namespace", identity.ns}, {"serviceAccount", identity.name}}},
      {"tokenFile", base + ".token"},
      {"socket", {{"path", base + ".sock"}}},
      {"health", {{"address", "127.0.0.1"}, {"port", 0}}},
      {"log", {{"level", "debug"}}},
      {"intervals", {{"bindingsSeconds", 1}}}};
  // JSON is YAML.
  EXPECT_TRUE(WriteFileAtomically(base + ".yaml", config.dump(), 0600));
  return base + ".yaml";
}

std::string SidecarBed::Run(const model::ObjectRef& identity) {
  sidecar::Settings settings = SettingsFor(identity);
  const auto jwt =
      vault_->ServiceAccountToken(identity.ns, identity.name, kAudience);
  EXPECT_TRUE(jwt) << jwt.error().message;
  Running running;
  running.sidecar = std::make_unique<sidecar::Sidecar>(
      settings, sidecar::Dependencies{*api_, clock_, random_, log_,
                                      [text = jwt.value_or("")] {
                                        return Secret(std::string(text));
                                      }});
  const Status started = running.sidecar->Start();
  EXPECT_TRUE(started) << started.error().message;
  running.thread =
      std::thread([sidecar = running.sidecar.get()] { sidecar->Run(); });
  running_.push_back(std::move(running));
  return settings.socket.path;
}

void SidecarBed::StopAll() {
  for (Running& running : running_) running.sidecar->Stop();
  for (Running& running : running_) running.thread.join();
  running_.clear();
}

std::string SidecarBed::UserToken(const std::string& name,
                                  const std::vector<std::string>& groups) {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
                       clock_.Now().time_since_epoch())
                       .count();
  return provider_.Sign({{"sub", name},
                         {"aud", kUserAudience},
                         {"iat", now},
                         {"exp", now + 3'600},
                         {"groups", groups}});
}

Result<std::string> SidecarBed::PodToken(const model::ObjectRef& identity) {
  return vault_->ServiceAccountToken(identity.ns, identity.name, kAudience);
}

Result<Secret> SidecarBed::LogIn(const model::ObjectRef& identity) {
  auto jwt = PodToken(identity);
  if (!jwt) return Fail(std::move(jwt.error()));
  return LogIn(identity, Secret(std::move(*jwt)));
}

Result<Secret> SidecarBed::LogIn(const model::ObjectRef& identity,
                                 const Secret& jwt) {
  auto login = vault::LoginWithJwt(
      *api_, kPods,
      access::VaultNameOf(kCluster, access::Principal::ServiceAccount(
                                        identity.ns, identity.name)),
      jwt);
  if (!login) return Fail(std::move(login.error()));
  return std::move(login->token);
}

SocketAnswer SidecarBed::Get(const std::string& socket,
                             const std::string& target,
                             const std::string& headers) {
  return AskUnix(socket, "GET", target, headers);
}

SocketAnswer SidecarBed::GetUntil(
    const std::string& socket, const std::string& target,
    const std::function<bool(const SocketAnswer&)>& good) {
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::seconds(30);
  SocketAnswer answer = Get(socket, target);
  while (!good(answer) && std::chrono::steady_clock::now() < until) {
    answer = Get(socket, target);
  }
  return answer;
}

}  // namespace claviger::testing
