// SPDX-License-Identifier: Apache-2.0
#include "operator/inject/inject.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_member.h"
#include "operator/inject/names.h"
#include "operator/inject/pod_editor.h"
#include "operator/inject/sidecar_container.h"
#include "operator/inject/wishes.h"

namespace claviger::op::inject {
namespace {

using nlohmann::json;
using Pointer = json::json_pointer;
using Refusal = std::optional<std::string>;

const Pointer kContainerList("/spec/containers");
const Pointer kInitContainerList("/spec/initContainers");
const Pointer kVolumeList("/spec/volumes");

bool IsTrue(const json& spec, const char* field) {
  const json& value = MemberAt(spec, field);
  return value.is_boolean() && value.get<bool>();
}

Refusal CheckServer(const Settings& settings,
                    const Surroundings& surroundings) {
  if (settings.image.empty()) {
    return "injection is not configured; set injection.image in the "
           "configuration of Claviger's operator";
  }
  switch (surroundings.native_sidecars) {
    case NativeSidecars::kYes:
      return std::nullopt;
    case NativeSidecars::kNo:
      return "this API server is older than 1.29 and does not know native "
             "sidecars: the pod would wait for the sidecar to end; upgrade "
             "the cluster, or remove the label claviger.io/inject";
    case NativeSidecars::kUnknown:
      break;
  }
  return "claviger's operator has not learnt the API server's version yet; try "
         "again in a moment";
}

bool IsWindows(const json& spec) {
  const json& selector = MemberAt(spec, "nodeSelector");
  return TextAt(MemberAt(spec, "os"), "name") == "windows" ||
         TextAt(selector, "kubernetes.io/os") == "windows" ||
         TextAt(selector, "beta.kubernetes.io/os") == "windows";
}

// What the guard would refuse as well, said before and in the pod's terms.
Refusal CheckShape(const json& spec) {
  if (!spec.is_object() || !MemberAt(spec, "containers").is_array()) {
    return "the pod has no containers";
  }
  if (IsWindows(spec)) {
    return "the pod is for Windows nodes, where the sidecar does not run; "
           "remove the label claviger.io/inject";
  }
  constexpr std::pair<const char*, const char*> kShared[] = {
      {"shareProcessNamespace",
       "its containers could read the sidecar's token "
       "and memory"},
      {"hostPID", "its containers could read the sidecar's token and memory"},
      {"hostIPC", "it would share memory with the node"},
      {"hostNetwork", "the sidecar would listen on the node"},
  };
  for (const auto& [field, why] : kShared) {
    if (IsTrue(spec, field)) {
      return std::string("the pod sets ") + field + ": " + why +
             "; remove it, or the label claviger.io/inject";
    }
  }
  if (FindEntry(MemberAt(spec, "containers"), "name", kSidecar) >= 0) {
    return "a container is called claviger-sidecar, which is the sidecar's own "
           "name; rename it";
  }
  return std::nullopt;
}

// Ours may be mounted as we would mount them, and in no other way.
Refusal CheckMounts(const json& container, bool listed) {
  const std::string who = "container " + TextAt(container, "name");
  for (const json& mount : MemberAt(container, "volumeMounts")) {
    const std::string volume = TextAt(mount, "name");
    if (volume == kTokenVolume) {
      return who +
             " mounts claviger-token, which is the sidecar's alone; remove "
             "that mount";
    }
    if (volume == kRunVolume && !listed) {
      return who +
             " mounts claviger-run without being named by the annotation "
             "claviger.io/containers; name it there, or remove the mount";
    }
    if (volume == kRunVolume ? mount != RunMount()
                             : TextAt(mount, "mountPath") == kRunPath) {
      return who +
             " mounts something of its own at /run/claviger, or claviger-run "
             "in another way; remove that mount";
    }
  }
  return std::nullopt;
}

// There can be one root of bindings only, and one giver of AWS credentials.
Refusal CheckEnvironment(const json& container, const Variables& variables) {
  for (const json& variable : MemberAt(container, "env")) {
    const std::string name = TextAt(variable, "name");
    const auto ours = variables.find(name);
    const bool shared = name == kBindingsVariable || name == kAwsVariable ||
                        name == kAwsTokenVariable;
    if (!shared || ours == variables.end() ||
        TextAt(variable, "value") == ours->second) {
      continue;
    }
    return "container " + TextAt(container, "name") + " sets " + name +
           " already, for something else than Claviger; remove one of the two";
  }
  return std::nullopt;
}

// A kubelet replaces "$(NAME)" by another variable of the container: whoever
// writes a Connection could have that one sent to a host of their own.
std::string Literally(const std::string& value) {
  std::string text;
  for (const char c : value) text.append(c == '$' ? 2 : 1, c);
  return text;
}

class Injection {
 public:
  Injection(const json& pod, const Settings& settings, Wishes wishes,
            model::ObjectRef account)
      : editor_(pod),
        settings_(settings),
        wishes_(std::move(wishes)),
        account_(std::move(account)) {}

