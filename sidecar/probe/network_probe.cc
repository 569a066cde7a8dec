// SPDX-License-Identifier: Apache-2.0
#include "sidecar/probe/network_probe.h"

#include <chrono>
#include <thread>
#include <unordered_map>
#include <utility>

#include "sidecar/probe/network_way.h"
#include "sidecar/probe/plan.h"
#include "sidecar/probe/run.h"
#include "sidecar/proxy/dialer.h"
#include "sidecar/proxy/loop.h"

namespace claviger::sidecar::probe {
namespace {

constexpr std::chrono::milliseconds kTime{10'000};

// A run and the time it has.
class Bounded final : public proxy::Timed {
 public:
  Bounded(proxy::Loop& loop, std::shared_ptr<Run> run)
      : Timed(loop), run_(std::move(run)) {
    SetDeadline(kTime);
  }
  Run& run() { return *run_; }

 private:
  void OnDeadline() override { run_->TimeUp(); }

  const std::shared_ptr<Run> run_;
};

}  // namespace

// The loop, its thread, and the runs under way. All but the constructor, Begin
// and the destructor are for the loop's thread.
class NetworkProbe::Workshop {
 public:
  Workshop(const Clock& clock, Random& random, const proxy::AddressRules& rules)
      : rules_(rules),
        random_(random),
        loop_(clock),
        resolver_(proxy::MakeSystemResolver(loop_)),
        dialer_(loop_, resolver_, rules),
        thread_([this] { loop_.Run(); }) {}

  ~Workshop() {
    loop_.Stop();
    thread_.join();
  }

  void Begin(proxy::Permit permit, proxy::Fields fields, Done done) {
    const auto shared =
        std::make_shared<const proxy::Fields>(std::move(fields));
    loop_.Post([this, permit = std::move(permit), shared,
                done = std::move(done)] { Start(permit, *shared, done); });
  }

 private:
  void Start(const proxy::Permit& permit, const proxy::Fields& fields,
             const Done& done) {
    auto made = MakePlan(permit, fields);
    if (auto* fault = std::get_if<Fault>(&made)) {
      Report report;
      report.fault = std::move(*fault);
      return done(std::move(report));
    }
    const uint64_t id = ++last_;
    auto way = std::make_unique<NetworkWay>(
        NetworkWay::Parts{loop_, dialer_, resolver_, random_});
    const auto run = std::make_shared<Run>(
        loop_.clock(), rules_, std::move(way),
        std::move(std::get<std::shared_ptr<const Plan>>(made)),
        [this, id, done](Report report) {
          // Not from within its own call.
          loop_.Post([this, id] { runs_.erase(id); });
          done(std::move(report));
        });
    runs_.emplace(id, std::make_unique<Bounded>(loop_, run));
    run->Begin();
  }

  const proxy::AddressRules& rules_;
  Random& random_;
  proxy::Loop loop_;
  const proxy::Resolver resolver_;
  proxy::Dialer dialer_;
  uint64_t last_ = 0;
  std::unordered_map<uint64_t, std::unique_ptr<Bounded>> runs_;
  std::thread thread_;
};

NetworkProbe::NetworkProbe(const Clock& clock, Random& random,
                           proxy::AddressRules rules)
    : clock_(clock), random_(random), rules_(std::move(rules)) {}

NetworkProbe::~NetworkProbe() { End(); }

void NetworkProbe::Begin(proxy::Permit permit, proxy::Fields fields,
                         Done done) {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  if (workshop_ == nullptr) {
    workshop_ = std::make_unique<Workshop>(clock_, random_, rules_);
  }
  workshop_->Begin(std::move(permit), std::move(fields), std::move(done));
}

void NetworkProbe::End() {
  std::unique_ptr<Workshop> ending;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    ending = std::move(workshop_);
  }
}

}  // namespace claviger::sidecar::probe
