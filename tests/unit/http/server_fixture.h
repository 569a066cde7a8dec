// SPDX-License-Identifier: Apache-2.0
//
// A running server on a Unix socket in a directory of its own. The default
// handler echoes what it saw as "METHOD TARGET|BODY".
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "base/log.h"
#include "http/server.h"
#include "unit/http/raw_client.h"

namespace claviger::http::testing {

inline ServerResponse Text(std::string body) {
  ServerResponse response;
  response.headers.emplace_back("Content-Type", "text/plain");
  response.body = std::move(body);
  return response;
}

inline void Echo(const ServerRequest& request,
                 const std::shared_ptr<Responder>& responder) {
  responder->Send(
      Text(request.method + " " + request.target + "|" + request.body));
}

/// A directory that goes with its object.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string pattern = "/tmp/claviger-http-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~ScratchDirectory() {
    for (const char* name : {"s", "other"}) {
      unlink((path_ + "/" + name).c_str());
    }
    rmdir(path_.c_str());
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class RunningServer {
 public:
  explicit RunningServer(const ServerLimits& limits = {},
                         Handler handler = Echo)
      : server_(MakeServer(limits, log_)) {
    status_ = server_->ListenUnix(path(), 0600, handler);
    auto port = server_->ListenTcp("127.0.0.1", 0, std::move(handler));
    if (port) port_ = *port;
    thread_ = std::thread([this] { server_->Run(); });
  }
  ~RunningServer() { Stop(std::chrono::milliseconds(0)); }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  void Stop(std::chrono::milliseconds drain) {
    server_->Stop(drain);
    Join();
  }
  void Join() {
    if (thread_.joinable()) thread_.join();
  }

  RawClient Connect() const { return RawClient::ToUnix(path()); }
  RawClient ConnectTcp() const { return RawClient::ToTcp(port_); }
  std::string path() const { return directory_.path() + "/s"; }
  const Status& status() const { return status_; }
  Server& server() { return *server_; }

 private:
  ScratchDirectory directory_;
  NullLogger log_;
  std::unique_ptr<Server> server_;
  Status status_;
  uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace claviger::http::testing
