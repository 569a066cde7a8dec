// SPDX-License-Identifier: Apache-2.0
//
// An HTTP proxy on a Unix socket in a directory of its own, between a client
// and a server that both may misbehave. Who may do what is played.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "sidecar/proxy/http/http_proxy.h"
#include "support/await.h"
#include "support/scratch_directory.h"
#include "support/scripted_server.h"
#include "unit/http/raw_client.h"

namespace claviger::sidecar::proxy::testing {

using http::testing::RawClient;
using http::testing::RawResponse;

inline constexpr const char* kCanary = "canary-5f3a-credential";

/// Says yes with a token, and replaces it as often as a test has others.
class PlayedAccess final : public Access {
 public:
  PlayedAccess() {
    auto facts = std::make_shared<access::ConnectionFacts>();
    facts->ref = {"sales", "api"};
    facts->provider = "http";
    facts->credential_type = "token";
    facts->endpoint.insecure = true;
    facts_ = facts;
    SetCredential({{"token", kCanary}});
  }

  void SetEndpoint(const std::function<void(access::ConnectionFacts&)>& edit) {
    const std::lock_guard lock(mutex_);
    auto facts = std::make_shared<access::ConnectionFacts>(*facts_);
    edit(*facts);
    facts_ = facts;
  }
  void SetCredential(const std::map<std::string, std::string>& fields) {
    const std::lock_guard lock(mutex_);
    credential_ = Make(fields);
  }
  /// What Replace gives next; without one there is no other.
  void AddReplacement(const std::map<std::string, std::string>& fields) {
    const std::lock_guard lock(mutex_);
    others_.push_back(Make(fields));
  }
  void Deny(const Problem& problem) {
    const std::lock_guard lock(mutex_);
    problem_ = problem;
  }
  int replaced() const { return replaced_; }

  void Obtain(const model::ObjectRef&, Done done) override { done(Present()); }
  void Replace(const Permit&, Done done) override {
    ++replaced_;
    {
      const std::lock_guard lock(mutex_);
      if (others_.empty()) {
        problem_ = Problem{"CredentialRefused", "no other", "none"};
      } else {
        credential_ = others_.front();
        others_.erase(others_.begin());
      }
    }
    Answer answer = Present();
    const std::lock_guard lock(mutex_);
    problem_.reset();
    done(std::move(answer));
  }
  Result<Fields> FieldsOf(const Permit& permit) const override {
    Fields fields;
    for (const auto& [name, value] : permit.credential->fields) {
      fields.emplace(name, value.Clone());
    }
    return fields;
  }

 private:
  static std::shared_ptr<const Credential> Make(
      const std::map<std::string, std::string>& fields) {
    auto credential = std::make_shared<Credential>();
    for (const auto& [name, value] : fields) {
      credential->fields.emplace(name, Secret(std::string(value)));
    }
    return credential;
  }
  Answer Present() const {
    const std::lock_guard lock(mutex_);
    if (problem_) return *problem_;
    Permit permit;
    permit.facts = facts_;
    permit.slot = "default";
    permit.caller = "sa/reports/nightly";
    permit.credential = credential_;
    return permit;
  }

  mutable std::mutex mutex_;
  std::shared_ptr<const access::ConnectionFacts> facts_;
  std::shared_ptr<const Credential> credential_;
  std::vector<std::shared_ptr<const Credential>> others_;
  std::optional<Problem> problem_;
  std::atomic<int> replaced_{0};
};

/// Keeps one line per request: "GET / 200 Allowed".
class KeptProxied final : public ProxyObserver {
 public:
  void OnProxied(const Proxied& proxied) override {
    const std::lock_guard lock(mutex_);
    lines_.push_back(
        std::string(proxied.method) + " " + std::string(proxied.route) + " " +
        std::to_string(proxied.status) + " " + std::string(proxied.reason));
  }
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

class RunningProxy {
 public:
  explicit RunningProxy(const HttpLimits& limits = {})
      : directory_(*claviger::testing::ScratchDirectory::Create()),
        dialer_(loop_, MakeSystemResolver(loop_), Rules()),
        proxy_(loop_, dialer_, access, observer, limits) {}
  ~RunningProxy() {
    loop_.Post([this] {
      proxy_.CloseAll();
      loop_.Stop();
    });
    if (thread_.joinable()) thread_.join();
  }

  /// Serves; the connection's server is at `url`.
  void Start(const std::string& url) {
    access.SetEndpoint([&](auto& facts) { facts.endpoint.url = url; });
    path_ = directory_.path() + "/http.sock";
    const Status listening =
        proxy_.ListenUnix({"sales", "api"}, path_, 0600, {});
    if (!listening) throw std::runtime_error(listening.error().message);
    port_ = *proxy_.ListenTcp(
        {"sales", "api"}, 0,
        std::make_shared<const Secret>(std::string("pod-secret")));
    thread_ = std::thread([this] { loop_.Run(); });
  }

  RawClient Connect() { return RawClient::ToUnix(path_); }
  RawClient ConnectTcp() { return RawClient::ToTcp(port_); }
  /// One request on a connection of its own.
  std::optional<RawResponse> Ask(const std::string& request) {
    RawClient client = Connect();
    client.Send(request);
    return client.Read(request.starts_with("HEAD"));
  }
  HttpProxy& proxy() { return proxy_; }
  Loop& loop() { return loop_; }
  const std::string& path() const { return path_; }
  uint16_t port() const { return port_; }

  PlayedAccess access;
  KeptProxied observer;

 private:
  static AddressRules Rules() {
    AddressRules rules;
    rules.allowed = {*ParseAddressRange("127.0.0.0/8")};
    return rules;
  }

  SystemClock clock_;
  Loop loop_{clock_};
  claviger::testing::ScratchDirectory directory_;
  Dialer dialer_;
  HttpProxy proxy_;
  std::string path_;
  uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace claviger::sidecar::proxy::testing
