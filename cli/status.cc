// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/status_report.h"
#include "cli/status_text.h"
#include "cli/world.h"
#include "kube/cpprest_transport.h"
#include "kube/kubeconfig.h"

namespace claviger::cli {
namespace {

constexpr const char* kLease = "claviger-operator";

Result<std::string> Kubeconfig(const StatusOptions& options,
                               const Environment& environment) {
  if (!options.kubeconfig.empty()) return options.kubeconfig;
  if (!environment.kubeconfig.empty()) return environment.kubeconfig;
  if (!environment.home.empty()) return environment.home + "/.kube/config";
  return Fail(ErrorCode::kNotFound,
              "no kubeconfig; name one with --kubeconfig or KUBECONFIG");
}

Result<StatusReport> Ask(const StatusOptions& options, Context& context) {
  const auto file = Kubeconfig(options, context.environment);
  if (!file) return Fail(file.error());
  auto cluster = kube::ReadKubeconfig(*file, options.context);
  if (!cluster) return Fail(cluster.error());
  auto transport =
      kube::MakeCpprestTransport(std::move(*cluster), context.clock);
  if (!transport) return Fail(transport.error());
  const kube::Client client(**transport);
  auto report = ReadStatusReport(client, options.ns,
                                 {options.operator_namespace, kLease});
  (*transport)->Close();
  if (!report && report.error().code == ErrorCode::kUnsupported) {
    return Fail(std::move(report).error(),
                "the kinds are not installed; kubectl apply -f crds/");
  }
  return report;
}

}  // namespace

int RunStatus(const StatusOptions& options, Context& context) {
  const auto report = Ask(options, context);
  if (!report) return ReportError(report.error(), context);
  if (options.json) {
    context.out << DumpJson(StatusJson(*report, context.clock.Now())) << "\n";
  } else {
    PrintStatus(*report, context.clock.Now(), options.all, context.colour,
                context.out);
  }
  return AllWell(*report, context.clock.Now()) ? kExitYes : kExitNo;
}

}  // namespace claviger::cli
