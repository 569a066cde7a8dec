// SPDX-License-Identifier: Apache-2.0
#include "http/server.h"

#include <utility>
#include <vector>

#include "http/server_core.h"
#include "http/server_listener.h"
#include "http/server_tcp_socket.h"
#include "http/server_unix_socket.h"
#include "http/sharing_server.h"

#include <boost/asio/executor_work_guard.hpp>

namespace claviger::http {
namespace {

class BeastServer final : public SharingServer {
 public:
  BeastServer(const ServerLimits& limits, Logger& log, Takeover takeover)
      : core_(limits, log),
        takeover_(takeover.wants
                      ? std::make_shared<const Takeover>(std::move(takeover))
                      : nullptr),
        work_(core_.io().get_executor()) {}

  ~BeastServer() override { StopListening(); }
  BeastServer(const BeastServer&) = delete;
  BeastServer& operator=(const BeastServer&) = delete;

  Status ListenUnix(const std::string& path, unsigned mode,
                    Handler handler) override {
    auto bound = BindUnixSocket(path, mode);
    if (!bound) return Fail(bound.error());
    listeners_.push_back(
        std::make_unique<Listener>(core_, bound->fd, Listener::Kind::kUnix,
                                   nullptr, std::move(handler), takeover_));
    if (takeover_ != nullptr) adopting_ = listeners_.back().get();
    files_.push_back(std::move(bound->file));
    return {};
  }

  void Adopt(std::shared_ptr<Handover> handover) override {
    core_.mailbox()->Post([this, handover = std::move(handover)] {
      if (adopting_ != nullptr) adopting_->Adopt(*handover);
    });
  }

  Result<uint16_t> ListenTcp(const std::string& address, uint16_t port,
                             Handler handler) override {
    return Listen(address, port, nullptr, std::move(handler));
  }

  Result<uint16_t> ListenTls(
      const std::string& address, uint16_t port,
      std::shared_ptr<const CertificateStore> certificates,
      Handler handler) override {
    return Listen(address, port, std::move(certificates), std::move(handler));
  }

  void Run() override {
    core_.mailbox()->EnterThread();
    core_.io().run();
    StopListening();
    core_.CloseAll();
    core_.mailbox()->LeaveThread();
  }

  void Stop(std::chrono::milliseconds drain) override {
    core_.mailbox()->Post([this, drain] {
      StopListening();
      core_.BeginStop(drain);
    });
  }

 private:
  Result<uint16_t> Listen(const std::string& address, uint16_t port,
                          std::shared_ptr<const CertificateStore> certificates,
                          Handler handler) {
    const auto bound = BindTcpSocket(address, port);
    if (!bound) return Fail(bound.error());
    listeners_.push_back(std::make_unique<Listener>(
        core_, bound->fd, Listener::Kind::kTcp, std::move(certificates),
        std::move(handler), nullptr));
    return bound->port;
  }

  void StopListening() {
    for (const auto& listener : listeners_) listener->Close();
    for (const UnixSocketFile& file : files_) RemoveUnixSocket(file);
    files_.clear();
  }

  ServerCore core_;
  const std::shared_ptr<const Takeover> takeover_;  // null: none
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<UnixSocketFile> files_;
  Listener* adopting_ = nullptr;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
      work_;
};

}  // namespace

std::unique_ptr<Server> MakeServer(const ServerLimits& limits, Logger& log) {
  return std::make_unique<BeastServer>(limits, log, Takeover());
}

std::unique_ptr<SharingServer> MakeSharingServer(const ServerLimits& limits,
                                                 Logger& log,
                                                 Takeover takeover) {
  return std::make_unique<BeastServer>(limits, log, std::move(takeover));
}

}  // namespace claviger::http
