// SPDX-License-Identifier: Apache-2.0
//
// HTTP servers and clients that nobody here wrote, run as programs of their
// own: Go's net/http and Python's http.server, from tests/servers/http.
#pragma once

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "support/process.h"
#include "support/run.h"
#include "support/scratch_directory.h"

namespace claviger::sidecar::proxy::testing {

inline std::string PeerFile(const std::string& name) {
  return std::string(CLAVIGER_SOURCE_DIR) + "/tests/servers/http/" + name;
}

/// Go's peer, compiled into `directory`. kUnsupported without Go.
inline Result<std::string> CompilePeer(const std::string& directory) {
  auto go = claviger::testing::FindProgram("go");
  if (!go) return Fail(std::move(go.error()));
  claviger::testing::ProcessOptions options;
  std::string program = directory + "/peer";
  options.argv = {*go,  "build", "-trimpath",        "-buildvcs=false",
                  "-o", program, PeerFile("peer.go")};
  options.environment = {"CGO_ENABLED=0", "GOWORK=off", "GO111MODULE=off"};
  const auto ran =
      claviger::testing::RunToEnd(std::move(options), std::chrono::minutes(10));
  if (!ran) return Fail(ran.error());
  if (ran->exit_code == 0) return program;
  return Fail(ErrorCode::kInternal, "compile peer.go: " + ran->err);
}

class PeerServer {
 public:
  /// `argv` says "listening <port>" once it does.
  static Result<PeerServer> Start(std::vector<std::string> argv,
                                  const std::string& directory) {
    claviger::testing::ProcessOptions options;
    options.argv = std::move(argv);
    options.stdout_path = directory + "/server.out";
    options.stderr_path = directory + "/server.err";
    auto process = claviger::testing::Process::Start(options);
    if (!process) return Fail(std::move(process.error()));
    constexpr std::string_view kSays = "listening ";
    auto line = process->WaitForLine(kSays, std::chrono::seconds(60));
    if (!line) return Fail(std::move(line.error()));
    const auto port = static_cast<uint16_t>(
        std::atoi(line->substr(line->find(kSays) + kSays.size()).c_str()));
    return PeerServer(*std::move(process), port);
  }

  uint16_t port() const { return port_; }
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_);
  }

 private:
  PeerServer(claviger::testing::Process process, uint16_t port)
      : process_(std::move(process)), port_(port) {}

  claviger::testing::Process process_;
  uint16_t port_;
};

}  // namespace claviger::sidecar::proxy::testing
