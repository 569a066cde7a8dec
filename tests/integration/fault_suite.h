// SPDX-License-Identifier: Apache-2.0
//
// Tests in turn on one FaultBed, each of which leaves nothing to the next.
#pragma once

#include <string>

#include "fault_bed.h"
#include "shared_bed.h"

namespace claviger::testing {

class FaultSuite : public SharedBedTest<FaultBed> {
 protected:
  /// Takes back what a test broke and made, by an operator with the settings
  /// `more`, and ends it.
  static void CleanUp(const std::string& more = "") {
    bed_->kube().Heal();
    bed_->vault().Heal();
    if (!bed_->Running()) {
      ASSERT_TRUE(bed_->StartOperator(more));
    }
    EXPECT_TRUE(bed_->Clear()) << bed_->Log();
    EXPECT_EQ(bed_->StopOperator(), 0) << bed_->Log();
    bed_->EmptyVault();
  }
};

}  // namespace claviger::testing
