// SPDX-License-Identifier: Apache-2.0
#include "kube/kubeconfig.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/digest.h"
#include "base/file.h"
#include "base/names.h"
#include "model/document.h"
#include "model/text.h"
#include "model/yaml_reader.h"

namespace claviger::kube {
namespace {

using model::Node;

constexpr size_t kMaxFileBytes = size_t{1} << 20U;

tl::unexpected<Error> Refuse(const std::string& why) {
  return Fail(ErrorCode::kInvalidArgument, why);
}

// What Claviger does not do, and what to do instead.
struct Refused {
  std::string_view key;
  std::string_view instead;
};
constexpr std::array kRefusedOfCluster{
    Refused{"insecure-skip-tls-verify",
            "give the server's authority in certificate-authority"},
    Refused{"tls-server-name", "use an address that its certificate names"},
    Refused{"proxy-url", "connect directly"},
};
constexpr std::array kRefusedOfUser{
    Refused{"exec",
            "no program is run: put a token into tokenFile, or use a client "
            "certificate"},
    Refused{"auth-provider",
            "put a token into tokenFile, or use a client certificate"},
    Refused{"username", "use a token or a client certificate"},
    Refused{"password", "use a token or a client certificate"},
    Refused{"as", "log in as the user itself"},
    Refused{"as-uid", "log in as the user itself"},
    Refused{"as-groups", "log in as the user itself"},
    Refused{"as-user-extra", "log in as the user itself"},
};

// A text member; empty where there is none.
std::string TextIn(const Node& map, std::string_view key) {
  const Node* found = map.Find(key);
  return found && found->kind == Node::Kind::kScalar ? found->text : "";
}

bool IsSet(const Node& map, std::string_view key) {
  const Node* found = map.Find(key);
  if (!found || found->kind == Node::Kind::kNull) return false;
  return found->kind != Node::Kind::kScalar ||
         (!found->text.empty() && found->text != "false");
}

template <size_t n>
Status RefuseSet(const Node& map, const std::array<Refused, n>& refused,
                 const std::string& entry) {
  for (const Refused& field : refused) {
    if (!IsSet(map, field.key)) continue;
    return Refuse(entry + ": " + std::string(field.key) +
                  " is not supported: " + std::string(field.instead));
  }
  return {};
}

// The part `key` of the entry of `list` with that name.
Result<const Node*> Entry(const Node& root, std::string_view list,
                          std::string_view key, const std::string& name) {
  const Node* entries = root.Find(list);
  const Node* found = nullptr;
  const std::string what = std::string(key) + " \"" + name + "\"";
  if (!entries) return Refuse("there is no " + what);
  for (const Node& entry : entries->children) {
    if (TextIn(entry, "name") != name) continue;
    if (found) return Refuse(what + " is there twice");
    found = entry.Find(key);
  }
  if (!found || found->kind != Node::Kind::kMap) {
    return Refuse("there is no " + what);
  }
  return found;
}

Result<std::string> Decode(const std::string& what, std::string text) {
  std::erase_if(text, [](char c) {
    return c == '=' || c == '\n' || c == '\r' || c == ' ';
  });
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  auto bytes = Base64UrlDecode(text);
  WipeString(text);
  if (!bytes) return Refuse(what + " is not base64");
  return bytes;
}

class Reader {
 public:
  explicit Reader(std::string directory) : directory_(std::move(directory)) {}

  Result<Cluster> Read(const Node& root, const std::string& wanted) {
    const std::string context =
        wanted.empty() ? TextIn(root, "current-context") : wanted;
    if (context.empty()) return Refuse("no context is current: name one");
    const auto entry = Entry(root, "contexts", "context", context);
    if (!entry) return Fail(entry.error());
    const std::string cluster = TextIn(**entry, "cluster");
    const std::string user = TextIn(**entry, "user");
    cluster_.ns = TextIn(**entry, "namespace");
    const auto server = Entry(root, "clusters", "cluster", cluster);
    if (!server) return Fail(server.error());
    if (Status read = ReadServer(**server, "cluster \"" + cluster + "\"");
        !read) {
      return Fail(read.error());
    }
    const auto login = Entry(root, "users", "user", user);
    if (!login) return Fail(login.error());
    if (Status read = ReadLogin(**login, "user \"" + user + "\""); !read) {
      return Fail(read.error());
    }
    return std::move(cluster_);
  }

 private:
  std::string Path(const std::string& path) const {
    return path.empty() || path.front() == '/' ? path : directory_ + path;
  }

  // The text of `key`-data, or of the file that `key` names; empty for none.
  Result<std::string> DataOf(const Node& map, const std::string& key,
                             const std::string& entry) const {
    if (IsSet(map, key + "-data")) {
      return Decode(entry + ": " + key + "-data", TextIn(map, key + "-data"));
    }
    if (!IsSet(map, key)) return std::string();
    auto text = ReadFile(Path(TextIn(map, key)), kMaxFileBytes);
    if (!text) return Refuse(entry + ": " + key + ": " + text.error().message);
    return text;
  }

