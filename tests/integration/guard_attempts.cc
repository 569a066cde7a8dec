// SPDX-License-Identifier: Apache-2.0
#include "integration/guard_attempts.h"

#include "integration/pod_bed.h"

namespace claviger::testing {

using nlohmann::json;

namespace {

void Merge(json& into, const char* patch) {
  into.merge_patch(json::parse(patch));
}

}  // namespace

json TokenVolume(const std::string& audience, const std::string& name) {
  json token = {{"path", "token"}, {"expirationSeconds", 3600}};
  if (!audience.empty()) token["audience"] = audience;
  return {{"name", name},
          {"projected",
           {{"sources", json::array({{{"serviceAccountToken", token}}})}}}};
}

json& App(json& spec) { return spec["containers"][0]; }

json Mount(const char* volume, const char* path) {
  return {{"name", volume}, {"mountPath", path}};
}

const std::vector<Attempt>& AgainstTheSidecar() {
  static const std::vector<Attempt> kAttempts = {
      {"another image", [](json&, json& c) { c["image"] = "evil:1"; },
       "image of the container claviger-sidecar"},
      {"the image's name with another tag",
       [](json&, json& c) { c["image"] = "registry.corp/claviger/sidecar:1"; },
       "image of the container claviger-sidecar"},
      {"a shell",
       [](json&, json& c) {
         c["command"] = {"/bin/sh", "-c", "cat token"};
       },
       "command of the container"},
      {"the image's own entry point",
       [](json&, json& c) { c.erase("command"); }, "command of the container"},
      {"another Vault",
       [](json&, json& c) {
         c["args"][0] = R"(--settings={"vault":{"address":"https://evil"}})";
       },
       "arguments of the container"},
      {"a further argument",
       [](json&, json& c) { c["args"].push_back("--config=/run/claviger/x"); },
       "arguments of the container"},
      {"another file that looks like a wish",
       [](json&, json& c) { c["args"].push_back("--files-x=/run/claviger/x"); },
       "arguments of the container"},
      {"a wish with a variable in it",
       [](json&, json& c) { c["args"].push_back("--files=$(HOSTNAME)"); },
       "arguments of the container"},
      {"a wish before the identity",
       [](json&, json& c) {
         c["args"].insert(c["args"].begin() + 1, "--files=sales/dw=env");
       },
       "arguments of the container"},
      {"a wish with another behind it",
       [](json&, json& c) {
         c["args"].push_back("--files=sales/dw=env --files-mode=0440");
       },
       "arguments of the container"},
      {"two lists of wishes",
       [](json&, json& c) {
         c["args"].push_back("--files=sales/dw=env");
         c["args"].push_back("--files=sales/lake=env");
       },
       "arguments of the container"},
      {"another port",
       [](json&, json& c) { c["args"].push_back("--tcp=9810"); },
       "arguments of the container"},
      {"a port before the files",
       [](json&, json& c) {
         c["args"].push_back("--tcp=9811");
         c["args"].push_back("--files=sales/dw=env");
       },
       "arguments of the container"},
      {"a listener's port that nobody asked for",
       [](json&, json& c) {
         c["args"].push_back("--listen=sales/api=http:9820");
       },
       "arguments of the container"},
      {"a listener's port of one's own choice",
       [](json&, json& c) {
         c["args"].push_back("--listen=sales/api=http:9884");
         c["args"].push_back("--tcp=9811");
       },
       "arguments of the container"},
      {"a listener without the port that was asked for",
       [](json&, json& c) {
         c["args"].push_back("--listen=sales/api=http,sales/dw=postgres");
         c["args"].push_back("--tcp=9811");
       },
       "arguments of the container"},
      {"a listener that speaks something else",
       [](json&, json& c) { c["args"].push_back("--listen=sales/api=mysql"); },
       "arguments of the container"},
      {"a listener for a host",
       [](json&, json& c) {
         c["args"].push_back("--listen=sales/api=http:evil.example:9820");
       },
       "arguments of the container"},
      {"a listener with another wish in it",
       [](json&, json& c) {
         c["args"].push_back("--listen=sales/api=http:9820,--tcp=9811");
       },
       "arguments of the container"},
      {"a listener behind the port",
       [](json&, json& c) {
         c["args"].push_back("--tcp=9811");
         c["args"].push_back("--listen=sales/api=http:9820");
       },
       "arguments of the container"},
      {"two lists of listeners",
       [](json&, json& c) {
         c["args"].push_back("--listen=sales/api=http");
         c["args"].push_back("--listen=sales/dw=postgres");
       },
       "arguments of the container"},
      {"files for everybody",
       [](json&, json& c) {
         c["args"].push_back("--files=sales/dw=env");
         c["args"].push_back("--files-mode=0444");
       },
       "arguments of the container"},
      {"a notice to another host",
       [](json&, json& c) {
         c["args"].push_back("--files=sales/dw=env");
         c["args"].push_back("--files-notify=evil.example:80/x");
       },
       "arguments of the container"},
      {"a wish that is two arguments",
       [](json&, json& c) {
         c["args"].push_back("--files");
         c["args"].push_back("sales/dw=env");
       },
       "arguments of the container"},
      {"another identity",
       [](json&, json& c) { c["args"][1] = "--identity=shop/db"; },
       "arguments of the container"},
      {"no argument", [](json&, json& c) { c.erase("args"); },
       "arguments of the container"},
      {"an odd level", [](json&, json& c) { c["args"][2] = "--log-level=x"; },
       "arguments of the container"},
      {"a library to preload",
       [](json&, json& c) {
         c["env"] = {{{"name", "LD_PRELOAD"}, {"value", "/run/claviger/x.so"}}};
       },
       "fields that the injector does not write: env"},
      {"an environment from a ConfigMap",
       [](json&, json& c) {
         c["envFrom"] = {{{"configMapRef", {{"name", "x"}}}}};
       },
       "fields that the injector does not write: envFrom"},
      {"a hook at its end",
       [](json&, json& c) {
         Merge(c, R"({"lifecycle":{"preStop":{"exec":{"command":["x"]}}}})");
       },
       "fields that the injector does not write: lifecycle"},
      {"a hook at its start",
       [](json&, json& c) {
         Merge(c, R"({"lifecycle":{"postStart":{"exec":{"command":["x"]}}}})");
       },
       "fields that the injector does not write: lifecycle"},
      {"a probe that runs a command",
       [](json&, json& c) {
         c["livenessProbe"] = {{"exec", {{"command", {"/claviger-sidecar"}}}}};
       },
       "probes of the container"},
      {"a startup probe that runs a command",
       [](json&, json& c) {
         c["startupProbe"] = {{"exec", {{"command", {"x"}}}}};
       },
       "probes of the container"},
      {"a readiness probe",
       [](json&, json& c) {
         c["readinessProbe"] = {{"exec", {{"command", {"x"}}}}};
       },
       "fields that the injector does not write: readinessProbe"},
      {"a probe of another host",
       [](json&, json& c) { c["livenessProbe"]["httpGet"]["host"] = "evil"; },
       "probes of the container"},
      {"no probe", [](json&, json& c) { c.erase("startupProbe"); },
       "probes of the container"},
      {"an open input", [](json&, json& c) { c["stdin"] = true; },
       "fields that the injector does not write: stdin"},
      {"a terminal", [](json&, json& c) { c["tty"] = true; },
       "fields that the injector does not write: tty"},
      {"another directory",
       [](json&, json& c) { c["workingDir"] = "/run/claviger"; },
       "fields that the injector does not write: workingDir"},
      {"the token as its termination message",
       [](json&, json& c) {
         c["terminationMessagePath"] = "/var/run/secrets/claviger/token";
       },
       "termination message"},
      {"a volume over the program",
       [](json& spec, json& c) {
         spec["volumes"].push_back(
             {{"name", "x"}, {"emptyDir", json::object()}});
         c["volumeMounts"].push_back(Mount("x", "/claviger-sidecar"));
       },
       "mounts its token and claviger-run"},
      {"a volume with libraries",
       [](json& spec, json& c) {
         spec["volumes"].push_back(
             {{"name", "x"}, {"configMap", {{"name", "libraries"}}}});
         c["volumeMounts"].push_back(Mount("x", "/lib"));
       },
       "mounts its token and claviger-run"},
      {"the token by a path of another container",
       [](json&, json& c) {
         c["volumeMounts"][0]["mountPath"] = "/run/claviger/t";
       },
       "mounts its token and claviger-run"},
      {"a volume that shows mounts elsewhere",
       [](json&, json& c) {
         c["volumeMounts"][1]["mountPropagation"] = "HostToContainer";
       },
       "mounts its token and claviger-run"},
      {"a raw device",
       [](json& spec, json& c) {
         spec["volumes"].push_back(
             {{"name", "x"}, {"persistentVolumeClaim", {{"claimName", "x"}}}});
         c["volumeDevices"] = {{{"name", "x"}, {"devicePath", "/dev/x"}}};
       },
       "fields that the injector does not write: volumeDevices"},
      {"privileges",
       [](json&, json& c) {
         c["securityContext"]["privileged"] = true;
         c["securityContext"]["allowPrivilegeEscalation"] = true;
       },
       "security context"},
      {"a capability",
       [](json&, json& c) {
         c["securityContext"]["capabilities"]["add"] = {"SYS_PTRACE"};
       },
       "security context"},
      {"root",
       [](json&, json& c) {
         c["securityContext"]["runAsNonRoot"] = false;
         c["securityContext"]["runAsUser"] = 0;
       },
       "security context"},
      {"the uid of root and all else as it is to be",
       [](json&, json& c) { c["securityContext"]["runAsUser"] = 0; },
       "the security context of the container claviger-sidecar is not what the "
       "injector writes"},
      {"no seccomp profile",
       [](json&, json& c) {
         c["securityContext"]["seccompProfile"]["type"] = "Unconfined";
       },
       "security context"},
      {"an SELinux type",
       [](json&, json& c) {
         c["securityContext"]["seLinuxOptions"]["type"] = "spc_t";
       },
       "security context"},
      {"the node's view of /proc",
       [](json& spec, json& c) {
         spec["hostUsers"] = false;
         c["securityContext"]["procMount"] = "Unmasked";
       },
       "security context"},
      {"no AppArmor",
       [](json&, json& c) {
         c["securityContext"]["appArmorProfile"]["type"] = "Unconfined";
       },
       "security context"},
      {"a writable image",
       [](json&, json& c) {
         c["securityContext"]["readOnlyRootFilesystem"] = false;
       },
       "security context"},
      {"no security context",
       [](json&, json& c) { c.erase("securityContext"); }, "security context"},
      {"an init container that ends",
       [](json&, json& c) {
         c.erase("restartPolicy");
         c.erase("startupProbe");
         c.erase("livenessProbe");
       },
       "native sidecar"},
      {"a port of the node",
       [](json&, json& c) { c["ports"][0]["hostPort"] = 9810; },
       "ports of the container"},
      {"a device",
       [](json& spec, json& c) {
         spec["resourceClaims"] = {{{"name", "d"}, {"resourceClaimName", "d"}}};
         c["resources"]["claims"] = {{{"name", "d"}}};
       },
       "requests and limits, and no claims"},
  };
  return kAttempts;
}

const std::vector<Attempt>& AroundTheSidecar() {
  static const std::vector<Attempt> kAttempts = {
      {"a shared process namespace",
       [](json& spec, json&) { spec["shareProcessNamespace"] = true; },
       "spec.shareProcessNamespace"},
      {"the node's processes",
       [](json& spec, json&) { spec["hostPID"] = true; }, "spec.hostPID"},
      {"the node's IPC", [](json& spec, json&) { spec["hostIPC"] = true; },
       "spec.hostIPC"},
      {"the node's network",
       [](json& spec, json& c) {
         spec["hostNetwork"] = true;
         c["ports"][0]["hostPort"] = 9810;
       },
       "spec.hostNetwork"},
      {"the token in the application",
       [](json& spec, json&) {
         App(spec)["volumeMounts"].push_back(Mount("claviger-token", "/t"));
       },
       "only the init container claviger-sidecar may mount"},
      {"the token in an init container",
       [](json& spec, json&) {
         spec["initContainers"].push_back(
             {{"name", "i"},
              {"image", "x"},
              {"volumeMounts", {Mount("claviger-token", "/t")}}});
       },
       "only the init container claviger-sidecar may mount"},
      {"a second volume with such a token",
       [](json& spec, json&) {
         spec["volumes"].push_back(TokenVolume(kSidecarAudience));
         App(spec)["volumeMounts"].push_back(Mount("token", "/t"));
       },
       "reserved for Claviger's sidecar"},
      {"such a token among other sources",
       [](json& spec, json&) {
         json volume = TokenVolume("");
         volume["projected"]["sources"].push_back(
             TokenVolume(kSidecarAudience)["projected"]["sources"][0]);
         volume["projected"]["sources"][1]["serviceAccountToken"]["path"] = "b";
         spec["volumes"].push_back(volume);
       },
       "reserved for Claviger's sidecar"},
      {"only the token for news",
       [](json& spec, json&) {
         spec["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"]
             ["audience"] = kPushAudience;
       },
       "reserved for Claviger's sidecar"},
      {"the token for news in a volume of its own",
       [](json& spec, json&) {
         spec["volumes"].push_back(TokenVolume(kPushAudience));
         App(spec)["volumeMounts"].push_back(Mount("token", "/t"));
       },
       "reserved for Claviger's sidecar"},
      {"the token for news twice",
       [](json& spec, json&) {
         json& sources = spec["volumes"][0]["projected"]["sources"];
         for (const char* path : {"push-token", "again"}) {
           sources.push_back({{"serviceAccountToken",
                               {{"audience", kPushAudience},
                                {"expirationSeconds", 3600},
                                {"path", path}}}});
         }
       },
       "reserved for Claviger's sidecar"},
      {"the token for news under another name",
       [](json& spec, json&) {
         spec["volumes"][0]["projected"]["sources"].push_back(
             {{"serviceAccountToken",
               {{"audience", kPushAudience},
                {"expirationSeconds", 3600},
                {"path", "other"}}}});
       },
       "reserved for Claviger's sidecar"},
      {"a token that lasts",
       [](json& spec, json&) {
         spec["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"]
             ["expirationSeconds"] = 86400;
       },
       "reserved for Claviger's sidecar"},
      {"more in the token's volume",
       [](json& spec, json&) {
         spec["volumes"][0]["projected"]["sources"].push_back(
             {{"configMap", {{"name", "x"}}}});
       },
       "reserved for Claviger's sidecar"},
      {"the socket's volume on the node",
       [](json& spec, json&) {
         spec["volumes"][1] = {{"name", "claviger-run"},
                               {"hostPath", {{"path", "/tmp"}}}};
       },
       "claviger-run is not what"},
      {"the socket's volume shared with other pods",
       [](json& spec, json&) {
         spec["volumes"][1] = {{"name", "claviger-run"},
                               {"persistentVolumeClaim", {{"claimName", "x"}}}};
       },
       "claviger-run is not what"},
      {"the socket's volume on disk",
       [](json& spec, json&) {
         spec["volumes"][1]["emptyDir"] = json::object();
       },
       "claviger-run is not what"},
      {"the socket, writable",
       [](json& spec, json&) {
         App(spec)["volumeMounts"][0].erase("readOnly");
       },
       "read only and in no other way"},
      {"the socket by a part of the volume",
       [](json& spec, json&) { App(spec)["volumeMounts"][0]["subPath"] = "x"; },
       "read only and in no other way"},
      {"the socket in an init container that is not listed",
       [](json& spec, json&) {
         json init = {{"name", "i"}, {"image", "x"}};
         init["volumeMounts"] = App(spec)["volumeMounts"];
         spec["initContainers"].push_back(init);
       },
       "not named by the annotation claviger.io/containers"},
  };
  return kAttempts;
}

}  // namespace claviger::testing
