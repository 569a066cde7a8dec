// SPDX-License-Identifier: Apache-2.0
#include "access/bindings_entry.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/digest.h"
#include "base/json.h"

namespace claviger::access {
namespace {

using nlohmann::json;

constexpr int kFormat = 1;
constexpr int kMaxParts = 64;

tl::unexpected<Error> Malformed(const std::string& what) {
  return Fail(ErrorCode::kMalformed, "decode bindings entry: " + what);
}

Result<std::string> Text(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) {
    return Malformed(std::string(key) + " is not a text");
  }
  return found->get<std::string>();
}

Result<int> Number(const json& object, const char* key, int max) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_integer()) {
    return Malformed(std::string(key) + " is not a number");
  }
  const auto value = found->get<int64_t>();
  if (value < 1 || value > max) {
    return Malformed(std::string(key) + " is out of bounds");
  }
  return static_cast<int>(value);
}

Result<EntryStamp> ReadStamp(const json& entry) {
  const auto stamp = entry.find("stamp");
  if (stamp == entry.end() || !stamp->is_object()) {
    return Malformed("stamp is missing");
  }
  Result<std::string> by = Text(*stamp, "by");
  if (!by) return Fail(std::move(by).error());
  Result<std::string> cluster = Text(*stamp, "cluster");
  if (!cluster) return Fail(std::move(cluster).error());
  const Result<int> format = Number(*stamp, "format", kFormat);
  if (!format) return Fail(format.error());
  return EntryStamp{*std::move(by), *std::move(cluster), *format};
}

Result<EntryLedger> ReadLedger(const json& entry) {
  const auto ledger = entry.find("ledger");
  if (ledger == entry.end() || !ledger->is_object()) {
    return Malformed("ledger is missing");
  }
  EntryLedger result;
  for (const auto& [key, into] :
       {std::pair("policy", &result.policy), std::pair("role", &result.role),
        std::pair("authMount", &result.auth_mount),
        std::pair("document", &result.document)}) {
    Result<std::string> text = Text(*ledger, key);
    if (!text) return Fail(std::move(text).error());
    *into = *std::move(text);
  }
  const Result<int> parts = Number(*ledger, "parts", kMaxParts);
  if (!parts) return Fail(parts.error());
  result.parts = *parts;
  return result;
}

Result<json> ReadPart(std::string_view part) {
  Result<json> parsed = ParseJson(part);
  if (!parsed || !parsed->is_object()) {
    return Malformed("document is not an object");
  }
  return parsed;
}

}  // namespace

Result<std::string> EncodeEntry(const EntryStamp& stamp,
                                const EntryLedger& ledger,
                                std::string_view part) {
  Result<json> document = ReadPart(part);
  if (!document) return Fail(std::move(document).error());
  json entry = {{"stamp",
                 {{"by", stamp.by},
                  {"cluster", stamp.cluster},
                  {"format", stamp.format}}},
                {"ledger",
                 {{"policy", ledger.policy},
                  {"role", ledger.role},
                  {"authMount", ledger.auth_mount},
                  {"document", ledger.document},
                  {"parts", ledger.parts}}}};
  entry["document"] = *std::move(document);
  return DumpJson(entry);
}

Result<BindingsEntry> DecodeEntry(std::string_view text) {
  const Result<json> entry = ParseJson(text);
  if (!entry) return Fail(entry.error(), "decode bindings entry");
  if (!entry->is_object()) return Malformed("not an object");
  Result<EntryStamp> stamp = ReadStamp(*entry);
  if (!stamp) return Fail(std::move(stamp).error());
  Result<EntryLedger> ledger = ReadLedger(*entry);
  if (!ledger) return Fail(std::move(ledger).error());
  const auto document = entry->find("document");
  if (document == entry->end() || !document->is_object()) {
    return Malformed("document is not an object");
  }
  return BindingsEntry{*std::move(stamp), *std::move(ledger),
                       DumpJson(*document)};
}

std::string DocumentDigest(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all.append(part).append("\n");
  return Sha256Hex(all);
}

}  // namespace claviger::access
