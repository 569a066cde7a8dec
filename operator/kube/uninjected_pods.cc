// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/uninjected_pods.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/digest.h"
#include "base/json.h"
#include "kube/event.h"

namespace claviger::op {
namespace {

using std::chrono::milliseconds;

// Events of one turn, and the pause before the next: a cluster full of pods
// from before the installation is no reason to flood its API server.
constexpr size_t kBatch = 10;
constexpr milliseconds kPause{1'000};
constexpr milliseconds kIdle{60'000};
constexpr milliseconds kRetry{5'000};
constexpr milliseconds kExclusionsLast{60'000};
constexpr size_t kMaxName = 200;

// The same for the same pod and reason: whoever leads next does not repeat it.
std::string EventName(const kube::ObjectName& pod, const std::string& uid,
                      std::string_view reason) {
  std::string name = pod.name.substr(0, kMaxName);
  while (!name.empty() && (name.back() == '.' || name.back() == '-')) {
    name.pop_back();
  }
  return name + ".claviger-" +
         Sha256Hex(uid + "/" + std::string(reason)).substr(0, 16);
}

}  // namespace

UninjectedPods::UninjectedPods(UninjectedPodsSettings settings,
                               const kube::Client& client, const Clock& clock,
                               Logger& log, std::function<bool()> may_write,
                               std::function<void()> wake)
    : settings_(std::move(settings)),
      client_(client),
      clock_(clock),
      log_(log),
      may_write_(std::move(may_write)),
      wake_(std::move(wake)) {}

void UninjectedPods::Put(const kube::ObjectView& pod,
                         std::optional<inject::WithoutSidecar> found) {
  {
    const std::lock_guard lock(mutex_);
    if (!found) {
      pods_.erase(pod.name);
      return;
    }
    Pod& known = pods_[pod.name];
    const bool is_known = known.uid == pod.uid && known.found == *found;
    known = {pod.uid, pod.resource_version, *found,
             is_known && known.announced};
    if (is_known) return;
  }
  wake_();
}

void UninjectedPods::Remove(const kube::ObjectName& pod) {
  const std::lock_guard lock(mutex_);
  pods_.erase(pod);
}

// False where it is not known yet.
bool UninjectedPods::LookAtExclusions() {
  const bool known = look_at_ != SteadyTime{};
  if (known && clock_.SteadyNow() < look_at_) return true;
  const auto text =
      client_.Get(kube::kMutatingWebhooks, {"", settings_.configuration});
  std::set<std::string> excluded;
  if (text) {
    const Result<nlohmann::json> read = ParseJson(*text);
    if (read) excluded = inject::ExcludedNamespaces(*read);
  } else if (text.error().code != ErrorCode::kNotFound) {
    log_.Warning("which namespaces are left out of injection is not known",
                 {{"error", text.error().message}});
    return known;
  }
  look_at_ = clock_.SteadyNow() + kExclusionsLast;
  const std::lock_guard lock(mutex_);
  excluded_ = std::move(excluded);
  return true;
}

// Those of the next batch, judged, and none where this replica may not write.
UninjectedPods::Pods UninjectedPods::TakeUnannounced() {
  Pods next;
  const std::lock_guard lock(mutex_);
  for (auto& [name, pod] : pods_) {
    if (next.size() == kBatch) break;
    if (pod.announced) continue;
    Pod judged = pod;
    judged.found = Judged(pod.found, name.ns, excluded_);
    next.emplace(name, std::move(judged));
  }
  return next;
}

Status UninjectedPods::Announce(const kube::ObjectName& name, const Pod& pod) {
  const std::string_view reason = ReasonOf(pod.found);
  Status written =
      kube::WriteEvent(client_,
                       {.resource = kube::kPods,
                        .object = name,
                        .uid = pod.uid,
                        .resource_version = pod.resource_version,
                        .warning = IsMistake(pod.found),
                        .reason = std::string(reason),
                        .action = "Inject",
                        .message = std::string(AdviceOn(pod.found)),
                        .reporting_instance = settings_.instance,
                        .name = EventName(name, pod.uid, reason)},
                       clock_.Now());
  if (written) {
    log_.Warning(
        "pod without the sidecar that it asked for",
        {{"namespace", name.ns}, {"name", name.name}, {"reason", reason}});
  } else if (IsRetryable(written.error().code)) {
    return written;
  }
  const std::lock_guard lock(mutex_);
  const auto known = pods_.find(name);
  if (known != pods_.end() && known->second.uid == pod.uid) {
    known->second.announced = true;
  }
  return {};
}

milliseconds UninjectedPods::Turn() {
  {
    const std::lock_guard lock(mutex_);
    if (pods_.empty()) return kIdle;
  }
  const SteadyTime now = clock_.SteadyNow();
  if (now < next_) {
    return next_ - now;
  }
  if (!LookAtExclusions()) return kRetry;
  const Pods next = TakeUnannounced();
  for (const auto& [name, pod] : next) {
    if (!may_write_()) return kRetry;
    if (!Announce(name, pod)) return kRetry;
  }
  if (next.size() < kBatch) return kIdle;
  next_ = now + kPause;
  return kPause;
}

UninjectedPods::Counts UninjectedPods::counts() const {
  Counts counts{};
  const std::lock_guard lock(mutex_);
  for (const auto& [name, pod] : pods_) {
    ++counts[static_cast<size_t>(Judged(pod.found, name.ns, excluded_))];
  }
  return counts;
}

}  // namespace claviger::op
