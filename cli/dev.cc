// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/file.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/dev_listeners.h"
#include "cli/dev_operator.h"
#include "cli/dev_report.h"
#include "cli/dev_sidecars.h"
#include "cli/dev_vault.h"
#include "cli/exit_code.h"
#include "cli/private_directory.h"
#include "cli/question.h"
#include "cli/text.h"
#include "cli/world.h"
#include "model/manifests.h"
#include "operator/cluster_claim.h"
#include "operator/vault_store.h"

namespace claviger::cli {
namespace {

constexpr std::chrono::milliseconds kLookEvery{1'000};
constexpr const char* kIdentity = "claviger-dev";

constexpr const char* kWarning =
    "NOT FOR PRODUCTION: secrets come from a file, Vault is reached without "
    "TLS,\nand this process can read and change everything in it.";

/// All parts of one run. Ended in the reverse order: sidecars first, so that
/// they can still revoke their tokens.
class DevRun {
 public:
  DevRun(const DevOptions& options, Context& context)
      : options_(options), context_(context), report_(context.err) {}

  Status Start(const std::vector<model::ObjectRef>& accounts) {
    std::error_code error;
    if (!std::filesystem::is_directory(options_.directory, error)) {
      return Fail(ErrorCode::kNotFound,
                  options_.directory + " is not a directory");
    }
    auto settings = LoadSettings(options_.config);
    if (!settings) return Fail(settings.error());
    auto objects = model::ReadManifests(options_.directory);
    if (!objects) return Fail(objects.error());
    const access::Snapshot snapshot(std::move(*objects), *settings);
    auto status = StartVault();
    if (!status) return status;
    status = StartOperator(std::move(*settings), accounts);
    if (!status) return status;
    auto directory = PrivateDirectory::Make(
        options_.socket_directory, context_.environment.runtime_directory);
    if (!directory) return Fail(directory.error());
    directory_.emplace(std::move(*directory));
    sidecars_ =
        std::make_unique<DevSidecars>(directory_->path(), *vault_, context_);
    for (const model::ObjectRef& account : accounts) {
      status = sidecars_->Start(
          account, ListenersFor(snapshot, account, context_.clock.Now()));
      if (!status) return status;
    }
    return sidecars_->WaitUntilReady();
  }

  /// Says where everything is; from now on scripts may go on. The file first:
  /// whoever has read the line may rely on it.
  Status Announce() {
    const std::string json = DumpJson(Places());
    if (!options_.ready_file.empty()) {
      const Status written =
          WriteFileAtomically(options_.ready_file, json + "\n", 0600);
      if (!written) return written;
    }
    if (options_.json) {
      context_.out << json << std::endl;
    } else {
      PrintPlaces();
    }
    return {};
  }

 private:
  Status StartVault() {
    if (options_.vault.empty()) {
      auto vault = DevVault::Embedded(context_);
      if (!vault) return Fail(vault.error());
      vault_ = std::move(*vault);
      return vault_->Fill(options_.directory + "/" + kSecretsFile);
    }
    auto token =
        ReadToken({options_.token_file, context_.environment.vault_token_file,
                   context_.environment.home});
    if (!token) return Fail(token.error());
    auto vault = DevVault::At({options_.vault, options_.vault_ca, ""},
                              std::move(*token), context_);
    if (!vault) return Fail(vault.error());
    vault_ = std::move(*vault);
    return {};
  }

  Status StartOperator(access::SnapshotSettings snapshot,
                       const std::vector<model::ObjectRef>& accounts) {
    token_ = std::make_unique<op::FixedToken>(vault_->token().Clone());
    store_ = std::make_unique<op::VaultStore>(vault_->api(), *token_,
                                              vault_->layout().mount);
    // A real cluster of this name, in a Vault given by --vault, is not ours.
    auto claimed =
        op::ClaimCluster(*store_, vault_->layout().cluster, kIdentity);
    if (!claimed) return claimed;
    op::ReconcilerSettings settings;
    settings.layout = vault_->layout();
    settings.snapshot = std::move(snapshot);
    settings.snapshot.paths.own_mount = settings.layout.mount;
    settings.snapshot.paths.cluster = settings.layout.cluster;
    settings.snapshot.account_uids_by_name = true;
    settings.extra_accounts = accounts;
    operator_ = std::make_unique<DevOperator>(
        options_.directory, std::move(settings), *store_, context_,
        [this](const op::PassReport& pass) { report_.Say(pass); });
    return operator_->Start();
  }

  static nlohmann::ordered_json PlaceJson(const DevSidecars::Place& place) {
    nlohmann::ordered_json json = {{"as", "sa/" + ToString(place.account)},
                                   {"socket", place.socket},
                                   {"tokenFile", place.token_file},
                                   {"role", place.role}};
    json["listeners"] = nlohmann::ordered_json::array();
    for (const auto& listener : place.listeners) {
      nlohmann::ordered_json one;
      one["connection"] = ToString(listener.wish.connection);
      one["protocol"] = ToString(listener.wish.protocol);
      if (!listener.socket.empty()) one["socket"] = listener.socket;
      if (listener.wish.port) one["port"] = *listener.wish.port;
      json["listeners"].push_back(std::move(one));
    }
    if (!place.secret_file.empty()) json["secretFile"] = place.secret_file;
    return json;
  }

  nlohmann::ordered_json Places() const {
    nlohmann::ordered_json json;
    json["vault"] = {{"address", vault_->address()},
                     {"embedded", vault_->is_embedded()},
                     {"authMount", vault_->layout().auth_mount}};
    json["sidecars"] = nlohmann::ordered_json::array();
    for (const DevSidecars::Place& place : sidecars_->places()) {
      json["sidecars"].push_back(PlaceJson(place));
    }
    return json;
  }

  void PrintPlaces() const {
    std::vector<std::pair<std::string, std::string>> pairs = {
        {vault_->is_embedded() ? "Vault, in memory" : "Vault",
         vault_->address()},
        {"objects", options_.directory + " (read again when they change)"}};
    for (const DevSidecars::Place& place : sidecars_->places()) {
      pairs.emplace_back("sa/" + ToString(place.account), place.socket);
      for (const auto& listener : place.listeners) {
        if (listener.socket.empty()) continue;
        pairs.emplace_back("  " + ToString(listener.wish.connection),
                           listener.socket);
      }
    }
    context_.out << "Ready.\n\n";
    PrintPairs(pairs, "  ", context_.out);
    if (sidecars_->places().empty()) {
      context_.out << "\nNo sidecar: name service accounts by --as "
                      "sa/NAMESPACE/NAME.\n";
    } else {
      const std::string call = "  curl --unix-socket " +
                               sidecars_->places().front().socket +
                               " http://claviger/v1/connections";
      context_.out << "\nTry:\n"
                   << call << "\n"
                   << call << "/NAMESPACE/NAME/credential\n"
                   << call << "/NAMESPACE/NAME/explain\n";
    }
    context_.out << "\nCtrl-C ends it." << std::endl;
  }

  const DevOptions& options_;
  Context& context_;
  DevReport report_;
  std::unique_ptr<DevVault> vault_;
  std::unique_ptr<op::FixedToken> token_;
  std::unique_ptr<op::VaultStore> store_;
  std::unique_ptr<DevOperator> operator_;
  std::optional<PrivateDirectory> directory_;
  std::unique_ptr<DevSidecars> sidecars_;
};

}  // namespace

int RunDev(const DevOptions& options, Context& context) {
  std::vector<model::ObjectRef> accounts;
  for (const std::string& as : options.as) {
    auto account = ReadServiceAccount("--as", as);
    if (!account) return ReportUsage(account.error(), context);
    accounts.push_back(std::move(*account));
  }
  context.err << Painted(kWarning, Colour::kYellow, context.colour) << "\n";
  context.stop.Arm();
  DevRun run(options, context);
  auto status = run.Start(accounts);
  if (status) status = run.Announce();
  if (!status) return ReportError(status.error(), context);
  while (context.stop.WaitFor(kLookEvery)) {
  }
  context.err << "ending\n";
  return kExitYes;
}

}  // namespace claviger::cli
