// SPDX-License-Identifier: Apache-2.0
#include "dev/token_backend.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/time.h"
#include "dev/fields.h"

namespace claviger::dev {
namespace {

using nlohmann::json;

int64_t Seconds(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time)
      .time_since_epoch()
      .count();
}

// What the body asks for, before the caller's rights are looked at.
struct Wish {
  std::vector<std::string> policies;
  bool no_default = false;
  bool no_parent = false;
  std::string type;
  TokenRequest token;
};

Result<Wish> ReadWish(const json& body) {
  Wish wish;
  TokenRequest& token = wish.token;
  // One policy as text is one policy: no commas here, unlike everywhere else.
  const auto policies = body.find("policies");
  if (policies != body.end() && policies->is_string()) {
    wish.policies = {policies->get<std::string>()};
  }
  Fields fields(body);
  if (wish.policies.empty()) fields.Read("policies", wish.policies);
  fields.Read("no_default_policy", wish.no_default)
      .Read("no_parent", wish.no_parent)
      .Read("type", wish.type)
      .Read("display_name", token.display_name)
      .Read("id", token.id)
      .Read("meta", token.metadata)
      .Read("num_uses", token.num_uses)
      .Read("renewable", token.renewable)
      .ReadSeconds("ttl", token.ttl)
      .ReadSeconds("explicit_max_ttl", token.explicit_max_ttl)
      .ReadSeconds("period", token.period);
  if (!fields.status()) return Fail(fields.status().error());
  return wish;
}

Reply Deny(const std::string& what) {
  return Refused(400, "root or sudo privileges required to " + what);
}

// What only root, or who has sudo on this path, may ask for.
std::optional<Reply> WantsMore(const Request& request, const Wish& wish) {
  if (request.sudo) return std::nullopt;
  if (wish.no_parent) return Deny("create orphan token");
  if (wish.token.period > 0) return Deny("create periodic token");
  if (!wish.token.id.empty()) return Deny("specify token id");
  return std::nullopt;
}

bool Contains(const std::vector<std::string>& policies, const char* name) {
  return std::find(policies.begin(), policies.end(), name) != policies.end();
}

bool IsSubset(const std::vector<std::string>& inner,
              const std::vector<std::string>& outer) {
  return std::includes(outer.begin(), outer.end(), inner.begin(), inner.end());
}

}  // namespace

std::string TokenBackend::Given(const Request& request,
                                const char* field) const {
  std::string value;
  Fields(request.body).Read(field, value);
  return value;
}

Reply TokenBackend::Handle(const Request& request) {
  const std::string& path = request.path;
  if (path == "lookup-self") {
    if (request.operation == Operation::kDelete) return UnsupportedOperation();
    return LookUp(request.caller, request.token);
  }
  if (!request.writes()) {
    const bool known = path == "create" || path == "create-orphan" ||
                       path == "lookup" || path == "renew-self" ||
                       path == "revoke-self" || path == "lookup-accessor" ||
                       path == "revoke-accessor" || path == "revoke";
    return known ? UnsupportedOperation() : UnsupportedPath();
  }
  if (path == "create") return Create(request, false);
  if (path == "create-orphan") return Create(request, true);
  if (path == "lookup") return LookUpGiven(request);
  if (path == "renew-self") {
    return Renew(tokens_.Find(request.token), request.token, request);
  }
  if (path == "renew") {
    const std::string value = Given(request, "token");
    return Renew(tokens_.Find(value), value, request);
  }
  if (path == "revoke-self") return Revoke(request.caller);
  if (path == "revoke") {
    const std::string value = Given(request, "token");
    if (value.empty()) return Refused(400, "missing token ID");
    return Revoke(tokens_.Find(value));
  }
  if (path == "lookup-accessor" || path == "revoke-accessor") {
    const Token* token = tokens_.FindAccessor(Given(request, "accessor"));
    if (path == "lookup-accessor") {
      return token
                 ? LookUp(token, "")
                 : Refused(400, "1 error occurred:\n\t* invalid accessor\n\n");
    }
    if (token != nullptr) return Revoke(token);
    Reply reply;
    reply.warnings = {"No token found with this accessor"};
    return reply;
  }
  return UnsupportedPath();
}

