// SPDX-License-Identifier: Apache-2.0
//
// The contract's API server is the real one, with this project's definitions,
// behind the transport that the operator has.
#include <utility>

#include "base/file.h"
#include "integration/kube_contract.h"
#include "integration/kube_real.h"

namespace claviger::testing {
namespace {

class RealKubeUnderTest final : public KubeUnderTest {
 public:
  RealKubeUnderTest(std::unique_ptr<RealKubeApiServer> server,
                    std::unique_ptr<kube::Transport> transport)
      : server_(std::move(server)), transport_(std::move(transport)) {}

  kube::Transport& transport() override { return *transport_; }
  // Nothing before the start of the server can be watched from anyway.
  void Forget() override {}

 private:
  std::unique_ptr<RealKubeApiServer> server_;
  std::unique_ptr<kube::Transport> transport_;
};

}  // namespace

Result<std::unique_ptr<KubeUnderTest>> StartKubeUnderTest() {
  static const SystemClock clock;
  auto server = RealKubeApiServer::Start();
  if (!server) return Fail(std::move(server).error());
  if (Status installed = InstallDefinitions(**server); !installed) {
    return Fail(installed.error());
  }
  auto transport = kube::MakeCpprestTransport(AdminOf(**server), clock);
  if (!transport) return Fail(std::move(transport).error());
  return std::make_unique<RealKubeUnderTest>(*std::move(server),
                                             *std::move(transport));
}

}  // namespace claviger::testing
