// SPDX-License-Identifier: Apache-2.0
#include "support/limit_cases.h"

#include "model/limits.h"
#include "support/json_text.h"

namespace claviger::testing {
namespace {

using namespace model;  // NOLINT(google-build-using-namespace): its limits

// `make(i)` for i in [0, count), joined by commas.
std::string List(size_t count, const std::function<std::string(size_t)>& make) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += (i ? "," : "") + make(i);
  return all;
}

std::string Name(std::string_view prefix, size_t i) {
  return JsonText(std::string(prefix) + std::to_string(i));
}

std::string Connection(std::string_view endpoint, std::string_view rest,
                       std::string_view vault) {
  const bool url = endpoint.find("url") != std::string_view::npos;
  return R"({"apiVersion":"claviger.io/v1alpha1","kind":"Connection",
    "metadata":{"name":"dw","namespace":"sales"},"spec":{"provider":)" +
         JsonText(url ? "http" : "postgresql") + R"(,"endpoint":{)" +
         std::string(endpoint) + "}," + std::string(rest) +
         R"("credentials":{"type":"password","default":{"vault":{)" +
         std::string(vault) + "}}}}}";
}

constexpr std::string_view kHost = R"("host":"h")";
constexpr std::string_view kUrl = R"("url":"https://h")";
constexpr std::string_view kVault = R"("engine":"kv2","mount":"m","path":"p")";

std::string Grant(std::string_view spec) {
  return R"({"apiVersion":"claviger.io/v1alpha1","kind":"Grant","metadata":
    {"name":"g","namespace":"sales"},"spec":{"connection":"dw",)" +
         std::string(spec) + "}}";
}

std::string Group(std::string_view spec) {
  return R"({"apiVersion":"claviger.io/v1alpha1","kind":"Group","metadata":
    {"name":"g"},"spec":{)" +
         std::string(spec) + "}}";
}

}  // namespace

std::vector<LimitCase> ListLimits() {
  const auto users = [](size_t n) {
    return List(n, [](size_t i) {
      return R"({"kind":"User","name":)" + Name("u", i) + "}";
    });
  };
  return {
      {"spec.sharing.groups", kMaxSharingGroups, "entries",
       [](size_t n) {
         return Connection(kHost,
                           R"("sharing":{"mode":"Groups","groups":[)" +
                               List(n, [](size_t i) { return Name("g", i); }) +
                               "]},",
                           kVault);
       }},
      {"spec.workloads", kMaxWorkloads, "entries",
       [](size_t n) {
         return Connection(kHost,
                           R"("workloads":[)" +
                               List(n,
                                    [](size_t i) {
                                      return R"({"namespace":)" + Name("n", i) +
                                             "}";
                                    }) +
                               "],",
                           kVault);
       }},
      {"spec.workloads[0].serviceAccounts", kMaxServiceAccounts, "entries",
       [](size_t n) {
         return Connection(
             kHost,
             R"("workloads":[{"namespace":"a","serviceAccounts":[)" +
                 List(n, [](size_t i) { return Name("s", i); }) + "]}],",
             kVault);
       }},
      {"spec.endpoint.hosts", kMaxHosts, "entries",
       [](size_t n) {
         return Connection(R"("hosts":[)" +
                               List(n, [](size_t i) { return Name("h", i); }) +
                               "]",
                           "", kVault);
       }},
      {"spec.endpoint.pathPrefixes", kMaxPathPrefixes, "entries",
       [](size_t n) {
         return Connection(std::string(kUrl) + R"(,"pathPrefixes":[)" +
                               List(n, [](size_t i) { return Name("/p", i); }) +
                               "]",
                           "", kVault);
       }},
      {"spec.endpoint.parameters", kMaxParameters, "entries",
       [](size_t n) {
         return Connection(
             std::string(kHost) + R"(,"parameters":{)" +
                 List(n, [](size_t i) { return Name("p", i) + R"(:"v")"; }) +
                 "}",
             "", kVault);
       }},
      {"spec.credentials.default.vault.keys", kMaxKeys, "entries",
       [](size_t n) {
         return Connection(
             kHost, "",
             std::string(kVault) + R"(,"keys":{)" + List(n, [](size_t i) {
               return Name("k", i) + R"(:"v")";
             }) + "}");
       }},
      {"spec.subjects", kMaxSubjects, "entries",
       [users](size_t n) { return Grant(R"("subjects":[)" + users(n) + "]"); }},
      {"spec.members", kMaxMembers, "entries",
       [users](size_t n) { return Group(R"("members":[)" + users(n) + "]"); }},
      {"spec.admins", kMaxAdmins, "entries",
       [users](size_t n) { return Group(R"("admins":[)" + users(n) + "]"); }},
  };
}

std::vector<LimitCase> TextLimits() {
  const auto text = [](size_t n) { return JsonText(std::string(n, 'a')); };
  return {
      {"spec.endpoint.url", kMaxUrl, "characters",
       [](size_t n) {
         return Connection(
             R"("url":)" + JsonText("https://h/" + std::string(n - 10, 'a')),
             "", kVault);
       }},
      {"spec.endpoint.database", kMaxDatabase, "characters",
       [text](size_t n) {
         return Connection(std::string(kHost) + R"(,"database":)" + text(n), "",
                           kVault);
       }},
      {"spec.endpoint.pathPrefixes[0]", kMaxPathPrefix, "characters",
       [](size_t n) {
         return Connection(std::string(kUrl) + R"(,"pathPrefixes":[)" +
                               JsonText("/" + std::string(n - 1, 'a')) + "]",
                           "", kVault);
       }},
      {"spec.credentials.default.vault.mount", kMaxMount, "characters",
       [](size_t n) {
         return Connection(kHost, "",
                           R"("engine":"kv2","path":"p","mount":)" +
                               JsonText(std::string(n / 2, 'a') + "/" +
                                        std::string(n - n / 2 - 1, 'a')));
       }},
      {"spec.reason", kMaxReason, "characters",
       [](size_t n) {
         std::string reason;
         for (size_t i = 0; i < n; ++i) reason += "\xc3\xa9";
         return Grant(R"("subjects":[{"kind":"Everyone"}],"reason":)" +
                      JsonText(reason));
       }},
      {"metadata.uid", kMaxUid, "characters",
       [text](size_t n) {
         return R"({"apiVersion":"claviger.io/v1alpha1","kind":"Group",
           "metadata":{"name":"g","uid":)" +
                text(n) + R"(},"spec":{}})";
       }},
  };
}

std::string ConnectionTrusting(size_t bytes) {
  std::string pem = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----";
  pem.insert(28, std::string(bytes - pem.size(), 'A'));
  return Connection(
      std::string(kHost) + R"(,"tls":{"caBundle":)" + JsonText(pem) + "}", "",
      kVault);
}

}  // namespace claviger::testing
