// SPDX-License-Identifier: Apache-2.0
#include "providers/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace claviger::providers {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

TEST(CatalogueTest, HoldsTheTwentyFiveProvidersOnce) {
  std::set<std::string_view> ids;
  for (const Provider& provider : AllProviders()) ids.insert(provider.id);
  EXPECT_EQ(AllProviders().size(), ids.size());
  EXPECT_THAT(
      ids,
      UnorderedElementsAre(
          "postgresql", "mysql", "oracle", "sqlserver", "snowflake", "bigquery",
          "databricks", "redshift", "athena", "trino", "clickhouse",
          "cassandra", "mongodb", "redis", "kafka", "rabbitmq", "elasticsearch",
          "s3", "gcs", "azure-blob", "http", "ssh", "sftp", "ldap", "grpc"));
}

TEST(CatalogueTest, SaysWhichProvidersHaveAnInjector) {
  std::set<std::string_view> with;
  for (const Provider& provider : AllProviders()) {
    if (HasInjector(provider.id)) with.insert(provider.id);
  }
  EXPECT_THAT(
      with, UnorderedElementsAre("snowflake", "bigquery", "databricks", "trino",
                                 "elasticsearch", "s3", "gcs", "azure-blob",
                                 "http", "grpc", "postgresql", "redshift",
                                 "mysql", "redis", "ssh", "sftp", "sqlserver"));
  EXPECT_FALSE(HasInjector("oracle"));
  EXPECT_FALSE(HasInjector("nonesuch"));
}

TEST(CatalogueTest, GivesTheHttpFamilyAUrlAndTheOthersAPort) {
  for (const Provider& provider : AllProviders()) {
    if (provider.family == EndpointFamily::kUrl) {
      EXPECT_EQ(provider.default_port, 0) << provider.id;
      EXPECT_FALSE(provider.has_hosts || provider.has_database) << provider.id;
    } else {
      EXPECT_GT(provider.default_port, 0) << provider.id;
    }
  }
  EXPECT_EQ(Find("postgresql")->default_port, 5432);
  EXPECT_EQ(Find("athena")->family, EndpointFamily::kUrl);
  EXPECT_EQ(Find("mongodb")->family, EndpointFamily::kHost);
}

TEST(CatalogueTest, NamesOnlyTypesThatExist) {
  std::set<std::string_view> used;
  for (const Provider& provider : AllProviders()) {
    EXPECT_FALSE(provider.types.empty()) << provider.id;
    for (const std::string_view type : provider.types) {
      EXPECT_NE(FindType(type), nullptr) << provider.id << " " << type;
      used.insert(type);
    }
    for (const std::string_view type : provider.not_for_viewers) {
      EXPECT_TRUE(provider.Accepts(type)) << provider.id << " " << type;
    }
  }
  for (const CredentialType& type : AllCredentialTypes()) {
    EXPECT_THAT(used, Contains(type.id));
  }
}

TEST(CatalogueTest, KnowsTheKeysOfEachType) {
  EXPECT_THAT(FindType("password")->required,
              ElementsAre("username", "password"));
  EXPECT_THAT(FindType("token")->required, ElementsAre("token"));
  EXPECT_THAT(FindType("header")->required, ElementsAre("name", "value"));
  EXPECT_THAT(FindType("aws-static")->required,
              ElementsAre("access_key_id", "secret_access_key"));
  EXPECT_TRUE(FindType("aws-static")->HasKey("session_token"));
  EXPECT_FALSE(FindType("aws-static")->HasKey("password"));
  EXPECT_THAT(FindType("azure-sp")->one_of,
              ElementsAre("client_secret", "certificate"));
  EXPECT_EQ(FindType("nonesuch"), nullptr);
  for (const CredentialType& type : AllCredentialTypes()) {
    EXPECT_FALSE(type.required.empty()) << type.id;
    for (const std::string_view key : type.one_of) {
      EXPECT_THAT(type.optional, Contains(key)) << type.id;
    }
  }
}

TEST(CatalogueTest, KeepsPersonalTypesPersonal) {
  for (const char* id : {"oauth2-code", "oauth2-device", "exchange"}) {
    EXPECT_EQ(FindType(id)->holder, Holder::kPerson) << id;
  }
  EXPECT_EQ(FindType("azure-fed")->holder, Holder::kWorkload);
  EXPECT_EQ(FindType("password")->holder, Holder::kAnyone);
}

TEST(CatalogueTest, FollowsTheViewerColumnOfTheProvider) {
  const auto for_viewers = [](std::string_view provider,
                              std::string_view type) {
    return IsForViewers(*Find(provider), *FindType(type));
  };
  EXPECT_TRUE(for_viewers("postgresql", "password"));
  EXPECT_TRUE(for_viewers("bigquery", "gcp-wif"));
  EXPECT_FALSE(for_viewers("bigquery", "gcp-key"));
  EXPECT_TRUE(for_viewers("s3", "aws-webid"));
  EXPECT_FALSE(for_viewers("s3", "aws-static"));
  EXPECT_TRUE(for_viewers("http", "aws-static"));
  EXPECT_FALSE(for_viewers("http", "aws-assume"));
  EXPECT_FALSE(for_viewers("azure-blob", "azure-sp"));
  EXPECT_TRUE(for_viewers("azure-blob", "oauth2-code"));
}

}  // namespace
}  // namespace claviger::providers
