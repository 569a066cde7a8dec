// SPDX-License-Identifier: Apache-2.0
#include "vault/lease.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "vault/error.h"
#include "vault/wire.h"

namespace claviger::vault {
namespace {

constexpr size_t kMaxLeaseId = 1'024;
constexpr int64_t kLongest = int64_t{10} * 365 * 24 * 3'600;

std::chrono::seconds TtlOf(const Document& document) {
  const int64_t ttl = document.Integer({"lease_duration"}).value_or(0);
  return std::chrono::seconds(std::clamp<int64_t>(ttl, -1, kLongest));
}

bool IsRenewable(const Document& document) {
  const nlohmann::json* flag = document.Find({"renewable"});
  return flag != nullptr && flag->is_boolean() && flag->get<bool>();
}

// Vault's lease ids are printable: what is not is not Vault's.
Status CheckLeaseId(std::string_view id) {
  const bool fine = !id.empty() && id.size() <= kMaxLeaseId &&
                    std::all_of(id.begin(), id.end(),
                                [](char c) { return c > ' ' && c < '\x7f'; });
  if (fine) return {};
  return Fail(ErrorCode::kMalformed, "the lease has no proper id");
}

Result<Leased> DoLeased(Api& api, Call& call) {
  const Result<Answer> answer = DoAndWipe(api, call);
  if (!answer) return Fail(answer.error());
  const Result<Document> document =
      Document::Parse(answer->body, Describe(call));
  if (!document) return Fail(document.error());
  const std::string_view data = RawMember(answer->body, {"data"});
  if (data.empty() || data == "null") {
    return Fail(ErrorCode::kNotFound, Describe(call) + ": it holds no data");
  }
  if (data.front() != '{') {
    return Fail(ErrorCode::kMalformed,
                Describe(call) + ": its data is no object");
  }
  Leased leased;
  leased.data = Secret(std::string(data));
  leased.lease_id = document->String({"lease_id"}).value_or("");
  if (!leased.lease_id.empty()) {
    if (Status fine = CheckLeaseId(leased.lease_id); !fine) {
      return Fail(std::move(fine).error(), Describe(call));
    }
  }
  leased.ttl = TtlOf(*document);
  leased.renewable = IsRenewable(*document);
  leased.request_id = RequestIdOf(*document);
  return leased;
}

std::string LeaseBody(std::string_view lease_id) {
  return DumpJson(nlohmann::json{{"lease_id", lease_id}});
}

}  // namespace

Result<Leased> ReadLeased(Api& api, const Secret& token, std::string_view path,
                          bool idempotent) {
  if (Status fine = CheckPath("credential's path", path); !fine) {
    return Fail(std::move(fine).error());
  }
  Call call;
  call.path = std::string(path);
  call.token = &token;
  call.idempotent = idempotent;
  return DoLeased(api, call);
}

Result<Leased> WriteLeased(Api& api, const Secret& token, std::string_view path,
                           std::string body) {
  if (Status fine = CheckPath("credential's path", path); !fine) {
    return Fail(std::move(fine).error());
  }
  Call call;
  call.verb = Verb::kWrite;
  call.path = std::string(path);
  call.body = std::move(body);
  call.token = &token;
  call.idempotent = false;
  return DoLeased(api, call);
}

Result<Prolonged> RenewLease(Api& api, const Secret& token,
                             std::string_view lease_id,
                             std::chrono::seconds increment) {
  Call call;
  call.verb = Verb::kWrite;
  call.path = "sys/leases/renew";
  call.body = DumpJson(
      nlohmann::json{{"lease_id", lease_id}, {"increment", increment.count()}});
  call.token = &token;
  const Result<Document> document = DoAndParse(api, call);
  if (!document) return Fail(document.error());
  if (!document->Integer({"lease_duration"})) {
    return Fail(ErrorCode::kMalformed,
                "write sys/leases/renew: the answer has no lease_duration");
  }
  return Prolonged{TtlOf(*document), IsRenewable(*document)};
}

Status RevokeLease(Api& api, const Secret& token, std::string_view lease_id) {
  Call call;
  call.verb = Verb::kWrite;
  call.path = "sys/leases/revoke";
  call.body = LeaseBody(lease_id);
  call.token = &token;
  Status done = DoOnly(api, call);
  // 400: no such lease.
  if (!done && done.error().code == ErrorCode::kInvalidArgument) return {};
  return done;
}

}  // namespace claviger::vault
