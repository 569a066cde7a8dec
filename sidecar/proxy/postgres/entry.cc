// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/postgres/entry.h"

#include <utility>

#include "postgres/wire.h"
#include "sidecar/proxy/postgres/faults.h"

namespace claviger::sidecar::proxy::pg {

Result<std::shared_ptr<const ServerPlan>> PlanCache::For(const Access& access,
                                                         const Permit& permit) {
  if (plan_ && facts_ == permit.facts && credential_ == permit.credential) {
    return plan_;
  }
  const auto fields = access.FieldsOf(permit);
  if (!fields) return Fail(fields.error());
  auto plan = MakeServerPlan(permit, *fields);
  if (!plan) return Fail(std::move(plan.error()));
  facts_ = permit.facts;
  credential_ = permit.credential;
  plan_ = std::move(*plan);
  return plan_;
}

Entry::Entry(EntryParts& parts, postgres::StartupPacket packet, Done done)
    : parts_(parts), packet_(std::move(packet)), done_(std::move(done)) {}

void Entry::Begin() {
  parts_.access.Obtain(parts_.connection,
                       [weak = weak_from_this()](Access::Answer answer) {
                         if (const auto self = weak.lock()) {
                           self->OnAnswer(std::move(answer));
                         }
                       });
}

void Entry::OnAnswer(Access::Answer answer) {
  const auto self = shared_from_this();
  if (const auto* problem = std::get_if<Problem>(&answer)) {
    return Finish(FaultOf(parts_.connection, *problem));
  }
  permit_ = std::make_shared<Permit>(std::move(std::get<Permit>(answer)));
  const std::string& provider = permit_->facts->provider;
  if (provider != "postgresql" && provider != "redshift") {
    return Finish(FaultOf(
        parts_.connection,
        Problem{"InjectionUnsupported",
                "the connection is no PostgreSQL database but " + provider,
                "use it by the local API"}));
  }
  auto startup = PlanStartup(packet_, *permit_->facts, parts_.workload);
  if (const auto* bad = std::get_if<postgres::BadPacket>(&startup)) {
    return Finish(Fault(parts_.connection, bad->sqlstate, "InvalidRequest",
                        bad->what, ""));
  }
  startup_ = std::move(std::get<StartupPlan>(startup));
  auto plan = parts_.plans.For(parts_.access, *permit_);
  if (!plan) return Finish(FaultOf(parts_.connection, plan.error()));
  plan_ = std::move(*plan);
  Open(plan_->route->addresses);
}

void Entry::Open(std::vector<ServerAddress> addresses) {
  upstream_ = Upstream::Open(
      parts_.loop, parts_.dialer, plan_->route, std::move(addresses),
      [weak = weak_from_this()](Result<std::unique_ptr<Stream>> stream) {
        const auto self = weak.lock();
        if (!self) return;
        if (!stream) {
          return self->TryNext(
              FaultOf(self->parts_.connection, stream.error()));
        }
        self->LogIn(std::move(*stream));
      },
      parts_.deadlines.answer);
}

void Entry::LogIn(std::unique_ptr<Stream> stream) {
  postgres::LoginWish wish;
  wish.minor = startup_.minor;
  wish.parameters = startup_.parameters;
  wish.parameters.insert(wish.parameters.begin(), {"user", plan_->user});
  wish.methods = plan_->methods;
  wish.binding = plan_->binding;
  if (stream->tls() != nullptr) {
    wish.server_end_point = ServerEndPoint(*stream->tls());
  }
  wish.password = plan_->password.Clone();
  wish.kept_keys = plan_->kept_keys;
  login_ = std::make_shared<ServerLogin>(
      parts_.loop, std::move(stream), std::move(wish), parts_.random,
      [weak = weak_from_this()](ServerLogin::Outcome outcome) {
        if (const auto self = weak.lock()) self->OnLogin(std::move(outcome));
      },
      parts_.deadlines.login);
  login_->Begin();
}

void Entry::OnLogin(ServerLogin::Outcome outcome) {
  const auto self = shared_from_this();
  if (auto* error = std::get_if<Error>(&outcome)) {
    return Finish(FaultOf(parts_.connection, *error));
  }
  if (auto* failure = std::get_if<postgres::LoginFailure>(&outcome)) {
    return OnRefused(*failure);
  }
  OnIn(std::move(std::get<ServerLogin::In>(outcome)));
}

void Entry::OnIn(ServerLogin::In in) {
  if (in.login.keys) plan_->kept_keys = in.login.keys;
  const Fit fit =
      any_ ? Fit::kYes : FitOf(plan_->attributes, in.login.greeting);
  if (fit != Fit::kYes) {
    std::string goodbye;
    postgres::AppendMessage(goodbye, 'X', "");
    in.stream->Write(goodbye);
    return TryNext(
        Fault(parts_.connection, postgres::sqlstate::kCannotConnect,
              "UpstreamUnavailable",
              fit == Fit::kNo
                  ? "no server is as the connection's target_session_attrs says"
                  : "the server does not say whether it is as the connection's "
                    "target_session_attrs says (PostgreSQL 14 and newer do)",
              "try again; have the endpoint's hosts looked at"));
  }
  Entered entered;
  entered.host = upstream_->address().name;
  entered.stream = std::move(in.stream);
  entered.login = std::move(in.login);
  entered.route = plan_->route;
  entered.startup = std::move(startup_);
  entered.generation = permit_->generation;
  entered.stale = permit_->stale;
  entered.degraded = permit_->degraded;
  Finish(std::move(entered));
}

void Entry::OnRefused(const postgres::LoginFailure& failure) {
  // It starts, or recovers: another one may be ready.
  if (failure.error.sqlstate == postgres::sqlstate::kCannotConnectNow) {
    return TryNext(FaultOf(parts_.connection, failure));
  }
  if (!failure.is_credential() || std::exchange(retried_, true)) {
    return Finish(FaultOf(parts_.connection, failure));
  }
  parts_.access.Replace(*permit_,
                        [weak = weak_from_this()](Access::Answer answer) {
                          if (const auto self = weak.lock()) {
                            self->OnAnswer(std::move(answer));
                          }
                        });
}

void Entry::TryNext(postgres::ErrorFields last) {
  std::vector<ServerAddress> left;
  if (upstream_) left = upstream_->TakeLeft();
  if (!left.empty()) return Open(std::move(left));
  const bool preferred = plan_->attributes == SessionAttributes::kPreferStandby;
  if (!preferred || std::exchange(any_, true)) return Finish(std::move(last));
  Open(plan_->route->addresses);
}

void Entry::Finish(Outcome outcome) {
  permit_.reset();
  if (Done done = std::exchange(done_, nullptr)) done(std::move(outcome));
}

}  // namespace claviger::sidecar::proxy::pg
