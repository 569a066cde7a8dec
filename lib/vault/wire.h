// SPDX-License-Identifier: Apache-2.0
//
// Vault's JSON, in and out, for the functions of this folder: bounded parsing,
// typed members, bodies that may hold a secret. Pure.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "vault/api.h"

namespace claviger::vault {

/// Keys from the outside in: {"data", "metadata", "version"}.
using JsonPath = std::initializer_list<std::string_view>;

/// A parsed JSON object, all of whose strings are wiped when it goes.
class Document {
 public:
  /// kMalformed or kTooLarge; `what` goes in front of the message.
  static Result<Document> Parse(std::string_view text, std::string_view what);
  ~Document();
  Document(Document&&) = default;
  Document& operator=(Document&&) = delete;
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  /// The value at `path`; null where there is none.
  const nlohmann::json* Find(JsonPath path) const;
  /// The value at `path` in its type; kMalformed where it is absent or of
  /// another type.
  Result<std::string> String(JsonPath path) const;
  Result<int64_t> Integer(JsonPath path) const;
  /// The strings of the list at `path`; empty where it is absent or null.
  Result<std::vector<std::string>> Strings(JsonPath path) const;

 private:
  Document(nlohmann::json root, std::string_view what)
      : root_(std::move(root)), what_(what) {}

  tl::unexpected<Error> Missing(JsonPath path) const;

  nlohmann::json root_;
  std::string what_;
};

/// The text of the value at `path` within `text`, an object that parsed: a
/// secret is cut out of the answer, so that no tree, no number conversion and
/// no second copy come between. Empty where there is none.
std::string_view RawMember(std::string_view text, JsonPath path);

/// Vault's request_id; empty where there is none, or none that is a plain id of
/// at most 64 characters.
std::string RequestIdOf(const Document& answer);

/// Does the call; its body is wiped afterwards.
Result<Answer> DoAndWipe(Api& api, Call& call);

/// Does a call whose answer must hold an object, and parses it.
Result<Document> DoAndParse(Api& api, Call& call);

/// Does a call whose answer does not matter.
Status DoOnly(Api& api, Call& call);

/// As DoOnly; what is not there counts as deleted.
Status DoDelete(Api& api, Call& call);

/// LIST: data.keys; empty where there is nothing.
Result<std::vector<std::string>> DoList(Api& api, const Secret& token,
                                        std::string path);

/// {"<a>":"<b>",...} for values that need no escape (tokens, names): built in
/// one buffer of the right size, so that no copy is left. kInvalidArgument for
/// a value with any other character than [A-Za-z0-9._-], or over 64 KiB.
Result<std::string> PlainObject(
    std::initializer_list<std::pair<std::string_view, std::string_view>>
        members);

/// kInvalidArgument unless `name` is one plain segment / a path of such.
Status CheckSegment(std::string_view what, std::string_view name);
Status CheckPath(std::string_view what, std::string_view path);

}  // namespace claviger::vault
