// SPDX-License-Identifier: Apache-2.0
#include "unit/sidecar/harness.h"

#include <type_traits>

#include "base/digest.h"

namespace claviger::testing {

void KeptLog::Log(LogLevel level, std::string_view message,
                  std::initializer_list<LogField> fields) {
  const std::lock_guard lock(mutex_);
  text_ += std::to_string(static_cast<int>(level)) + " ";
  text_ += message;
  for (const LogField& field : fields) {
    text_.append(" ").append(field.name).append("=");
    std::visit(
        [&](const auto& value) {
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<T, std::string_view>) {
            text_ += value;
          } else {
            text_ += std::to_string(value);
          }
        },
        field.value);
  }
  text_ += "\n";
}

std::string KeptLog::text() const {
  const std::lock_guard lock(mutex_);
  return text_;
}

void KeptLog::Forget() {
  const std::lock_guard lock(mutex_);
  text_ = {};
}

bool KeptLog::Has(std::string_view words) const {
  return text().find(words) != std::string::npos;
}

bool KeptLines::Put(std::string_view line) {
  if (full) return false;
  lines.emplace_back(line);
  return true;
}

bool KeptEvents::Send(std::string_view event, std::string_view data) {
  if (closed) return false;
  events.push_back(std::string(event) + " " + std::string(data));
  return true;
}

void KeptAnswer::Send(http::ServerResponse sent) { response = std::move(sent); }

std::shared_ptr<http::EventStream> KeptAnswer::StartEvents() {
  events = std::make_shared<KeptEvents>();
  return events;
}

std::string KeptAnswer::Header(std::string_view name) const {
  return std::string(
      http::FindHeader(response->headers, name).value_or("(none)"));
}

Harness::Harness(sidecar::Settings settings, sidecar::files::Store* files,
                 http::Client* loopback)
    : core(std::move(settings), {vault, clock, random, log,
                                 [this]() -> Result<Secret> {
                                   if (jwt_missing) {
                                     return Fail(ErrorCode::kNotFound,
                                                 "no token file");
                                   }
                                   return Secret(std::string(jwt));
                                 },
                                 files, loopback, &decisions}) {}

sidecar::Settings Harness::DefaultSettings() {
  sidecar::Settings settings;
  settings.vault.cluster = PlayedVault::kCluster;
  settings.vault.user_auth_mount = "claviger-users";
  settings.identity = {"reports", "nightly"};
  return settings;
}

void Harness::Publish(model::Objects objects, bool users) {
  objects.service_accounts.push_back({"reports", "nightly"});
  vault.Publish(std::move(objects), clock.Now(), users);
}

void Harness::Begin() {
  core.Begin();
  Work();
}

void Harness::Advance(std::chrono::milliseconds by) {
  clock.Advance(by);
  Work();
}

std::shared_ptr<KeptAnswer> Harness::AskOnly(const std::string& method,
                                             const std::string& target,
                                             Headers headers,
                                             std::string body) {
  http::ServerRequest request;
  request.method = method;
  request.target = target;
  request.headers = std::move(headers);
  request.body = std::move(body);
  auto answer = std::make_shared<KeptAnswer>();
  answers_.push_back(answer);
  core.Handle(guard, request, answer);
  return answer;
}

std::shared_ptr<KeptAnswer> Harness::Ask(const std::string& method,
                                         const std::string& target,
                                         Headers headers, std::string body) {
  auto answer = AskOnly(method, target, std::move(headers), std::move(body));
  Work();
  return answer;
}

std::shared_ptr<KeptAnswer> Harness::Get(const std::string& target,
                                         Headers headers) {
  return Ask("GET", target, std::move(headers));
}

std::shared_ptr<KeptAnswer> Harness::Post(const std::string& target) {
  return Ask("POST", target);
}

std::shared_ptr<KeptAnswer> Harness::Credential(const std::string& connection,
                                                const std::string& query) {
  return Get("/v1/connections/" + connection + "/credential" + query);
}

http::ServerResponse Harness::Health(const std::string& path) {
  http::ServerRequest request;
  request.method = "GET";
  request.target = path;
  return core.Health(request);
}

std::string Harness::Said() const {
  std::string said = log.text();
  for (const std::string& line : decisions.lines) said += line + "\n";
  for (const auto& answer : answers_) {
    if (answer->events) {
      for (const std::string& event : answer->events->events) {
        said += event + "\n";
      }
    }
    // Exactly the credential answers are marked as secret.
    if (!answer->response || answer->response->secret) continue;
    said += answer->response->body + "\n";
    for (const auto& [name, value] : answer->response->headers) {
      said += name + ": " + value + "\n";
    }
  }
  return said;
}

std::string JwtOf(const nlohmann::json& payload) {
  return "eyJhbGciOiJSUzI1NiJ9." + Base64UrlEncode(payload.dump()) + ".c2ln";
}

std::string JwtOfAccount(const std::string& uid) {
  return JwtOf({{"sub", "system:serviceaccount:reports:nightly"},
                {"kubernetes.io", {{"serviceaccount", {{"uid", uid}}}}}});
}

AConnection Warehouse() {
  AConnection connection("sales/warehouse");
  connection.Shared(model::SharingMode::kOrganization)
      .Disclosable()
      .WithDefault(Kv2("secret", "sales/warehouse"));
  return connection;
}

model::Objects ObjectsOf(std::vector<model::Connection> connections,
                         std::vector<model::Grant> grants,
                         std::vector<model::Group> groups) {
  model::Objects objects;
  objects.connections = std::move(connections);
  objects.grants = std::move(grants);
  objects.groups = std::move(groups);
  return objects;
}

void Harness::Forget() {
  answers_ = {};
  log.Forget();
  decisions.lines = {};
}

}  // namespace claviger::testing