  Status ReadServer(const Node& map, const std::string& entry) {
    if (Status fine = RefuseSet(map, kRefusedOfCluster, entry); !fine) {
      return fine;
    }
    cluster_.server = TextIn(map, "server");
    if (cluster_.server.rfind("https://", 0) != 0) {
      return Refuse(entry + ": server is not an https address");
    }
    auto ca = DataOf(map, "certificate-authority", entry);
    if (!ca) return Fail(std::move(ca).error());
    if (ca->empty()) {
      return Refuse(entry +
                    ": certificate-authority is missing: the system's own "
                    "authorities are not trusted");
    }
    if (IsSet(map, "certificate-authority-data")) {
      cluster_.ca_pem = *std::move(ca);
    } else {
      cluster_.ca_file = Path(TextIn(map, "certificate-authority"));
    }
    return {};
  }

  Status ReadLogin(const Node& map, const std::string& entry) {
    if (Status fine = RefuseSet(map, kRefusedOfUser, entry); !fine) {
      return fine;
    }
    auto certificate = DataOf(map, "client-certificate", entry);
    if (!certificate) return Fail(std::move(certificate).error());
    auto key = DataOf(map, "client-key", entry);
    if (!key) return Fail(std::move(key).error());
    cluster_.client_certificate_pem = *std::move(certificate);
    cluster_.client_key_pem = Secret(*std::move(key));
    if (cluster_.client_certificate_pem.empty() !=
        cluster_.client_key_pem.empty()) {
      return Refuse(entry + ": client-certificate and client-key go together");
    }
    // As kubectl does: the file goes ahead of the text.
    cluster_.token_file = Path(TextIn(map, "tokenFile"));
    if (cluster_.token_file.empty()) {
      cluster_.token = Secret(TextIn(map, "token"));
    }
    const bool has_login = !cluster_.client_certificate_pem.empty() ||
                           !cluster_.token_file.empty() ||
                           !cluster_.token.empty();
    return has_login ? Status{}
                     : Refuse(entry +
                              ": neither token, tokenFile nor "
                              "client-certificate is there");
  }

  const std::string directory_;  // empty, or ends in a slash
  Cluster cluster_;
};

// Nothing that could smuggle a path or another host into the address.
bool IsHost(const std::string& host) {
  return !host.empty() && host.size() <= 253 &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                  c == '.' || c == '-' || c == ':';
         });
}

bool IsPort(const std::string& port) {
  return !port.empty() && port.size() <= 5 &&
         std::all_of(port.begin(), port.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

Result<Cluster> ReadText(const std::string& text, const std::string& directory,
                         const std::string& context) {
  if (model::FindBadText(text)) return Refuse("it is not UTF-8 text");
  const model::Documents documents = model::ReadYaml(text);
  if (documents.error) {
    return Refuse("line " + std::to_string(documents.error->line) +
                  " is not YAML");
  }
  if (documents.roots.size() != 1 ||
      documents.roots[0].kind != Node::Kind::kMap) {
    return Refuse("it is not one YAML document");
  }
  return Reader(directory).Read(documents.roots[0], context);
}

}  // namespace

Result<Cluster> InCluster(const std::string& directory, const std::string& host,
                          const std::string& port) {
  constexpr std::string_view kDoing = "read the pod's service account";
  if (!IsHost(host) || !IsPort(port)) {
    return Refuse(std::string(kDoing) +
                  ": KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are "
                  "no address");
  }
  Cluster cluster;
  cluster.server =
      "https://" +
      (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" +
      port;
  cluster.token_file = directory + "/token";
  cluster.ca_file = directory + "/ca.crt";
  for (const std::string& file : {cluster.token_file, cluster.ca_file}) {
    auto text = ReadFile(file, kMaxFileBytes);
    if (!text) return Refuse(std::string(kDoing) + ": " + text.error().message);
    WipeString(*text);
  }
  const auto ns = ReadFile(directory + "/namespace", 256);
  if (!ns || !IsDnsLabel(*ns)) {
    return Refuse(std::string(kDoing) + ": it names no namespace");
  }
  cluster.ns = *ns;
  return cluster;
}

Result<Cluster> ReadKubeconfig(const std::string& path,
                               const std::string& context) {
  auto text = ReadFile(path, kMaxFileBytes);
  if (!text) return Refuse("read the kubeconfig: " + text.error().message);
  const size_t slash = path.rfind('/');
  const std::string directory =
      slash == std::string::npos ? "" : path.substr(0, slash + 1);
  auto cluster = ReadText(*text, directory, context);
  WipeString(*text);
  if (!cluster) {
    return Fail(std::move(cluster).error(), "read the kubeconfig " + path);
  }
  return cluster;
}

}  // namespace claviger::kube
