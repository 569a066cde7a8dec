// SPDX-License-Identifier: Apache-2.0
//
// A sidecar without sockets and threads over a played Vault, for tests: time
// stands still until a test moves it, Vault's work is done when a test says
// so, and what was logged is kept.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sidecar/core.h"
#include "support/builders.h"
#include "support/fake_clock.h"
#include "support/fake_random.h"
#include "unit/sidecar/played_vault.h"

namespace claviger::testing {

/// Keeps every line as text, fields included.
class KeptLog final : public Logger {
 public:
  void Log(LogLevel level, std::string_view message,
           std::initializer_list<LogField> fields) override;
  std::string text() const;
  bool Has(std::string_view words) const;
  void Forget();

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

/// What a stream of events was told: "generation {...}".
class KeptEvents final : public http::EventStream {
 public:
  bool Send(std::string_view event, std::string_view data) override;
  std::vector<std::string> events;
  bool closed = false;
};

class KeptAnswer final : public http::Responder {
 public:
  void Send(http::ServerResponse response) override;
  std::shared_ptr<http::EventStream> StartEvents() override;

  bool answered() const { return response.has_value(); }
  int status() const { return response ? response->status : 0; }
  std::string body() const { return response ? response->body : ""; }
  nlohmann::json Json() const { return nlohmann::json::parse(body()); }
  std::string Reason() const { return Json().value("reason", ""); }
  std::string Header(std::string_view name) const;

  std::optional<http::ServerResponse> response;
  std::shared_ptr<KeptEvents> events;
};

/// Keeps the decision log's lines.
class KeptLines final : public sidecar::LineSink {
 public:
  bool Put(std::string_view line) override;
  nlohmann::json Last() const { return nlohmann::json::parse(lines.back()); }
  std::vector<std::string> lines;
  bool full = false;  // takes no more
};

using Headers = std::vector<http::Header>;

/// A pod's token, of a service account with this uid, by no real signature.
std::string JwtOfAccount(const std::string& uid);

class Harness {
 public:
  static constexpr const char* kCanary = "canary-5f3a";

  /// The last two outlive the harness.
  explicit Harness(sidecar::Settings settings = DefaultSettings(),
                   sidecar::files::Store* files = nullptr,
                   http::Client* loopback = nullptr);

  static sidecar::Settings DefaultSettings();

  /// Publishes the objects, and lets the sidecar notice at its next check.
  void Publish(model::Objects objects, bool users = false);
  /// The sidecar logs in and reads its bindings.
  void Begin();
  /// Time passes, and what falls due is done.
  void Advance(std::chrono::milliseconds by);
  /// Longer than any interval at which bindings are compared.
  void NextCheck() { Advance(std::chrono::seconds(7)); }
  void Work() { core.worker().RunDue(); }

  /// A request and its answer; Vault's part is done before it returns.
  std::shared_ptr<KeptAnswer> Get(const std::string& target,
                                  Headers headers = {});
  std::shared_ptr<KeptAnswer> Post(const std::string& target);
  std::shared_ptr<KeptAnswer> Ask(const std::string& method,
                                  const std::string& target,
                                  Headers headers = {}, std::string body = "");
  /// The same, but Vault's part waits for Work().
  std::shared_ptr<KeptAnswer> AskOnly(const std::string& method,
                                      const std::string& target,
                                      Headers headers = {},
                                      std::string body = "");
  std::shared_ptr<KeptAnswer> Credential(const std::string& connection,
                                         const std::string& query = "");
  http::ServerResponse Health(const std::string& path);

  /// Everything the sidecar has ever said, but for credential answers.
  std::string Said() const;
  /// Lets go of what was kept of it, in tests of memory.
  void Forget();

  FakeClock clock;
  FakeRandom random;
  KeptLog log;
  KeptLines decisions;
  PlayedVault vault{clock};
  /// Of sa/reports/nightly with the uid "account-1".
  std::string jwt = JwtOfAccount("account-1");
  bool jwt_missing = false;
  sidecar::SocketGuard guard{{}};
  sidecar::Core core;

 private:
  std::vector<std::shared_ptr<KeptAnswer>> answers_;
};

/// A JWT with this payload and a signature that only PlayedVault believes.
std::string JwtOf(const nlohmann::json& payload);

/// The role of the pod that Harness is: sa/reports/nightly.
inline constexpr const char* kPodRole = "claviger.test.sa.reports.nightly";

/// sales/warehouse: shared with the organization, disclosable, with the secret
/// secret/sales/warehouse as its default.
AConnection Warehouse();
model::Objects ObjectsOf(std::vector<model::Connection> connections,
                         std::vector<model::Grant> grants = {},
                         std::vector<model::Group> groups = {});

}  // namespace claviger::testing
