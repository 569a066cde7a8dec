// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/postgres/server_plan.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "postgres/saslprep.h"
#include "sidecar/proxy/postgres/client_certificate.h"

namespace claviger::sidecar::proxy::pg {
namespace {

constexpr uint16_t kDefaultPort = 5432;
constexpr uint16_t kRedshiftPort = 5439;
constexpr size_t kMaxUser = 255;

// "host", "host:port", "[v6]:port", or an address of version 6.
ServerAddress ParseAddress(std::string_view text, uint16_t port) {
  size_t end = text.find(']');
  const bool bracketed = text.starts_with('[') && end != text.npos;
  const size_t colon = bracketed ? end + 1 : text.find(':');
  const bool has_port =
      colon < text.size() && text.rfind(':') == colon && text[colon] == ':';
  if (has_port) {
    std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  }
  const std::string host(bracketed  ? text.substr(1, end - 1)
                         : has_port ? text.substr(0, colon)
                                    : text);
  return {host, port, host};
}

std::string ParameterOf(const access::ConnectionFacts& facts,
                        const std::string& name) {
  const auto found = facts.endpoint.parameters.find(name);
  return found == facts.endpoint.parameters.end() ? "" : found->second;
}

Status ReadMethods(std::string_view text, postgres::Methods& methods) {
  methods = {};
  methods.scram = false;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
    if (word == "scram-sha-256") {
      methods.scram = true;
    } else if (word == "md5") {
      methods.md5 = true;
    } else if (word == "password") {
      methods.cleartext = true;
    } else if (word == "none") {
      methods.none = true;
    } else {
      return Fail(ErrorCode::kInvalidArgument,
                  "the parameter require_auth is not a list of scram-sha-256, "
                  "md5, password and none");
    }
  }
  return {};
}

Status ReadBinding(std::string_view word, postgres::Binding& binding) {
  if (word.empty() || word == "prefer") return {};
  if (word == "require") {
    binding = postgres::Binding::kRequire;
  } else if (word == "disable") {
    binding = postgres::Binding::kDisable;
  } else {
    return Fail(ErrorCode::kInvalidArgument,
                "the parameter channel_binding is not disable, prefer or "
                "require");
  }
  return {};
}

Status ReadAttributes(std::string_view word, SessionAttributes& attributes) {
  const auto known = ParseSessionAttributes(word);
  if (!known) {
    return Fail(ErrorCode::kInvalidArgument,
                "the parameter target_session_attrs is not any, read-write, "
                "read-only, primary, standby or prefer-standby");
  }
  attributes = *known;
  return {};
}

Result<std::string> Take(const Fields& fields, const std::string& name) {
  const auto found = fields.find(name);
  if (found == fields.end() || found->second.empty()) {
    return Fail(ErrorCode::kNotFound, "the secret has no " + name);
  }
  const std::string_view text = found->second.Reveal();
  if (text.find('\0') != text.npos) {
    return Fail(ErrorCode::kInvalidArgument,
                "the secret's " + name + " holds a zero byte");
  }
  return std::string(text);
}

Status ReadCredential(const std::string& type, const Fields& fields,
                      ServerPlan& plan, ClientCertificate& certificate) {
  if (type == "password" || type == "dyn") {
    auto user = Take(fields, "username");
    if (!user) return Fail(std::move(user.error()));
    auto password = Take(fields, "password");
    if (!password) return Fail(std::move(password.error()));
    plan.user = std::move(*user);
    plan.password = Secret(std::move(*password));
    if (plan.methods.scram &&
        postgres::IsChangedBySaslPrep(plan.password.Reveal())) {
      return Fail(ErrorCode::kInvalidArgument,
                  "the secret's password holds characters that SASLprep "
                  "changes, such as a no-break space or what is not in NFKC");
    }
    return {};
  }
  if (type != "client-cert") {
    return Fail(ErrorCode::kInvalidArgument,
                "credentials of the type " + type +
                    " cannot be used for PostgreSQL by this sidecar");
  }
  auto chain = Take(fields, "certificate");
  if (!chain) return Fail(std::move(chain.error()));
  auto key = Take(fields, "private_key");
  if (!key) return Fail(std::move(key.error()));
  plan.user = CommonNameOf(*chain);
  certificate.chain = Secret(std::move(*chain));
  certificate.key = Secret(std::move(*key));
  // The TLS handshake is the login.
  plan.methods.none = true;
  return {};
}

Status ReadTls(const access::ConnectionFacts& facts,
               const ClientCertificate& certificate, ServerRoute& route) {
  const model::Tls& tls = facts.endpoint.tls;
  if (tls.mode == "disable") {
    if (facts.endpoint.insecure && certificate.chain.empty()) return {};
    return Fail(ErrorCode::kInvalidArgument,
                "a login without TLS needs insecure: true, and a password");
  }
  auto client = TlsClient::Make(tls, route.addresses.front().host, certificate,
                                "postgresql");
  if (!client) return Fail(std::move(client.error()));
  route.tls = std::move(*client);
  return {};
}

}  // namespace

std::vector<ServerAddress> AddressesOf(const access::ConnectionFacts& facts,
                                       uint16_t usual) {
  std::vector<ServerAddress> addresses;
  const uint16_t port =
      facts.endpoint.port ? static_cast<uint16_t>(*facts.endpoint.port) : usual;
  if (!facts.endpoint.host.empty()) {
    addresses.push_back({facts.endpoint.host, port, facts.endpoint.host});
  }
  for (const std::string& host : facts.endpoint.hosts) {
    addresses.push_back(ParseAddress(host, port));
  }
  return addresses;
}

Result<std::shared_ptr<const ServerPlan>> MakeServerPlan(const Permit& permit,
                                                         const Fields& fields) {
  const access::ConnectionFacts& facts = *permit.facts;
  auto plan = std::make_shared<ServerPlan>();
  auto route = std::make_shared<ServerRoute>();
  route->addresses = AddressesOf(
      facts, facts.provider == "redshift" ? kRedshiftPort : kDefaultPort);
  route->vault = permit.vault;
  route->slot = permit.slot;
  if (route->addresses.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "the endpoint names no host");
  }
  ClientCertificate certificate;
  Status done = {};
  const std::string methods = ParameterOf(facts, "require_auth");
  if (!methods.empty()) done = ReadMethods(methods, plan->methods);
  if (done) {
    done = ReadBinding(ParameterOf(facts, "channel_binding"), plan->binding);
  }
  if (done) {
    done = ReadAttributes(ParameterOf(facts, "target_session_attrs"),
                          plan->attributes);
  }
  if (done) {
    done = ReadCredential(facts.credential_type, fields, *plan, certificate);
  }
  if (done) done = ReadTls(facts, certificate, *route);
  if (!done) return Fail(std::move(done.error()));
  if (plan->user.empty() || plan->user.size() > kMaxUser) {
    return Fail(ErrorCode::kInvalidArgument,
                "the credential names no user that can be");
  }
  plan->route = std::move(route);
  return plan;
}

}  // namespace claviger::sidecar::proxy::pg
