// SPDX-License-Identifier: Apache-2.0

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "support/real_servers.h"
#include "support/real_servers_internal.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using std::chrono::seconds;

Result<std::string> FindVault() {
  if (std::string path = Environment("CLAVIGER_TEST_VAULT"); !path.empty()) {
    return FindProgram(path);
  }
  for (const char* name : {"vault", "bao"}) {
    if (auto found = FindProgram(name)) {
      return found;
    }
  }
  if (auto found = FindProgram(CachedServer("vault-slim"))) {
    return found;
  }
  return Fail(ErrorCode::kUnsupported,
              "no Vault here (tests/servers/build.sh builds one)");
}

/// The slim one of tests/servers has its own command line.
bool IsSlim(const std::string& program) {
  return std::filesystem::path(program).filename() == "vault-slim";
}

struct TlsFiles {
  std::string ca;
  std::string certificate;
  std::string key;
};

Result<TlsFiles> WriteTlsFiles(const ScratchDirectory& directory,
                               const std::string& address) {
  auto ca = CertificateAuthority::Create("claviger test vault");
  if (!ca) {
    return Fail(ca.error());
  }
  auto serving =
      ca->Issue({"vault", {}, {"localhost"}, {"127.0.0.1", address}});
  if (!serving) {
    return Fail(serving.error());
  }
  auto ca_path = directory.Write("ca.pem", ca->certificate_pem());
  auto certificate = directory.Write("serving.pem", serving->certificate_pem);
  auto key = directory.Write("serving.key", serving->key_pem);
  if (!ca_path || !certificate || !key) {
    return Fail(ErrorCode::kInternal, "cannot write Vault's certificate");
  }
  return TlsFiles{*ca_path, *certificate, *key};
}

/// The configuration of a whole vault or bao program.
std::string WholeConfig(const std::string& address, uint16_t port,
                        const std::optional<TlsFiles>& tls) {
  json listener{{"address", address + ":" + std::to_string(port)}};
  if (tls) {
    listener["tls_cert_file"] = tls->certificate;
    listener["tls_key_file"] = tls->key;
  } else {
    listener["tls_disable"] = true;
  }
  return json{{"storage", {{"inmem", json::object()}}},
              {"listener", {{"tcp", listener}}},
              {"disable_mlock", true},
              {"log_level", "warn"}}
      .dump();
}

}  // namespace

/// What both kinds of start need.
struct RealVault::Launch {
  ScratchDirectory directory;
  std::string program;
  std::optional<TlsFiles> tls;
  VaultState state = VaultState::kUnsealed;
  std::string address;

  ProcessOptions Options(std::vector<std::string> argv) const {
    ProcessOptions options;
    options.argv = std::move(argv);
    options.stdout_path = directory.File("vault.out");
    options.stderr_path = directory.File("vault.log");
    return options;
  }
};

RealVault::RealVault(ScratchDirectory directory, Process process)
    : directory_(std::move(directory)), process_(std::move(process)) {}

Result<std::unique_ptr<RealVault>> RealVault::Start(
    const VaultOptions& options) {
  auto program = FindVault();
  if (!program) {
    return Fail(program.error());
  }
  return RetryOnLostPort([&]() -> Result<std::unique_ptr<RealVault>> {
    auto directory = ScratchDirectory::Create();
    if (!directory) {
      return Fail(directory.error());
    }
    std::optional<TlsFiles> tls;
    if (options.tls) {
      auto files = WriteTlsFiles(*directory, options.address);
      if (!files) {
        return Fail(files.error());
      }
      tls = *std::move(files);
    }
    const std::string ca_path = tls ? tls->ca : "";
    Launch launch{*std::move(directory), *program, std::move(tls),
                  options.state, options.address};
    auto vault = IsSlim(*program) ? StartSlim(std::move(launch))
                                  : StartWhole(std::move(launch));
    return vault ? std::move(vault) : Fail(vault.error(), "vault");
  });
}

