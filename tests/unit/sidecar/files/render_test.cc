// SPDX-License-Identifier: Apache-2.0
#include "sidecar/files/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace claviger::sidecar::files {
namespace {

using providers::FileFormat;
using ::testing::HasSubstr;
using ::testing::Not;

access::ConnectionFacts Warehouse() {
  access::ConnectionFacts facts;
  facts.ref = {"sales", "dw-main"};
  facts.provider = "postgresql";
  facts.credential_type = "password";
  facts.endpoint.host = "dw.corp";
  facts.endpoint.database = "dw";
  return facts;
}

Fields Login(std::string password = "p:w") {
  Fields fields;
  fields.emplace("username", Secret("reader"));
  fields.emplace("password", Secret(std::move(password)));
  return fields;
}

std::string Only(FileFormat format, const access::ConnectionFacts& facts,
                 const Fields& fields) {
  const auto contents = Render(format, facts, fields);
  if (!contents) return contents.error().message;
  EXPECT_EQ(contents->size(), 1U);
  EXPECT_EQ(contents->begin()->first, providers::InfoOf(format).file);
  return std::string(contents->begin()->second.Reveal());
}

TEST(RenderTest, NamesVariablesAsThePodsOnesAre) {
  EXPECT_EQ(Only(FileFormat::kEnv, Warehouse(), Login("it's")),
            "CLAVIGER_SALES__DW_MAIN_HOST='dw.corp'\n"
            "CLAVIGER_SALES__DW_MAIN_DATABASE='dw'\n"
            "CLAVIGER_SALES__DW_MAIN_PASSWORD='it'\\''s'\n"
            "CLAVIGER_SALES__DW_MAIN_USERNAME='reader'\n");
  EXPECT_EQ(Only(FileFormat::kDotenv, Warehouse(), Login("it's")),
            "CLAVIGER_SALES__DW_MAIN_HOST='dw.corp'\n"
            "CLAVIGER_SALES__DW_MAIN_DATABASE='dw'\n"
            "CLAVIGER_SALES__DW_MAIN_PASSWORD=\"it's\"\n"
            "CLAVIGER_SALES__DW_MAIN_USERNAME='reader'\n");
}

TEST(RenderTest, JsonHoldsWhatTheLocalApiSays) {
  const auto json =
      nlohmann::json::parse(Only(FileFormat::kJson, Warehouse(), Login()));
  EXPECT_EQ(json["connection"], "sales/dw-main");
  EXPECT_EQ(json["provider"], "postgresql");
  EXPECT_EQ(json["type"], "password");
  EXPECT_EQ(json["endpoint"]["host"], "dw.corp");
  EXPECT_EQ(json["data"]["password"], "p:w");
  EXPECT_EQ(json["data"].size(), 2U);
}

TEST(RenderTest, YamlQuotesEveryValue) {
  EXPECT_EQ(Only(FileFormat::kYaml, Warehouse(), Login("no")),
            "connection: \"sales/dw-main\"\nprovider: \"postgresql\"\n"
            "type: \"password\"\nendpoint:\n  host: \"dw.corp\"\n"
            "  database: \"dw\"\ndata:\n  password: \"no\"\n"
            "  username: \"reader\"\n");
}

TEST(RenderTest, PgpassHasALineForEachServer) {
  access::ConnectionFacts facts = Warehouse();
  EXPECT_EQ(Only(FileFormat::kPgpass, facts, Login()),
            "dw.corp:5432:dw:reader:p\\:w\n");
  facts.endpoint.hosts = {"a.corp", "b.corp:6000", "[2001:db8::1]:7000"};
  facts.endpoint.port = 5433;
  facts.endpoint.database.clear();
  EXPECT_EQ(Only(FileFormat::kPgpass, facts, Login()),
            "dw.corp:5433:*:reader:p\\:w\n"
            "a.corp:5433:*:reader:p\\:w\n"
            "b.corp:6000:*:reader:p\\:w\n"
            "2001\\:db8\\:\\:1:7000:*:reader:p\\:w\n");
}

TEST(RenderTest, MyCnfKeepsTheDatabaseFromOtherPrograms) {
  access::ConnectionFacts facts = Warehouse();
  facts.provider = "mysql";
  EXPECT_EQ(Only(FileFormat::kMyCnf, facts, Login("a\"b")),
            "[client]\nhost=\"dw.corp\"\nport=3306\nuser=\"reader\"\n"
            "password=\"a\\\"b\"\n[mysql]\ndatabase=\"dw\"\n");
}

TEST(RenderTest, AwsAndGcpKeysAreAsTheirToolsReadThem) {
  access::ConnectionFacts facts;
  facts.ref = {"sales", "lake"};
  facts.provider = "s3";
  facts.credential_type = "aws-static";
  facts.endpoint.url = "https://s3.eu-west-1.amazonaws.com";
  facts.endpoint.parameters = {{"region", "eu-west-1"}};
  Fields fields;
  fields.emplace("access_key_id", Secret("AKIA"));
  fields.emplace("secret_access_key", Secret("a/b+c"));
  fields.emplace("session_token", Secret("t=="));
  EXPECT_EQ(Only(FileFormat::kAws, facts, fields),
            "[default]\naws_access_key_id = AKIA\naws_secret_access_key = "
            "a/b+c\naws_session_token = t==\nregion = eu-west-1\n");
  facts.provider = "gcs";
  facts.credential_type = "gcp-key";
  Fields key;
  key.emplace("service_account_json", Secret("{\"type\": \"x\"}"));
  EXPECT_EQ(Only(FileFormat::kGcp, facts, key), "{\"type\": \"x\"}");
  key.insert_or_assign("service_account_json", Secret("no json s3cret"));
  EXPECT_EQ(Only(FileFormat::kGcp, facts, key),
            "the format gcp: service_account_json is not a JSON object");
}

TEST(RenderTest, NetrcKnowsTheHostOfAUrl) {
  access::ConnectionFacts facts = Warehouse();
  facts.provider = "http";
  facts.endpoint = {};
  facts.endpoint.url = "https://api.corp:8443/v1";
  EXPECT_EQ(Only(FileFormat::kNetrc, facts, Login("pw")),
            "machine api.corp\nlogin reader\npassword pw\n");
}

TEST(RenderTest, JdbcUrlIsTheDrivers) {
  access::ConnectionFacts facts = Warehouse();
  const auto url = [&](const std::string& provider) {
    facts.provider = provider;
    const std::string text =
        Only(FileFormat::kJdbcProperties, facts, Login("x=y"));
    EXPECT_THAT(text, HasSubstr("\nuser=reader\npassword=x\\=y\n"));
    return text.substr(0, text.find('\n'));
  };
  EXPECT_EQ(url("postgresql"), "url=jdbc\\:postgresql\\://dw.corp\\:5432/dw");
  EXPECT_EQ(url("mysql"), "url=jdbc\\:mysql\\://dw.corp\\:3306/dw");
  EXPECT_EQ(url("sqlserver"),
            "url=jdbc\\:sqlserver\\://dw.corp\\:1433;databaseName\\=dw");
  EXPECT_EQ(url("oracle"), "url=jdbc\\:oracle\\:thin\\:@//dw.corp\\:1521/dw");
  facts.endpoint.database = "a?b";
  EXPECT_THAT(Only(FileFormat::kJdbcProperties, facts, Login()),
              HasSubstr("do not make a plain JDBC URL"));
}

TEST(RenderTest, ServiceBindingHasTheSpecificationsNames) {
  access::ConnectionFacts facts = Warehouse();
  facts.endpoint.port = 5433;
  facts.credential_type = "client-cert";
  Fields fields;
  fields.emplace("certificate", Secret("CERT\n"));
  fields.emplace("private_key", Secret("KEY\n"));
  const auto contents = Render(FileFormat::kServiceBinding, facts, fields);
  ASSERT_TRUE(contents) << contents.error().message;
  std::map<std::string, std::string> seen;
  for (const auto& [name, bytes] : *contents) seen[name] = bytes.Reveal();
  EXPECT_EQ(seen,
            (std::map<std::string, std::string>{{"type", "postgresql"},
                                                {"provider", "claviger"},
                                                {"host", "dw.corp"},
                                                {"port", "5433"},
                                                {"database", "dw"},
                                                {"certificates", "CERT\n"},
                                                {"private-key", "KEY\n"}}));
}

TEST(RenderTest, ServiceBindingNamesKafkasServersAsItsClientsDo) {
  access::ConnectionFacts facts = Warehouse();
  facts.provider = "kafka";
  facts.endpoint = {};
  facts.endpoint.hosts = {"k1:9092", "k2:9092"};
  const auto contents = Render(FileFormat::kServiceBinding, facts, Login());
  ASSERT_TRUE(contents) << contents.error().message;
  EXPECT_EQ(contents->at("bootstrap-servers").Reveal(), "k1:9092,k2:9092");
  EXPECT_FALSE(contents->contains("hosts"));
}

TEST(RenderTest, RefusesWhatAFormatCannotSayAndNamesNoValue) {
  for (const FileFormat format :
       {FileFormat::kPgpass, FileFormat::kNetrc, FileFormat::kDotenv}) {
    const auto refused = Render(format, Warehouse(), Login("s3cret\r\nx"));
    ASSERT_FALSE(refused) << providers::InfoOf(format).id;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(refused.error().message,
                HasSubstr(std::string(providers::InfoOf(format).id)));
    EXPECT_THAT(refused.error().message, HasSubstr("password"));
    EXPECT_THAT(refused.error().message, Not(HasSubstr("s3cret")));
  }
  for (const FileFormat format : {FileFormat::kJson, FileFormat::kYaml}) {
    EXPECT_FALSE(Render(format, Warehouse(), Login("\xff")));
  }
  const auto other = Render(FileFormat::kMyCnf, Warehouse(), Login());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().message,
            "the format my.cnf is for mysql, and the provider is postgresql");
}

