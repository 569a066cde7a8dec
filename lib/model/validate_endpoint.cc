// SPDX-License-Identifier: Apache-2.0
#include "model/validate_endpoint.h"

#include <algorithm>
#include <string_view>

#include "base/names.h"
#include "model/check.h"
#include "model/host.h"
#include "model/limits.h"
#include "model/text.h"

namespace claviger::model {
namespace {

std::string Field(std::string_view name) {
  return "spec.endpoint." + std::string(name);
}

// Anything that may be sent; CONNECT and TRACE have no place behind a proxy
// that adds credentials.
bool IsMethod(std::string_view text) {
  static constexpr std::string_view kMethods[] = {
      "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
  return std::any_of(
      std::begin(kMethods), std::end(kMethods),
      [text](std::string_view method) { return method == text; });
}

// A fingerprint as ssh-keygen prints it: the one value that needs base64.
bool IsHostKeyFingerprint(std::string_view text) {
  static constexpr std::string_view kPrefix = "SHA256:";
  return text.size() == kPrefix.size() + 43 &&
         text.substr(0, kPrefix.size()) == kPrefix &&
         std::all_of(text.begin() + kPrefix.size(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  (c >= '0' && c <= '9') || c == '+' || c == '/';
         });
}

bool IsParameterValue(std::string_view text) {
  return IsUserName(text) || IsHostKeyFingerprint(text);
}

// A whole connection string, with the password in it, is no database's name.
bool IsDatabase(std::string_view text) {
  return IsUserName(text) && text.find_first_of("/@:;=&?") == text.npos;
}

constexpr NameRule kDatabaseRule = {
    IsDatabase, "a database's name",
    "use printable ASCII without quotes, braces "
    "and any of * + % / @ : ; = & ?"};
constexpr NameRule kParameterRule = {
    IsParameterValue, "a parameter's value",
    "use printable ASCII without quotes, braces, *, + and %, at most 256"};
constexpr NameRule kMethodRule = {
    IsMethod, "an HTTP method",
    "use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS"};
constexpr NameRule kPrefixRule = {
    IsUrlPath, "a path prefix",
    "begin with a slash; use letters, digits and . _ ~ - : @ = , between "
    "single slashes"};
constexpr NameRule kHostWithPortRule = {IsHostWithPort,
                                        "a host with or without port",
                                        "write host, host:port or [IPv6]:port"};

void CheckUrl(const Endpoint& endpoint, Report& report) {
  CheckSize(endpoint.url.size(), kMaxUrl, "characters", Field("url"), report);
  if (const auto fault = FindUrlFault(endpoint.url)) {
    // What stands before an @ may be a password, and messages are logged.
    const bool hide = endpoint.url.find('@') != std::string::npos;
    report.Invalid(Field("url"),
                   (hide ? "the url" : Quoted(endpoint.url)) + " " + *fault,
                   "write it like https://host.example:8443/base");
  } else if (!IsHttps(endpoint.url) && !endpoint.insecure) {
    report.Invalid(Field("url"), "not https: the credential could be sniffed",
                   "use https, or accept that with insecure: true");
  }
}

void CheckAddress(const Endpoint& endpoint, Report& report) {
  const bool has_host = !endpoint.host.empty() || !endpoint.hosts.empty();
  if (endpoint.url.empty() && !has_host) {
    report.Invalid("spec.endpoint", "names neither url nor host",
                   "add the one that the provider takes");
  } else if (!endpoint.url.empty() && has_host) {
    report.Invalid("spec.endpoint", "names both url and host",
                   "keep the one that the provider takes");
  }
  if (!endpoint.url.empty()) CheckUrl(endpoint, report);
  if (!endpoint.host.empty()) {
    CheckName(endpoint.host, kHostRule, Field("host"), report);
  }
  CheckNames(endpoint.hosts, kMaxHosts, kHostWithPortRule, Field("hosts"),
             report);
  if (endpoint.port && (*endpoint.port < 1 || *endpoint.port > 65535)) {
    report.Invalid(Field("port"), "not between 1 and 65535",
                   "name the port of the service");
  }
  if (endpoint.port && !endpoint.url.empty()) {
    report.Invalid(Field("port"), "a url has its own port",
                   "write the port into the url");
  }
}

void CheckParameters(const Endpoint& endpoint, Report& report) {
  const std::string path = Field("parameters");
  CheckSize(endpoint.parameters.size(), kMaxParameters, "entries", path,
            report);
  for (const auto& [name, value] : endpoint.parameters) {
    const std::string at = path + "." + Printable(name);
    CheckName(name, kSegmentRule, at, report);
    CheckName(value, kParameterRule, at, report);
  }
}

void CheckTls(const Endpoint& endpoint, bool server_side_only, Report& report) {
  const Tls& tls = endpoint.tls;
  const std::string path = Field("tls");
  const bool verified = tls.mode == "verify-ca" || tls.mode == "verify-full";
  if (!verified && server_side_only && !endpoint.insecure) {
    report.Invalid(path + ".mode",
                   tls.mode +
                       " does not verify the server, and the connection "
                       "is server-side-only",
                   "use verify-full, or accept that with insecure: true");
  }
  if (!tls.ca_bundle.empty()) {
    CheckSize(tls.ca_bundle.size(), kMaxCaBundle, "bytes", path + ".caBundle",
              report);
    if (const auto fault = FindPemFault(tls.ca_bundle)) {
      report.Invalid(path + ".caBundle", *fault,
                     "give the certificates of the authorities in PEM");
    }
  }
  if (!tls.server_name.empty()) {
    CheckName(tls.server_name, kHostRule, path + ".serverName", report);
  }
}

}  // namespace

void CheckEndpoint(const Endpoint& endpoint, bool server_side_only,
                   Report& report) {
  CheckAddress(endpoint, report);
  if (!endpoint.database.empty()) {
    CheckSize(endpoint.database.size(), kMaxDatabase, "characters",
              Field("database"), report);
    CheckName(endpoint.database, kDatabaseRule, Field("database"), report);
  }
  CheckNames(endpoint.methods, kMaxMethods, kMethodRule, Field("methods"),
             report);
  CheckNames(endpoint.path_prefixes, kMaxPathPrefixes, kPrefixRule,
             Field("pathPrefixes"), report);
  const size_t prefixes =
      std::min(endpoint.path_prefixes.size(), kMaxPathPrefixes);
  for (size_t i = 0; i < prefixes; ++i) {
    CheckSize(endpoint.path_prefixes[i].size(), kMaxPathPrefix, "characters",
              At(Field("pathPrefixes"), i), report);
  }
  CheckTls(endpoint, server_side_only, report);
  CheckParameters(endpoint, report);
  if (endpoint.insecure) {
    report.Warn(Field("insecure"),
                "the server is not verified: who is in between sees the "
                "credential",
                "use TLS with verify-full");
  }
}

}  // namespace claviger::model
