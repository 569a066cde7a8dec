// SPDX-License-Identifier: Apache-2.0
#include "bench/bench_objects.h"

#include "base/digest.h"

namespace claviger::testing {
namespace {

constexpr int kNamespaces = 100;
constexpr int kAccountNamespaces = 50;

std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

std::string AccountNamespace(int account) {
  return "apps-" + std::to_string(account % kAccountNamespaces);
}
std::string AccountName(int account) {
  return "svc-" + std::to_string(account);
}

// As kubectl apply leaves it, without the text that it last applied.
std::string Metadata(const std::string& kind, const std::string& ns,
                     const std::string& name, const BenchState& state) {
  return R"({"name":)" + Quoted(name) + R"(,"namespace":)" + Quoted(ns) +
         R"(,"uid":)" + Quoted(UuidV5(kind + "/" + ns + "/" + name)) +
         R"(,"resourceVersion":")" + std::to_string(state.version) +
         R"(","generation":)" + std::to_string(state.generation) +
         R"(,"creationTimestamp":"2026-01-01T00:00:00Z",)"
         R"("finalizers":["claviger.io/vault"],"labels":{"team":)" +
         Quoted(ns) +
         R"(},"managedFields":[{"manager":"kubectl","operation":"Apply",)"
         R"("apiVersion":"claviger.io/v1alpha1","fieldsType":"FieldsV1",)"
         R"("fieldsV1":{"f:metadata":{"f:labels":{"f:team":{}}},)"
         R"("f:spec":{"f:credentials":{"f:default":{"f:vault":{)"
         R"("f:engine":{},"f:mount":{},"f:path":{}}}},"f:owner":{},)"
         R"("f:provider":{}}}}]})";
}

std::string Object(const std::string& kind, const std::string& metadata,
                   const std::string& spec, const BenchState& state) {
  std::string text = R"({"apiVersion":"claviger.io/v1alpha1","kind":)" +
                     Quoted(kind) + R"(,"metadata":)" + metadata +
                     R"(,"spec":)" + spec;
  if (!state.status.empty()) text += R"(,"status":)" + state.status;
  return text + "}";
}

std::string ConnectionName(int number) {
  return "warehouse-" + std::to_string(number);
}

std::string Vault(const std::string& ns, const std::string& path) {
  return R"({"engine":"kv2","mount":"secret","path":)" +
         Quoted(ns + "/" + path) +
         R"(,"keys":{"username":"user","password":"pass"}})";
}

}  // namespace

std::string BenchNamespace(int number) {
  return "team-" + std::to_string(number % kNamespaces);
}

std::string BenchConnection(int number, const BenchState& state) {
  const std::string ns = BenchNamespace(number);
  const std::string name = ConnectionName(number);
  const std::string spec =
      R"({"provider":"postgresql","endpoint":{"host":)" +
      Quoted(name + ".databases.example.internal") +
      R"(,"port":5432,"database":"warehouse","tls":{"mode":"verify-full"},)"
      R"("parameters":{"application_name":"reports"}},)"
      R"("owner":{"kind":"User","name":)" +
      Quoted("owner-of-" + ns) +
      R"(},"sharing":{"mode":"Private"},"credentials":{"type":"password",)"
      R"("mode":"Layered","default":{"vault":)" +
      Vault(ns, name) +
      R"(}},"serverSideOnly":true,"secretReaders":"Granted",)"
      R"("deletionPolicy":"Block"})";
  return Object("Connection", Metadata("Connection", ns, name, state), spec,
                state);
}

int BenchSubject(int size, int grant, int subject, int shift) {
  // Spread, so that an account's Grants are of many namespaces.
  const int64_t account =
      grant + int64_t{subject} * (size / kSubjectsOfAGrant + 7);
  const bool moved = subject == kSubjectsOfAGrant - 1;
  return static_cast<int>((account + (moved ? shift : 0)) % size);
}

std::string BenchPrincipal(int account) {
  return "sa." + AccountNamespace(account) + "." + AccountName(account);
}

std::string BenchGrant(int size, int number, const BenchState& state) {
  const std::string ns = BenchNamespace(number);
  const std::string name = "readers-" + std::to_string(number);
  std::string subjects;
  for (int i = 0; i < kSubjectsOfAGrant; ++i) {
    const int account = BenchSubject(size, number, i, state.shift);
    if (i > 0) subjects += ',';
    subjects += R"({"kind":"ServiceAccount","namespace":)" +
                Quoted(AccountNamespace(account)) + R"(,"name":)" +
                Quoted(AccountName(account)) + "}";
  }
  const std::string spec =
      R"({"connection":)" + Quoted(ConnectionName(number)) +
      R"(,"subjects":[)" + subjects +
      R"(],"effect":"Allow","privileges":["use"],"credential":{"vault":)" +
      Vault(ns, name) + R"(,"priority":0},"reason":"ticket OPS-)" +
      std::to_string(number) + R"(")" +
      (state.suspended ? R"(,"suspended":true})" : "}");
  return Object("Grant", Metadata("Grant", ns, name, state), spec, state);
}

}  // namespace claviger::testing
