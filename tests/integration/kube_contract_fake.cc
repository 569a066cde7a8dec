// SPDX-License-Identifier: Apache-2.0
//
// The contract's API server is FakeKube.
#include "integration/kube_contract.h"
#include "support/fake_clock.h"
#include "support/fake_kube.h"

namespace claviger::testing {
namespace {

class FakeKubeUnderTest final : public KubeUnderTest {
 public:
  kube::Transport& transport() override { return kube_; }
  void Forget() override { kube_.Compact(); }

 private:
  FakeClock clock_;
  FakeKube kube_{clock_};
};

}  // namespace

Result<std::unique_ptr<KubeUnderTest>> StartKubeUnderTest() {
  return std::make_unique<FakeKubeUnderTest>();
}

}  // namespace claviger::testing
