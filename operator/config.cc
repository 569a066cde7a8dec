// SPDX-License-Identifier: Apache-2.0
#include "operator/config.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "base/file.h"
#include "base/names.h"
#include "model/setting_values.h"
#include "operator/inject/resources.h"

namespace claviger::op {
namespace {

using model::SettingKey;
using model::Value;
using std::chrono::milliseconds;

constexpr size_t kMaxConfigBytes = size_t{1} << 20U;
constexpr size_t kMaxListItems = 1'000;
constexpr size_t kMaxPathBytes = 4'096;

using Reader = void (*)(const Value&, Config&);

void ReadAbsolutePath(const Value& value, std::string& out) {
  std::string path;
  Read(value, path);
  if (!path.empty() && path.front() == '/' && path.size() <= kMaxPathBytes) {
    out = std::move(path);
    return;
  }
  Refuse(value, "not an absolute path",
         "write it from the root, like /etc/claviger/vault-ca.pem");
}

struct MountEntry {
  access::MountRule rule;
};

void Read(const Value& value, MountEntry& out) {
  model::Fields fields(value);
  std::string engine;
  fields.Required("mount", out.rule.mount);
  if (fields.Required("engine", engine)) {
    const std::optional<model::Engine> known = model::ParseEngine(engine);
    if (known) {
      out.rule.engine = *known;
    } else {
      value.report().Invalid(value.PathOf("engine"), "unknown engine",
                             "use one of docs/reference: kv1, kv2, database, "
                             "database-static, ldap, ldap-static, aws, pki, "
                             "ssh or read");
    }
  }
  fields.Required("allow", out.rule.allow,
                  "list what a namespace may name, like \"{namespace}/+\"");
  fields.Finish();
}

struct AdminEntry {
  Admins admins;
};

void Read(const Value& value, AdminEntry& out) {
  model::Fields fields(value);
  fields.Optional("users", out.admins.users);
  fields.Optional("groups", out.admins.groups);
  // Entries are added to what is there: the default only where none is given.
  if (!fields.Optional("namespaces", out.admins.namespaces)) {
    out.admins.namespaces = {"*"};
  }
  fields.Finish();
}

void ReadMounts(const Value& value, Config& config) {
  std::vector<MountEntry> entries;
  model::Read(value, entries);
  if (entries.size() > kMaxListItems) {
    return Refuse(value, "more than 1000 mounts", "list fewer");
  }
  for (MountEntry& entry : entries) {
    config.snapshot.paths.mounts.push_back(std::move(entry.rule));
  }
}

void ReadAdmins(const Value& value, Config& config) {
  std::vector<AdminEntry> entries;
  model::Read(value, entries);
  for (AdminEntry& entry : entries) {
    config.admins.push_back(std::move(entry.admins));
  }
}

void ReadAuthKind(const Value& value, Config& config) {
  std::string kind;
  Read(value, kind);
  if (kind != "kubernetes" && kind != "jwt") {
    return Refuse(value, "unknown way to log in", "use kubernetes or jwt");
  }
  config.layout.auth_kind = std::move(kind);
}

void ReadOrganization(const Value& value, Config& config) {
  std::vector<std::string> namespaces;
  Read(value, namespaces);
  for (const std::string& ns : namespaces) {
    if (ns != "*" && !IsDnsLabel(ns)) {
      return Refuse(value, "not a list of namespaces",
                    "name namespaces, or \"*\" for all");
    }
  }
  config.snapshot.organization_from = std::move(namespaces);
}

void ReadLevel(const Value& value, Config& config) {
  std::string text;
  Read(value, text);
  if (const Result<LogLevel> level = ParseLogLevel(text)) {
    config.log_level = *level;
  } else {
    Refuse(value, "unknown level", "use debug, info, warning or error");
  }
}

void ReadPortOf(const Value& value, Listener& listener) {
  if (const auto port = ReadNumber(value, 0, 65'535)) {
    listener.port = static_cast<uint16_t>(*port);
  }
}

template <Listener Config::*kMember>
void ReadPort(const Value& value, Config& config) {
  ReadPortOf(value, config.*kMember);
}

template <Listener Config::*kMember>
void ReadListenAddress(const Value& value, Config& config) {
  Read(value, (config.*kMember).address);
}

template <std::string access::VaultLayout::*kMember>
void ReadMount(const Value& value, Config& config) {
  ReadMatching(value, IsVaultPath, "a mount's path", config.layout.*kMember);
}

template <std::string Config::*kMember>
void ReadPath(const Value& value, Config& config) {
  ReadAbsolutePath(value, config.*kMember);
}

template <std::string Config::*kMember>
void ReadName(const Value& value, Config& config) {
  ReadMatching(value, IsVaultSegment, "a name", config.*kMember);
}

bool IsImage(std::string_view text) {
  return !text.empty() && text.size() <= 512 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                  std::string_view("._/:@-").find(c) != std::string_view::npos;
         });
}

struct Key {
  SettingKey key;
  Reader read;
};

template <std::string Webhook::*kMember>
void ReadWebhookPath(const Value& value, Config& config) {
  ReadAbsolutePath(value, config.webhook.*kMember);
}

template <std::string Webhook::*kMember>
void ReadWebhookName(const Value& value, Config& config) {
  ReadMatching(value, IsDnsSubdomain, "a name of Kubernetes",
               config.webhook.*kMember);
}

void ReadWebhookNames(const Value& value, Config& config) {
  std::vector<std::string> names;
  Read(value, names);
  for (const std::string& name : names) {
    if (!IsDnsSubdomain(name)) {
      return Refuse(value, "not a list of DNS names", "name hosts");
    }
  }
  config.webhook.names = std::move(names);
}

template <std::string Config::*kMember>
void ReadKubeName(const Value& value, Config& config) {
  ReadMatching(value, IsDnsSubdomain, "a name of Kubernetes", config.*kMember);
}

void ReadImage(const Value& value, Config& config) {
  ReadMatching(value, IsImage, "an image", config.injection.image);
}

void ReadPullPolicy(const Value& value, Config& config) {
  std::string policy;
  Read(value, policy);
  if (policy != "Always" && policy != "IfNotPresent" && policy != "Never") {
    return Refuse(value, "unknown policy", "use Always, IfNotPresent or Never");
  }
  config.injection.pull_policy = std::move(policy);
}

void ReadSidecarLevel(const Value& value, Config& config) {
  std::string level;
  Read(value, level);
  if (!ParseLogLevel(level)) {
    return Refuse(value, "unknown level", "use debug, info, warning or error");
  }
  config.injection.log_level = std::move(level);
}

void ReadSidecarResources(const Value& value, Config& config) {
  inject::Resources resources{{}, {}};
  model::Fields fields(value);
  fields.Optional("requests", resources.requests);
  fields.Optional("limits", resources.limits);
  fields.Finish();
  for (const auto& part : {resources.requests, resources.limits}) {
    if (const auto good = inject::CheckQuantities(part); !good) {
      return Refuse(value, good.error().message,
                    "write it as of a container in Kubernetes");
    }
  }
  config.injection.resources = std::move(resources);
}

constexpr std::array<Key, 52> kTable = {{
    {{"cluster", "text", "",
      "this cluster's name, part of every name in Vault: lower-case letters, "
      "digits and dashes, at most 40",
      true},
     [](const Value& value, Config& config) {
       ReadMatching(value, IsClusterName, "a cluster's name",
                    config.layout.cluster);
     }},
    {{"clusterUid", "text", "",
      "what tells this cluster from another of the same name (the uid of the "
      "namespace kube-system); claimed in Vault at the first start"},
     ReadName<&Config::cluster_uid>},
    {{"manifests", "path", "",
      "file or directory with the manifests, instead of the Kubernetes API; "
      "--manifests overrides it"},
     ReadPath<&Config::manifests>},
    {{"kubernetes.kubeconfig", "path", "",
      "kubeconfig file to find the API server by; not set: the pod's own "
      "service account; --kubeconfig overrides it"},
     ReadPath<&Config::kubeconfig>},
    {{"kubernetes.namespace", "text", "claviger-system",
      "the operator's own namespace, where its Lease is"},
     ReadKubeName<&Config::own_namespace>},
    {{"kubernetes.lease", "text", "claviger-operator",
      "the Lease by which one replica leads"},
     ReadKubeName<&Config::lease>},
    {{"kubernetes.serviceAccount", "text", "claviger-operator",
      "the service account that the operator runs as, in its namespace: the "
      "webhook lets it change metadata"},
     ReadKubeName<&Config::service_account>},
    {{"webhook.enabled", "true or false", "true",
      "serve the admission webhook; without it, consent stamps are neither "
      "written nor asked for, and whoever may write objects may write any"},
     [](const Value& value, Config& config) {
       Read(value, config.webhook.enabled);
     }},
    {{"webhook.address", "IP address", "0.0.0.0", "address of the webhook"},
     [](const Value& value, Config& config) {
       Read(value, config.webhook.listener.address);
     }},
    {{"webhook.port", "number", "9443", "its port; 0: any free one"},
     [](const Value& value, Config& config) {
       ReadPortOf(value, config.webhook.listener);
     }},
    {{"webhook.service", "text", "claviger-webhook",
      "the Service that the API server calls it by, in the operator's "
      "namespace"},
     ReadWebhookName<&Webhook::service>},
    {{"webhook.names", "list of texts", "[]",
      "more DNS names that the API server may call it by, as with a url in "
      "place of the Service"},
     ReadWebhookNames},
    {{"webhook.configuration", "text", "claviger",
      "name of its ValidatingWebhookConfiguration and "
      "MutatingWebhookConfiguration, whose caBundle the operator keeps"},
     ReadWebhookName<&Webhook::configuration>},
    {{"webhook.certFile", "path", "",
      "certificate chain (PEM) to serve instead of one of the operator's own "
      "making, as from cert-manager; read again when it changes"},
     ReadWebhookPath<&Webhook::cert_file>},
    {{"webhook.keyFile", "path", "", "its private key (PEM)"},
     ReadWebhookPath<&Webhook::key_file>},
    {{"push.enabled", "true or false", "true",
      "tell sidecars at once that their bindings changed, where audiences.push "
      "is set and the webhook is on; without it they notice by themselves"},
     [](const Value& value, Config& config) {
       Read(value, config.push.enabled);
     }},
    {{"push.address", "IP address", "0.0.0.0",
      "address on which sidecars listen for changes"},
     [](const Value& value, Config& config) {
       Read(value, config.push.listener.address);
     }},
    {{"push.port", "number", "9444", "its port; 0: any free one"},
     [](const Value& value, Config& config) {
       ReadPortOf(value, config.push.listener);
     }},
    {{"injection.image", "text", "",
      "image of the sidecar that labelled pods get, best by its digest; not "
      "set: such pods are refused"},
     ReadImage},
    {{"injection.imagePullPolicy", "Always, IfNotPresent or Never",
      "IfNotPresent", "when nodes pull it"},
     ReadPullPolicy},
    {{"injection.runAsUser", "number", "65532",
      "uid and gid of sidecars; 0: none is set, where the cluster chooses one "
      "(OpenShift)"},
     [](const Value& value, Config& config) {
       if (const auto uid = ReadNumber(value, 0, 2'147'483'647)) {
         config.injection.run_as_user = *uid;
       }
     }},
    {{"injection.logLevel", "debug, info, warning or error", "info",
      "least severe lines that sidecars write; a pod may say otherwise"},
     ReadSidecarLevel},
    {{"injection.resources", "requests and limits",
      "{requests: {cpu: 5m, memory: 16Mi, ephemeral-storage: 1Mi}, limits: "
      "{memory: 32Mi, ephemeral-storage: 128Mi}}",
      "what a sidecar may use; given, it replaces all of the default; a pod "
      "may "
      "change single values"},
     ReadSidecarResources},
    {{"vault.address", "URL", "", "Vault's address, without a path", true},
     [](const Value& value, Config& config) {
       ReadAddress(value, config.vault_address);
     }},
    {{"vault.caFile", "path", "",
      "PEM file with the authorities to trust; not set: the system's"},
     ReadPath<&Config::vault_ca_file>},
    {{"vault.namespace", "text", "",
      "Vault namespace, sent as X-Vault-Namespace only if set"},
     [](const Value& value, Config& config) {
       model::ReadAnyText(value, config.vault_namespace);
     }},
    {{"vault.mount", "text", "claviger",
      "KV version 2 mount that holds bindings, personal credentials and the "
      "ledger; nothing else may be in it"},
     ReadMount<&access::VaultLayout::mount>},
    {{"vault.mounts", "list", "",
      "which paths Connections may name: one entry of mount, engine and allow "
      "for each mount; what is not listed is refused",
      true},
     ReadMounts},
    {{"vault.auth.kind", "kubernetes or jwt", "kubernetes",
      "how pods, and the operator itself, log in"},
     ReadAuthKind},
    {{"vault.auth.mount", "text", "claviger",
      "auth mount that they log in at, and that their roles are written to"},
     ReadMount<&access::VaultLayout::auth_mount>},
    {{"vault.auth.role", "text", "claviger.<cluster>.operator",
      "the operator's own role at that mount"},
     ReadName<&Config::login_role>},
    {{"vault.tokenFile", "path", "",
      "file with a Vault token to use instead of logging in"},
     ReadPath<&Config::vault_token_file>},
    {{"vault.userAuth.mount", "text", "",
      "jwt auth mount that end users' tokens log in at; not set: users have no "
      "login, and nothing is written for them"},
     ReadMount<&access::VaultLayout::user_auth_mount>},
    {{"vault.userAuth.userClaim", "text", "sub",
      "claim of an end user's token that is the user's name"},
     [](const Value& value, Config& config) {
       ReadMatching(value, IsVaultSegment, "a claim's name",
                    config.layout.user_claim);
     }},
    {{"vault.userAuth.audiences", "list of texts", "",
      "audiences of end users' tokens; not set: audiences.sidecar"},
     [](const Value& value, Config& config) {
       Read(value, config.layout.user_audiences);
     }},
    {{"tokenFile", "path", "/var/run/secrets/claviger/token",
      "projected service account token with the operator's audience; read "
      "again at each login"},
     ReadPath<&Config::token_file>},
    {{"audiences.sidecar", "text", "",
      "audience of the tokens that sidecars log in with; random for each "
      "installation",
      true},
     [](const Value& value, Config& config) {
       ReadMatching(value, IsVaultSegment, "an audience",
                    config.layout.sidecar_audience);
     }},
    {{"audiences.operator", "text", "", "audience of the operator's own token"},
     ReadName<&Config::operator_audience>},
    {{"audiences.push", "text", "", "audience of tokens for pushed changes"},
     ReadName<&Config::push_audience>},
    {{"admins", "list", "",
      "who may do everything: entries of users, groups and namespaces "
      "(default \"*\": all)"},
     ReadAdmins},
    {{"sharing.organizationFrom", "list of texts", "[\"*\"]",
      "namespaces whose connections may be shared with the organization or "
      "with Everyone"},
     ReadOrganization},
    {{"safety.massDeletePercent", "number", "10",
      "the brake on mass deletions trips when more than this share of a "
      "namespace's objects is gone ..."},
     [](const Value& value, Config& config) {
       if (const auto percent = ReadNumber(value, 0, 100)) {
         config.safety.percent = static_cast<int>(*percent);
       }
     }},
    {{"safety.massDeleteMin", "number", "10",
      "... and more than this number of them"},
     [](const Value& value, Config& config) {
       if (const auto min = ReadNumber(value, 0, 1'000'000)) {
         config.safety.min = static_cast<int>(*min);
       }
     }},
    {{"safety.confirmMassDelete", "text", "",
      "the confirmation that the operator asked for, as it logged it; several "
      "are separated by commas"},
     [](const Value& value, Config& config) {
       model::ReadAnyText(value, config.safety.confirm);
     }},
    {{"safety.namespaceDeletionWaitSeconds", "number", "300",
      "how long a namespace under deletion waits for a Vault that is away; "
      "then its objects go, and what they gave is written to the ConfigMap "
      "<lease>-revocations beside the Lease, and revoked when Vault is back"},
     [](const Value& value, Config& config) {
       ReadSeconds(value, 1, config.namespace_deletion_wait);
     }},
    {{"log.level", "debug, info, warning or error", "info",
      "least severe lines that are written"},
     ReadLevel},
    {{"metrics.address", "IP address", "0.0.0.0", "address of /metrics"},
     ReadListenAddress<&Config::metrics>},
    {{"metrics.port", "number", "8080", "its port; 0: any free one"},
     ReadPort<&Config::metrics>},
    {{"health.address", "IP address", "0.0.0.0",
      "address of /healthz and /readyz"},
     ReadListenAddress<&Config::health>},
    {{"health.port", "number", "8081", "their port; 0: any free one"},
     ReadPort<&Config::health>},
    {{"intervals.pollSeconds", "number", "2",
      "how often the manifests are looked at; a change counts when two looks "
      "in a row see the same"},
     [](const Value& value, Config& config) {
       ReadSeconds(value, 1, config.poll);
     }},
    {{"intervals.driftSeconds", "number", "600",
      "in which time everything that was written is read again once, and "
      "restored where it was changed by hand; jittered by a fifth"},
     [](const Value& value, Config& config) {
       ReadSeconds(value, 1, config.drift_round);
     }},
}};

constexpr std::array<SettingKey, kTable.size()> Keys() {
  std::array<SettingKey, kTable.size()> keys{};
  for (size_t i = 0; i < keys.size(); ++i) keys[i] = kTable[i].key;
  return keys;
}
constexpr std::array<SettingKey, kTable.size()> kKeys = Keys();

// What follows from several keys together.
void Finish(Config& config, const std::string& file,
            std::vector<model::Problem>& problems) {
  access::PathRules& paths = config.snapshot.paths;
  paths.allow_all = false;
  paths.own_mount = config.layout.mount;
  paths.cluster = config.layout.cluster;
  if (config.layout.user_audiences.empty()) {
    config.layout.user_audiences = {config.layout.sidecar_audience};
  }
  config.injection.audience = config.layout.sidecar_audience;
  if (TellsOfChanges(config)) {
    config.injection.push_audience = config.push_audience;
  }
  if (config.login_role.empty()) {
    config.login_role = "claviger." + config.layout.cluster + ".operator";
  }
  if (config.webhook.cert_file.empty() != config.webhook.key_file.empty()) {
    model::Problem problem;
    problem.location.file = file;
    problem.path = "webhook.certFile";
    problem.what = "a certificate and its key belong together";
    problem.fix = "give both webhook.certFile and webhook.keyFile, or neither";
    problems.push_back(std::move(problem));
  }
  const Status fine = access::CheckPathRules(paths);
  if (fine) return;
  model::Problem problem;
  problem.location.file = file;
  problem.path = "vault.mounts";
  problem.what = fine.error().message;
  problem.fix = "correct or remove that entry";
  problems.push_back(std::move(problem));
}

}  // namespace

std::span<const SettingKey> ConfigKeys() { return kKeys; }

Result<Config> ParseConfig(std::string_view text, const std::string& file) {
  Config config;
  std::vector<model::Problem> problems = model::ReadSettings(
      text, file, kKeys, [&config](size_t key, const Value& value) {
        kTable[key].read(value, config);
      });
  Finish(config, file, problems);
  if (problems.empty()) return config;
  std::string all;
  for (const model::Problem& problem : problems) {
    if (!all.empty()) all += "\n";
    all += model::ToString(problem);
  }
  return Fail(ErrorCode::kInvalidArgument, std::move(all));
}

Result<Config> LoadConfig(const std::string& file) {
  const Result<std::string> text = ReadFile(file, kMaxConfigBytes);
  if (!text) return Fail(text.error(), "read configuration");
  return ParseConfig(*text, file);
}

inject::SidecarFacts SidecarFactsOf(const Config& config, std::string ca_pem) {
  inject::SidecarFacts facts;
  facts.cluster = config.layout.cluster;
  facts.vault_address = config.vault_address;
  facts.vault_ca = std::move(ca_pem);
  facts.vault_namespace = config.vault_namespace;
  facts.mount = config.layout.mount;
  facts.auth_kind = config.layout.auth_kind;
  facts.auth_mount = config.layout.auth_mount;
  facts.user_auth_mount = config.layout.user_auth_mount;
  facts.user_claim = config.layout.user_claim;
  facts.push = TellsOfChanges(config);
  return facts;
}

bool TellsOfChanges(const Config& config) {
  return config.push.enabled && config.webhook.enabled &&
         !config.push_audience.empty();
}

ReconcilerSettings ReconcilerSettingsOf(const Config& config) {
  return {config.layout, config.snapshot, config.safety, {}};
}

}  // namespace claviger::op
