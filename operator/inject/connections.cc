// SPDX-License-Identifier: Apache-2.0
#include "operator/inject/connections.h"

#include "access/caller.h"
#include "access/decision.h"

namespace claviger::op::inject {
namespace {

// "sales-eu/dw.main" -> "CLAVIGER_SALES_EU__DW_MAIN_". Two underscores keep the
// namespace and the name apart, which have none themselves.
std::string PrefixOf(const model::ObjectRef& ref) {
  std::string prefix = "CLAVIGER_";
  for (const char c : ref.ns + "/" + ref.name) {
    if (c == '/') {
      prefix += "__";
    } else if (c >= 'a' && c <= 'z') {
      prefix += static_cast<char>(c - 'a' + 'A');
    } else {
      prefix += c == '-' || c == '.' ? '_' : c;
    }
  }
  return prefix + "_";
}

}  // namespace

std::optional<Variables> VariablesOf(const access::Snapshot& snapshot,
                                     const model::ObjectRef& connection,
                                     const model::ObjectRef& account,
                                     Time now) {
  const auto binding = access::Project(
      snapshot, access::Caller::ServiceAccount(account.ns, account.name),
      connection);
  if (!binding) return std::nullopt;
  access::Question question;
  question.carrier = account;
  if (Decide(&*binding, question, now).reason == access::Reason::kNotVisible) {
    return std::nullopt;
  }
  Variables variables;
  if (binding->facts->server_side_only) return variables;
  const std::string prefix = PrefixOf(connection);
  const model::Endpoint& endpoint = binding->facts->endpoint;
  if (!endpoint.host.empty()) variables[prefix + "HOST"] = endpoint.host;
  if (endpoint.port) {
    variables[prefix + "PORT"] = std::to_string(*endpoint.port);
  }
  if (!endpoint.url.empty()) variables[prefix + "URL"] = endpoint.url;
  return variables;
}

}  // namespace claviger::op::inject