  Refusal Run(const Variables& variables);
  const std::vector<PatchStep>& steps() const { return editor_.steps(); }

 private:
  bool IsListed(const std::string& name) const {
    return std::find(wishes_.containers.begin(), wishes_.containers.end(),
                     name) != wishes_.containers.end();
  }
  size_t Place() const;
  void AddSidecar();
  Refusal OpenContainers(const Pointer& list, const Variables& variables);

  PodEditor editor_;
  const Settings& settings_;
  const Wishes wishes_;
  const model::ObjectRef account_;
};

// Behind the sidecars that are there (a mesh's proxy carries our traffic), and
// before whoever is to find the socket.
size_t Injection::Place() const {
  const json& list = MemberAt(editor_.pod()["spec"], "initContainers");
  size_t place = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    if (IsListed(TextAt(list[i], "name"))) break;
    if (TextAt(list[i], "restartPolicy") == "Always") place = i + 1;
  }
  return place;
}

void Injection::AddSidecar() {
  json container = SidecarContainer(settings_, wishes_, account_);
  const json& list = MemberAt(editor_.pod()["spec"], "initContainers");
  const int present = FindEntry(list, "name", kSidecar);
  if (present < 0) {
    editor_.Insert(kInitContainerList, Place(), std::move(container));
    return;
  }
  const auto index = static_cast<size_t>(present);
  KeepDefaults(list[index], container);
  editor_.Set(kInitContainerList / index, std::move(container));
}

Refusal Injection::OpenContainers(const Pointer& list,
                                  const Variables& variables) {
  if (!editor_.pod().contains(list)) return std::nullopt;
  for (size_t i = 0; i < editor_.pod().at(list).size(); ++i) {
    const json container = editor_.pod().at(list)[i];
    const std::string name = TextAt(container, "name");
    if (name == kSidecar) continue;
    const bool listed = IsListed(name);
    if (auto refusal = CheckMounts(container, listed)) return refusal;
    if (!listed) continue;
    const Pointer at = list / i;
    if (auto refusal = CheckEnvironment(container, variables)) return refusal;
    editor_.SetEntry(at / "volumeMounts", "name", RunMount());
    for (const auto& [variable, value] : variables) {
      editor_.SetEntry(at / "env", "name",
                       {{"name", variable}, {"value", Literally(value)}});
    }
  }
  return std::nullopt;
}

Refusal Injection::Run(const Variables& variables) {
  for (const Pointer& list : {kContainerList, kInitContainerList}) {
    if (auto refusal = OpenContainers(list, variables)) return refusal;
  }
  editor_.SetEntry(kVolumeList, "name", TokenVolume(settings_));
  editor_.SetEntry(kVolumeList, "name", RunVolume());
  AddSidecar();
  editor_.Set(Pointer("/metadata/annotations") / std::string(kStatusAnnotation),
              "injected");
  return std::nullopt;
}

Result<Variables> AllVariables(const Wishes& wishes,
                               const model::ObjectRef& account,
                               const Surroundings& surroundings) {
  Variables all = {{std::string(kSocketVariable), std::string(kSocket)}};
  if (!wishes.connections.empty() && !surroundings.variables_of) {
    return Fail(ErrorCode::kUnavailable,
                "claviger's operator has not read all Connections yet; try "
                "again in a moment");
  }
  int aws = 0;
  for (const model::ObjectRef& connection : wishes.connections) {
    auto variables = surroundings.variables_of(connection, account);
    if (!variables) {
      return Fail(
          ErrorCode::kNotFound,
          "annotation claviger.io/connections: " + ToString(connection) +
              " is unknown, or sa/" + ToString(account) +
              " may not see it; apply the Connection, and a Grant to "
              "that service account, first");
    }
    if (variables->contains(std::string(kAwsVariable))) ++aws;
    all.merge(*variables);
  }
  // The SDKs take one; of several nobody could tell which.
  if (!wishes.tcp || aws != 1) all.erase(std::string(kAwsVariable));
  if (!wishes.tcp) return all;
  all.emplace(kTcpVariable, kTcpAddress);
  all.emplace(kTcpSecretVariable, kTcpSecret);
  if (aws == 1) all.emplace(kAwsTokenVariable, kTcpSecret);
  return all;
}

// A port's number is its connection's place in the annotation: what is known of
// the others, and changes with them, does not move it.
void AddListeners(const model::ObjectRef& account,
                  const Surroundings& surroundings, Wishes& wishes,
                  Variables& variables) {
  for (size_t i = 0; i < wishes.connections.size(); ++i) {
    const model::ObjectRef& connection = wishes.connections[i];
    const auto protocol = surroundings.protocol_for(connection, account);
    if (!protocol) continue;
    providers::ListenWish listener{connection, *protocol, std::nullopt};
    if (wishes.tcp) listener.port = static_cast<uint16_t>(kFirstPort + i);
    variables.merge(VariablesOf(listener));
    wishes.listeners.push_back(std::move(listener));
  }
  std::sort(wishes.listeners.begin(), wishes.listeners.end());
}

Refusal CheckFiles(const Wishes& wishes, const model::ObjectRef& account,
                   const Surroundings& surroundings) {
  for (const providers::FileWish& wish : wishes.files) {
    const auto why = surroundings.file_refusal(wish, account);
    if (why)
      return "annotation claviger.io/files: " + ToString(wish) + ": " + *why;
  }
  return std::nullopt;
}

bool HasBinding(const Wishes& wishes) {
  return std::any_of(wishes.files.begin(), wishes.files.end(),
                     [](const providers::FileWish& wish) {
                       return wish.format ==
                              providers::FileFormat::kServiceBinding;
                     });
}

Outcome Refuse(std::string message) {
  return {false, "claviger: " + std::move(message), {}};
}

}  // namespace

