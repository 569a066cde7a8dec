// SPDX-License-Identifier: Apache-2.0
#include "support/fake_kube.h"

#include <algorithm>

#include "base/json.h"

namespace claviger::testing {

using kube::ObjectName;
using kube::Request;
using kube::Resource;
using kube::Response;
using nlohmann::json;

namespace {

std::string QueryOf(const Request& request, std::string_view key) {
  for (const auto& [name, value] : request.query) {
    if (name == key) return value;
  }
  return "";
}

const Resource* FindResource(const std::string& group,
                             const std::string& version,
                             const std::string& plural) {
  const auto found = std::find_if(
      kube::kAllResources.begin(), kube::kAllResources.end(),
      [&](const Resource& resource) {
        return resource.group == group && resource.version == version &&
               resource.plural == plural;
      });
  return found == kube::kAllResources.end() ? nullptr : &*found;
}

// One requirement, "key=value" or none.
bool Matches(const json& object, const std::string& selector) {
  if (object.is_null()) return false;
  if (selector.empty()) return true;
  const size_t equals = selector.find('=');
  const json labels = object.at("metadata").value("labels", json::object());
  return labels.value(selector.substr(0, equals), "") ==
         selector.substr(equals + 1);
}

json Strip(const json& object) {
  return {{"apiVersion", "meta.k8s.io/v1"},
          {"kind", "PartialObjectMetadata"},
          {"metadata", object["metadata"]}};
}

std::string Line(const char* type, const json& object) {
  return DumpJson(json{{"type", type}, {"object", object}}) + "\n";
}

std::string LogLine(const Request& request) {
  std::string text = request.method;
  if (QueryOf(request, "watch") == "true") {
    text = "WATCH";
  } else if (request.method == "GET" && !QueryOf(request, "limit").empty()) {
    text = "LIST";
  }
  text += " ";
  for (const std::string& segment : request.path) text += "/" + segment;
  return text;
}

Response AsResponse(const KubeOutcome& outcome) {
  return {outcome.code, DumpJson(outcome.body), std::nullopt};
}

Result<Response> NoConnection() {
  return Fail(ErrorCode::kUnavailable, "no connection");
}

// "/api/v1/namespaces/sales/pods/x/status" from its segments.
struct Parts {
  std::string group;
  std::string version;
  std::vector<std::string> rest;
};

Parts Split(const std::vector<std::string>& path) {
  if (path.size() >= 2 && path[0] == "api") {
    return {"", path[1], {path.begin() + 2, path.end()}};
  }
  if (path.size() >= 3 && path[0] == "apis") {
    return {path[1], path[2], {path.begin() + 3, path.end()}};
  }
  return {};
}

// What a watch with that selector is told of a change; empty: nothing.
std::string LineOf(const FakeKubeStore::Change& change,
                   const std::string& selector, bool metadata_only) {
  const bool before = Matches(change.before, selector);
  const bool after = Matches(change.after, selector);
  if (!before && !after) return "";
  json object = after ? change.after : change.before;
  object["metadata"]["resourceVersion"] = std::to_string(change.version);
  if (metadata_only) object = Strip(object);
  return Line(!after ? "DELETED" : before ? "MODIFIED" : "ADDED", object);
}

}  // namespace

// What a path and its query mean.
struct FakeKube::Route {
  bool known = false;
  Resource resource;
  ObjectName name;  // name.name empty: the collection
  std::string subresource;
  bool watch = false;
  std::string selector;
  std::string version;
  std::string token;
  size_t limit = 0;
  bool metadata_only = false;

