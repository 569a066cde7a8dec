// SPDX-License-Identifier: Apache-2.0
#include "bench/bench_cluster.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <utility>

namespace claviger::testing {
namespace {

using nlohmann::json;

std::string Query(const kube::Request& request, std::string_view name) {
  for (const auto& [key, value] : request.query) {
    if (key == name) return value;
  }
  return "";
}

// The number behind the last dash of "readers-17".
int NumberOf(const std::string& name) {
  return std::stoi(name.substr(name.rfind('-') + 1));
}

std::string KindOf(const std::string& plural) {
  std::string kind = plural.substr(0, plural.size() - 1);
  kind[0] = static_cast<char>(kind[0] - 'a' + 'A');
  return kind;
}

kube::Response Found(std::string body) { return {200, std::move(body), {}}; }

kube::Response Missing() {
  return {404,
          R"({"kind":"Status","status":"Failure","reason":"NotFound",)"
          R"("code":404})",
          {}};
}

}  // namespace

BenchCluster::BenchCluster(int size, const std::string& directory)
    : size_(size), directory_(directory) {
  file_ = open((directory + "/statuses").c_str(), O_RDWR | O_CREAT | O_CLOEXEC,
               0600);
  end_ = lseek(file_, 0, SEEK_END);
  std::ifstream places(directory + "/places");
  for (const char* plural : {"connections", "grants"}) {
    Collection& collection = collections_[plural];
    collection.statuses.resize(static_cast<size_t>(size));
    for (Place& place : collection.statuses) {
      places >> place.offset >> place.size;
    }
  }
}

BenchCluster::~BenchCluster() { close(file_); }

void BenchCluster::Save() const {
  const std::lock_guard lock(mutex_);
  std::ofstream places(directory_ + "/places");
  for (const char* plural : {"connections", "grants"}) {
    for (const Place& place : collections_.at(plural).statuses) {
      places << place.offset << ' ' << place.size << '\n';
    }
  }
}

BenchState BenchCluster::StateOf(Collection& of, int number) {
  const auto changed = of.changed.find(number);
  BenchState state =
      changed == of.changed.end() ? BenchState{} : changed->second;
  const Place& place = of.statuses[static_cast<size_t>(number)];
  state.status.resize(static_cast<size_t>(place.size));
  const ssize_t read =
      pread(file_, state.status.data(), state.status.size(), place.offset);
  if (read != place.size) complaint_ = "statuses cannot be read";
  return state;
}

std::string BenchCluster::Text(const std::string& plural, int number) {
  const BenchState state = StateOf(collections_[plural], number);
  return plural == "grants" ? BenchGrant(size_, number, state)
                            : BenchConnection(number, state);
}

kube::Response BenchCluster::List(const std::string& plural,
                                  const kube::Request& request) {
  const std::string token = Query(request, "continue");
  const int begin = token.empty() ? 0 : std::stoi(token);
  const bool known = collections_.count(plural) > 0;
  const int end =
      known ? std::min(size_, begin + std::stoi(Query(request, "limit"))) : 0;
  std::string body = R"({"kind":")" + KindOf(plural) +
                     R"(List","apiVersion":"v1","metadata":{)"
                     R"("resourceVersion":"1000000","continue":")" +
                     (end < size_ && known ? std::to_string(end) : "") +
                     R"("},"items":[)";
  for (int i = begin; i < end; ++i) {
    if (i > begin) body += ',';
    body += Text(plural, i);
  }
  return Found(body + "]}");
}

kube::Response BenchCluster::PatchStatus(const std::string& plural, int number,
                                         const kube::Request& request) {
  Collection& collection = collections_[plural];
  json status = json::parse(request.body).at("status");
  const std::string before = StateOf(collection, number).status;
  if (!before.empty()) {
    json merged = json::parse(before);
    merged.merge_patch(status);
    status = std::move(merged);
  }
  const std::string text = status.dump();
  if (pwrite(file_, text.data(), text.size(), end_) !=
      static_cast<ssize_t>(text.size())) {
    complaint_ = "statuses cannot be written";
  }
  collection.statuses[static_cast<size_t>(number)] = {
      end_, static_cast<int64_t>(text.size())};
  end_ += static_cast<int64_t>(text.size());
  ++status_writes_;
  return Found(Text(plural, number));
}

kube::Response BenchCluster::OnLease(const kube::Request& request) {
  if (request.method == "GET") {
    return lease_.is_null() ? Missing() : Found(lease_.dump());
  }
  if (request.method == "PATCH") {
    lease_.merge_patch(json::parse(request.body));
  } else {
    lease_ = json::parse(request.body);
  }
  lease_["metadata"]["resourceVersion"] = std::to_string(++version_);
  return Found(lease_.dump());
}

Result<kube::Response> BenchCluster::Send(const kube::Request& request) {
  const std::lock_guard lock(mutex_);
  if (closed_) return Fail(ErrorCode::kUnavailable, "closed");
  const std::vector<std::string>& path = request.path;
  const auto has = [&](std::string_view part) {
    return std::find(path.begin(), path.end(), part) != path.end();
  };
  if (has("leases")) return OnLease(request);
  if (has("events")) return Found(request.body);
  if (request.method == "GET") return List(path.back(), request);
  if (request.method == "PATCH" && path.back() == "status") {
    const std::string& plural = path[path.size() - 3];
    return PatchStatus(plural, NumberOf(path[path.size() - 2]), request);
  }
  complaint_ = request.method + " of " + path.back();
  return Missing();
}

Result<kube::Response> BenchCluster::Stream(
    const kube::Request& request,
    const std::function<bool(std::string_view piece)>& take) {
  std::unique_lock lock(mutex_);
  // Not among the collections: pods and groups, which never change.
  const auto found = collections_.find(request.path.back());
  while (!closed_) {
    wake_.wait(lock, [&] {
      return closed_ ||
             (found != collections_.end() && !found->second.events.empty());
    });
    if (closed_) break;
    const std::string line = std::move(found->second.events.front());
    found->second.events.pop_front();
    lock.unlock();
    const bool more = take(line);
    lock.lock();
    if (!more) break;
  }
  return Found("");
}

void BenchCluster::Edit(int grant, bool suspended, int shift) {
  {
    const std::lock_guard lock(mutex_);
    Collection& grants = collections_["grants"];
    BenchState& state = grants.changed[grant];
    ++state.generation;
    state.version = ++version_;
    state.suspended = suspended;
    state.shift = shift;
    grants.events.push_back(R"({"type":"MODIFIED","object":)" +
                            Text("grants", grant) + "}\n");
  }
  wake_.notify_all();
}

void BenchCluster::Close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_.notify_all();
}

int64_t BenchCluster::status_writes() const {
  const std::lock_guard lock(mutex_);
  return status_writes_;
}

std::string BenchCluster::complaint() const {
  const std::lock_guard lock(mutex_);
  return complaint_;
}

}  // namespace claviger::testing