Result<std::unique_ptr<RealVault>> RealVault::StartSlim(Launch launch) {
  std::vector<std::string> argv{launch.program,
                                "--listen=" + launch.address + ":0"};
  if (launch.state == VaultState::kSealed) {
    argv.emplace_back("--sealed");
  } else if (launch.state == VaultState::kUninitialised) {
    argv.emplace_back("--uninitialised");
  }
  if (launch.tls) {
    argv.push_back("--tls-cert=" + launch.tls->certificate);
    argv.push_back("--tls-key=" + launch.tls->key);
  }
  auto process = Process::Start(launch.Options(std::move(argv)));
  if (!process) {
    return Fail(process.error());
  }
  auto line = process->WaitForLine("root_token", seconds(60));
  if (!line) {
    return Fail(line.error());
  }
  const json said = json::parse(*line, nullptr, /*allow_exceptions=*/false);
  if (!said.is_object()) {
    return Fail(ErrorCode::kMalformed, "not an announcement: " + *line);
  }
  std::unique_ptr<RealVault> vault(
      new RealVault(std::move(launch.directory), *std::move(process)));
  vault->address_ = said.value("address", "");
  vault->root_token_ = said.value("root_token", "");
  vault->unseal_key_ = said.value("unseal_key", "");
  vault->ca_path_ = launch.tls ? launch.tls->ca : "";
  return vault;
}

Result<std::unique_ptr<RealVault>> RealVault::StartWhole(Launch launch) {
  auto port = FreePort();
  if (!port) {
    return Fail(port.error());
  }
  auto config = launch.directory.Write(
      "vault.json", WholeConfig(launch.address, *port, launch.tls));
  if (!config) {
    return Fail(config.error());
  }
  auto process = Process::Start(
      launch.Options({launch.program, "server", "-config=" + *config}));
  if (!process) {
    return Fail(process.error());
  }
  if (auto ready = process->WaitForPort(*port, seconds(60)); !ready) {
    return Fail(ready.error());
  }
  std::unique_ptr<RealVault> vault(
      new RealVault(std::move(launch.directory), *std::move(process)));
  vault->address_ = (launch.tls ? "https" : "http") +
                    ("://" + launch.address + ":" + std::to_string(*port));
  vault->ca_path_ = launch.tls ? launch.tls->ca : "";
  if (launch.state == VaultState::kUninitialised) {
    return vault;
  }
  auto done = vault->InitialiseByApi(launch.state == VaultState::kUnsealed);
  if (!done) {
    return Fail(done.error());
  }
  return vault;
}

Status RealVault::InitialiseByApi(bool unseal) {
  HttpCall call = Prepare("PUT", "sys/init");
  call.body = R"({"secret_shares":1,"secret_threshold":1})";
  auto answer = SendHttpOk(call);
  if (!answer) {
    return Fail(answer.error());
  }
  const json keys = answer->Json();
  root_token_ = keys.at("root_token").get<std::string>();
  unseal_key_ = keys.at("keys_base64").at(0).get<std::string>();
  return unseal ? Unseal() : Status{};
}

HttpCall RealVault::Prepare(std::string_view method,
                            std::string_view path) const {
  HttpCall call;
  call.method = method;
  call.url = address_ + "/v1/" + std::string(path);
  call.ca_file = ca_path_;
  call.headers = {{"X-Vault-Token", root_token_},
                  {"X-Vault-Request", "true"},
                  {"Content-Type", "application/json"}};
  return call;
}

Result<HttpAnswer> RealVault::Call(std::string_view method,
                                   std::string_view path,
                                   const std::string& body) const {
  HttpCall call = Prepare(method, path);
  call.body = body;
  return SendHttp(call);
}

Status RealVault::Seal() const {
  auto answer = SendHttpOk(Prepare("PUT", "sys/seal"));
  return answer ? Status{} : Fail(answer.error());
}

Status RealVault::Unseal() const {
  HttpCall call = Prepare("PUT", "sys/unseal");
  call.body = json{{"key", unseal_key_}}.dump();
  auto answer = SendHttpOk(call);
  if (!answer) {
    return Fail(answer.error());
  }
  if (answer->Json().value("sealed", true)) {
    return Fail(ErrorCode::kSealed, "vault is still sealed");
  }
  return {};
}

Status RealVault::EnableSecrets(const std::string& mount,
                                const std::string& type) const {
  json wish{{"type", type == "kv-v2" ? "kv" : type}};
  if (type == "kv-v2") {
    wish["options"]["version"] = "2";
  }
  HttpCall call = Prepare("POST", "sys/mounts/" + mount);
  call.body = wish.dump();
  auto answer = SendHttpOk(call);
  return answer ? Status{} : Fail(answer.error());
}

Status RealVault::EnableAuth(const std::string& mount,
                             const std::string& type) const {
  HttpCall call = Prepare("POST", "sys/auth/" + mount);
  call.body = json{{"type", type}}.dump();
  auto answer = SendHttpOk(call);
  return answer ? Status{} : Fail(answer.error());
}

}  // namespace claviger::testing
