// SPDX-License-Identifier: Apache-2.0
#include "operator/inject/connections.h"

#include "access/caller.h"
#include "access/decision.h"
#include "operator/inject/names.h"

namespace claviger::op::inject {
namespace {

// None: the account does not see it, or it is unknown.
std::optional<access::Binding> FindSeen(const access::Snapshot& snapshot,
                                        const model::ObjectRef& connection,
                                        const model::ObjectRef& account,
                                        Time now) {
  auto binding = access::Project(
      snapshot, access::Caller::ServiceAccount(account.ns, account.name),
      connection);
  if (!binding) return std::nullopt;
  access::Question question;
  question.carrier = account;
  if (Decide(&*binding, question, now).reason == access::Reason::kNotVisible) {
    return std::nullopt;
  }
  return binding;
}

// Where a socket's path would be too long there is no socket.
void AddSocket(const std::string& prefix, providers::Protocol protocol,
               const std::string& socket, Variables& variables) {
  if (socket.empty()) return;
  if (protocol == providers::Protocol::kHttp) {
    variables[prefix + "SOCKET"] = socket;
    return;
  }
  variables[prefix + "HOST"] = socket.substr(0, socket.rfind('/'));
  variables[prefix + "PORT"] = "5432";
}

}  // namespace

std::optional<Variables> VariablesOf(const access::Snapshot& snapshot,
                                     const model::ObjectRef& connection,
                                     const model::ObjectRef& account,
                                     Time now) {
  const auto binding = FindSeen(snapshot, connection, account, now);
  if (!binding) return std::nullopt;
  Variables variables;
  if (binding->facts->server_side_only) return variables;
  const std::string prefix = providers::VariablePrefix(connection);
  const model::Endpoint& endpoint = binding->facts->endpoint;
  if (!endpoint.host.empty()) variables[prefix + "HOST"] = endpoint.host;
  if (endpoint.port) {
    variables[prefix + "PORT"] = std::to_string(*endpoint.port);
  }
  if (!endpoint.url.empty()) variables[prefix + "URL"] = endpoint.url;
  if (binding->facts->credential_type == "aws-static") {
    variables[std::string(kAwsVariable)] = std::string(kTcpAddress) +
                                           "/v1/connections/" +
                                           ToString(connection) + "/aws";
  }
  return variables;
}

std::optional<providers::Protocol> ProtocolFor(
    const access::Snapshot& snapshot, const model::ObjectRef& connection,
    const model::ObjectRef& account, Time now) {
  const auto binding = FindSeen(snapshot, connection, account, now);
  if (!binding || !binding->facts->server_side_only) return std::nullopt;
  return providers::ProtocolOf(binding->facts->provider);
}

Variables VariablesOf(const providers::ListenWish& listener) {
  const std::string prefix = providers::VariablePrefix(listener.connection);
  const std::string socket = providers::SocketOf(kListeners, listener);
  Variables variables;
  AddSocket(prefix, listener.protocol, socket, variables);
  if (!listener.port) return variables;
  const bool postgres = listener.protocol == providers::Protocol::kPostgres;
  variables[prefix + "URL"] =
      (postgres ? "postgresql://127.0.0.1:" : "http://127.0.0.1:") +
      std::to_string(*listener.port);
  if (postgres && !socket.empty()) {
    variables[prefix + "PASSFILE"] =
        socket.substr(0, socket.rfind('/')) + "/pgpass";
  }
  return variables;
}

std::optional<std::string> FindFileRefusal(const access::Snapshot& snapshot,
                                           const providers::FileWish& wish,
                                           const model::ObjectRef& account,
                                           Time now) {
  const auto binding = access::Project(
      snapshot, access::Caller::ServiceAccount(account.ns, account.name),
      wish.connection);
  if (!binding) return "it is unknown";
  access::Question question;
  question.delivery = access::Delivery::kDisclose;
  question.carrier = account;
  const access::Decision decision = Decide(&*binding, question, now);
  if (decision.reason == access::Reason::kNotVisible) return "it is unknown";
  // Also where the decision stops before, for want of a credential.
  if (binding->facts->server_side_only ||
      decision.reason == access::Reason::kServerSideOnly) {
    return "it is server-side-only, and its secret never leaves the sidecar: "
           "no file can hold it; use it through the sidecar, or have its "
           "owner set serverSideOnly: false";
  }
  if (decision.reason == access::Reason::kDisclosureNotAllowed) {
    return "sa/" + ToString(account) +
           " may not read its secret; have a Grant give it readSecret";
  }
  return providers::FindFileFault(wish.format, binding->facts->provider,
                                  binding->facts->credential_type);
}

}  // namespace claviger::op::inject
