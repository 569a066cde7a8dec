// SPDX-License-Identifier: Apache-2.0
#include "sidecar/probe/network_way.h"

#include <utility>

namespace claviger::sidecar::probe {
namespace {

using proxy::Stream;
using proxy::pg::ServerLogin;
using proxy::pg::Upstream;

// PostgreSQL's Terminate: its log then shows no lost connection.
constexpr std::string_view kTerminate("X\0\0\0\4", 5);

Result<LoginEnd> EndOf(ServerLogin::Outcome outcome,
                       const std::string& database) {
  if (auto* error = std::get_if<Error>(&outcome)) {
    return Fail(std::move(*error));
  }
  if (auto* failure = std::get_if<postgres::LoginFailure>(&outcome)) {
    return LoginEnd{Ended::kFailed, "", FaultOf(*failure, database)};
  }
  std::get<ServerLogin::In>(outcome).stream->Write(kTerminate);
  return LoginEnd{};
}

}  // namespace

void NetworkWay::Resolve(const std::string& host, Resolved done) {
  parts_.resolver(host, std::move(done));
}

proxy::Dialer::Done NetworkWay::Keeping(Done done) {
  // Attempts are dropped with the object, and then call nobody.
  return
      [this, done = std::move(done)](Result<std::unique_ptr<Stream>> stream) {
        if (!stream) return done(Fail(std::move(stream.error())));
        stream_ = *std::move(stream);
        done({});
      };
}

void NetworkWay::Connect(const proxy::IpAddress& address, uint16_t port,
                         Done done) {
  stream_.reset();
  attempt_ = parts_.dialer.Connect(proxy::ToString(address), port,
                                   Keeping(std::move(done)));
}

void NetworkWay::Secure(const Plan& plan, const proxy::TlsClient& tls,
                        Done done) {
  if (plan.server_plan == nullptr) {
    attempt_ =
        parts_.dialer.Secure(std::move(stream_), tls, Keeping(std::move(done)));
    return;
  }
  upstream_ =
      Upstream::OpenOn(parts_.loop, parts_.dialer, plan.server_plan->route,
                       std::move(stream_), Keeping(std::move(done)));
}

void NetworkWay::LogIn(const Plan& plan, LoggedIn done) {
  if (plan.server_plan != nullptr)
    return LogInByPostgres(plan, std::move(done));
  http_ = std::make_shared<HttpLogin>(
      std::move(stream_), plan.request.Clone(),
      [done = std::move(done)](Result<int> status) {
        if (!status) return done(Fail(std::move(status.error())));
        done(probe::EndOf(*status));
      });
  http_->Begin();
}

void NetworkWay::LogInByPostgres(const Plan& plan, LoggedIn done) {
  const proxy::pg::ServerPlan& server = *plan.server_plan;
  postgres::LoginWish wish;
  wish.parameters = plan.parameters;
  wish.parameters.insert(wish.parameters.begin(), {"user", server.user});
  wish.methods = server.methods;
  wish.binding = server.binding;
  if (stream_->tls() != nullptr) {
    wish.server_end_point = proxy::ServerEndPoint(*stream_->tls());
  }
  wish.password = server.password.Clone();
  postgres_ = std::make_shared<ServerLogin>(
      parts_.loop, std::move(stream_), std::move(wish), parts_.random,
      [done = std::move(done),
       database = plan.database](ServerLogin::Outcome outcome) {
        done(EndOf(std::move(outcome), database));
      });
  postgres_->Begin();
}

}  // namespace claviger::sidecar::probe
