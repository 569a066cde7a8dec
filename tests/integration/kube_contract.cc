// SPDX-License-Identifier: Apache-2.0
#include "integration/kube_contract.h"

#include "support/real_servers.h"

namespace claviger::testing {
namespace {

using kube::kGrants;
using nlohmann::json;

Result<std::unique_ptr<KubeUnderTest>>& SharedKube() {
  static auto shared = StartKubeUnderTest();
  return shared;
}

json Parsed(const Result<std::string>& text) {
  EXPECT_TRUE(text) << text.error().message;
  return text ? json::parse(*text) : json::object();
}

}  // namespace

void KubeContractTest::SetUp() {
  static int count = 0;
  auto& shared = SharedKube();
  CLAVIGER_NEED_SERVER(shared);
  server_ = shared->get();
  client_ = std::make_unique<kube::Client>(server_->transport());
  ns_ = "contract-" + std::to_string(++count);
  Parsed(client_->Create(kube::kNamespaces, "",
                         json{{"metadata", {{"name", ns_}}}}.dump()));
}

json KubeContractTest::MakeGrant(const std::string& name,
                                 const std::string& reason,
                                 const json& metadata) {
  json object{{"apiVersion", "claviger.io/v1alpha1"},
              {"kind", "Grant"},
              {"metadata", {{"name", name}}},
              {"spec",
               {{"connection", "warehouse"},
                {"subjects", {{{"kind", "User"}, {"name", "erin"}}}},
                {"reason", reason}}}};
  if (metadata.is_object()) object["metadata"].update(metadata);
  return Parsed(client().Create(kGrants, ns_, object.dump()));
}

json KubeContractTest::GetGrant(const std::string& name) {
  return Parsed(client().Get(kGrants, Name(name)));
}

std::string KubeContractTest::PatchGrant(const std::string& name,
                                         const json& patch, json* stored) {
  const auto patched = client().Patch(kGrants, Name(name), patch.dump());
  if (patched && stored) *stored = json::parse(*patched);
  return CodeOf(patched);
}

void KubeContractTest::MakeServiceAccount(const std::string& name,
                                          const json& labels) {
  json object{{"apiVersion", "v1"},
              {"kind", "ServiceAccount"},
              {"metadata", {{"name", name}}}};
  if (labels.is_object()) object["metadata"]["labels"] = labels;
  Parsed(client().Create(kube::kServiceAccounts, ns_, object.dump()));
}

std::string KubeContractTest::Pages(const kube::Resource& resource, int limit,
                                    const kube::Selection& selection) {
  std::string names;
  std::string version;
  kube::PageRequest request{selection, "", limit};
  do {
    if (!names.empty()) names += " |";
    const auto page = client().ListPage(
        resource, request, [&](const kube::ObjectView& object) {
          names += (names.empty() ? "" : " ") + object.name.name;
        });
    if (!page) return CodeOf(page);
    // All pages are of one moment.
    EXPECT_TRUE(version.empty() || version == page->resource_version);
    version = page->resource_version;
    request.continue_token = page->continue_token;
  } while (!request.continue_token.empty());
  return names;
}

std::string KubeContractTest::Events(const kube::Resource& resource,
                                     const std::string& version, int count,
                                     const std::string& selector) {
  static const char* const kTypes[] = {"ADDED", "MODIFIED", "DELETED"};
  std::string events;
  kube::WatchRequest request;
  request.selection = {ns_, selector};
  request.resource_version = version;
  request.timeout = std::chrono::seconds(20);
  const auto end =
      client().Watch(resource, request, [&](const kube::WatchEvent& event) {
        if (event.type == kube::WatchEvent::Type::kBookmark) return true;
        if (!events.empty()) events += " ";
        events += kTypes[static_cast<size_t>(event.type)];
        events += " " + event.object.name.name;
        return --count > 0;
      });
  if (!end) return CodeOf(end);
  return *end == kube::WatchEnd::kExpired ? "EXPIRED" : events;
}

std::string Version(const json& object) {
  return object["metadata"]["resourceVersion"];
}

}  // namespace claviger::testing
