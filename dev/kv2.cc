// SPDX-License-Identifier: Apache-2.0
#include "dev/kv2.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/secret.h"
#include "base/time.h"
#include "dev/fields.h"

namespace claviger::dev {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr int64_t kDefaultMaxVersions = 10;
constexpr size_t kMaxCustomPairs = 64;
constexpr size_t kMaxCustomKey = 128;
constexpr size_t kMaxCustomValue = 512;
// What a version costs beside its text, and a key beside its path.
constexpr size_t kVersionOverhead = 128;
constexpr size_t kKeyOverhead = 256;

// With milliseconds, as Vault's have a fraction too.
std::string Format(Time time) {
  std::string text = FormatRfc3339(time);
  const int64_t rest = time.time_since_epoch().count() % 1000;
  if (rest == 0) return text;
  const std::string digits = std::to_string(1000 + rest).substr(1);
  return text.insert(text.size() - 1, "." + digits);
}

Reply InvalidPath() {
  Reply reply;
  reply.status = 404;
  reply.warnings = {"Invalid path for a versioned K/V secrets engine."};
  return reply;
}

Reply StorageFull() { return Refused(413, "storage is full"); }

size_t BytesOf(const std::map<std::string, std::string>& custom) {
  size_t bytes = 0;
  for (const auto& [key, value] : custom) bytes += key.size() + value.size();
  return bytes;
}

json CustomJson(const std::map<std::string, std::string>& custom) {
  return custom.empty() ? json() : json(custom);
}

std::optional<std::string> WrongCustom(
    const std::map<std::string, std::string>& custom) {
  if (custom.size() > kMaxCustomPairs) return "too many pairs";
  for (const auto& [key, value] : custom) {
    if (key.empty() || key.size() > kMaxCustomKey) return "length of a key";
    if (value.empty() || value.size() > kMaxCustomValue) {
      return "length of value for key \"" + key + "\"";
    }
  }
  return std::nullopt;
}

}  // namespace

Kv2::~Kv2() {
  while (!keys_.empty()) RemoveKey(std::string(keys_.begin()->first));
}

std::optional<bool> Kv2::Exists(const std::string& path) const {
  const auto data = Below(path, "data/");
  const auto metadata = Below(path, "metadata/");
  if (!data && !metadata) return std::nullopt;
  return keys_.count(data ? *data : *metadata) != 0;
}

Reply Kv2::Handle(const Request& request) {
  const std::string& path = request.path;
  if (path == "config") return HandleConfig(request);
  const auto metadata = Below(path, "metadata/");
  if (metadata) return HandleMetadata(request, *metadata);
  if (request.operation == Operation::kList) return InvalidPath();
  if (const auto key = Below(path, "data/")) return HandleData(request, *key);
  if (const auto key = Below(path, "delete/")) {
    return HandleVersions(request, *key, &Kv2::Delete);
  }
  if (const auto key = Below(path, "undelete/")) {
    return HandleVersions(request, *key, &Kv2::Undelete);
  }
  if (const auto key = Below(path, "destroy/")) {
    return HandleVersions(request, *key, &Kv2::Destroy);
  }
  return InvalidPath();
}

Reply Kv2::HandleConfig(const Request& request) {
  if (request.operation == Operation::kRead) {
    return WithData({{"max_versions", config_.max_versions},
                     {"cas_required", config_.cas_required},
                     {"delete_version_after",
                      FormatDuration(seconds(config_.delete_after))}});
  }
  if (!request.writes()) return UnsupportedOperation();
  Settings changed = config_;
  Fields fields(request.body);
  fields.Read("max_versions", changed.max_versions)
      .Read("cas_required", changed.cas_required)
      .ReadSeconds("delete_version_after", changed.delete_after);
  if (!fields.status()) return RefusedBy(fields.status().error());
  config_ = changed;
  return NoContent();
}

bool Kv2::IsGone(const Version& version) const {
  return version.destroyed ||
         (version.deleted && *version.deleted <= clock_.Now());
}

json Kv2::VersionJson(const Key& key, int64_t number) const {
  const Version& version = key.versions.at(number);
  return {{"version", number},
          {"created_time", Format(version.created)},
          {"deletion_time", version.deleted ? Format(*version.deleted) : ""},
          {"destroyed", version.destroyed},
          {"custom_metadata", CustomJson(key.custom)}};
}

