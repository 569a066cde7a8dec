// SPDX-License-Identifier: Apache-2.0
//
// Every list and text at its bound is accepted, one over it refused.
#include "model/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "model_testing.h"

namespace claviger::model {
namespace {

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
  return R"({"apiVersion":"claviger.io/v1alpha1","kind":"Connection",
    "metadata":{"name":"dw","namespace":"sales"},"spec":{"provider":"p",
    "endpoint":{)" +
         std::string(endpoint) + "}," + std::string(rest) +
         R"("credentials":{"type":"t","default":{"vault":{)" +
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

struct LimitCase {
  std::string path;
  size_t max;
  std::string_view unit;
  std::function<std::string(size_t)> json;
};

std::vector<LimitCase> Lists() {
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

std::vector<LimitCase> Texts() {
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

bool Refused(const Objects& objects) {
  for (const auto& one : objects.connections) return one.refused.has_value();
  for (const auto& one : objects.grants) return one.refused.has_value();
  for (const auto& one : objects.groups) return one.refused.has_value();
  ADD_FAILURE() << "nothing was decoded";
  return false;
}

void CheckLimit(const LimitCase& c) {
  SCOPED_TRACE(c.path);
  const Objects fits = DecodeObject(c.json(c.max));
  EXPECT_FALSE(Refused(fits)) << ::testing::PrintToString(Lines(fits.problems));
  const Objects over = DecodeObject(c.json(c.max + 1));
  EXPECT_TRUE(Refused(over));
  const std::string expected = c.path + ": " + std::to_string(c.max + 1) + " " +
                               std::string(c.unit) + ", at most " +
                               std::to_string(c.max) + " are accepted";
  EXPECT_THAT(Lines(over.problems),
              ::testing::Contains(::testing::StartsWith(expected)));
}

TEST(LimitsTest, BoundEveryList) {
  for (const LimitCase& c : Lists()) CheckLimit(c);
}

TEST(LimitsTest, BoundEveryText) {
  for (const LimitCase& c : Texts()) CheckLimit(c);
}

TEST(LimitsTest, BoundCertificates) {
  const auto json = [](size_t bytes) {
    std::string pem = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----";
    pem.insert(28, std::string(bytes - pem.size(), 'A'));
    return Connection(
        std::string(kHost) + R"(,"tls":{"caBundle":)" + JsonText(pem) + "}", "",
        kVault);
  };
  EXPECT_FALSE(Refused(DecodeObject(json(kMaxCaBundle))));
  EXPECT_TRUE(Refused(DecodeObject(json(kMaxCaBundle + 1))));
}

}  // namespace
}  // namespace claviger::model
