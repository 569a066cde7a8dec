// SPDX-License-Identifier: Apache-2.0
#include "operator/inject/wishes.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_member.h"
#include "base/log.h"
#include "base/names.h"
#include "operator/inject/names.h"
#include "operator/inject/pod_editor.h"

namespace claviger::op::inject {
namespace {

using nlohmann::json;

constexpr size_t kMaxListItems = 64;
constexpr size_t kMaxListBytes = 16'384;
constexpr std::array<std::string_view, 9> kKnown = {
    kStatusAnnotation, kContainers, kConnections, kFiles,   kFilesMode,
    kFilesNotify,      kTcp,        kResources,   kLogLevel};

tl::unexpected<Error> Refuse(std::string_view annotation,
                             const std::string& what) {
  return Fail(ErrorCode::kInvalidArgument,
              "annotation " + std::string(annotation) + ": " + what);
}

std::string Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return "";
  return std::string(
      text.substr(first, text.find_last_not_of(" \t\n") - first + 1));
}

// "a, b": empty entries are passed over, as behind a last comma.
std::vector<std::string> Split(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    std::string one = Trim(text.substr(0, comma));
    if (!one.empty() && std::find(out.begin(), out.end(), one) == out.end()) {
      out.push_back(std::move(one));
    }
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

Result<std::vector<std::string>> ListOf(std::string_view annotation,
                                        const std::string& text) {
  if (text.size() > kMaxListBytes) return Refuse(annotation, "too long");
  std::vector<std::string> list = Split(text);
  if (list.size() > kMaxListItems) {
    return Refuse(annotation, "more than 64 entries");
  }
  return list;
}

// A misspelt wish must not be taken for none at all.
Status CheckKnown(const json& annotations) {
  if (!annotations.is_object()) return {};
  for (const auto& [name, value] : annotations.items()) {
    if (!std::string_view(name).starts_with(kAnnotationPrefix)) continue;
    if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end()) {
      return Refuse(
          name.substr(0, 100),
          "unknown; a pod can ask for claviger.io/containers, "
          "connections, files, files-mode, files-notify, tcp, "
          "resources and log-level, and everything else is the operator's "
          "configuration");
    }
    if (!value.is_string()) return Refuse(name, "not a text");
  }
  return {};
}

Status ReadContainers(const json& spec, const std::string& text,
                      Wishes& wishes) {
  auto list = ListOf(kContainers, text);
  if (!list) return Fail(list.error());
  for (const std::string& name : *list) {
    const bool known =
        name != kSidecar &&
        (FindEntry(MemberAt(spec, "containers"), "name", name) >= 0 ||
         FindEntry(MemberAt(spec, "initContainers"), "name", name) >= 0);
    if (!known) {
      return Refuse(kContainers, "there is no container " +
                                     name.substr(0, 100) + " in the pod");
    }
  }
  wishes.containers = *std::move(list);
  if (!wishes.containers.empty()) return {};
  for (const json& container : MemberAt(spec, "containers")) {
    wishes.containers.push_back(TextAt(container, "name"));
  }
  return {};
}

Status ReadConnections(const std::string& text, Wishes& wishes) {
  const auto list = ListOf(kConnections, text);
  if (!list) return Fail(list.error());
  for (const std::string& one : *list) {
    const size_t slash = std::min(one.find('/'), one.size());
    model::ObjectRef ref;
    ref.ns = one.substr(0, slash);
    ref.name = one.substr(std::min(slash + 1, one.size()));
    if (!IsDnsLabel(ref.ns) || !IsDnsSubdomain(ref.name)) {
      return Refuse(kConnections,
                    "name connections as namespace/name, separated by commas");
    }
    wishes.connections.push_back(std::move(ref));
  }
  return {};
}

// What the sidecar will be told is written anew from what was understood.
Status ReadFiles(const json& annotations, Wishes& wishes) {
  auto files = providers::ParseFileWishes(TextAt(annotations, kFiles));
  if (!files) return Refuse(kFiles, files.error().message);
  wishes.files = *std::move(files);
  for (const providers::FileWish& wish : wishes.files) {
    if (std::find(wishes.connections.begin(), wishes.connections.end(),
                  wish.connection) == wishes.connections.end()) {
      return Refuse(kFiles, ToString(wish.connection) +
                                " is not named by claviger.io/connections; "
                                "add it there");
    }
  }
  if (const std::string mode = TextAt(annotations, kFilesMode); !mode.empty()) {
    const auto parsed = providers::ParseFileMode(mode);
    if (!parsed) return Refuse(kFilesMode, parsed.error().message);
    wishes.files_mode = mode;
  }
  if (const std::string text = TextAt(annotations, kFilesNotify);
      !text.empty()) {
    const auto parsed = providers::ParseFileNotice(text);
    if (!parsed) return Refuse(kFilesNotify, parsed.error().message);
    wishes.files_notify = ToString(*parsed);
  }
  return {};
}

}  // namespace

Result<Wishes> ReadWishes(const json& pod, const Settings& settings) {
  const json& annotations = MemberAt(MemberAt(pod, "metadata"), "annotations");
  if (auto known = CheckKnown(annotations); !known) return Fail(known.error());
  Wishes wishes;
  wishes.resources = settings.resources;
  wishes.log_level = settings.log_level;
  const auto containers = ReadContainers(
      MemberAt(pod, "spec"), TextAt(annotations, kContainers), wishes);
  if (!containers) return Fail(containers.error());
  const auto connections =
      ReadConnections(TextAt(annotations, kConnections), wishes);
  if (!connections) return Fail(connections.error());
  if (auto files = ReadFiles(annotations, wishes); !files) {
    return Fail(files.error());
  }
  const std::string tcp = TextAt(annotations, kTcp);
  if (!tcp.empty() && tcp != "true" && tcp != "false") {
    return Refuse(kTcp, "use \"true\" or \"false\"");
  }
  wishes.tcp = tcp == "true";
  if (const std::string text = TextAt(annotations, kResources); !text.empty()) {
    const auto read = ReadResources(text, wishes.resources);
    if (!read) return Refuse(kResources, read.error().message);
  }
  if (const std::string level = TextAt(annotations, kLogLevel);
      !level.empty()) {
    if (!ParseLogLevel(level)) {
      return Refuse(kLogLevel, "use debug, info, warning or error");
    }
    wishes.log_level = level;
  }
  return wishes;
}

}  // namespace claviger::op::inject