Outcome Inject(const json& pod, const Settings& settings,
               const Surroundings& surroundings) {
  const std::string label = TextAt(
      MemberAt(MemberAt(pod, "metadata"), "labels"), std::string(kLabel));
  if (label.empty() || label == "false") return {true, "", {}};
  if (label != "true") {
    return Refuse("the label claviger.io/inject is \"true\" or \"false\"");
  }
  const json& spec = MemberAt(pod, "spec");
  if (auto refusal = CheckServer(settings, surroundings)) {
    return Refuse(*std::move(refusal));
  }
  if (auto refusal = CheckShape(spec)) return Refuse(*std::move(refusal));
  auto wishes = ReadWishes(pod, settings);
  if (!wishes) return Refuse(wishes.error().message);
  const std::string account = TextAt(spec, "serviceAccountName");
  const model::ObjectRef identity{surroundings.ns,
                                  account.empty() ? "default" : account};
  auto variables = AllVariables(*wishes, identity, surroundings);
  if (!variables) return Refuse(variables.error().message);
  AddListeners(identity, surroundings, *wishes, *variables);
  if (auto refusal = CheckFiles(*wishes, identity, surroundings)) {
    return Refuse(*std::move(refusal));
  }
  if (HasBinding(*wishes)) {
    variables->emplace(kBindingsVariable, kBindings);
  }
  Injection injection(pod, settings, *std::move(wishes), identity);
  if (auto refusal = injection.Run(*variables)) {
    return Refuse(*std::move(refusal));
  }
  return {true, "", injection.steps()};
}

}  // namespace claviger::op::inject
