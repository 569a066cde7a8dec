// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the custom resource definitions share: an API server that
// serves them, and the verdicts of both sides on one object. Objects are
// created with dryRun=All and fieldValidation=Strict, as kubectl does it. One
// thread.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "support/real_servers.h"

namespace claviger::testing {

struct Verdict {
  bool accepted = false;
  std::string why;  // what the API server would store, if it accepts
};

/// lib/model with lib/providers, as the operator judges.
Verdict Ours(const std::string& object);

/// A YAML document as JSON.
std::string YamlToJson(std::string_view yaml);
nlohmann::json Good(std::string_view yaml);

class CrdTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;

  static Verdict Theirs(const nlohmann::json& object, const std::string& text);

  /// Holds both to the same verdict, which it returns; what the API server
  /// would store must be accepted here, too.
  static bool Agree(const std::string& text);
  static bool Agree(const nlohmann::json& object) {
    return Agree(object.dump());
  }

  static RealKubeApiServer* kube_;
};

}  // namespace claviger::testing