// So that what the page shows is what is written.
TEST(RenderTest, ReferencePageShowsEachFormat) {
  std::ifstream file(CLAVIGER_SOURCE_DIR "/docs/reference/files.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  for (const providers::FileFormatInfo& info : providers::AllFileFormats()) {
    access::ConnectionFacts facts = Warehouse();
    Fields fields =
        Login(info.format == FileFormat::kNetrc ? "mine" : "it's:mine");
    if (info.format == FileFormat::kMyCnf) facts.provider = "mysql";
    if (info.format == FileFormat::kAws) {
      facts.credential_type = "aws-static";
      facts.endpoint.parameters = {{"region", "eu-west-1"}};
      fields.clear();
      fields.emplace("access_key_id", Secret("AKIAEXAMPLE"));
      fields.emplace("secret_access_key", Secret("wJalr/XUtn+FEMI"));
    }
    if (info.format == FileFormat::kGcp) {
      facts.credential_type = "gcp-key";
      fields.clear();
      fields.emplace(
          "service_account_json",
          Secret(R"({"type": "service_account", "project_id": "p"})"));
    }
    EXPECT_THAT(page, HasSubstr("| `" + std::string(info.id) + "` |"));
    const auto contents = Render(info.format, facts, fields);
    ASSERT_TRUE(contents) << contents.error().message;
    for (const auto& [name, bytes] : *contents) {
      const std::string text(bytes.Reveal());
      EXPECT_THAT(page, HasSubstr(info.file.empty() ? text + "\n" : text))
          << info.id;
    }
  }
}

TEST(RenderTest, IsBounded) {
  EXPECT_TRUE(
      Render(FileFormat::kEnv, Warehouse(), Login(std::string(65'000, 'x'))));
  const auto refused =
      Render(FileFormat::kEnv, Warehouse(), Login(std::string(66'000, 'x')));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("64 KiB"));
}

}  // namespace
}  // namespace claviger::sidecar::files
