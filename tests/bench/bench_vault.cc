// SPDX-License-Identifier: Apache-2.0
#include "bench/bench_vault.h"

#include <cstdio>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "dev/embedded_vault.h"
#include "http/curl_client.h"
#include "operator/stop_signal.h"
#include "support/real_servers.h"
#include "vault/http_api.h"
#include "vault/sys.h"

namespace claviger::testing {
namespace {

class Real final : public BenchVault {
 public:
  explicit Real(std::unique_ptr<RealVault> vault) : vault_(std::move(vault)) {}
  std::string address() const override { return vault_->address(); }
  std::string token() const override { return vault_->root_token(); }
  bool is_real() const override { return true; }

 private:
  std::unique_ptr<RealVault> vault_;
};

class Embedded final : public BenchVault {
 public:
  Status Start() {
    auto started = dev::EmbeddedVault::Start({clock_, random_, log_});
    if (!started) return Fail(std::move(started).error());
    vault_ = *std::move(started);
    return {};
  }
  std::string address() const override { return vault_->address(); }
  std::string token() const override {
    return std::string(vault_->root_token().Reveal());
  }
  bool is_real() const override { return false; }

 private:
  SystemClock clock_;
  SystemRandom random_;
  NullLogger log_;
  std::unique_ptr<dev::EmbeddedVault> vault_;
};

// A KV mount of version 2 takes a moment until it can be used.
Status Prepare(const BenchVault& vault) {
  const auto client = *http::MakeCurlClient({});
  const auto api = *vault::MakeHttpApi({.address = vault.address()}, *client);
  const Secret token(vault.token());
  Status done = vault::EnableMount(
      *api, token, "claviger", {.type = "kv", .options = {{"version", "2"}}});
  if (done) {
    done = vault::EnableAuthMount(*api, token, "claviger", "kubernetes");
  }
  vault::Call probe;
  probe.path = "claviger/data/probe";
  probe.token = &token;
  for (int i = 0; done && i < 100; ++i) {
    const auto answer = api->Do(probe);
    if (answer || answer.error().code == ErrorCode::kNotFound) return {};
    Pause(std::chrono::milliseconds(50));
  }
  return done;
}

}  // namespace

void Pause(std::chrono::milliseconds time) { op::StopSignal().SleepFor(time); }

std::unique_ptr<BenchVault> StartBenchVault() {
  std::unique_ptr<BenchVault> vault;
  auto real = RealVault::Start();
  if (real) {
    vault = std::make_unique<Real>(*std::move(real));
  } else {
    auto embedded = std::make_unique<Embedded>();
    if (const Status started = embedded->Start(); !started) {
      std::printf("no vault: %s\n", started.error().message.c_str());
      return nullptr;
    }
    vault = std::move(embedded);
  }
  if (const Status ready = Prepare(*vault); !ready) {
    std::printf("vault: %s\n", ready.error().message.c_str());
    return nullptr;
  }
  return vault;
}

Wire::Wire(vault::Api& next, const std::string& record) : next_(next) {
  if (!record.empty()) record_.open(record);
}

Result<vault::Answer> Wire::Do(const vault::Call& call) {
  auto answer = next_.Do(call);
  const bool reads =
      call.verb == vault::Verb::kRead || call.verb == vault::Verb::kList;
  if (reads) {
    ++reads_;
    return answer;
  }
  if (call.path.find("/ledger/leader") != std::string::npos) return answer;
  ++writes_;
  const std::lock_guard lock(mutex_);
  last_write_ = std::chrono::steady_clock::now();
  if (record_.is_open()) record_ << call.path << '\t' << call.body << '\n';
  const size_t name = call.path.rfind('/') + 1;
  if (call.path.rfind("sys/policies/", 0) == 0 &&
      expected_.erase(call.path.substr(name)) > 0 && expected_.empty()) {
    wake_.notify_all();
  }
  return answer;
}

BenchTime Wire::last_write() const {
  const std::lock_guard lock(mutex_);
  return last_write_;
}

void Wire::Expect(std::set<std::string> policies) {
  const std::lock_guard lock(mutex_);
  expected_ = std::move(policies);
}

std::optional<BenchTime> Wire::Await(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  const bool done =
      wake_.wait_for(lock, patience, [this] { return expected_.empty(); });
  expected_.clear();
  return done ? std::optional(last_write_) : std::nullopt;
}

std::optional<double> ReplayWrites(const BenchVault& vault,
                                   const std::string& record, int threads) {
  std::vector<std::pair<std::string, std::string>> writes;
  std::ifstream file(record);
  for (std::string path, body;
       std::getline(file, path, '\t') && std::getline(file, body);) {
    writes.emplace_back(std::move(path), std::move(body));
  }
  const auto client = *http::MakeCurlClient({});
  const auto api = *vault::MakeHttpApi({.address = vault.address()}, *client);
  const Secret token(vault.token());
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  const auto work = [&] {
    for (size_t i = next++; i < writes.size() && !failed; i = next++) {
      vault::Call call;
      call.verb = vault::Verb::kWrite;
      call.path = writes[i].first;
      call.body = writes[i].second;
      call.token = &token;
      if (!api->Do(call)) failed = true;
    }
  };
  const auto began = std::chrono::steady_clock::now();
  std::vector<std::thread> crew;
  for (int i = 0; i < threads; ++i) crew.emplace_back(work);
  for (std::thread& thread : crew) thread.join();
  const std::chrono::duration<double> took =
      std::chrono::steady_clock::now() - began;
  if (failed) return std::nullopt;
  return took.count();
}

}  // namespace claviger::testing
