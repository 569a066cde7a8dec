// SPDX-License-Identifier: Apache-2.0
#include "support/hostile_names.h"

#include <utility>

#include "support/json_text.h"

namespace claviger::testing {
namespace {

constexpr std::string_view kHead = R"("apiVersion":"claviger.io/v1alpha1",)";

// A Connection whose spec is given but for what every one needs.
std::string Connection(std::string_view metadata, std::string_view endpoint,
                       std::string_view rest, std::string_view vault) {
  std::string json = "{" + std::string(kHead) + R"("kind":"Connection",)";
  json.append(R"("metadata":{)").append(metadata).append("},");
  json.append(R"("spec":{"provider":"postgresql","endpoint":{)");
  json.append(endpoint).append("},").append(rest);
  json.append(R"("credentials":{"type":"password","default":{"vault":{)");
  return json.append(vault).append("}}}}}");
}

constexpr std::string_view kMeta = R"("name":"dw","namespace":"sales")";
constexpr std::string_view kHost = R"("host":"dw.corp")";
constexpr std::string_view kVault =
    R"("engine":"kv2","mount":"secret","path":"sales/dw")";

NameField InSpec(std::string path, std::string_view rest) {
  return {"spec." + path, Connection(kMeta, kHost, rest, kVault)};
}

NameField InGrant(std::string path, std::string_view spec) {
  return {"spec." + path,
          "{" + std::string(kHead) +
              R"("kind":"Grant","metadata":{"name":"g","namespace":"sales"},)" +
              R"("spec":{)" + std::string(spec) + "}}"};
}

NameField InGroup(std::string path, std::string_view spec) {
  return {"spec." + path,
          "{" + std::string(kHead) +
              R"("kind":"Group","metadata":{"name":"g"},"spec":{)" +
              std::string(spec) + "}}"};
}

}  // namespace

NameField InMetadata(std::string path, std::string_view metadata) {
  return {std::move(path), Connection(metadata, kHost, "", kVault)};
}
NameField InEndpoint(std::string path, std::string_view endpoint) {
  return {"spec.endpoint." + path, Connection(kMeta, endpoint, "", kVault)};
}
NameField InVault(std::string path, std::string_view vault) {
  return {"spec.credentials.default.vault." + path,
          Connection(kMeta, kHost, "", vault)};
}

std::vector<NameField> ConnectionNames() {
  return {
      InMetadata("metadata.name", R"("name":@,"namespace":"sales")"),
      InMetadata("metadata.namespace", R"("name":"dw","namespace":@)"),
      InMetadata("metadata.uid", R"("name":"d","namespace":"s","uid":@)"),
      InSpec("owner.name", R"("owner":{"kind":"User","name":@},)"),
      InSpec("owner.name", R"("owner":{"kind":"Group","name":@},)"),
      InSpec("owner.name",
             R"("owner":{"kind":"ServiceAccount","namespace":"a","name":@},)"),
      InSpec("owner.namespace",
             R"("owner":{"kind":"ServiceAccount","namespace":@,"name":"a"},)"),
      InSpec("sharing.groups[0]",
             R"("sharing":{"mode":"Groups","groups":[@]},)"),
      InSpec("workloads[0].namespace", R"("workloads":[{"namespace":@}],)"),
      InSpec("workloads[0].serviceAccounts[0]",
             R"("workloads":[{"namespace":"a","serviceAccounts":[@]}],)"),
      InVault("mount", R"("engine":"kv2","mount":@,"path":"a")"),
      InVault("path", R"("engine":"kv2","mount":"a","path":@)"),
      InVault("path", R"("engine":"read","mount":"a","path":@)"),
      InVault("role", R"("engine":"database","mount":"a","role":@)"),
      InVault("keys.username",
              R"("engine":"kv1","mount":"a","path":"b","keys":{"username":@})"),
      InVault("keys.*",
              R"("engine":"kv1","mount":"a","path":"b","keys":{@:"user"})"),
  };
}

std::vector<NameField> EndpointNames() {
  return {
      InEndpoint("host", R"("host":@)"),
      InEndpoint("hosts[0]", R"("hosts":[@])"),
      InEndpoint("url", R"("url":@)"),
      InEndpoint("database", R"("host":"a","database":@)"),
      InEndpoint("tls.serverName", R"("host":"a","tls":{"serverName":@})"),
      InEndpoint("pathPrefixes[0]", R"("url":"https://a","pathPrefixes":[@])"),
      InEndpoint("methods[0]", R"("url":"https://a","methods":[@])"),
      InEndpoint("parameters.schema",
                 R"("host":"a","parameters":{"schema":@})"),
      InEndpoint("parameters.*", R"("host":"a","parameters":{@:"x"})"),
  };
}

std::vector<NameField> GrantAndGroupNames() {
  return {
      InGrant("connection",
              R"("connection":@,"subjects":[{"kind":"Everyone"}])"),
      InGrant("subjects[0].name",
              R"("connection":"dw","subjects":[{"kind":"User","name":@}])"),
      InGrant("subjects[0].name",
              R"("connection":"dw","subjects":[{"kind":"Group","name":@}])"),
      InGrant("subjects[0].name",
              R"("connection":"dw","subjects":
                 [{"kind":"ServiceAccount","namespace":"a","name":@}])"),
      InGrant("subjects[0].namespace",
              R"("connection":"dw","subjects":
                 [{"kind":"ServiceAccount","namespace":@,"name":"a"}])"),
      InGrant("credential.vault.role",
              R"("connection":"dw","subjects":[{"kind":"Everyone"}],
                 "privileges":[],"credential":{"vault":
                 {"engine":"ldap","mount":"a","role":@}})"),
      InGroup("members[0].name",
              R"("members":[{"kind":"Namespace","name":@}])"),
      InGroup("members[0].name", R"("members":[{"kind":"User","name":@}])"),
      InGroup("members[0].name", R"("members":[{"kind":"Group","name":@}])"),
      InGroup("admins[0].name", R"("admins":[{"kind":"User","name":@}])"),
      InGroup("claim.name", R"("claim":{"name":@,"value":"a"})"),
      InGroup("claim.value", R"("claim":{"name":"a","value":@})"),
  };
}

std::vector<std::string> HostileNames() {
  return {"a\"b",
          "a*",
          "a+",
          "*",
          "+",
          "..",
          "a/../b",
          "%2e",
          "%2e%2e%2f",
          "",
          std::string(300, 'a'),
          "ROOT",
          "Root",
          "{{identity.entity.name}}",
          "\xd0\xb0\xd0\xb4min",  // Cyrillic a, de
          "\xef\xbd\x81",         // full-width a
          "cafe\xcc\x81",         // decomposed accent
          "a\xe2\x80\x8b"
          "b",  // zero width space
          "a\xe2\x80\xae"
          "b",  // right-to-left override
          std::string("a\0b", 3),
          "a\nb",
          "a\x1b[31m",
          " a",
          "a\\b",
          "a'b"};
}

std::string HarmlessName(const std::string& path) {
  if (path == "spec.endpoint.url") return "https://a";
  if (path == "spec.endpoint.methods[0]") return "GET";
  if (path == "spec.endpoint.pathPrefixes[0]") return "/a";
  return "abc";
}

std::string WithName(const NameField& field, std::string_view name) {
  std::string json = field.json;
  return json.replace(json.find('@'), 1, JsonText(name));
}

}  // namespace claviger::testing
