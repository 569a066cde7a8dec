// SPDX-License-Identifier: Apache-2.0
//
// What tests ask of a node that runs.
#include <filesystem>
#include <fstream>
#include <utility>

#include "node.h"
#include "support/await.h"
#include "support/kube_manifests.h"
#include "support/real_servers_internal.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using Pointer = json::json_pointer;

constexpr const char* kStatusLists[] = {
    "initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"};

std::string StatusOf(const json& pod) {
  const json status = pod.value("status", json::object());
  std::string text = status.value("phase", "no phase");
  for (const char* list : kStatusLists) {
    for (const json& one : status.value(list, json::array())) {
      text += "; " + one.value("name", "") + " " +
              one.value("state", json::object()).dump();
    }
  }
  return text;
}

// The container's control group for memory, wherever kubelet put it.
std::filesystem::path GroupOf(const std::string& container_id) {
  const std::string group = Environment("CLAVIGER_E2E_CGROUP");
  std::error_code ignored;
  for (const char* root : {"/sys/fs/cgroup/memory/", "/sys/fs/cgroup/"}) {
    for (auto at = std::filesystem::recursive_directory_iterator(root + group,
                                                                 ignored);
         at != std::filesystem::recursive_directory_iterator();
         at.increment(ignored)) {
      if (at->path().filename() == container_id) return at->path();
    }
  }
  return {};
}

uint64_t NumberIn(const std::filesystem::path& file, const std::string& key) {
  std::ifstream stream(file);
  std::string word;
  uint64_t number = 0;
  if (key.empty()) {
    stream >> number;
    return number;
  }
  while (stream >> word >> number) {
    if (word == key) return number;
  }
  return 0;
}

}  // namespace

Result<Ran> Node::Ctr(const std::vector<std::string>& arguments) {
  ProcessOptions options;
  options.argv = {"ctr", "--address", directory_->File("containerd.sock"),
                  "--namespace", "k8s.io"};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  return RunToEnd(std::move(options));
}

Status Node::Import(const std::string& archive) {
  const auto ran = Ctr({"images", "import", archive});
  if (!ran) return Fail(ran.error());
  if (ran->exit_code == 0) return {};
  return Fail(ErrorCode::kInternal, "import " + archive + ": " + ran->err);
}

Status Node::TagImage(const std::string& image, const std::string& name) {
  const auto ran = Ctr({"images", "tag", "--force", image, name});
  if (!ran) return Fail(ran.error());
  if (ran->exit_code == 0) return {};
  return Fail(ErrorCode::kInternal, "tag " + image + ": " + ran->err);
}

ApiAnswer Node::Ask(const std::string& method, const std::string& path,
                    const json& body, const std::string& content_type) {
  return AskKube(kube_->Prepare(method, path), body, content_type);
}

Status Node::Apply(std::string_view yaml, const std::string& ns) {
  return ApplyManifests(*kube_, yaml, ns);
}

json Node::Get(const std::string& path) {
  ApiAnswer answer = Ask("GET", path);
  return answer.ok() ? std::move(answer.body) : json::object();
}

json Node::Pod(const std::string& ns, const std::string& name) {
  return Get("/api/v1/namespaces/" + ns + "/pods/" + name);
}

json Node::Pods(const std::string& ns, const std::string& label) {
  return Get("/api/v1/namespaces/" + ns + "/pods?labelSelector=" + label)
      .value("items", json::array());
}

std::string Node::AwaitPhase(const std::string& ns, const std::string& pod,
                             std::string_view phase) {
  std::string seen;
  Await(
      [&] {
        const json object = Pod(ns, pod);
        seen = StatusOf(object);
        return object.value("/status/phase"_json_pointer, "") == phase;
      },
      kNodePatience);
  return seen.substr(0, phase.size()) == phase ? std::string(phase) : seen;
}

std::string Node::AwaitRollout(const std::string& ns, const std::string& name,
                               int64_t replicas) {
  std::string seen;
  const bool rolled_out = Await(
      [&] {
        const json object =
            Get("/apis/apps/v1/namespaces/" + ns + "/deployments/" + name);
        const json status = object.value("status", json::object());
        seen = status.dump();
        // All of them, those that are ending included.
        return status.value("observedGeneration", -1) ==
                   object.value("/metadata/generation"_json_pointer, 0) &&
               status.value("replicas", 0) == replicas &&
               status.value("updatedReplicas", 0) == replicas &&
               status.value("readyReplicas", 0) == replicas;
      },
      kNodePatience);
  return rolled_out ? "" : seen;
}

std::string Node::Log(const std::string& ns, const std::string& pod,
                      const std::string& container) {
  const auto answer =
      kube_->Call("GET", "/api/v1/namespaces/" + ns + "/pods/" + pod +
                             "/log?container=" + container);
  return answer ? answer->body : answer.error().message;
}

std::string Node::ContainerId(const std::string& ns, const std::string& pod,
                              const std::string& container) {
  const json status = Pod(ns, pod).value("status", json::object());
  for (const char* list : kStatusLists) {
    for (const json& one : status.value(list, json::array())) {
      if (one.value("name", "") != container) continue;
      const std::string id = one.value("containerID", "");
      return id.substr(id.rfind('/') + 1);
    }
  }
  return "";
}

Result<Ran> Node::Exec(const std::string& ns, const std::string& pod,
                       const std::string& container,
                       const std::vector<std::string>& argv) {
  const std::string id = ContainerId(ns, pod, container);
  if (id.empty()) {
    return Fail(ErrorCode::kNotFound, "no container " + container + " runs");
  }
  std::vector<std::string> arguments = {"tasks",
                                        "exec",
                                        "--fifo-dir",
                                        directory_->File("fifo"),
                                        "--exec-id",
                                        "test" + std::to_string(++executions_),
                                        id};
  arguments.insert(arguments.end(), argv.begin(), argv.end());
  return Ctr(arguments);
}

pid_t Node::ProcessOf(const std::string& ns, const std::string& pod,
                      const std::string& container) {
  const std::string id = ContainerId(ns, pod, container);
  if (id.empty()) return 0;
  return static_cast<pid_t>(NumberIn(GroupOf(id) / "cgroup.procs", ""));
}

MemoryUse Node::MemoryOf(const std::string& ns, const std::string& pod,
                         const std::string& container) {
  const std::filesystem::path group = GroupOf(ContainerId(ns, pod, container));
  if (std::filesystem::exists(group / "memory.peak")) {
    return {NumberIn(group / "memory.peak", ""),
            NumberIn(group / "memory.max", ""),
            NumberIn(group / "memory.events", "oom_kill")};
  }
  return {NumberIn(group / "memory.max_usage_in_bytes", ""),
          NumberIn(group / "memory.limit_in_bytes", ""),
          NumberIn(group / "memory.oom_control", "oom_kill")};
}

}  // namespace claviger::testing
