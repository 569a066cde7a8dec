// SPDX-License-Identifier: Apache-2.0
//
// As much of kubectl as docs/getting-started.md and docs/install.md use, so
// that the pages can be followed on machines without it: apply -f, create
// token, get and config view with a jsonpath of plain names, wait
// --for=condition, delete. The cluster is the KUBECONFIG's one, a JSON file
// with a token.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/await.h"
#include "support/http_call.h"
#include "support/kube_manifests.h"

namespace claviger::testing {
namespace {

constexpr std::chrono::seconds kPatience{60};

using nlohmann::json;

[[noreturn]] void Die(const std::string& message) {
  std::cerr << "kubectl: " << message << "\n";
  std::exit(1);
}

std::string FileText(const std::string& path) {
  std::ifstream in(path);
  if (!in) Die("cannot read " + path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

struct Arguments {
  std::vector<std::string> words;
  std::multimap<std::string, std::string> flags;

  std::string Flag(const std::string& name,
                   const std::string& otherwise = "") const {
    const auto found = flags.find(name);
    return found == flags.end() ? otherwise : found->second;
  }
};

Arguments Parse(int argc, char** argv) {
  static const std::map<std::string, std::string> kShort = {
      {"--namespace", "-n"}, {"--output", "-o"}, {"--filename", "-f"}};
  static const std::set<std::string> switches = {"--raw", "--minify"};
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (const auto shorter = kShort.find(word); shorter != kShort.end()) {
      word = shorter->second;
    }
    const size_t equals = word.find('=');
    if (word[0] != '-') {
      arguments.words.push_back(word);
    } else if (switches.count(word) != 0) {
      arguments.flags.emplace(word, "");
    } else if (equals != std::string::npos && word[1] == '-') {
      arguments.flags.emplace(word.substr(0, equals), word.substr(equals + 1));
    } else if (++i < argc) {
      arguments.flags.emplace(word, argv[i]);
    }
  }
  return arguments;
}

/// "{.clusters[0].cluster.server}" or "{.data.operator\\.yaml}" of a value.
std::string JsonPath(json value, const std::string& path) {
  std::string pointer;
  for (size_t i = 1; i + 1 < path.size(); ++i) {
    if (path[i] == '\\') {
      pointer += path[++i];
    } else if (path[i] == '.' || path[i] == '[') {
      pointer += '/';
    } else if (path[i] != ']') {
      pointer += path[i];
    }
  }
  const json found = value[json::json_pointer(pointer)];
  return found.is_string() ? found.get<std::string>() : found.dump();
}

class Kubectl {
 public:
  explicit Kubectl(json kubeconfig) : kubeconfig_(std::move(kubeconfig)) {}

  void Run(const Arguments& arguments) {
    const std::string& verb = arguments.words.at(0);
    if (verb == "apply") return Apply(arguments);
    if (verb == "config") return Print(kubeconfig_, arguments);
    if (verb == "create") return CreateToken(arguments);
    if (verb == "get") return Print(Get(arguments), arguments);
    if (verb == "wait") return Wait(arguments);
    if (verb == "delete") return Delete(arguments);
    Die("no such command here: " + verb);
  }

 private:
  HttpCall Prepare(std::string_view method, std::string_view path) const {
    HttpCall call;
    call.method = method;
    call.url = std::string(kubeconfig_["clusters"][0]["cluster"]["server"]) +
               std::string(path);
    call.ca_file = std::getenv("LITTLE_KUBECTL_CA");
    const std::string token = kubeconfig_["users"][0]["user"]["token"];
    call.headers = {{"Authorization", "Bearer " + token},
                    {"Content-Type", "application/json"}};
    return call;
  }

  HttpAnswer Send(const HttpCall& call) const {
    auto answer = SendHttp(call);
    if (!answer) Die(answer.error().message);
    return *answer;
  }

  void Apply(const Arguments& arguments) const {
    const auto [first, last] = arguments.flags.equal_range("-f");
    for (auto it = first; it != last; ++it) {
      std::set<std::string> files = {it->second};
      if (std::filesystem::is_directory(it->second)) {
        files.clear();
        for (const auto& one :
             std::filesystem::directory_iterator(it->second)) {
          files.insert(one.path());
        }
      }
      for (const std::string& file : files) ApplyFile(file);
    }
  }

  void ApplyFile(const std::string& file) const {
    // A kind may take a moment from its definition to being served.
    Status applied;
    const auto apply = [&] {
      applied = ApplyManifests(
          [this](std::string_view method, std::string_view path) {
            return Prepare(method, path);
          },
          FileText(file));
      return applied.has_value();
    };
    if (!Await(apply, std::chrono::seconds(10))) Die(applied.error().message);
    std::cout << file << " applied\n";
  }

  /// "connection/orders" or "namespace kube-system".
  std::string Path(const Arguments& arguments) const {
    std::string kind = arguments.words.at(1);
    std::string name;
    if (const size_t slash = kind.find('/'); slash != std::string::npos) {
      name = kind.substr(slash + 1);
      kind.resize(slash);
    } else {
      name = arguments.words.at(2);
    }
    kind[0] = static_cast<char>(kind[0] - 'a' + 'A');
    if (kind == "Configmap") kind = "ConfigMap";
    const bool core = kind == "Namespace" || kind == "ConfigMap";
    return ResourcePath(core ? "v1" : "claviger.io/v1alpha1", kind,
                        arguments.Flag("-n", "default"), name);
  }

  json Get(const Arguments& arguments) const {
    const HttpAnswer answer = Send(Prepare("GET", Path(arguments)));
    if (answer.status == 404) return nullptr;
    if (!answer.ok()) Die(answer.body);
    return answer.Json();
  }

  static void Print(const json& value, const Arguments& arguments) {
    const std::string format = arguments.Flag("-o");
    if (value.is_null()) Die("not found");
    const std::string path = "jsonpath=";
    if (format.rfind(path, 0) != 0) Die("only -o jsonpath here");
    std::cout << JsonPath(value, format.substr(path.size()));
  }

  void CreateToken(const Arguments& arguments) const {
    const std::string duration = arguments.Flag("--duration", "1h");
    json wish;
    wish["spec"]["expirationSeconds"] = std::stoi(duration) * 3600;
    if (const std::string audience = arguments.Flag("--audience");
        !audience.empty()) {
      wish["spec"]["audiences"] = {audience};
    }
    HttpCall call = Prepare(
        "POST", "/api/v1/namespaces/" + arguments.Flag("-n") +
                    "/serviceaccounts/" + arguments.words.at(2) + "/token");
    call.body = wish.dump();
    const HttpAnswer answer = Send(call);
    if (!answer.ok()) Die(answer.body);
    std::cout << std::string(answer.Json()["status"]["token"]) << "\n";
  }

  bool Holds(const Arguments& arguments, const std::string& type) const {
    const json object = Get(arguments);
    const json none = json::array();
    const json status = object.value("status", json::object());
    for (const json& one : status.value("conditions", none)) {
      if (one["type"] == type) return one["status"] == "True";
    }
    return false;
  }

  void Wait(const Arguments& arguments) const {
    const std::string what = arguments.Flag("--for");
    const std::string type = what.substr(what.find('=') + 1);
    if (!Await([&] { return Holds(arguments, type); }, kPatience)) {
      Die("timed out: " + Get(arguments).dump());
    }
    std::cout << arguments.words.at(1) << " condition met\n";
  }

  void Delete(const Arguments& arguments) const {
    const HttpAnswer answer = Send(Prepare("DELETE", Path(arguments)));
    if (!answer.ok()) Die(answer.body);
    if (!Await([&] { return Get(arguments).is_null(); }, kPatience)) {
      Die("still there: " + Path(arguments));
    }
  }

  json kubeconfig_;
};

}  // namespace
}  // namespace claviger::testing

int main(int argc, char** argv) {
  using namespace claviger::testing;  // NOLINT(google-build-using-namespace)
  const Arguments arguments = Parse(argc, argv);
  if (arguments.words.empty()) Die("no command");
  const char* file = std::getenv("KUBECONFIG");
  if (file == nullptr) Die("no KUBECONFIG");
  Kubectl(nlohmann::json::parse(FileText(file))).Run(arguments);
  return 0;
}