  static Route Of(const Request& request);
};

FakeKube::Route FakeKube::Route::Of(const Request& request) {
  Route route;
  Parts parts = Split(request.path);
  std::string ns;
  if (parts.rest.size() >= 3 && parts.rest[0] == "namespaces") {
    ns = parts.rest[1];
    parts.rest.erase(parts.rest.begin(), parts.rest.begin() + 2);
  }
  if (parts.rest.empty() || parts.rest.size() > 3) return route;
  const Resource* resource =
      FindResource(parts.group, parts.version, parts.rest[0]);
  if (!resource) return route;
  route.known = true;
  route.resource = *resource;
  route.name = {ns, parts.rest.size() > 1 ? parts.rest[1] : ""};
  if (parts.rest.size() > 2) route.subresource = parts.rest[2];
  route.watch = QueryOf(request, "watch") == "true";
  route.selector = QueryOf(request, "labelSelector");
  route.version = QueryOf(request, "resourceVersion");
  route.token = QueryOf(request, "continue");
  const std::string limit = QueryOf(request, "limit");
  route.limit = limit.empty() ? 0 : std::stoul(limit);
  route.metadata_only =
      request.accept.find("as=PartialObjectMetadata") != std::string::npos;
  return route;
}

// ---- Calls

Result<Response> FakeKube::Send(const Request& request) {
  if (auto fault = Intercept(request, When::kBefore)) return *std::move(fault);
  Response response;
  {
    const std::lock_guard lock(mutex_);
    response = Perform(request);
  }
  changed_.notify_all();
  if (response.body.size() > request.max_response_bytes) {
    return Fail(ErrorCode::kTooLarge, "the answer is too large");
  }
  if (auto fault = Intercept(request, When::kAfter)) return *std::move(fault);
  return response;
}

std::optional<Result<Response>> FakeKube::Intercept(const Request& request,
                                                    When when) {
  Hook hook;
  {
    const std::lock_guard lock(mutex_);
    if (when == When::kBefore) log_.push_back(LogLine(request));
    if (auto fault = Fault(request, when)) return fault;
    hook = hook_;
  }
  return hook ? hook(request, when) : std::nullopt;
}

std::optional<Result<Response>> FakeKube::Fault(const Request& request,
                                                When when) {
  if (closed_ || away_) return NoConnection();
  if (dead_) return NoConnection();
  if (calls_to_live_ >= 0 && when == death_ && calls_to_live_-- == 0) {
    dead_ = true;
    return NoConnection();
  }
  if (when == When::kAfter) return std::nullopt;
  const std::string line = LogLine(request);
  for (Rule& rule : rules_) {
    if (rule.times == 0 || line.find(rule.text) == std::string::npos) continue;
    --rule.times;
    Response response = AsResponse(KubeFailure(rule.code, "Injected"));
    response.retry_after = rule.retry_after;
    return response;
  }
  return std::nullopt;
}

Response FakeKube::Perform(const Request& request) {
  if (request.path == std::vector<std::string>{"version"}) {
    return {200, R"({"major":"1","minor":"34"})", std::nullopt};
  }
  const Route route = Route::Of(request);
  if (!route.known) return {404, "404 page not found\n", std::nullopt};
  KubeOutcome outcome;
  if (request.method != "GET") {
    outcome = Write(route, request);
  } else if (route.name.name.empty()) {
    outcome = List(route);
  } else {
    outcome = store_.Get(route.resource, route.name);
  }
  if (route.metadata_only && outcome.code < 300 &&
      !outcome.body.contains("items")) {
    outcome.body = Strip(outcome.body);
  }
  return AsResponse(outcome);
}

KubeOutcome FakeKube::Write(const Route& route, const Request& request) {
  const auto body = ParseJson(request.body);
  if (!body) return KubeFailure(400, "BadRequest");
  if (request.method == "POST" && route.name.name.empty()) {
    return store_.Create(route.resource, route.name.ns, *body);
  }
  if (request.method == "PUT") {
    return store_.Replace(route.resource, route.name, *body, route.subresource);
  }
  if (request.method == "PATCH") {
    if (request.content_type != "application/merge-patch+json") {
      return KubeFailure(415, "UnsupportedMediaType");
    }
    return store_.Patch(route.resource, route.name, *body, route.subresource);
  }
  if (request.method == "DELETE" && !route.name.name.empty()) {
    return store_.Delete(route.resource, route.name, *body);
  }
  return KubeFailure(405, "MethodNotAllowed");
}

FakeKube::Snapshot FakeKube::TakeSnapshot(const Route& route) const {
  Snapshot snapshot{std::to_string(store_.version()), {}, 0};
  for (json& object : store_.List(route.resource, route.name.ns)) {
    if (Matches(object, route.selector)) {
      snapshot.items.push_back(std::move(object));
    }
  }
  if (list_filter_) snapshot.items = list_filter_(std::move(snapshot.items));
  return snapshot;
}

KubeOutcome FakeKube::List(const Route& route) {
  if (!route.token.empty() && snapshots_.count(route.token) == 0) {
    return KubeFailure(410, "Expired");
  }
  Snapshot& snapshot = route.token.empty()
                           ? snapshots_["c" + std::to_string(++tokens_)]
                           : snapshots_[route.token];
  const std::string token =
      route.token.empty() ? "c" + std::to_string(tokens_) : route.token;
  if (route.token.empty()) snapshot = TakeSnapshot(route);
  json items = json::array();
  while (snapshot.next < snapshot.items.size() &&
         (route.limit == 0 || items.size() < route.limit)) {
    const json& item = snapshot.items[snapshot.next++];
    items.push_back(route.metadata_only ? Strip(item) : item);
  }
  json metadata{{"resourceVersion", snapshot.version}};
  if (snapshot.next < snapshot.items.size()) metadata["continue"] = token;
  return {200,
          {{"apiVersion", route.metadata_only ? "meta.k8s.io/v1"
                                              : route.resource.ApiVersion()},
           {"kind", route.metadata_only
                        ? "PartialObjectMetadataList"
                        : std::string(route.resource.kind) + "List"},
           {"metadata", metadata},
           {"items", items}}};
}

// ---- Watches

std::vector<std::string> FakeKube::LinesSince(const Route& route,
                                              int64_t& version) const {
  std::vector<std::string> lines;
  for (const FakeKubeStore::Change& change : store_.history()) {
    if (change.version <= version || change.plural != route.resource.plural) {
      continue;
    }
    const json& object = change.after.is_null() ? change.before : change.after;
    if (!route.name.ns.empty() &&
        object["metadata"].value("namespace", "") != route.name.ns) {
      continue;
    }
    std::string line = LineOf(change, route.selector, route.metadata_only);
    if (!line.empty()) lines.push_back(std::move(line));
  }
  version = store_.version();
  return lines;
}

std::string FakeKube::NextDelivery(const Route& route, int64_t& version) {
  const std::lock_guard lock(mutex_);
  if (version < compacted_) {
    return Line("ERROR", KubeFailure(410, "Expired").body);
  }
  std::vector<std::string> lines = LinesSince(route, version);
  lines.push_back(
      Line("BOOKMARK",
           {{"apiVersion", route.resource.ApiVersion()},
            {"kind", route.resource.kind},
            {"metadata", {{"resourceVersion", std::to_string(version)}}}}));
  if (watch_filter_) return watch_filter_(std::move(lines));
  std::string bytes;
  for (const std::string& line : lines) bytes += line;
  return bytes;
}

FakeKube::Delivered FakeKube::Deliver(
    const std::string& bytes,
    const std::function<bool(std::string_view)>& take) {
  std::string_view left = bytes;
  bool cut = false;
  size_t piece = 0;
  {
    const std::lock_guard lock(mutex_);
    piece = piece_ == 0 ? bytes.size() : piece_;
    if (cut_ && *cut_ < left.size()) {
      left = left.substr(0, *cut_);
      cut_.reset();
      cut = true;
    } else if (cut_) {
      *cut_ -= left.size();
    }
  }
  while (!left.empty()) {
    if (!take(left.substr(0, piece))) return Delivered::kRefused;
    left.remove_prefix(std::min(piece, left.size()));
  }
  return cut ? Delivered::kCut : Delivered::kAll;
}

// True once there is more to deliver; false at the end of the watch.
bool FakeKube::WaitForMore(int64_t version, int64_t epoch) {
  std::unique_lock lock(mutex_);
  if (!block_) return false;
  changed_.wait(lock, [&] {
    return closed_ || away_ || epoch != epoch_ || !block_ ||
           store_.version() != version;
  });
  return !closed_ && !away_ && epoch == epoch_ && block_;
}

Result<Response> FakeKube::Stream(
    const Request& request, const std::function<bool(std::string_view)>& take) {
  if (auto fault = Intercept(request, When::kBefore)) return *std::move(fault);
  const Route route = Route::Of(request);
  if (!route.known || !route.watch || route.version.empty()) {
    return AsResponse(KubeFailure(400, "BadRequest"));
  }
  int64_t version = std::stoll(route.version);
  int64_t epoch = 0;
  {
    const std::lock_guard lock(mutex_);
    epoch = epoch_;
    ++watching_;
  }
  changed_.notify_all();
  Delivered delivered = Delivered::kAll;
  do {
    delivered = Deliver(NextDelivery(route, version), take);
  } while (delivered == Delivered::kAll && WaitForMore(version, epoch));
  {
    const std::lock_guard lock(mutex_);
    --watching_;
  }
  changed_.notify_all();
  if (delivered == Delivered::kCut) return NoConnection();
  if (auto fault = Intercept(request, When::kAfter)) return *std::move(fault);
  return Response{200, "", std::nullopt};
}

void FakeKube::Close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

void FakeKube::WaitForWatches(int count) const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return watching_ >= count; });
}

}  // namespace claviger::testing
