// SPDX-License-Identifier: Apache-2.0
#include "installation.h"

#include <filesystem>
#include <utility>

#include "base/file.h"
#include "support/await.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

constexpr char kExamples[] = CLAVIGER_SOURCE_DIR "/examples/install/";

Result<std::string> Example(const std::string& name) {
  return ReadFile(kExamples + name, size_t{1} << 20U);
}

Status Replace(const std::string& file, const std::string& what,
               const std::string& by) {
  auto text = ReadFile(file, size_t{1} << 20U);
  if (!text) return Fail(text.error());
  size_t at = text->find(what);
  if (at == std::string::npos) {
    return Fail(ErrorCode::kNotFound, file + " does not hold " + what);
  }
  for (; at != std::string::npos; at = text->find(what, at + by.size())) {
    text->replace(at, what.size(), by);
  }
  return WriteFileAtomically(file, *text, 0600);
}

Status EndedWell(const Result<Ran>& ran, const std::string& doing) {
  if (!ran) return Fail(ran.error(), doing);
  if (ran->exit_code == 0) return {};
  return Fail(ErrorCode::kInternal, doing + ": " + ran->out + ran->err);
}

}  // namespace

Release ThisRelease() { return {kChart, CLAVIGER_VERSION}; }

Result<Release> PreviousRelease(const ScratchDirectory& directory) {
  Release release{directory.File("chart"), CLAVIGER_PREVIOUS_VERSION};
  std::error_code error;
  std::filesystem::copy(kChart, release.chart,
                        std::filesystem::copy_options::recursive, error);
  if (error) {
    return Fail(ErrorCode::kInternal, "copy the chart: " + error.message());
  }
  Status done =
      Replace(release.chart + "/Chart.yaml", CLAVIGER_VERSION, release.version);
  if (done) {
    done = Replace(release.chart + "/files/crds/connections.yaml",
                   "name: Provider", "name: Source");
  }
  if (!done) return Fail(done.error());
  return release;
}

Installation::Installation(std::unique_ptr<Node> node, Helm helm)
    : node_(std::move(node)), helm_(std::move(helm)) {}

Result<std::unique_ptr<Installation>> Installation::Start(
    const Release& release) {
  auto helm = Helm::Find();
  if (!helm) return Fail(helm.error());
  auto node = Node::Start();
  if (!node) return Fail(node.error());
  std::unique_ptr<Installation> made(
      new Installation(*std::move(node), *std::move(helm)));
  Status done = made->helm_.UseServer(made->node().kube());
  // What examples/install/shop.yaml runs.
  if (done) {
    done = made->node().TagImage("localhost/box:1",
                                 "docker.io/curlimages/curl:8.11.1");
  }
  if (done) done = made->Put(release, "install");
  if (done) done = made->SetUpVault();
  if (!done) return Fail(done.error());
  return made;
}

Status Installation::RunHelm(const std::vector<std::string>& arguments) {
  return EndedWell(helm_.Run(arguments), "helm " + arguments.front());
}

Status Installation::Put(const Release& release, const std::string& how) {
  for (const char* program : {"operator", "sidecar"}) {
    const Status done =
        node_->Import(std::string(CLAVIGER_IMAGES) + "/claviger-" + program +
                      "-" + release.version + "-amd64.oci.tar");
    if (!done) return done;
  }
  Status done = RunHelm(
      {how, "claviger", release.chart, "--namespace", kNamespace,
       "--create-namespace", "--values", std::string(kExamples) + "values.yaml",
       "--set", "vault.address=" + node_->vault().address(), "--set-file",
       "vault.caBundle=" + node_->vault().ca_path(), "--set",
       "image.repository=localhost/claviger/operator", "--set",
       "injection.image.repository=localhost/claviger/sidecar", "--set",
       "vaultReviewer.create=true"});
  if (!done) return done;
  const std::string seen =
      node_->AwaitRollout(kNamespace, "claviger-operator", 2);
  if (seen.empty()) return {};
  return Fail(ErrorCode::kDeadlineExceeded, "operators are not ready: " + seen);
}

// As docs/install.md has it for a Vault outside of the cluster.
Status Installation::SetUpVault() {
  RealVault& vault = node_->vault();
  Status done = vault.EnableSecrets("secret", "kv-v2");
  if (!done) return done;
  const auto written =
      vault.Call("POST", "secret/data/shop/orders",
                 R"({"data":{"username":"shop","password":"s3"}})");
  if (!written) return Fail(written.error());
  const json map = node_->Get(
      "/api/v1/namespaces/claviger-system/configmaps/claviger-operator");
  std::string config =
      map.value("/data/operator.yaml"_json_pointer, std::string());
  const std::string inside = "/etc/claviger/vault-ca/ca.crt";
  const size_t at = config.find(inside);
  if (at == std::string::npos) return Fail(ErrorCode::kInternal, config);
  config.replace(at, inside.size(), vault.ca_path());
  const auto reviewer =
      node_->kube().RequestToken(kNamespace, "claviger-reviewer", {});
  if (!reviewer) return Fail(reviewer.error());
  const auto directory = ScratchDirectory::Create();
  if (!directory) return Fail(directory.error());
  const auto config_file = directory->Write("operator.yaml", config);
  const auto admin = directory->Write("admin.token", vault.root_token());
  const auto token = directory->Write("reviewer.token", *reviewer);
  if (!config_file || !admin || !token) {
    return Fail(ErrorCode::kInternal, "cannot write what the set-up reads");
  }
  ProcessOptions options;
  options.argv = {CLAVIGER_CLI,
                  "vault",
                  "setup",
                  "--config",
                  *config_file,
                  "--token-file",
                  *admin,
                  "--kubernetes-host",
                  node_->kube().url(),
                  "--kubernetes-ca",
                  node_->kube().ca_path(),
                  "--reviewer-token-file",
                  *token};
  return EndedWell(RunToEnd(std::move(options)), "claviger vault setup");
}

Status Installation::StartShop() {
  const auto manifests = Example("shop.yaml");
  if (!manifests) return Fail(manifests.error());
  // The Service forwards a moment after its pods are ready: kube-proxy learns
  // of them on its own. Until then the webhook is unreachable.
  Status applied;
  const auto apply = [&] {
    applied = node_->Apply(*manifests);
    return static_cast<bool>(applied);
  };
  if (!Await(apply, kNodePatience)) return applied;
  const std::string seen = node_->AwaitRollout("shop", "frontend", 1);
  if (seen.empty()) return {};
  return Fail(ErrorCode::kDeadlineExceeded, "shop/frontend: " + seen);
}

void InstalledTest::SetUpTestSuite() {
  static bool tried = false;
  if (!std::exchange(tried, true)) {
    SharedBedTest<Installation>::SetUpTestSuite();
  }
}

void InstalledTest::Begin() {
  const Status shop = bed_->StartShop();
  ASSERT_TRUE(shop) << shop.error().message;
}

}  // namespace claviger::testing