Reply Kv2::HandleData(const Request& request, const std::string& path) {
  if (request.operation == Operation::kRead) return ReadData(request, path);
  if (request.writes()) return WriteData(request, path);
  const auto found = keys_.find(path);
  if (found != keys_.end()) {
    const auto newest = found->second.versions.find(found->second.current);
    if (newest != found->second.versions.end()) Delete(newest->second);
  }
  return NoContent();
}

Reply Kv2::ReadData(const Request& request, const std::string& path) const {
  int64_t number = 0;
  const auto wanted = request.query.find("version");
  if (wanted != request.query.end()) {
    const json text{{"version", wanted->second}};
    Fields fields(text);
    if (!fields.Read("version", number).status()) {
      return Refused(
          400, "Field validation failed: " + fields.status().error().message);
    }
  }
  const auto found = keys_.find(path);
  if (found == keys_.end()) return NotFound();
  const Key& key = found->second;
  if (number == 0) number = key.current;
  const auto version = key.versions.find(number);
  if (version == key.versions.end()) return NotFound();
  Reply reply =
      WithData({{"data", nullptr}, {"metadata", VersionJson(key, number)}});
  if (IsGone(version->second)) {
    reply.status = 404;
    return reply;
  }
  auto data = ParseJson(version->second.text);
  if (!data) return RefusedBy(data.error());
  reply.data["data"] = *std::move(data);
  return reply;
}

// None: the write may go on.
std::optional<Reply> Kv2::CheckCas(const Request& request,
                                   const Key* key) const {
  const auto options = request.body.find("options");
  const json none = json::object();
  const bool given = options != request.body.end() && !options->is_null();
  if (given && !options->is_object()) {
    return Refused(400,
                   "error converting input for field \"options\": expected a "
                   "map");
  }
  int64_t cas = -1;
  Fields fields(given ? *options : none);
  if (!fields.Has("cas")) {
    const bool required =
        config_.cas_required || (key != nullptr && key->settings.cas_required);
    if (!required) return std::nullopt;
    return Refused(400, "check-and-set parameter required for this call");
  }
  if (!fields.Read("cas", cas).status()) {
    return Refused(400, "error parsing check-and-set parameter");
  }
  if (cas != (key == nullptr ? 0 : key->current)) {
    return Refused(400,
                   "check-and-set parameter did not match the current version");
  }
  return std::nullopt;
}

// Null where the storage is full.
Kv2::Key* Kv2::KeyAt(const std::string& path) {
  const auto found = keys_.find(path);
  if (found != keys_.end()) return &found->second;
  if (!budget_.Take(path.size() + kKeyOverhead)) return nullptr;
  Key& key = keys_[path];
  key.created = key.updated = clock_.Now();
  return &key;
}

Reply Kv2::WriteData(const Request& request, const std::string& path) {
  if (path.empty()) return InvalidPath();
  const auto data = request.body.find("data");
  if (data == request.body.end()) return Refused(400, "no data provided");
  if (!data->is_object() && !data->is_null()) {
    return Refused(400,
                   "error converting input for field \"data\": expected a map");
  }
  const auto found = keys_.find(path);
  const Key* known = found == keys_.end() ? nullptr : &found->second;
  if (auto refused = CheckCas(request, known)) return *std::move(refused);
  std::string text = DumpJson(*data);
  Key* key = KeyAt(path);
  if (key == nullptr || !budget_.Take(text.size() + kVersionOverhead)) {
    return StorageFull();
  }
  AddVersion(*key, std::move(text));
  return WithData(VersionJson(*key, key->current));
}

void Kv2::AddVersion(Key& key, std::string text) {
  Version version;
  version.text = std::move(text);
  version.created = clock_.Now();
  const int64_t after = key.settings.delete_after > 0
                            ? key.settings.delete_after
                            : config_.delete_after;
  if (after > 0) version.deleted = version.created + seconds(after);
  key.updated = version.created;
  key.versions.emplace(++key.current, std::move(version));
  int64_t keep = key.settings.max_versions > 0 ? key.settings.max_versions
                                               : config_.max_versions;
  if (keep <= 0) keep = kDefaultMaxVersions;
  while (static_cast<int64_t>(key.versions.size()) > keep) {
    const auto oldest = key.versions.begin();
    Destroy(oldest->second);
    budget_.Return(kVersionOverhead);
    key.versions.erase(oldest);
    key.oldest = key.versions.begin()->first;
  }
}

