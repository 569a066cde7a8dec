// SPDX-License-Identifier: Apache-2.0
#include "kube/informer.h"

#include <charconv>
#include <functional>
#include <utility>

namespace claviger::kube {
namespace {

using std::chrono::milliseconds;

constexpr int kMinWatchSeconds = 300;
// A stream that ends sooner and tells nothing counts as a failure.
constexpr std::chrono::seconds kShortWatch{1};

std::optional<uint64_t> AsNumber(const std::string& version) {
  uint64_t number = 0;
  const char* end = version.data() + version.size();
  const auto [rest, error] = std::from_chars(version.data(), end, number);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return number;
}

}  // namespace

size_t Informer::NameHash::operator()(const ObjectName& name) const {
  const std::hash<std::string> hash;
  return hash(name.ns) * 31 + hash(name.name);
}

Informer::Informer(const Ports& ports, const Resource& resource,
                   const InformerSettings& settings, InformerSink& sink)
    : ports_(ports), resource_(resource), settings_(settings), sink_(sink) {}

milliseconds Informer::Step() {
  const bool due = list_soon_ || ports_.clock.SteadyNow() >= relist_at_;
  return !version_ || due ? List() : Watch();
}

void Informer::Run() {
  while (true) {
    const milliseconds wait = Step();
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, wait, [&] { return stopping_; });
    if (stopping_) return;
  }
}

void Informer::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

bool Informer::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

Informer::Stats Informer::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void Informer::Count(uint64_t Stats::*counter) {
  const std::lock_guard lock(mutex_);
  ++(stats_.*counter);
  if (counter != &Stats::failures) {
    stats_.last_contact = ports_.clock.SteadyNow();
  }
}

milliseconds Informer::Failed(const Error& error) {
  Count(&Stats::failures);
  const milliseconds wait =
      BackoffDelay(settings_.backoff, attempts_++,
                   error.retry_after.value_or(milliseconds(0)), ports_.random);
  // Its own end is how a stream of one that was stopped ends.
  if (stopped()) return wait;
  ports_.log.Warning("objects of the cluster cannot be followed for now",
                     {{"resource", resource_.plural},
                      {"code", ToString(error.code)},
                      {"error", error.message},
                      {"retry_in_ms", wait.count()}});
  return wait;
}

milliseconds Informer::List() {
  list_soon_ = false;
  // What was told of stays, until a list is complete that does not hold it.
  const auto version = ports_.client.List(
      resource_, settings_.selection,
      {[&] { ++round_; }, [&](const ObjectView& object) { Listed(object); }});
  if (!version) return Failed(version.error());
  for (auto known = known_.begin(); known != known_.end();) {
    if (known->second.round == round_) {
      ++known;
      continue;
    }
    sink_.OnDeleted(known->first, known->second.uid,
                    InformerSink::Gone::kAbsent);
    known = known_.erase(known);
  }
  version_ = *version;
  out_of_order_ = false;
  const auto half = std::chrono::duration_cast<milliseconds>(settings_.relist);
  relist_at_ =
      ports_.clock.SteadyNow() + half / 2 +
      milliseconds(static_cast<int64_t>(static_cast<double>(half.count() / 2) *
                                        ports_.random.Unit()));
  Count(&Stats::lists);
  synced_ = true;
  sink_.OnSynced();
  return milliseconds(0);
}

void Informer::Listed(const ObjectView& object) {
  Changed(object, InformerSink::Seen::kList);
  known_[object.name].round = round_;
}

void Informer::Changed(const ObjectView& object, InformerSink::Seen seen) {
  Known& known = known_[object.name];
  if (known.uid == object.uid && known.version == object.resource_version) {
    return;  // repeated
  }
  if (!known.uid.empty() && known.uid != object.uid) {
    sink_.OnDeleted(object.name, known.uid, InformerSink::Gone::kEvent);
  }
  known.uid = object.uid;
  known.version = object.resource_version;
  if (seen == InformerSink::Seen::kWatch) Count(&Stats::events);
  sink_.OnObject(object, seen);
}

void Informer::Deleted(const ObjectView& object) {
  const auto known = known_.find(object.name);
  // The end of an earlier object of that name says nothing about this one.
  if (known == known_.end() || known->second.uid != object.uid) return;
  known_.erase(known);
  Count(&Stats::events);
  sink_.OnDeleted(object.name, object.uid, InformerSink::Gone::kEvent);
}

bool Informer::IsBackwards(const std::string& version) const {
  const auto before = AsNumber(*version_);
  const auto now = AsNumber(version);
  return before && now && *now < *before;
}

bool Informer::Take(const WatchEvent& event) {
  if (IsBackwards(event.object.resource_version)) {
    out_of_order_ = true;
    return false;
  }
  version_ = event.object.resource_version;
  switch (event.type) {
    case WatchEvent::Type::kAdded:
    case WatchEvent::Type::kModified:
      ++taken_;
      Changed(event.object, InformerSink::Seen::kWatch);
      break;
    case WatchEvent::Type::kDeleted:
      ++taken_;
      Deleted(event.object);
      break;
    case WatchEvent::Type::kBookmark:
      break;
  }
  const std::lock_guard lock(mutex_);
  stats_.last_contact = ports_.clock.SteadyNow();
  return !stopping_ && !list_soon_;
}

milliseconds Informer::Watch() {
  WatchRequest request;
  request.selection = settings_.selection;
  request.resource_version = *version_;
  request.silence = settings_.silence;
  request.timeout = std::chrono::seconds(
      kMinWatchSeconds +
      static_cast<int>(kMinWatchSeconds * ports_.random.Unit()));
  Count(&Stats::watches);
  taken_ = 0;
  const SteadyTime begun = ports_.clock.SteadyNow();
  const auto end = ports_.client.Watch(
      resource_, request, [&](const WatchEvent& event) { return Take(event); });
  const bool lasted = ports_.clock.SteadyNow() - begun >= kShortWatch;
  if (taken_ > 0 || (end && lasted)) attempts_ = 0;
  if (out_of_order_ || (end && *end == WatchEnd::kExpired)) {
    version_.reset();
    ports_.log.Info(
        "the objects of the cluster are listed anew",
        {{"resource", resource_.plural}, {"out_of_order", out_of_order_}});
    // Not at once, should the next watch end likewise.
    return BackoffDelay(settings_.backoff, attempts_++, milliseconds(0),
                        ports_.random);
  }
  if (!end) {
    // Silence is not failure: an idle stream is opened anew, and if nobody is
    // there any more, that fails.
    if (end.error().code == ErrorCode::kDeadlineExceeded && lasted) {
      return milliseconds(0);
    }
    if (!IsRetryable(end.error().code)) version_.reset();
    return Failed(end.error());
  }
  if (taken_ > 0 || lasted) return milliseconds(0);
  return BackoffDelay(settings_.backoff, attempts_++, milliseconds(0),
                      ports_.random);
}

}  // namespace claviger::kube
