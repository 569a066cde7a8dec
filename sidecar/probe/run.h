// SPDX-License-Identifier: Apache-2.0
//
// One test of a connection from its plan to its report: which step follows
// which, and which server is tried next. Knows no sockets. One thread; held by
// a shared_ptr.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "sidecar/probe/plan.h"
#include "sidecar/probe/report.h"
#include "sidecar/probe/way.h"
#include "sidecar/proxy/address.h"

namespace claviger::sidecar::probe {

class Run final : public std::enable_shared_from_this<Run> {
 public:
  using Done = std::function<void(Report)>;

  /// `clock` and `rules` outlive the object. `done` is called once.
  Run(const Clock& clock, const proxy::AddressRules& rules,
      std::unique_ptr<Way> way, std::shared_ptr<const Plan> plan, Done done);

  void Begin();
  /// The time is over: the step under way has failed.
  void TimeUp();

 private:
  void TryServer();
  void OnResolved(Result<proxy::Addresses> addresses);
  void TryAddress(Error last);
  void OnConnected(Status connected);
  void OnSecured(const Status& secured);
  void LogIn();
  void OnLogin(Result<LoginEnd> end);

  void Start(Step step);
  void End(Ended ended, std::string note = {});
  // The step failed: the next server, or the end.
  void NextServer(const Error& error);
  void Finish(Fault fault);
  void Finish();
  const Server& server() const { return plan_->servers[at_]; }

  const Clock& clock_;
  const proxy::AddressRules& rules_;
  const std::unique_ptr<Way> way_;
  const std::shared_ptr<const Plan> plan_;
  Done done_;
  Report report_;
  size_t at_ = 0;
  proxy::Addresses left_;  // of the server, the next one last
  Step step_ = Step::kName;
  SteadyTime since_;
};

}  // namespace claviger::sidecar::probe
