// SPDX-License-Identifier: Apache-2.0
#include "unit/operator/inject/golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "model/document.h"
#include "model/yaml_reader.h"
#include "support/json_text.h"

namespace claviger::testing {

using nlohmann::json;
using op::inject::Variables;

namespace {

std::string Contents(const std::string& path) {
  const auto text = ReadFile(path, size_t{1} << 20U);
  if (!text) ADD_FAILURE() << text.error().message;
  return text ? *text : "";
}

}  // namespace

std::vector<GoldenPod> GoldenPods(const std::string& directory) {
  std::vector<GoldenPod> pods;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() != ".yaml") continue;
    GoldenPod one;
    one.name = entry.path().stem().string();
    const auto documents = model::ReadYaml(Contents(entry.path().string()));
    if (documents.roots.size() != 1) {
      ADD_FAILURE() << one.name << " is no single document";
      continue;
    }
    one.pod = json::parse(ToJson(documents.roots[0]));
    const std::string expected =
        (entry.path().parent_path() / one.name).string() + ".json";
    one.expected = json::parse(Contents(expected), nullptr, false);
    pods.push_back(std::move(one));
  }
  std::sort(pods.begin(), pods.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return pods;
}

op::inject::Settings GoldenSettings() {
  op::inject::Settings settings;
  settings.image = "registry.corp/claviger/sidecar@sha256:1111";
  settings.audience = "claviger-3f9c";
  settings.sidecar_text =
      R"({"cluster":"prod","socket":{"mode":"0666"},"vault":{"address":)"
      R"("https://vault.corp:8200","auth":{"kind":"kubernetes","mount":)"
      R"("claviger"},"ca":"-----BEGIN CERTIFICATE-----\nMII+/=\n","mount":)"
      R"("claviger"}})";
  return settings;
}

op::inject::Surroundings GoldenSurroundings() {
  op::inject::Surroundings surroundings;
  surroundings.ns = "shop";
  surroundings.native_sidecars = op::inject::NativeSidecars::kYes;
  surroundings.variables_of =
      [](const model::ObjectRef& connection,
         const model::ObjectRef&) -> std::optional<Variables> {
    if (ToString(connection) == "sales/warehouse") {
      return Variables{{"CLAVIGER_SALES__WAREHOUSE_HOST", "dw.corp"},
                       {"CLAVIGER_SALES__WAREHOUSE_PORT", "5432"}};
    }
    if (ToString(connection) == "crm-eu/api.v2") {
      return Variables{{"CLAVIGER_CRM_EU__API_V2_URL", "https://crm.corp/$1"}};
    }
    const std::string name = ToString(connection);
    if (name == "sales/ledger" || name == "sales/rates") return Variables{};
    if (ToString(connection) == "sales/lake") {
      return Variables{{"AWS_CONTAINER_CREDENTIALS_FULL_URI",
                        "http://127.0.0.1:9811/v1/connections/sales/lake/aws"},
                       {"CLAVIGER_SALES__LAKE_URL", "https://s3.corp"}};
    }
    return std::nullopt;
  };
  surroundings.protocol_for =
      [](const model::ObjectRef& connection,
         const model::ObjectRef&) -> std::optional<providers::Protocol> {
    const std::string name = ToString(connection);
    if (name == "sales/ledger") return providers::Protocol::kPostgres;
    if (name == "sales/rates") return providers::Protocol::kHttp;
    return std::nullopt;
  };
  surroundings.file_refusal =
      [](const providers::FileWish& wish,
         const model::ObjectRef&) -> std::optional<std::string> {
    if (ToString(wish.connection) != "sales/ledger") return std::nullopt;
    return "it is server-side-only";
  };
  return surroundings;
}

json AfterInjection(const json& pod, const op::inject::Outcome& outcome) {
  if (!outcome.allowed) return {{"refused", outcome.message}};
  json patch = json::array();
  for (const auto& step : outcome.patch) {
    patch.push_back({{"op", step.op},
                     {"path", step.path},
                     {"value", json::parse(step.value)}});
  }
  return pod.patch(patch);
}

}  // namespace claviger::testing
