// SPDX-License-Identifier: Apache-2.0
#include "operator/endings.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"

namespace claviger::op {
namespace {

using nlohmann::json;

Result<model::Ended> DecodeOne(const json& value) {
  try {
    return model::Ended{value.at("kind").get<std::string>(),
                        {value.at("namespace").get<std::string>(),
                         value.at("name").get<std::string>()},
                        value.at("uid").get<std::string>(),
                        value.at("generation").get<int64_t>()};
  } catch (const json::exception&) {
    return Fail(ErrorCode::kMalformed,
                "read pending revocations: an entry lacks something");
  }
}

// No less than it takes as text.
size_t BytesOf(const model::Ended& one) {
  constexpr size_t kFrame = 120;  // keys, quotes, a number
  return kFrame + one.kind.size() + one.ref.ns.size() + one.ref.name.size() +
         one.uid.size();
}

}  // namespace

std::string EncodeEndings(const std::vector<model::Ended>& endings) {
  json list = json::array();
  for (const model::Ended& one : endings) {
    list.push_back({{"kind", one.kind},
                    {"namespace", one.ref.ns},
                    {"name", one.ref.name},
                    {"uid", one.uid},
                    {"generation", one.generation}});
  }
  return DumpJson(list);
}

Result<std::vector<model::Ended>> DecodeEndings(std::string_view text) {
  const Result<json> list = ParseJson(text);
  if (!list || !list->is_array()) {
    return Fail(ErrorCode::kMalformed,
                "read pending revocations: not a list of them");
  }
  if (list->size() > kMaxPendingRevocations) {
    return Fail(ErrorCode::kTooLarge,
                "read pending revocations: more than 5000 of them");
  }
  std::vector<model::Ended> endings;
  for (const json& value : *list) {
    Result<model::Ended> one = DecodeOne(value);
    if (!one) return Fail(std::move(one).error());
    endings.push_back(*std::move(one));
  }
  return endings;
}

Endings::Endings(PendingRevocations& pending,
                 std::chrono::milliseconds patience)
    : pending_(pending), patience_(patience) {}

Status Endings::Load() {
  if (loaded_) return {};
  Result<std::vector<model::Ended>> endings = pending_.Load();
  if (!endings) return Fail(std::move(endings).error());
  Take(*std::move(endings));
  loaded_ = true;
  return {};
}

void Endings::Take(std::vector<model::Ended> endings) {
  endings_ = std::move(endings);
  uids_.clear();
  for (const model::Ended& one : endings_) uids_.insert(one.uid);
}

Status Endings::Save(std::vector<model::Ended> wanted) {
  if (wanted == endings_) return {};
  Status saved = pending_.Save(wanted);
  if (saved) {
    Take(std::move(wanted));
  } else if (saved.error().code == ErrorCode::kConflict) {
    loaded_ = false;  // what is there is not what we know
  }
  return saved;
}

Status Endings::AddTo(std::vector<model::Ended>& ended) {
  Status loaded = Load();
  if (!loaded) return loaded;
  seen_ = uids_;
  for (const model::Ended& one : endings_) {
    const bool there =
        std::find(ended.begin(), ended.end(), one) != ended.end();
    if (!there) ended.push_back(one);
  }
  return {};
}

Status Endings::After(const PassReport& report,
                      const std::vector<model::Ended>& ending, SteadyTime now) {
  Status loaded = Load();
  if (!loaded) return loaded;
  std::vector<model::Ended> wanted = endings_;
  if (!report.interrupted) {
    away_since_.reset();
    if (!report.settled()) return {};
    // Only what this pass knew of is carried out.
    wanted.erase(std::remove_if(wanted.begin(), wanted.end(),
                                [&](const model::Ended& one) {
                                  return seen_.count(one.uid) > 0;
                                }),
                 wanted.end());
  } else {
    if (!away_since_) away_since_ = now;
    if (now - *away_since_ < patience_) return {};
    size_t bytes = 0;
    for (const model::Ended& one : wanted) bytes += BytesOf(one);
    for (const model::Ended& one : ending) {
      if (uids_.count(one.uid) > 0) continue;
      bytes += BytesOf(one);
      const bool full = wanted.size() >= kMaxPendingRevocations;
      if (full || bytes > kMaxPendingBytes) break;  // these wait
      wanted.push_back(one);
    }
  }
  return Save(std::move(wanted));
}

}  // namespace claviger::op
