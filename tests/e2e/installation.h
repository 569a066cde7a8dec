// SPDX-License-Identifier: Apache-2.0
//
// Claviger on a real node, installed as docs/install.md says: by Helm, with
// this build's images, and with Vault set up by the command line. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "integration/chart_bed.h"
#include "integration/shared_bed.h"
#include "node.h"

namespace claviger::testing {

struct Release {
  std::string chart;  // a folder
  std::string version;
};
/// What this tree is; its images are those of this build.
Release ThisRelease();
/// An earlier one, made of this tree in `directory`: other versions of the
/// chart and the images, and kinds that show other columns.
Result<Release> PreviousRelease(const ScratchDirectory& directory);

class Installation {
 public:
  /// Two operators are ready, Vault is set up, and its secret/shop/orders holds
  /// the user "shop" with the password "s3".
  static Result<std::unique_ptr<Installation>> Start(
      const Release& release = ThisRelease());

  Node& node() { return *node_; }
  /// Helm with `arguments`; its error output where it fails.
  Status RunHelm(const std::vector<std::string>& arguments);
  /// Installs or upgrades to it; returns when its operators are ready.
  Status Put(const Release& release, const std::string& how);
  /// examples/install/shop.yaml: a team's connection and its Deployment
  /// `frontend`. Returns when that one's pod is ready.
  Status StartShop();

 private:
  Installation(std::unique_ptr<Node> node, Helm helm);
  Status SetUpVault();

  std::unique_ptr<Node> node_;
  Helm helm_;
};

/// The suites of one program share one installation, whose shop is open. It
/// ends with the machine that machine.sh made for the program.
class InstalledTest : public SharedBedTest<Installation> {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite() {}
  void Begin() override;
  static Node& node() { return bed_->node(); }
};

}  // namespace claviger::testing
