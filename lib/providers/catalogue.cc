// SPDX-License-Identifier: Apache-2.0
#include "providers/catalogue.h"

#include <algorithm>

namespace claviger::providers {
namespace {

constexpr EndpointFamily kUrl = EndpointFamily::kUrl;

bool Contains(const std::vector<std::string_view>& words,
              std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// An injector exists, or is planned, for the HTTP family, PostgreSQL and
// Redshift, MySQL, Redis, SSH and SFTP, and SQL Server's TDS. The protocols of
// the others are proprietary (Oracle), rewrite topology (MongoDB, Kafka), or
// are not worth it yet.
std::vector<Provider> Databases() {
  return {
      {.id = "postgresql",
       .title = "PostgreSQL",
       .default_port = 5432,
       .has_database = true,
       .has_hosts = true,
       .has_injector = true,
       .types = {"password", "client-cert", "dyn", "oauth2-code",
                 "oauth2-client", "kerberos"},
       .parameters = {"application_name", "channel_binding", "client_encoding",
                      "connect_timeout", "options", "require_auth",
                      "search_path", "statement_timeout",
                      "target_session_attrs", "timezone"}},
      {.id = "mysql",
       .title = "MySQL and MariaDB",
       .default_port = 3306,
       .has_database = true,
       .has_hosts = true,
       .has_injector = true,
       .types = {"password", "client-cert", "dyn"},
       .parameters = {"charset", "collation", "connect_timeout",
                      "program_name"}},
      {.id = "oracle",
       .title = "Oracle",
       .default_port = 1521,
       .has_database = true,
       .has_hosts = true,
       .types = {"password", "client-cert", "kerberos", "dyn"},
       .parameters = {"client_identifier", "edition", "service_name", "sid"}},
      {.id = "sqlserver",
       .title = "SQL Server and Azure SQL",
       .default_port = 1433,
       .has_database = true,
       .has_injector = true,
       .types = {"password", "kerberos", "azure-sp", "oauth2-code",
                 "oauth2-device", "dyn"},
       .parameters = {"application_intent", "application_name",
                      "connect_timeout", "instance", "multi_subnet_failover"}},
  };
}

std::vector<Provider> Warehouses() {
  return {
      {.id = "snowflake",
       .title = "Snowflake",
       .family = kUrl,
       .has_injector = true,
       .types = {"keypair", "oauth2-code", "oauth2-client", "exchange", "token",
                 "dyn"},
       .parameters = {"account", "database", "query_tag", "role", "schema",
                      "warehouse"}},
      {.id = "bigquery",
       .title = "BigQuery",
       .family = kUrl,
       .has_injector = true,
       .types = {"gcp-key", "oauth2-code", "gcp-wif"},
       .not_for_viewers = {"gcp-key"},
       .parameters = {"dataset", "location", "project"}},
      {.id = "databricks",
       .title = "Databricks SQL",
       .family = kUrl,
       .has_injector = true,
       .types = {"token", "oauth2-code", "oauth2-client", "exchange"},
       .parameters = {"catalog", "http_path", "schema", "warehouse_id"}},
      {.id = "redshift",
       .title = "Redshift",
       .default_port = 5439,
       .has_database = true,
       .has_injector = true,
       .types = {"password", "aws-webid", "dyn"},
       .parameters = {"application_name", "channel_binding",
                      "cluster_identifier", "connect_timeout", "region",
                      "require_auth", "search_path"}},
      {.id = "athena",
       .title = "Athena",
       .family = kUrl,
       .types = {"aws-static", "aws-assume", "aws-webid"},
       .not_for_viewers = {"aws-static"},
       .parameters = {"catalog", "database", "output_location", "region",
                      "workgroup"}},
      {.id = "trino",
       .title = "Trino",
       .family = kUrl,
       .has_injector = true,
       .types = {"password", "token", "oauth2-code", "client-cert", "kerberos"},
       .parameters = {"catalog", "client_tags", "schema", "source"}},
      {.id = "clickhouse",
       .title = "ClickHouse",
       .family = kUrl,
       .types = {"password", "client-cert", "token"},
       .parameters = {"database", "log_comment", "quota_key"}},
  };
}

std::vector<Provider> Stores() {
  return {
      {.id = "cassandra",
       .title = "Cassandra",
       .default_port = 9042,
       .has_database = true,
       .has_hosts = true,
       .types = {"password", "client-cert", "dyn"},
       .parameters = {"consistency", "datacenter"}},
      {.id = "mongodb",
       .title = "MongoDB",
       .default_port = 27017,
       .has_database = true,
       .has_hosts = true,
       .types = {"password", "client-cert", "dyn", "aws-static", "aws-assume",
                 "aws-webid", "oauth2-code", "oauth2-client", "exchange"},
       .parameters = {"appName", "authMechanism", "authSource",
                      "readPreference", "replicaSet", "w"}},
      {.id = "redis",
       .title = "Redis and Valkey",
       .default_port = 6379,
       .has_database = true,
       .has_hosts = true,
       .has_injector = true,
       .types = {"password", "dyn"},
       .parameters = {"client_name", "sentinel_master"}},
      {.id = "kafka",
       .title = "Kafka",
       .default_port = 9092,
       .has_hosts = true,
       .types = {"password", "oauth2-client", "exchange", "client-cert"},
       .parameters = {"client_id", "group_id", "sasl_mechanism"}},
      {.id = "rabbitmq",
       .title = "RabbitMQ",
       .default_port = 5671,  // AMQP over TLS, which is the default here
       .has_hosts = true,
       .types = {"password", "client-cert", "oauth2-client"},
       .parameters = {"connection_name", "heartbeat", "vhost"}},
      {.id = "elasticsearch",
       .title = "Elasticsearch and OpenSearch",
       .family = kUrl,
       .has_injector = true,
       .types = {"password", "token", "client-cert", "dyn"},
       .parameters = {"index"}},
  };
}

std::vector<Provider> ObjectStorage() {
  return {
      {.id = "s3",
       .title = "S3 and compatible",
       .family = kUrl,
       .has_injector = true,
       .types = {"aws-static", "aws-assume", "aws-webid"},
       .not_for_viewers = {"aws-static"},
       .parameters = {"addressing_style", "bucket", "region"}},
      // HMAC keys have the form of aws-static.
      {.id = "gcs",
       .title = "Google Cloud Storage",
       .family = kUrl,
       .has_injector = true,
       .types = {"gcp-key", "gcp-wif", "oauth2-code", "aws-static"},
       .not_for_viewers = {"gcp-key", "aws-static"},
       .parameters = {"bucket", "project"}},
      // An account key is a password whose username is the account.
      {.id = "azure-blob",
       .title = "Azure Blob Storage and Data Lake",
       .family = kUrl,
       .has_injector = true,
       .types = {"azure-sp", "azure-fed", "oauth2-code", "azure-sas",
                 "password"},
       .not_for_viewers = {"azure-sp", "azure-sas", "password"},
       .parameters = {"account", "container"}},
  };
}

std::vector<Provider> Services() {
  return {
      {.id = "http",
       .title = "HTTP API",
       .family = kUrl,
       .has_injector = true,
       .types = {"token", "header", "password", "oauth2-code", "oauth2-device",
                 "oauth2-client", "exchange", "aws-static", "aws-assume",
                 "aws-webid"},
       .parameters = {"auth_scheme", "query_parameter", "region", "service",
                      "trusted_identity_header"}},
      {.id = "ssh",
       .title = "SSH",
       .default_port = 22,
       .has_injector = true,
       .types = {"ssh-cert", "ssh-key", "password"},
       .parameters = {"host_key"}},
      {.id = "sftp",
       .title = "SFTP",
       .default_port = 22,
       .has_injector = true,
       .types = {"ssh-cert", "ssh-key", "password"},
       .parameters = {"host_key", "root"}},
      {.id = "ldap",
       .title = "LDAP and Active Directory",
       .default_port = 636,  // over TLS, which is the default here
       .has_hosts = true,
       .types = {"password", "kerberos", "dyn"},
       .parameters = {"base_dn", "user_attribute"}},
      {.id = "grpc",
       .title = "gRPC or HTTP service with mutual TLS",
       .family = kUrl,
       .has_injector = true,
       .types = {"client-cert"},
       .parameters = {"authority"}},
  };
}

std::vector<Provider> Assemble() {
  std::vector<Provider> all;
  for (auto part : {Databases, Warehouses, Stores, ObjectStorage, Services}) {
    for (Provider& provider : part()) all.push_back(std::move(provider));
  }
  return all;
}

template <typename T>
const T* FindById(const std::vector<T>& rows, std::string_view id) {
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [id](const T& row) { return row.id == id; });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

bool CredentialType::HasKey(std::string_view key) const {
  return Contains(required, key) || Contains(optional, key);
}

bool Provider::Accepts(std::string_view type) const {
  return Contains(types, type);
}

bool Provider::TakesParameter(std::string_view name) const {
  return Contains(parameters, name);
}

const std::vector<Provider>& AllProviders() {
  static const std::vector<Provider> all = Assemble();
  return all;
}

const Provider* Find(std::string_view id) {
  return FindById(AllProviders(), id);
}

const CredentialType* FindType(std::string_view id) {
  return FindById(AllCredentialTypes(), id);
}

bool HasInjector(std::string_view id) {
  const Provider* provider = Find(id);
  return provider != nullptr && provider->has_injector;
}

bool IsForViewers(const Provider& provider, const CredentialType& type) {
  return type.holder != Holder::kWorkload &&
         !Contains(provider.not_for_viewers, type.id);
}

}  // namespace claviger::providers
