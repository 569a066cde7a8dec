// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <sstream>

#include "cli/exit_code.h"
#include "cli/help.h"
#include "cli/local_arguments.h"

namespace claviger::cli {
namespace {

constexpr const char* kOutputNames[] = {"text", "json"};

/// Every option of every command, where CLI11 writes what it parsed.
struct Storage {
  LintOptions lint;
  ExplainOptions explain;
  CanOptions can;
  WhoOptions who;
  PlanOptions plan;
  VaultPolicyOptions vault_policy;
  VaultSetupOptions vault_setup;
  VaultDoctorOptions vault_doctor;
  CredentialSetOptions credential_set;
  CredentialOptions credential_show;
  CredentialOptions credential_remove;
  StatusOptions status;
  DevOptions dev;
  RunOptions run;
  TestOptions test;
  HelperOptions helper;
  std::string output = kOutputNames[0];
};

CLI::App* AddCommand(CLI::App& app, const char* name, const char* about,
                     const char* footer) {
  CLI::App* command = app.add_subcommand(name, about);
  command->footer(footer);
  return command;
}

void AddOutput(CLI::App& command, std::string& output) {
  command
      .add_option("-o,--output", output,
                  "how to print the answer: text or json")
      ->check(CLI::IsMember({kOutputNames[0], kOutputNames[1]}))
      ->type_name("FORMAT")
      ->capture_default_str();
}

void AddCommon(CLI::App& command, CommonOptions& common, std::string& output) {
  command
      .add_option("-f,--filename", common.manifests,
                  "manifests: a directory (all *.yaml, *.yml and *.json below "
                  "it) or a file")
      ->required()
      ->type_name("DIR");
  command
      .add_option("--config", common.config,
                  "the operator's configuration: its path and sharing rules "
                  "apply too (without it every Vault path may be named)")
      ->type_name("FILE");
  AddOutput(command, output);
}

void AddConnection(CLI::App& command, std::string& connection) {
  command.add_option("connection", connection, "namespace/name")
      ->required()
      ->type_name("NS/NAME");
}

void AddAt(CLI::App& command, std::string& at) {
  command
      .add_option("--at", at,
                  "the time to decide for, as 2026-12-01T00:00:00Z; default: "
                  "now")
      ->type_name("RFC3339");
}

void AddDeliver(CLI::App& command, std::string& deliver) {
  command
      .add_option("--deliver", deliver,
                  "inject: the sidecar uses the credential for the caller; "
                  "disclose: the caller gets to see it")
      ->check(CLI::IsMember({"inject", "disclose"}))
      ->type_name("HOW")
      ->capture_default_str();
}

void AddQuestion(CLI::App& command, QuestionOptions& question) {
  command
      .add_option("--as", question.as,
                  "who asks: sa/NAMESPACE/NAME or user/NAME")
      ->required()
      ->type_name("WHO");
  command
      .add_option("--carrier", question.carrier,
                  "the service account of the pod that asks for a user")
      ->type_name("sa/NS/NAME");
  AddAt(command, question.at);
  AddDeliver(command, question.deliver);
  command
      .add_option("--slot", question.slot,
                  "ask for one slot: personal, default or grant/NAME")
      ->type_name("SLOT");
  command.add_flag("--enrolled", question.enrolled,
                   "the caller has stored a personal credential");
  command
      .add_option("--claim", question.claims,
                  "a claim of the user's token, as groups=a,b; repeatable")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUES");
}

void AddLint(CLI::App& app, Storage& storage) {
  CLI::App* command = AddCommand(app, "lint", kLintAbout, kLintFooter);
  AddCommon(*command, storage.lint.common, storage.output);
}

void AddExplain(CLI::App& app, Storage& storage) {
  CLI::App* command = AddCommand(app, "explain", kExplainAbout, kExplainFooter);
  AddCommon(*command, storage.explain.common, storage.output);
  AddQuestion(*command, storage.explain.question);
  AddConnection(*command, storage.explain.question.connection);
}

void AddCan(CLI::App& app, Storage& storage) {
  CLI::App* command = AddCommand(app, "can", kCanAbout, kCanFooter);
  AddCommon(*command, storage.can.common, storage.output);
  AddQuestion(*command, storage.can.question);
  command
      ->add_option("privilege", storage.can.privilege,
                   "view, use, readSecret, share or manage")
      ->required()
      ->check(CLI::IsMember({"view", "use", "readSecret", "share", "manage"}))
      ->type_name("PRIVILEGE");
  AddConnection(*command, storage.can.question.connection);
}

void AddWho(CLI::App& app, Storage& storage) {
  CLI::App* command = AddCommand(app, "who", kWhoAbout, kWhoFooter);
  AddCommon(*command, storage.who.common, storage.output);
  AddAt(*command, storage.who.at);
  AddDeliver(*command, storage.who.deliver);
  AddConnection(*command, storage.who.connection);
}

void AddTokenFile(CLI::App& command, std::string& token_file) {
  command
      .add_option("--token-file", token_file,
                  "the file with the Vault token; default: what "
                  "VAULT_TOKEN_FILE names, else ~/.vault-token")
      ->type_name("FILE");
}

void AddPlan(CLI::App& app, Storage& storage) {
  CLI::App* command = AddCommand(app, "plan", kPlanAbout, kPlanFooter);
  AddCommon(*command, storage.plan.common, storage.output);
  command->get_option("--config")
      ->required()
      ->description(
          "the operator's configuration: names the Vault, and what "
          "may be named in it");
  AddTokenFile(*command, storage.plan.token_file);
}

void AddOperatorConfig(CLI::App& command, std::string& config) {
  command
      .add_option("--config", config,
                  "the operator's configuration: names cluster and mounts")
      ->required()
      ->type_name("FILE");
}

void AddOperatorAccount(CLI::App& command, std::string& account) {
  command
      .add_option("--operator", account,
                  "the service account that the operator runs as")
      ->type_name("NS/NAME")
      ->capture_default_str();
}

void AddFile(CLI::App& command, const char* name, std::string& file,
             const char* about) {
  command.add_option(name, file, about)->type_name("FILE");
}

void AddVaultSetup(CLI::App& vault, Storage& storage) {
  VaultSetupOptions& setup = storage.vault_setup;
  CLI::App* command =
      AddCommand(vault, "setup", kVaultSetupAbout, kVaultSetupFooter);
  AddOperatorConfig(*command, setup.config);
  AddTokenFile(*command, setup.token_file);
  AddOperatorAccount(*command, setup.operator_account);
  command
      ->add_option("--kubernetes-host", setup.kubernetes_host,
                   "kubernetes login: the API server's URL as Vault reaches it")
      ->type_name("URL");
  AddFile(*command, "--kubernetes-ca", setup.kubernetes_ca,
          "its authorities in PEM; default: those of the pod that Vault runs "
          "in");
  AddFile(*command, "--reviewer-token-file", setup.reviewer_token_file,
          "a service account's token that may create TokenReviews; default: "
          "that of the pod that Vault runs in");
  AddFile(*command, "--jwt-keys", setup.jwt_keys,
          "jwt login: the public keys, in PEM, of the API server's tokens");
  command
      ->add_option("--jwt-discovery-url", setup.jwt_discovery_url,
                   "jwt login: or where Vault finds them, the tokens' issuer")
      ->type_name("URL");
  AddFile(*command, "--jwt-discovery-ca", setup.jwt_discovery_ca,
          "the issuer's authorities in PEM; default: the system's");
  command->add_flag("--dry-run", setup.dry_run,
                    "say what would be done, and write nothing");
  AddOutput(*command, storage.output);
}

void AddVaultDoctor(CLI::App& vault, Storage& storage) {
  VaultDoctorOptions& doctor = storage.vault_doctor;
  CLI::App* command =
      AddCommand(vault, "doctor", kVaultDoctorAbout, kVaultDoctorFooter);
  AddOperatorConfig(*command, doctor.config);
  AddTokenFile(*command, doctor.token_file);
  AddOperatorAccount(*command, doctor.operator_account);
  AddFile(*command, "--operator-token-file", doctor.operator_token_file,
          "try to log in with this token of the operator's service account");
  AddOutput(*command, storage.output);
}

void AddVault(CLI::App& app, Storage& storage) {
  CLI::App* vault = AddCommand(app, "vault", kVaultAbout, kVaultFooter);
  vault->require_subcommand(1);
  CLI::App* policy =
      AddCommand(*vault, "policy", kVaultPolicyAbout, kVaultFooter);
  AddOperatorConfig(*policy, storage.vault_policy.config);
  AddOutput(*policy, storage.output);
  AddVaultSetup(*vault, storage);
  AddVaultDoctor(*vault, storage);
}

void AddSocket(CLI::App& command, CredentialOptions& options,
               std::string& output) {
  command.add_option("--socket", options.socket, "the sidecar's Unix socket")
      ->type_name("PATH")
      ->capture_default_str();
  AddOutput(command, output);
  AddConnection(command, options.connection);
}

CLI::Option* AddTag(CLI::App& command, CredentialOptions& options) {
  return command
      .add_option("--if-tag", options.tag,
                  "only if this is what is stored now; show tells the tag")
      ->check([](const std::string& tag) {
        const bool plain =
            !tag.empty() &&
            tag.find_first_not_of("0123456789abcdef-") == std::string::npos;
        return std::string(plain ? "" : "not a tag as show tells it");
      })
      ->type_name("TAG");
}

void AddCredential(CLI::App& app, Storage& storage) {
  CLI::App* credential =
      AddCommand(app, "credential", kCredentialAbout, kCredentialFooter);
  credential->require_subcommand(1);
  CredentialSetOptions& set = storage.credential_set;
  CLI::App* command =
      AddCommand(*credential, "set", kCredentialSetAbout, kCredentialSetFooter);
  command
      ->add_option("--from-file", set.files,
                   "take one key's value from a file, as password=FILE; "
                   "repeatable")
      ->allow_extra_args(false)
      ->type_name("KEY=FILE");
  command->add_flag("--new", set.first, "only if nothing is stored yet")
      ->excludes(AddTag(*command, set.common));
  AddSocket(*command, set.common, storage.output);
  AddSocket(
      *AddCommand(*credential, "show", kCredentialShowAbout, kCredentialFooter),
      storage.credential_show, storage.output);
  command = AddCommand(*credential, "remove", kCredentialRemoveAbout,
                       kCredentialFooter);
  AddTag(*command, storage.credential_remove);
  AddSocket(*command, storage.credential_remove, storage.output);
}

void AddStatus(CLI::App& app, Storage& storage) {
  StatusOptions& status = storage.status;
  CLI::App* command = AddCommand(app, "status", kStatusAbout, kStatusFooter);
  AddFile(*command, "--kubeconfig", status.kubeconfig,
          "how to reach the API server; default: what KUBECONFIG names, else "
          "~/.kube/config");
  command
      ->add_option("--context", status.context,
                   "which of the kubeconfig's contexts; default: its current "
                   "one")
      ->type_name("NAME");
  command
      ->add_option("-n,--namespace", status.ns,
                   "only Connections and Grants of this namespace")
      ->type_name("NAME");
  command
      ->add_option("--operator-namespace", status.operator_namespace,
                   "where the operator's Lease is")
      ->type_name("NAME")
      ->capture_default_str();
  command->add_flag("--all", status.all, "list what is ready, too");
  AddOutput(*command, storage.output);
}

void AddDev(CLI::App& app, Storage& storage) {
  DevOptions& dev = storage.dev;
  CLI::App* command = AddCommand(app, "dev", kDevAbout, kDevFooter);
  command
      ->add_option("directory", dev.directory,
                   "manifests, and secrets.yaml for the embedded Vault")
      ->required()
      ->type_name("DIR");
  command
      ->add_option("--as", dev.as,
                   "run a sidecar for this service account; repeatable")
      ->allow_extra_args(false)
      ->type_name("sa/NS/NAME");
  command
      ->add_option("--config", dev.config,
                   "an operator's configuration: its path and sharing rules "
                   "apply")
      ->type_name("FILE");
  command
      ->add_option("--vault", dev.vault,
                   "use this Vault instead of the embedded one, with an "
                   "administrator's token")
      ->type_name("ADDRESS");
  command
      ->add_option("--vault-ca", dev.vault_ca,
                   "PEM file with the authority of that Vault; default: the "
                   "system's")
      ->type_name("FILE");
  AddTokenFile(*command, dev.token_file);
  command
      ->add_option("--socket-dir", dev.socket_directory,
                   "where the sockets go; default: a new private directory")
      ->type_name("DIR");
  command
      ->add_option("--ready-file", dev.ready_file,
                   "write where everything is to this file, as JSON, once all "
                   "of it serves")
      ->type_name("FILE");
  AddOutput(*command, storage.output);
}

std::string VersionText() {
  return std::string("claviger ") + CLAVIGER_VERSION;
}

ParsedArguments ChosenOfVault(const CLI::App& vault, Storage& storage,
                              bool json) {
  ParsedArguments parsed;
  const auto take = [&](auto& options) {
    options.json = json;
    parsed.command = std::move(options);
  };
  if (vault.got_subcommand("setup")) {
    take(storage.vault_setup);
  } else if (vault.got_subcommand("doctor")) {
    take(storage.vault_doctor);
  } else {
    take(storage.vault_policy);
  }
  return parsed;
}

ParsedArguments ChosenOfCredential(const CLI::App& credential, Storage& storage,
                                   bool json) {
  ParsedArguments parsed;
  storage.credential_remove.remove = true;
  if (credential.got_subcommand("set")) {
    storage.credential_set.common.json = json;
    parsed.command = std::move(storage.credential_set);
    return parsed;
  }
  CredentialOptions& options = credential.got_subcommand("remove")
                                   ? storage.credential_remove
                                   : storage.credential_show;
  options.json = json;
  parsed.command = std::move(options);
  return parsed;
}

ParsedArguments Chosen(const CLI::App& app, Storage& storage) {
  const bool json = storage.output == kOutputNames[1];
  ParsedArguments parsed;
  const auto take = [&](auto& options) {
    options.common.json = json;
    parsed.command = std::move(options);
  };
  if (app.got_subcommand("lint")) {
    take(storage.lint);
  } else if (app.got_subcommand("explain")) {
    take(storage.explain);
  } else if (app.got_subcommand("can")) {
    take(storage.can);
  } else if (app.got_subcommand("who")) {
    take(storage.who);
  } else if (app.got_subcommand("plan")) {
    take(storage.plan);
  } else if (app.got_subcommand("vault")) {
    parsed = ChosenOfVault(*app.get_subcommand("vault"), storage, json);
  } else if (app.got_subcommand("credential")) {
    parsed =
        ChosenOfCredential(*app.get_subcommand("credential"), storage, json);
  } else if (app.got_subcommand("status")) {
    storage.status.json = json;
    parsed.command = std::move(storage.status);
  } else if (app.got_subcommand("run")) {
    parsed.command = std::move(storage.run);
  } else if (app.got_subcommand("test")) {
    storage.test.json = json;
    parsed.command = std::move(storage.test);
  } else if (app.got_subcommand("helper")) {
    parsed.command = std::move(storage.helper);
  } else {
    storage.dev.json = json;
    parsed.command = std::move(storage.dev);
  }
  return parsed;
}

/// What CLI11 threw: asked-for help is an answer, anything else is usage.
ParsedArguments Stopped(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream err;
  ParsedArguments parsed;
  if (app.exit(error, out, err) == 0) {
    parsed.text = out.str();
    return parsed;
  }
  parsed.text = "claviger: " + err.str();
  parsed.exit_code = kExitUsage;
  return parsed;
}

/// CLI11 would only say that a command is missing.
bool NamesUnknownCommand(const CLI::App& app,
                         const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0].substr(0, 1) == "-") return false;
  const auto commands = app.get_subcommands([&](const CLI::App* command) {
    return command->get_name() == arguments[0];
  });
  return commands.empty();
}

}  // namespace

ParsedArguments ParseArguments(const std::vector<std::string>& arguments) {
  Storage storage;
  CLI::App app{kAbout, "claviger"};
  app.footer(kFooter);
  app.set_version_flag("--version", VersionText());
  app.require_subcommand(1);
  AddLint(app, storage);
  AddExplain(app, storage);
  AddCan(app, storage);
  AddWho(app, storage);
  AddPlan(app, storage);
  AddVault(app, storage);
  AddCredential(app, storage);
  AddStatus(app, storage);
  AddDev(app, storage);
  AddRun(app, storage.run);
  AddOutput(*AddTest(app, storage.test), storage.output);
  AddHelper(app, storage.helper);
  if (NamesUnknownCommand(app, arguments)) {
    ParsedArguments parsed;
    parsed.text = "claviger: there is no command \"" + arguments[0] +
                  "\"; see claviger --help\n";
    parsed.exit_code = kExitUsage;
    return parsed;
  }
  try {
    // CLI11 takes them from the back.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return Stopped(app, error);
  }
  return Chosen(app, storage);
}

}  // namespace claviger::cli
