// SPDX-License-Identifier: Apache-2.0
#include "chart_bed.h"

#include <utility>

#include "model/yaml_reader.h"
#include "support/json_text.h"
#include "support/kube_manifests.h"
#include "support/real_servers_internal.h"

namespace claviger::testing {

using nlohmann::json;

std::string ValuesFile(std::string_view name) {
  return std::string(kChart) + "/ci/" + std::string(name) + "-values.yaml";
}

Helm::Helm(std::string program, ScratchDirectory directory)
    : program_(std::move(program)), directory_(std::move(directory)) {}

Result<Helm> Helm::Find() {
  const std::string named = Environment("CLAVIGER_TEST_HELM");
  for (const std::string& name :
       {named, std::string("helm"), CachedServer("helm")}) {
    auto program = FindProgram(name);
    if (!program) continue;
    auto directory = ScratchDirectory::Create();
    if (!directory) return Fail(directory.error());
    return Helm(*std::move(program), *std::move(directory));
  }
  return Fail(ErrorCode::kUnsupported,
              "no helm here (tests/servers/build.sh builds one)");
}

Result<Ran> Helm::Run(const std::vector<std::string>& arguments) const {
  ProcessOptions options;
  options.argv = {program_};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  // Nothing of the machine's own: no plugins, no cluster.
  options.environment = {"HOME=" + directory_.path(),
                         "XDG_CACHE_HOME=" + directory_.path(),
                         "XDG_CONFIG_HOME=" + directory_.path(),
                         "XDG_DATA_HOME=" + directory_.path(),
                         "KUBECONFIG=" + directory_.File("kubeconfig")};
  return RunToEnd(std::move(options));
}

Status Helm::UseServer(const RealKubeApiServer& kube) {
  auto written = directory_.Write("kubeconfig", AdminKubeconfig(kube));
  return written ? Status() : Fail(written.error());
}

Result<std::string> Helm::Render(const std::vector<std::string>& values,
                                 const std::vector<std::string>& set) const {
  std::vector<std::string> arguments = {"template", "claviger", kChart,
                                        "--namespace", kNamespace};
  for (const std::string& file : values) {
    arguments.insert(arguments.end(), {"--values", file});
  }
  for (const std::string& one : set) {
    arguments.insert(arguments.end(), {"--set", one});
  }
  auto ran = Run(arguments);
  if (!ran) return Fail(ran.error());
  if (ran->exit_code == 0) return std::move(ran->out);
  return Fail(ErrorCode::kInvalidArgument, ran->err);
}

Result<std::vector<json>> Documents(std::string_view yaml) {
  const model::Documents read = model::ReadYaml(yaml);
  if (read.error) {
    return Fail(
        ErrorCode::kMalformed,
        "line " + std::to_string(read.error->line) + ": " + read.error->what);
  }
  std::vector<json> documents;
  for (const model::Node& root : read.roots) {
    if (root.kind != model::Node::Kind::kMap) continue;
    documents.push_back(json::parse(ToJson(root)));
  }
  return documents;
}

json Find(const std::vector<json>& documents, std::string_view kind,
          std::string_view name) {
  for (const json& one : documents) {
    if (one["kind"] == kind && one["metadata"]["name"] == name) return one;
  }
  return nullptr;
}

}  // namespace claviger::testing