Reply TokenBackend::Create(const Request& request, bool orphan) {
  auto wish = ReadWish(request.body);
  if (!wish) return RefusedBy(wish.error());
  if (!wish->type.empty() && wish->type != "service") {
    return Refused(400, "only service tokens are supported");
  }
  if (auto refused = WantsMore(request, *wish)) return *std::move(refused);
  const Token& caller = *request.caller;
  TokenRequest& token = wish->token;
  const bool inherit = wish->policies.empty();
  // Nobody gets `default` from a parent that has not got it.
  const bool no_default =
      wish->no_default ||
      (!request.sudo && !Contains(caller.made.policies, "default"));
  token.policies =
      inherit ? caller.made.policies
              : NormalisePolicies(std::move(wish->policies), no_default);
  if (!request.sudo && !IsSubset(token.policies, caller.made.policies)) {
    return Refused(400, "child policies must be subset of parent");
  }
  const bool root = Contains(token.policies, "root");
  if (root && !caller.IsRoot()) {
    return Refused(400,
                   "root tokens may not be created without parent token "
                   "being root");
  }
  token.endless = root && token.ttl == 0 && token.explicit_max_ttl == 0;
  token.path = orphan ? "auth/token/create-orphan" : "auth/token/create";
  if (!orphan && !wish->no_parent) token.parent = caller.digest;

  std::vector<std::string> warnings;
  for (const std::string& policy : token.policies) {
    if (policies_.Exists(policy)) continue;
    warnings.push_back("Policy \"" + policy + "\" does not exist");
  }
  auto created = tokens_.Create(std::move(token));
  if (!created) return RefusedBy(created.error());
  Reply reply;
  reply.auth = AuthObject(*created->token, created->value.Reveal(),
                          created->token->creation_ttl);
  reply.warnings = std::move(created->warnings);
  reply.warnings.insert(reply.warnings.end(), warnings.begin(), warnings.end());
  return reply;
}

Reply TokenBackend::LookUp(const Token* token, const std::string& value) const {
  const TokenRequest& made = token->made;
  json data{{"id", value},
            {"accessor", token->accessor},
            {"creation_time", Seconds(token->created)},
            {"creation_ttl", token->creation_ttl},
            {"display_name", made.display_name},
            {"entity_id", made.entity_id},
            {"expire_time", nullptr},
            {"explicit_max_ttl", made.explicit_max_ttl},
            {"issue_time", FormatRfc3339(token->created)},
            {"meta", made.metadata.empty() ? json() : json(made.metadata)},
            {"num_uses", made.num_uses == 0 ? 0 : token->uses_left},
            {"orphan", made.parent.empty()},
            {"path", made.path},
            {"policies", made.policies},
            {"renewable", made.renewable && token->expires.has_value()},
            {"ttl", tokens_.TtlOf(*token)},
            {"type", "service"}};
  if (token->expires) data["expire_time"] = FormatRfc3339(*token->expires);
  if (made.period > 0) data["period"] = made.period;
  if (token->renewed) {
    data["last_renewal"] = FormatRfc3339(*token->renewed);
    data["last_renewal_time"] = Seconds(*token->renewed);
  }
  return WithData(std::move(data));
}

Reply TokenBackend::LookUpGiven(const Request& request) {
  const std::string value = Given(request, "token");
  if (value.empty()) return LookUp(request.caller, request.token);
  const Token* token = tokens_.Find(value);
  return token ? LookUp(token, value) : Refused(403, "bad token");
}

Reply TokenBackend::Renew(Token* token, const std::string& value,
                          const Request& request) {
  if (token == nullptr) return Refused(400, "token not found");
  int64_t increment = 0;
  Fields fields(request.body);
  if (!fields.ReadSeconds("increment", increment).status()) {
    return Refused(
        400, "Field validation failed: " + fields.status().error().message);
  }
  if (!token->expires) return Refused(400, "invalid lease ID");
  if (!token->made.renewable) return Refused(400, "lease is not renewable");
  const auto base = role_ttl_(*token);
  if (!base) {
    return Refused(500, "1 error occurred:\n\t* failed to renew entry: " +
                            base.error().message + "\n\n");
  }
  Reply reply;
  const int64_t ttl = tokens_.Renew(*token, increment, *base, reply.warnings);
  reply.auth = AuthObject(*token, value, ttl);
  return reply;
}

Reply TokenBackend::Revoke(const Token* token) {
  if (token != nullptr) tokens_.Revoke(std::string(token->digest));
  return NoContent();
}

}  // namespace claviger::dev
