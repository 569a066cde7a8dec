// SPDX-License-Identifier: Apache-2.0
#include "sidecar/probe/run.h"

#include <algorithm>
#include <utility>

namespace claviger::sidecar::probe {
namespace {

// Connected to one after another; who has more takes the first.
constexpr size_t kMaxAddresses = 8;

std::string Listing(const proxy::Addresses& addresses) {
  std::string text;
  for (const proxy::IpAddress& address : addresses) {
    text += (text.empty() ? "" : ", ") + proxy::ToString(address);
  }
  return text;
}

}  // namespace

Run::Run(const Clock& clock, const proxy::AddressRules& rules,
         std::unique_ptr<Way> way, std::shared_ptr<const Plan> plan, Done done)
    : clock_(clock),
      rules_(rules),
      way_(std::move(way)),
      plan_(std::move(plan)),
      done_(std::move(done)) {}

void Run::Begin() {
  const auto self = shared_from_this();
  TryServer();
}

void Run::TimeUp() {
  const auto self = shared_from_this();
  if (!done_) return;
  const Error error{ErrorCode::kDeadlineExceeded,
                    "the time for the test was over"};
  End(Ended::kFailed);
  Finish(FaultOf(step_, error));
}

void Run::TryServer() {
  report_.steps.clear();
  report_.server = ToString(server().address);
  Start(Step::kName);
  const std::string& host = server().address.host;
  if (const auto literal = proxy::ParseIpAddress(host)) {
    return OnResolved(proxy::Addresses{*literal});
  }
  way_->Resolve(host,
                [weak = weak_from_this()](Result<proxy::Addresses> addresses) {
                  if (const auto self = weak.lock()) {
                    self->OnResolved(std::move(addresses));
                  }
                });
}

void Run::OnResolved(Result<proxy::Addresses> addresses) {
  if (!done_) return;
  if (!addresses) return NextServer(addresses.error());
  End(Ended::kOk);
  Start(Step::kAddress);
  std::string_view fault = "none";
  left_.clear();
  for (const proxy::IpAddress& address : *addresses) {
    if (const auto why = FindAddressFault(address, rules_)) {
      fault = *why;
    } else if (left_.size() < kMaxAddresses) {
      left_.push_back(address);
    }
  }
  if (left_.empty()) {
    return NextServer({ErrorCode::kPermissionDenied,
                       report_.server +
                           " may not be connected to: its address is " +
                           std::string(fault)});
  }
  End(Ended::kOk, Listing(left_));
  std::reverse(left_.begin(), left_.end());
  Start(Step::kConnect);
  TryAddress({ErrorCode::kUnavailable, "no address to connect to"});
}

void Run::TryAddress(Error last) {
  if (left_.empty()) return NextServer(last);
  const proxy::IpAddress address = left_.back();
  left_.pop_back();
  way_->Connect(address, server().address.port,
                [weak = weak_from_this()](Status connected) {
                  if (const auto self = weak.lock()) {
                    self->OnConnected(std::move(connected));
                  }
                });
}

void Run::OnConnected(Status connected) {
  if (!done_) return;
  if (!connected) return TryAddress(std::move(connected.error()));
  End(Ended::kOk);
  Start(Step::kTls);
  if (server().tls == nullptr) {
    End(Ended::kUnproven, plan_->no_tls);
    return LogIn();
  }
  way_->Secure(*plan_, *server().tls,
               [weak = weak_from_this()](const Status& secured) {
                 if (const auto self = weak.lock()) self->OnSecured(secured);
               });
}

void Run::OnSecured(const Status& secured) {
  if (!done_) return;
  if (!secured) return NextServer(secured.error());
  End(Ended::kOk);
  LogIn();
}

void Run::LogIn() {
  Start(Step::kLogin);
  if (!plan_->no_login.empty()) {
    End(Ended::kUnproven, plan_->no_login);
    return Finish();
  }
  way_->LogIn(*plan_, [weak = weak_from_this()](Result<LoginEnd> end) {
    if (const auto self = weak.lock()) self->OnLogin(std::move(end));
  });
}

// Another server would judge the credential no better.
void Run::OnLogin(Result<LoginEnd> end) {
  if (!done_) return;
  if (!end) {
    End(Ended::kFailed);
    return Finish(FaultOf(Step::kLogin, end.error()));
  }
  End(end->ended, std::move(end->note));
  end->fault ? Finish(*std::move(end->fault)) : Finish();
}

void Run::Start(Step step) {
  step_ = step;
  since_ = clock_.SteadyNow();
}

void Run::End(Ended ended, std::string note) {
  report_.steps.push_back(
      {step_, ended, clock_.SteadyNow() - since_, std::move(note)});
}

void Run::NextServer(const Error& error) {
  End(Ended::kFailed);
  if (at_ + 1 >= plan_->servers.size()) return Finish(FaultOf(step_, error));
  ++at_;
  TryServer();
}

void Run::Finish(Fault fault) {
  report_.fault = std::move(fault);
  Finish();
}

void Run::Finish() {
  if (Done done = std::exchange(done_, nullptr)) done(std::move(report_));
}

}  // namespace claviger::sidecar::probe
