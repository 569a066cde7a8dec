// SPDX-License-Identifier: Apache-2.0
//
// What is decoded of objects from the API server, and of no manifest.
#include <gtest/gtest.h>

#include "model/manifests.h"

namespace claviger::model {
namespace {

constexpr std::string_view kGrant = R"({
  "apiVersion": "claviger.io/v1alpha1", "kind": "Grant",
  "metadata": {"namespace": "sales", "name": "nightly", "uid": "u-1",
    "generation": 4, "resourceVersion": "812",
    "deletionTimestamp": "2026-12-01T00:00:00Z",
    "finalizers": ["other.io/x", "claviger.io/vault"],
    "annotations": {"claviger.io/connection-uid": "c-1",
                    "claviger.io/endpoint-fingerprint": "f00d"}},
  "spec": {"connection": "warehouse",
           "subjects": [{"kind": "User", "name": "alice"}]}})";

TEST(ApiObjectsTest, CarryVersionDeletionFinalizerAndStamp) {
  const Objects objects = DecodeObject(kGrant);
  ASSERT_EQ(objects.grants.size(), 1U);
  const Grant& grant = objects.grants[0];
  EXPECT_EQ(grant.metadata.resource_version, "812");
  EXPECT_EQ(grant.metadata.deleted_at, *ParseRfc3339("2026-12-01T00:00:00Z"));
  EXPECT_TRUE(grant.metadata.has_finalizer);
  EXPECT_EQ(grant.stamp, (Stamp{"c-1", "f00d"}));
  EXPECT_TRUE(objects.problems.empty());
}

TEST(ApiObjectsTest, ManifestsCannotSayAnyOfIt) {
  const Objects objects = DecodeManifests(kGrant, "m.json", true);
  ASSERT_EQ(objects.grants.size(), 1U);
  const Grant& grant = objects.grants[0];
  EXPECT_EQ(grant.metadata.resource_version, "");
  EXPECT_FALSE(grant.metadata.deleted_at);
  EXPECT_FALSE(grant.metadata.has_finalizer);
  EXPECT_FALSE(grant.stamp);
}

std::optional<Stamp> StampOf(const std::string& metadata) {
  const Objects objects = DecodeObject(
      R"({"apiVersion": "claviger.io/v1alpha1", "kind": "Grant", "metadata":
         {"namespace": "sales", "name": "g")" +
      metadata +
      R"(}, "spec": {"connection": "c", "subjects": [{"kind": "Everyone"}]}})");
  EXPECT_EQ(objects.grants.size(), 1U);
  return objects.grants.at(0).stamp;
}

TEST(ApiObjectsTest, AStampMayBeAbsentOrHalf) {
  EXPECT_FALSE(StampOf(""));
  EXPECT_FALSE(StampOf(R"(, "annotations": {"a": "b"})"));
  EXPECT_FALSE(StampOf(R"(, "annotations": null)"));
  EXPECT_EQ(StampOf(R"(, "annotations": {"claviger.io/connection-uid": "c"})"),
            (Stamp{"c", ""}));
  EXPECT_EQ(
      StampOf(R"(, "annotations": {"claviger.io/endpoint-fingerprint": "f"})"),
      (Stamp{"", "f"}));
}

TEST(ApiObjectsTest, AnOverlongStampFitsNothing) {
  EXPECT_EQ(StampOf(R"(, "annotations": {"claviger.io/connection-uid": ")" +
                    std::string(65, 'x') + "\"}"),
            (Stamp{"", ""}));
}

TEST(ApiObjectsTest, OtherFinalizersAreNotOurs) {
  const Objects objects = DecodeObject(
      R"({"apiVersion": "claviger.io/v1alpha1", "kind": "Group",
          "metadata": {"name": "g", "finalizers": ["claviger.io/vault2"]},
          "spec": {"members": []}})");
  ASSERT_EQ(objects.groups.size(), 1U);
  EXPECT_FALSE(objects.groups[0].metadata.has_finalizer);
}

TEST(ApiObjectsTest, TheGenerationOfTheDeletionWasNeverInForce) {
  Metadata metadata;
  metadata.ns = "sales";
  metadata.name = "warehouse";
  metadata.uid = "u";
  metadata.generation = 5;
  EXPECT_EQ(EndedOf("Connection", metadata),
            (Ended{"Connection", {"sales", "warehouse"}, "u", 5}));
  metadata.deleted_at = Time();
  EXPECT_EQ(EndedOf("Connection", metadata).generation, 4);
  metadata.generation = 0;
  EXPECT_EQ(EndedOf("Connection", metadata).generation, 0);
}

}  // namespace
}  // namespace claviger::model
