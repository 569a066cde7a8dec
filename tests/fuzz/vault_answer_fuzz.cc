// SPDX-License-Identifier: Apache-2.0
//
// Whatever a server answers: classification and the reading of its JSON end in
// a value or an error, never in a crash, and no message grows with the answer
// or holds what cannot be printed. The first byte chooses the call, the next
// two the status, the rest is the body.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "vault/api.h"
#include "vault/auth.h"
#include "vault/error.h"
#include "vault/kv.h"
#include "vault/policy.h"
#include "vault/role_compare.h"
#include "vault/sys.h"
#include "vault/wire.h"

namespace claviger::vault {
namespace {

void Need(bool fine) {
  if (!fine) std::abort();
}

// Classifies the one response that the input holds, for any call.
class FuzzedApi final : public Api {
 public:
  FuzzedApi(int status, std::string body)
      : status_(status), body_(std::move(body)) {}

  Result<Answer> Do(const Call& call) override {
    return Classify(call, {status_, {{"Retry-After", body_}}, body_});
  }

 private:
  int status_;
  std::string body_;
};

void CheckError(const std::optional<Error>& error) {
  if (!error) return;
  Need(error->message.size() < 1'000);
  Need(std::all_of(error->message.begin(), error->message.end(),
                   [](char c) { return c >= 0x20 && c < 0x7f; }));
  Need(!error->retry_after || *error->retry_after <= std::chrono::minutes(5));
}

template <typename T>
std::optional<Error> ErrorOf(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error();
}

std::optional<Error> Read(uint8_t which, Api& api, const Secret& token) {
  const Secret jwt(std::string("e30.e30.c2ln"));
  switch (which % 12) {
    case 0:
      return ErrorOf(LoginWithJwt(api, "kubernetes", "role", jwt));
    case 1:
      return ErrorOf(LoginWithToken(api, token.Clone()));
    case 2:
      return ErrorOf(ReadRole(api, token, "kubernetes", "role"));
    case 3:
      return ErrorOf(WriteRole(api, token, "kubernetes", "role", "{}"));
    case 4:
      return ErrorOf(ListRoles(api, token, "kubernetes"));
    case 5:
      return ErrorOf(ReadKv2(api, token, "secret", "a"));
    case 6:
      return ErrorOf(ReadKv1(api, token, "secret", "a"));
    case 7:
      return ErrorOf(WriteKv2(api, token, "secret", "a", "{}", 0));
    case 8:
      return ErrorOf(ReadPolicy(api, token, "p"));
    case 9:
      return ErrorOf(ReadHealth(api));
    case 10:
      return ErrorOf(ListMounts(api, token));
    default:
      return ErrorOf(Capabilities(api, token, jwt, {"a"}));
  }
}

}  // namespace
}  // namespace claviger::vault

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  const int status = (data[1] << 8) + data[2];
  const std::string body(reinterpret_cast<const char*>(data) + 3, size - 3);
  claviger::vault::FuzzedApi api(status, body);
  const claviger::Secret token(std::string("hvs.1"));
  claviger::vault::CheckError(claviger::vault::Read(data[0], api, token));
  claviger::vault::RawMember(body, {"data", "data"});
  claviger::vault::RoleMatches(body, R"({"token_ttl":3600,"a":["b"]})");
  claviger::vault::RoleMatches(body, body);
  return 0;
}
