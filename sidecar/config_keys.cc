// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config_keys.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "base/names.h"
#include "sidecar/config_values.h"

namespace claviger::sidecar {
namespace {

using model::SettingKey;
using model::Value;
using std::chrono::milliseconds;

constexpr size_t kMaxUids = 64;
// The longest path of a Unix socket, with its end.
constexpr size_t kMaxSocketPath = 107;

using Reader = void (*)(const Value&, Draft&);

void ReadCluster(const Value& value, Draft& draft) {
  ReadMatching(value, IsClusterName, "a cluster's name",
               draft.config.settings.vault.cluster);
}

void ReadAuthKind(const Value& value, Draft& draft) {
  std::string text;
  Read(value, text);
  // The first two take the same login; both words are there for files that are
  // shared with the operator's.
  constexpr std::array<std::pair<std::string_view, LoginKind>, 4> kKinds = {
      {{"kubernetes", LoginKind::kJwt},
       {"jwt", LoginKind::kJwt},
       {"approle", LoginKind::kAppRole},
       {"token", LoginKind::kToken}}};
  for (const auto& [name, kind] : kKinds) {
    if (text != name) continue;
    draft.config.settings.vault.login = kind;
    return;
  }
  Refuse(value, "unknown way to log in",
         "use kubernetes, jwt, approle or token");
}

void ReadMode(const Value& value, Draft& draft) {
  std::string text;
  Read(value, text);
  constexpr std::array<std::pair<std::string_view, unsigned>, 3> kModes = {
      {{"0600", 0600}, {"0660", 0660}, {"0666", 0666}}};
  for (const auto& [name, mode] : kModes) {
    if (text == name) {
      draft.config.settings.socket.mode = mode;
      return;
    }
  }
  Refuse(value, "not a mode for the socket",
         "use \"0600\" (own uid only), \"0660\" (own group too) or \"0666\" "
         "(whoever can reach the file)");
}

void ReadUids(const Value& value, Draft& draft) {
  std::vector<int64_t> uids;
  Read(value, uids);
  std::vector<uint32_t> good;
  for (const int64_t uid : uids) {
    if (uid < 0 || uid > std::numeric_limits<uint32_t>::max() ||
        uids.size() > kMaxUids) {
      return Refuse(value, "not a list of at most 64 uids",
                    "write it like [1000, 1001]");
    }
    good.push_back(static_cast<uint32_t>(uid));
  }
  draft.config.settings.socket.allowed_uids = std::move(good);
}

void ReadDecisionsTo(const Value& value, Draft& draft) {
  std::string& to = draft.config.settings.decisions.to;
  std::string text;
  Read(value, text);
  if (text == "stdout" || text == "off") {
    to = std::move(text);
  } else {
    ReadAbsolutePath(value, 4096, to);
  }
}

void ReadLevel(const Value& value, Draft& draft) {
  std::string text;
  Read(value, text);
  if (const Result<LogLevel> level = ParseLogLevel(text)) {
    draft.config.log_level = *level;
  } else {
    Refuse(value, "unknown level", "use debug, info, warning or error");
  }
}

template <std::string VaultNames::*kMember>
void ReadMount(const Value& value, Draft& draft) {
  ReadMatching(value, IsVaultPath, "a mount's path",
               draft.config.settings.vault.*kMember);
}

template <milliseconds Intervals::*kMember>
void ReadInterval(const Value& value, Draft& draft) {
  ReadSeconds(value, 1, draft.config.settings.intervals.*kMember);
}

void ReadListeners(const Value& value, Draft& draft) {
  std::vector<std::string> list;
  Read(value, list);
  std::string text;
  for (const std::string& one : list) text += one + ",";
  if (auto wanted = providers::ParseListenWishes(text)) {
    draft.config.settings.proxy.listeners = *std::move(wanted);
  } else {
    Refuse(value, "not a list of listeners", wanted.error().message);
  }
}

void ReadFiles(const Value& value, Draft& draft) {
  std::vector<std::string> list;
  Read(value, list);
  std::string text;
  for (const std::string& one : list) text += one + ",";
  if (auto wanted = providers::ParseFileWishes(text)) {
    draft.config.settings.files.wanted = *std::move(wanted);
  } else {
    Refuse(value, "not a list of files", wanted.error().message);
  }
}

struct Entry {
  SettingKey key;
  Reader read;
};

constexpr std::array<Entry, 42> kEntries = {{
    {{"cluster", "text", "", "the cluster's name, part of every name in Vault",
      true},
     ReadCluster},
    {{"vault.address", "URL", "", "Vault's address, without a path", true},
     [](const Value& value, Draft& draft) {
       ReadAddress(value, draft.config.vault_address);
     }},
    {{"vault.caFile", "path", "",
      "PEM file with the authorities to trust; not set: the system's"},
     [](const Value& value, Draft& draft) {
       ReadAbsolutePath(value, 4096, draft.config.vault_ca_file);
     }},
    {{"vault.ca", "text", "",
      "the authorities themselves (PEM), instead of a file with them"},
     [](const Value& value, Draft& draft) {
       model::ReadAnyText(value, draft.config.vault_ca);
     }},
    {{"vault.namespace", "text", "",
      "Vault namespace, sent as X-Vault-Namespace only if set"},
     [](const Value& value, Draft& draft) {
       model::ReadAnyText(value, draft.config.vault_namespace);
     }},
    {{"vault.mount", "text", "claviger",
      "KV version 2 mount that holds the bindings"},
     ReadMount<&VaultNames::mount>},
    {{"vault.auth.kind", "kubernetes, jwt, approle or token", "kubernetes",
      "how to log in; pods do so by one of the first two, which are the same "
      "request"},
     ReadAuthKind},
    {{"vault.auth.mount", "text", "claviger",
      "auth mount to log in at; of no use to token"},
     ReadMount<&VaultNames::auth_mount>},
    {{"vault.auth.roleIdFile", "path", "",
      "approle: file with the role id; read again at each login"},
     [](const Value& value, Draft& draft) {
       ReadAbsolutePath(value, 4096, draft.config.role_id_file);
     }},
    {{"vault.auth.secretIdFile", "path", "",
      "approle: file with the secret id, likewise; not set: the role wants "
      "none"},
     [](const Value& value, Draft& draft) {
       ReadAbsolutePath(value, 4096, draft.config.secret_id_file);
     }},
    {{"vault.userAuth.mount", "text", "",
      "jwt auth mount that end users' tokens log in at; not set: calls for end "
      "users are refused"},
     ReadMount<&VaultNames::user_auth_mount>},
    {{"vault.userAuth.userClaim", "text", "sub",
      "claim of an end user's token that is the user's name"},
     [](const Value& value, Draft& draft) {
       Read(value, draft.config.settings.vault.user_claim);
     }},
    {{"identity.namespace", "text", "",
      "this pod's namespace; required unless --identity gives both"},
     [](const Value& value, Draft& draft) {
       ReadMatching(value, IsDnsLabel, "a namespace's name",
                    draft.config.settings.identity.ns);
     }},
    {{"identity.serviceAccount", "text", "",
      "this pod's service account; likewise"},
     [](const Value& value, Draft& draft) {
       ReadMatching(value, IsDnsSubdomain, "a service account's name",
                    draft.config.settings.identity.name);
     }},
    {{"tokenFile", "path", "/var/run/secrets/claviger/token",
      "what to log in with: a service account token with the sidecar's "
      "audience, another JWT, or for token one of Vault's; read again at each "
      "login, for token also every few seconds"},
     [](const Value& value, Draft& draft) {
       ReadAbsolutePath(value, 4096, draft.config.token_file);
     }},
    {{"socket.path", "path", "/run/claviger/claviger.sock",
      "Unix socket of the local API"},
     [](const Value& value, Draft& draft) {
       ReadAbsolutePath(value, kMaxSocketPath,
                        draft.config.settings.socket.path);
     }},
    {{"socket.mode", "\"0600\", \"0660\" or \"0666\"", "\"0660\"",
      "mode of the socket's file; 0666 where only a mount leads to it, as in a "
      "pod"},
     ReadMode},
    {{"socket.allowedUids", "list of numbers", "[]",
      "uids of processes that may call; empty: any that the mode lets in"},
     ReadUids},
    {{"tcp.port", "number", "",
      "also serve the local API on this port of 127.0.0.1"},
     [](const Value& value, Draft& draft) {
       if (const auto port = ReadNumber(value, 1, 65'535)) {
         draft.config.settings.tcp.port = static_cast<uint16_t>(*port);
       }
     }},
    {{"tcp.secretFile", "path", "/run/claviger/tcp-secret",
      "file that the secret for this port and those of proxy.listen is written "
      "to at start, in files.mode"},
     [](const Value& value, Draft& draft) {
       ReadAbsolutePath(value, 4096, draft.config.settings.tcp.secret_file);
     }},
    {{"health.address", "IP address", "0.0.0.0",
      "address of /healthz, /readyz and /metrics"},
     [](const Value& value, Draft& draft) {
       Read(value, draft.health.address);
     }},
    {{"health.port", "number", "9810", "their port; 0: any free one"},
     [](const Value& value, Draft& draft) {
       if (const auto port = ReadNumber(value, 0, 65'535)) {
         draft.health.port = static_cast<uint16_t>(*port);
       }
     }},
    {{"log.level", "debug, info, warning or error", "info",
      "least severe lines that are written"},
     ReadLevel},
    {{"decisions.to", "stdout, off or a path", "stdout",
      "where the decision log goes, one JSON object a line"},
     ReadDecisionsTo},
    {{"decisions.repeatSeconds", "number", "60",
      "how often equal decisions are written again, with their count; 0: each "
      "one"},
     [](const Value& value, Draft& draft) {
       ReadSeconds(value, 0, draft.config.settings.decisions.repeat);
     }},
    {{"decisions.maxMegabytes", "number", "16",
      "size at which the log's file is moved to <path>.1"},
     [](const Value& value, Draft& draft) {
       if (const auto number = ReadNumber(value, 1, 1'024)) {
         draft.config.settings.decisions.max_bytes =
             static_cast<uint64_t>(*number) << 20U;
       }
     }},
    {{"push.tokenFile", "path", "",
      "projected service account token with the audience for pushed changes; "
      "not set: changes are noticed by polling only"},
     [](const Value& value, Draft& draft) {
       ReadAbsolutePath(value, 4096, draft.config.push_token_file);
     }},
    {{"intervals.bindingsSeconds", "number", "5",
      "how often the bindings are compared with Vault's, jittered by a fifth"},
     ReadInterval<&Intervals::bindings>},
    {{"intervals.kvSeconds", "number", "60",
      "how often a cached KV secret is compared with Vault's, jittered by a "
      "fifth"},
     ReadInterval<&Intervals::kv>},
    {{"intervals.userSessionSeconds", "number", "300",
      "how long an end user's login is used again at most"},
     ReadInterval<&Intervals::user_session>},
    {{"intervals.reportFailedSeconds", "number", "10",
      "how long a connection's report-failed is refused after another"},
     ReadInterval<&Intervals::report_failed>},
    {{"intervals.drainSeconds", "number", "5",
      "how long answers under way may take after SIGTERM"},
     ReadInterval<&Intervals::drain>},
    {{"intervals.revocationGraceSeconds", "number", "30",
      "how long a database session that may not be any more has for its "
      "transaction; idle ones end at once"},
     ReadInterval<&Intervals::revocation_grace>},
    {{"files.wanted", "list of texts", "[]",
      "files to keep, like [\"sales/warehouse=pgpass\"]"},
     ReadFiles},
    {{"files.directory", "path", "/run/claviger/files",
      "directory on a memory volume for these files, made where it is missing"},
     [](const Value& value, Draft& draft) {
       ReadAbsolutePath(value, 4096, draft.config.settings.files.directory);
     }},
    {{"files.bindingsDirectory", "path", "/run/claviger/bindings",
      "likewise for those of the format service-binding: SERVICE_BINDING_ROOT"},
     [](const Value& value, Draft& draft) {
       ReadAbsolutePath(value, 4096,
                        draft.config.settings.files.bindings_directory);
     }},
    {{"files.mode", "\"0400\" or \"0440\"", "\"0400\"",
      "mode of the files; 0440 where the application has the sidecar's group"},
     [](const Value& value, Draft& draft) {
       ReadParsed(value, providers::ParseFileMode,
                  draft.config.settings.files.mode);
     }},
    {{"files.notify", "port and path", "",
      "where on 127.0.0.1 the application is told of changed files by a POST, "
      "like 8080/reload"},
     [](const Value& value, Draft& draft) {
       ReadParsed(value, providers::ParseFileNotice,
                  draft.config.settings.files.notice.emplace());
     }},
    {{"proxy.listen", "list of texts", "[]",
      "listeners of server-side-only connections, like [\"sales/api=http\", "
      "\"sales/crm=http:9821\"]: a Unix socket each, and that port of "
      "127.0.0.1, which asks for the secret in tcp.secretFile"},
     ReadListeners},
    {{"proxy.directory", "path", "/run/claviger/connections",
      "directory of these sockets: <namespace>.<name>/http.sock or "
      ".s.PGSQL.5432 below it"},
     [](const Value& value, Draft& draft) {
       ReadAbsolutePath(value, kMaxSocketPath,
                        draft.config.settings.proxy.directory);
     }},
    {{"proxy.allowAddresses", "list of addresses", "[]",
      "addresses that may be connected to although they are loopback, "
      "link-local or the like, as \"127.0.0.0/8\""},
     [](const Value& value, Draft& draft) {
       ReadRanges(value, draft.config.settings.proxy.addresses.allowed);
     }},
    {{"proxy.refuseAddresses", "list of addresses", "[]",
      "addresses that are never connected to; the API server's service address "
      "is added by itself"},
     [](const Value& value, Draft& draft) {
       ReadRanges(value, draft.config.settings.proxy.addresses.refused);
     }},
}};

constexpr std::array<SettingKey, kEntries.size()> Keys() {
  std::array<SettingKey, kEntries.size()> keys{};
  for (size_t i = 0; i < keys.size(); ++i) keys[i] = kEntries[i].key;
  return keys;
}
constexpr std::array<SettingKey, kEntries.size()> kKeys = Keys();

}  // namespace

std::span<const SettingKey> ConfigKeys() { return kKeys; }

void ReadKey(size_t key, const Value& value, Draft& draft) {
  kEntries[key].read(value, draft);
}

}  // namespace claviger::sidecar