Reply Kv2::HandleMetadata(const Request& request, const std::string& path) {
  if (request.operation == Operation::kList) {
    return WithKeys(NamesBelow(keys_, path));
  }
  if (request.operation == Operation::kDelete) {
    RemoveKey(path);
    return NoContent();
  }
  if (request.writes()) return WriteMetadata(request, path);
  const auto found = keys_.find(path);
  return found == keys_.end() ? NotFound()
                              : WithData(MetadataJson(found->second));
}

Reply Kv2::WriteMetadata(const Request& request, const std::string& path) {
  if (path.empty()) return UnsupportedOperation();
  const auto found = keys_.find(path);
  Settings settings =
      found == keys_.end() ? Settings() : found->second.settings;
  std::map<std::string, std::string> custom;
  Fields fields(request.body);
  fields.Read("max_versions", settings.max_versions)
      .Read("cas_required", settings.cas_required)
      .ReadSeconds("delete_version_after", settings.delete_after)
      .Read("custom_metadata", custom);
  if (!fields.status()) return RefusedBy(fields.status().error());
  if (const auto wrong = WrongCustom(custom)) {
    return Refused(400, "custom_metadata validation failed: " + *wrong);
  }
  Key* key = KeyAt(path);
  if (key == nullptr) return StorageFull();
  if (fields.Has("custom_metadata")) {
    budget_.Return(BytesOf(key->custom));
    key->custom.clear();
    if (!budget_.Take(BytesOf(custom))) return StorageFull();
    key->custom = std::move(custom);
  }
  key->settings = settings;
  return NoContent();
}

json Kv2::MetadataJson(const Key& key) const {
  json versions = json::object();
  for (const auto& [number, version] : key.versions) {
    json item = VersionJson(key, number);
    item.erase("version");
    item.erase("custom_metadata");
    versions[std::to_string(number)] = std::move(item);
  }
  return {{"cas_required", key.settings.cas_required},
          {"created_time", Format(key.created)},
          {"current_version", key.current},
          {"custom_metadata", CustomJson(key.custom)},
          {"delete_version_after",
           FormatDuration(seconds(key.settings.delete_after))},
          {"max_versions", key.settings.max_versions},
          {"oldest_version", key.oldest},
          {"updated_time", Format(key.updated)},
          {"versions", std::move(versions)}};
}

Reply Kv2::HandleVersions(const Request& request, const std::string& path,
                          VersionChange change) {
  if (!request.writes()) return UnsupportedOperation();
  std::vector<std::string> texts;
  Fields fields(request.body);
  fields.Read("versions", texts);
  if (!fields.status()) return RefusedBy(fields.status().error());
  if (texts.empty()) return Refused(400, "No version number provided");
  const auto found = keys_.find(path);
  if (found == keys_.end()) return NoContent();
  for (auto& [number, version] : found->second.versions) {
    const std::string text = std::to_string(number);
    if (std::find(texts.begin(), texts.end(), text) != texts.end()) {
      (this->*change)(version);
    }
  }
  return NoContent();
}

void Kv2::Delete(Version& version) {
  if (!IsGone(version)) version.deleted = clock_.Now();
}

void Kv2::Undelete(Version& version) {
  if (!version.destroyed) version.deleted.reset();
}

void Kv2::Destroy(Version& version) {
  budget_.Return(version.text.size());
  WipeString(version.text);
  version.destroyed = true;
}

void Kv2::RemoveKey(const std::string& path) {
  const auto found = keys_.find(path);
  if (found == keys_.end()) return;
  for (auto& [number, version] : found->second.versions) {
    Destroy(version);
    budget_.Return(kVersionOverhead);
  }
  budget_.Return(path.size() + kKeyOverhead + BytesOf(found->second.custom));
  keys_.erase(found);
}

}  // namespace claviger::dev
