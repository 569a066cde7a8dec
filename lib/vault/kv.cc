// SPDX-License-Identifier: Apache-2.0
#include "vault/kv.h"

#include <utility>

#include "vault/error.h"
#include "vault/wire.h"

namespace claviger::vault {
namespace {

Result<std::string> Join(std::string_view mount, std::string_view between,
                         std::string_view path) {
  if (Status fine = CheckPath("mount", mount); !fine) {
    return Fail(std::move(fine).error());
  }
  if (Status fine = CheckPath("secret's path", path); !fine) {
    return Fail(std::move(fine).error());
  }
  return std::string(mount) + std::string(between) + std::string(path);
}

// The object at `where` in the answer as a secret; kNotFound where it is null,
// as it is for a deleted version.
Result<Secret> CutOut(const Answer& answer, JsonPath where,
                      const std::string& what) {
  const std::string_view text = RawMember(answer.body, where);
  if (text.empty() || text == "null") {
    return Fail(ErrorCode::kNotFound, what + ": it holds no data");
  }
  if (text.front() != '{') {
    return Fail(ErrorCode::kMalformed, what + ": its data is no object");
  }
  return Secret(std::string(text));
}

}  // namespace

Result<KvSecret> ReadKv2(Api& api, const Secret& token, std::string_view mount,
                         std::string_view path, int64_t version) {
  Result<std::string> full = Join(mount, "/data/", path);
  if (!full) return Fail(std::move(full).error());
  Call call;
  call.path = *std::move(full);
  if (version > 0) call.query = "version=" + std::to_string(version);
  call.token = &token;
  const Result<Answer> answer = api.Do(call);
  if (!answer) return Fail(answer.error());
  const Result<Document> document =
      Document::Parse(answer->body, Describe(call));
  if (!document) return Fail(document.error());
  Result<Secret> data = CutOut(*answer, {"data", "data"}, Describe(call));
  if (!data) return Fail(std::move(data).error());
  const Result<int64_t> stored =
      document->Integer({"data", "metadata", "version"});
  if (!stored) return Fail(stored.error());
  return KvSecret{*std::move(data), *stored, RequestIdOf(*document)};
}

Result<KvSecret> ReadKv1(Api& api, const Secret& token, std::string_view mount,
                         std::string_view path) {
  Result<std::string> full = Join(mount, "/", path);
  if (!full) return Fail(std::move(full).error());
  Call call;
  call.path = *std::move(full);
  call.token = &token;
  const Result<Answer> answer = api.Do(call);
  if (!answer) return Fail(answer.error());
  const Result<Document> document =
      Document::Parse(answer->body, Describe(call));
  if (!document) return Fail(document.error());
  Result<Secret> data = CutOut(*answer, {"data"}, Describe(call));
  if (!data) return Fail(std::move(data).error());
  return KvSecret{*std::move(data), 0, RequestIdOf(*document)};
}

Result<int64_t> WriteKv2(Api& api, const Secret& token, std::string_view mount,
                         std::string_view path, std::string_view data_json,
                         int64_t cas) {
  Result<std::string> full = Join(mount, "/data/", path);
  if (!full) return Fail(std::move(full).error());
  Call call;
  call.verb = Verb::kWrite;
  call.path = *std::move(full);
  call.token = &token;
  // Repeated after it took effect unseen, it would meet its own version and
  // report a conflict: the caller must read first.
  call.idempotent = false;
  if (const Result<Document> data =
          Document::Parse(data_json, "data for " + call.path);
      !data) {
    return Fail(ErrorCode::kInvalidArgument, data.error().message);
  }
  const std::string options = ",\"options\":{\"cas\":" + std::to_string(cas);
  call.body.reserve(data_json.size() + options.size() + 16);
  call.body.append("{\"data\":").append(data_json).append(options).append("}}");
  const Result<Document> document = DoAndParse(api, call);
  if (!document) return Fail(document.error());
  return document->Integer({"data", "version"});
}

Result<int64_t> CurrentVersionKv2(Api& api, const Secret& token,
                                  std::string_view mount,
                                  std::string_view path) {
  Result<std::string> full = Join(mount, "/metadata/", path);
  if (!full) return Fail(std::move(full).error());
  Call call;
  call.path = *std::move(full);
  call.token = &token;
  const Result<Document> document = DoAndParse(api, call);
  if (!document && document.error().code == ErrorCode::kNotFound) return 0;
  if (!document) return Fail(document.error());
  return document->Integer({"data", "current_version"});
}

Status RemoveKv2(Api& api, const Secret& token, std::string_view mount,
                 std::string_view path) {
  Result<std::string> full = Join(mount, "/metadata/", path);
  if (!full) return Fail(std::move(full).error());
  Call call;
  call.path = *std::move(full);
  call.token = &token;
  return DoDelete(api, call);
}

Result<std::vector<std::string>> ListKv2(Api& api, const Secret& token,
                                         std::string_view mount,
                                         std::string_view path) {
  if (path.empty()) {
    if (Status fine = CheckPath("mount", mount); !fine) {
      return Fail(std::move(fine).error());
    }
    return DoList(api, token, std::string(mount) + "/metadata");
  }
  Result<std::string> full = Join(mount, "/metadata/", path);
  if (!full) return Fail(std::move(full).error());
  return DoList(api, token, *std::move(full));
}

}  // namespace claviger::vault
