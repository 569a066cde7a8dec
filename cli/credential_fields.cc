// SPDX-License-Identifier: Apache-2.0
#include "cli/credential_fields.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/file.h"
#include "base/json.h"
#include "providers/catalogue.h"

namespace claviger::cli {
namespace {

constexpr size_t kMaxBytes = size_t{64} << 10U;

// A JSON object whose values are wiped with it.
class Fields {
 public:
  Fields() = default;
  ~Fields() {
    for (auto& value : json_) WipeString(value.get_ref<std::string&>());
  }
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;

  void Put(const std::string& key, std::string_view value) {
    json_[key] = value;
  }
  bool Has(const std::string& key) const { return json_.contains(key); }
  Secret Text() const { return Secret(DumpJson(json_)); }

 private:
  nlohmann::json json_ = nlohmann::json::object();
};

// Editors end files with a newline that nobody means.
std::string_view WithoutLineEnd(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

Result<Secret> FromFiles(const providers::CredentialType& type,
                         const std::vector<std::string>& files) {
  Fields fields;
  for (const std::string& pair : files) {
    const size_t equals = pair.find('=');
    const std::string key = pair.substr(0, equals);
    if (equals == std::string::npos || equals + 1 == pair.size()) {
      return Fail(ErrorCode::kInvalidArgument,
                  "--from-file takes KEY=FILE, as password=password.txt");
    }
    if (!type.HasKey(key) || fields.Has(key)) {
      return Fail(ErrorCode::kInvalidArgument,
                  "--from-file: a credential of type " + std::string(type.id) +
                      " has no key " + key + ", or it is given twice");
    }
    Result<std::string> text = ReadFile(pair.substr(equals + 1), kMaxBytes);
    if (!text) return Fail(std::move(text.error()), "read " + key);
    const Secret value(std::move(*text));
    fields.Put(key, WithoutLineEnd(value.Reveal()));
  }
  return fields.Text();
}

Result<Secret> FromTerminal(const providers::CredentialType& type,
                            SecretInput& input) {
  Fields fields;
  const auto ask = [&](std::string_view key, std::string_view note) -> Status {
    const std::string name(key);
    const Result<Secret> value = input.Ask(name + std::string(note) + ": ");
    if (!value) return Fail(value.error(), "ask for " + name);
    if (!value->empty()) fields.Put(name, value->Reveal());
    return {};
  };
  for (const std::string_view key : type.required) {
    if (Status done = ask(key, ""); !done) return Fail(done.error());
  }
  for (const std::string_view key : type.optional) {
    if (Status done = ask(key, " (empty: none)"); !done) {
      return Fail(done.error());
    }
  }
  return fields.Text();
}

}  // namespace

Result<Secret> ReadCredentialFields(const std::string& type,
                                    const std::vector<std::string>& files,
                                    Context& context) {
  const providers::CredentialType* known = providers::FindType(type);
  if (known == nullptr) {
    return Fail(ErrorCode::kUnsupported,
                "this claviger does not know the credential type " + type);
  }
  if (!files.empty()) return FromFiles(*known, files);
  if (context.input == nullptr) {
    return Fail(ErrorCode::kUnavailable, "there is no input");
  }
  if (context.input->IsTerminal()) return FromTerminal(*known, *context.input);
  return context.input->ReadAll(kMaxBytes);
}

}  // namespace claviger::cli
