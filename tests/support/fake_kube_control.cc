// SPDX-License-Identifier: Apache-2.0
//
// The side of FakeKube that tests hold: objects put in place, faults set.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/json.h"
#include "support/fake_kube.h"

namespace claviger::testing {

using kube::ObjectName;
using kube::Resource;
using nlohmann::json;

json FakeKube::Apply(const Resource& resource, json object) {
  json stored;
  {
    const std::lock_guard lock(mutex_);
    const ObjectName name{object["metadata"].value("namespace", ""),
                          object["metadata"].value("name", "")};
    const ObjectName ns{"", name.ns};
    if (!name.ns.empty() && store_.Get(kube::kNamespaces, ns).code == 404) {
      store_.Create(kube::kNamespaces, "", {{"metadata", {{"name", name.ns}}}});
    }
    const KubeOutcome found = store_.Get(resource, name);
    KubeOutcome outcome;
    if (found.code == 404) {
      outcome = store_.Create(resource, name.ns, std::move(object));
    } else {
      // As kubectl apply does: what the object does not name stays.
      json whole = found.body;
      for (const auto& [key, value] : object.items()) {
        if (key == "metadata") {
          whole[key].merge_patch(value);
        } else {
          whole[key] = value;
        }
      }
      outcome = store_.Replace(resource, name, std::move(whole), "");
    }
    EXPECT_LT(outcome.code, 300) << DumpJson(outcome.body);
    stored = std::move(outcome.body);
  }
  changed_.notify_all();
  return stored;
}

void FakeKube::Delete(const Resource& resource, const ObjectName& name) {
  {
    const std::lock_guard lock(mutex_);
    const KubeOutcome outcome = store_.Delete(resource, name, nullptr);
    EXPECT_LT(outcome.code, 300) << DumpJson(outcome.body);
  }
  changed_.notify_all();
}

json FakeKube::Peek(const Resource& resource, const ObjectName& name) const {
  const std::lock_guard lock(mutex_);
  KubeOutcome outcome = store_.Get(resource, name);
  return outcome.code == 200 ? std::move(outcome.body) : json();
}

std::vector<json> FakeKube::PeekAll(const Resource& resource) const {
  const std::lock_guard lock(mutex_);
  return store_.List(resource, "");
}

std::vector<std::string> FakeKube::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

void FakeKube::ResetLog() {
  const std::lock_guard lock(mutex_);
  log_.clear();
}

int FakeKube::writes() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(
      std::count_if(log_.begin(), log_.end(), [](const std::string& line) {
        return line.rfind("LIST", 0) != 0 && line.rfind("WATCH", 0) != 0 &&
               line.rfind("GET", 0) != 0;
      }));
}

void FakeKube::SetHook(Hook hook) {
  const std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
}

void FakeKube::DieAfter(int calls, When when) {
  const std::lock_guard lock(mutex_);
  calls_to_live_ = calls;
  death_ = when;
  dead_ = false;
}

void FakeKube::Answer(const std::string& text, int code, int times,
                      std::optional<std::chrono::seconds> retry_after) {
  const std::lock_guard lock(mutex_);
  rules_.push_back({text, code, times, retry_after});
}

void FakeKube::GoAway(bool away) {
  {
    const std::lock_guard lock(mutex_);
    away_ = away;
  }
  changed_.notify_all();
}

void FakeKube::Heal() {
  {
    const std::lock_guard lock(mutex_);
    hook_ = nullptr;
    rules_.clear();
    calls_to_live_ = -1;
    dead_ = false;
    away_ = false;
    list_filter_ = nullptr;
    watch_filter_ = nullptr;
    cut_.reset();
    piece_ = 0;
  }
  changed_.notify_all();
}

void FakeKube::SetListFilter(ListFilter filter) {
  const std::lock_guard lock(mutex_);
  list_filter_ = std::move(filter);
}

void FakeKube::ExpireContinue() {
  const std::lock_guard lock(mutex_);
  snapshots_.clear();
}

void FakeKube::BlockWatches(bool block) {
  {
    const std::lock_guard lock(mutex_);
    block_ = block;
  }
  changed_.notify_all();
}

void FakeKube::EndWatches() {
  {
    const std::lock_guard lock(mutex_);
    ++epoch_;
  }
  changed_.notify_all();
}

void FakeKube::SetWatchFilter(WatchFilter filter) {
  const std::lock_guard lock(mutex_);
  watch_filter_ = std::move(filter);
}

void FakeKube::CutWatchAfter(size_t bytes) {
  const std::lock_guard lock(mutex_);
  cut_ = bytes;
}

void FakeKube::SetPieceSize(size_t bytes) {
  const std::lock_guard lock(mutex_);
  piece_ = bytes;
}

void FakeKube::Compact() {
  const std::lock_guard lock(mutex_);
  store_.Tick();
  compacted_ = store_.version();
  snapshots_.clear();
}

json KubeObject(const std::string& ns, const std::string& name, json spec) {
  json object{{"metadata", {{"name", name}}}};
  if (!ns.empty()) object["metadata"]["namespace"] = ns;
  if (!spec.is_null()) object["spec"] = std::move(spec);
  return object;
}

}  // namespace claviger::testing
