// SPDX-License-Identifier: Apache-2.0
//
// One table of mistakes in manifests: what is said, on which line, and whether
// the object can still be decoded. Each is a change to a manifest that is fine.
// Used where manifests are decoded, and where the API server is held to the
// same verdicts. Plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/object.h"

namespace claviger::testing {

struct BadManifest {
  std::string_view base;
  std::string_view find;  // in base, and what takes its place
  std::string_view put;
  model::Problem::Severity worst;
  std::vector<std::string> expected;  // "m.yaml:4: path: what; fix"
};

/// The manifests that are changed: one object each, without any problem.
extern const std::string_view kGoodConnection;
extern const std::string_view kGoodGrant;
extern const std::string_view kGoodGroup;

std::string Text(const BadManifest& bad);

std::vector<BadManifest> UnknownFields();
std::vector<BadManifest> WrongTypes();
std::vector<BadManifest> UnknownWords();
std::vector<BadManifest> WhatIsRequired();
std::vector<BadManifest> ListsThatMustNotBeEmptyWhereGiven();
std::vector<BadManifest> ValuesOutOfRange();
std::vector<BadManifest> DenyIsNarrow();
std::vector<BadManifest> EndpointsMustBeSafe();
std::vector<BadManifest> ValidButProbablyNotMeant();
/// All of these.
std::vector<BadManifest> BadManifests();

}  // namespace claviger::testing
