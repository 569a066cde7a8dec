// SPDX-License-Identifier: Apache-2.0
#include "integration/postgres_bed.h"

#include <gmock/gmock.h>

#include <chrono>
#include <fstream>
#include <iterator>

#include "base/file.h"
#include "support/await.h"
#include "vault/sys.h"
#include "vault/wire.h"

namespace claviger::testing {

using nlohmann::json;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void PostgresBed::SetUp() {
  auto bed = SidecarBed::Start();
  CLAVIGER_NEED_SERVER(bed);
  bed_ = *std::move(bed);
  auto postgres = RealPostgres::Start();
  CLAVIGER_NEED_SERVER(postgres);
  postgres_ = *std::move(postgres);
  ASSERT_TRUE(
      postgres_->Query(std::string("CREATE ROLE app WITH LOGIN PASSWORD '") +
                       kCanary + "'; GRANT ALL ON SCHEMA public TO app;"));
}

void PostgresBed::TearDown() {
  if (sidecar_) sidecar_->Stop();
  if (!bed_) return;
  // In no log, whatever was tried.
  const std::string logged = Slurp(Log()) + Slurp(Log() + ".out");
  EXPECT_THAT(logged, Not(HasSubstr("canary-")));
}

model::Connection PostgresBed::Warehouse(const model::VaultRef& ref) {
  AConnection connection("sales/warehouse");
  connection.OnProvider("postgresql", "password").WithDefault(ref);
  model::Connection made = connection;
  made.endpoint = {};
  made.endpoint.host = postgres_->host();
  made.endpoint.port = postgres_->port();
  made.endpoint.database = "postgres";
  made.endpoint.tls.ca_bundle = Slurp(postgres_->ca_path());
  made.endpoint.parameters = parameters_;
  made.endpoint.parameters["channel_binding"] = "require";
  return made;
}

void PostgresBed::Share(const model::VaultRef& ref) {
  model::Objects objects;
  objects.connections = {Warehouse(ref)};
  objects.grants = {AGrant("sales/n", "warehouse")
                        .Allowing({model::Privilege::kUse})
                        .To(Account("reports/nightly"))};
  objects.service_accounts = {{"reports", "nightly"}};
  bed_->Reconcile(std::move(objects));
}

void PostgresBed::TakeAway() {
  model::Objects none;
  none.service_accounts = {{"reports", "nightly"}};
  bed_->Reconcile(std::move(none));
}

void PostgresBed::PutPassword(const std::string& password) {
  bed_->PutSecret("sales/warehouse",
                  json{{"username", "app"}, {"password", password}}.dump());
}

void PostgresBed::Write(const std::string& path, const json& body) {
  vault::Call call;
  call.verb = vault::Verb::kWrite;
  call.path = path;
  call.body = body.dump();
  call.token = &bed_->root();
  const Status done = vault::DoOnly(bed_->api(), call);
  ASSERT_TRUE(done) << done.error().message;
}

void PostgresBed::ConfigureEngine(int lifetime,
                                  const std::vector<std::string>& revocation) {
  ASSERT_TRUE(vault::EnableMount(bed_->api(), bed_->root(), "database",
                                 {"database", {}}));
  Write("database/config/pg",
        {{"plugin_name", "postgresql-database-plugin"},
         {"connection_url",
          "postgresql://{{username}}:{{password}}@" + postgres_->host() + ":" +
              std::to_string(postgres_->port()) + "/postgres?sslmode=require"},
         {"username", postgres_->user()},
         {"password", postgres_->password()},
         {"allowed_roles", "*"}});
  Write("database/roles/sales.ro",
        {{"db_name", "pg"},
         {"default_ttl", lifetime},
         {"max_ttl", lifetime},
         {"creation_statements",
          {"CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' "
           "VALID UNTIL '{{expiration}}';"}},
         {"revocation_statements", revocation}});
}

void PostgresBed::StartSidecar() {
  const std::string path = bed_->WriteConfig({"reports", "nightly"});
  json config = json::parse(Slurp(path));
  config["proxy"] = {{"listen", {"sales/warehouse=postgres:0"}},
                     {"directory", bed_->Folder() + "/c"},
                     {"allowAddresses", {"127.0.0.1"}}};
  config["tcp"]["secretFile"] = bed_->Folder() + "/secret";
  config["intervals"]["revocationGraceSeconds"] = 2;
  config["intervals"]["drainSeconds"] = 10;
  ASSERT_TRUE(WriteFileAtomically(path, config.dump(), 0600));
  ProcessOptions options;
  options.argv = {CLAVIGER_SIDECAR_BINARY, "--config", path};
  options.stderr_path = Log();
  options.stdout_path = Log() + ".out";
  auto started = Process::Start(options);
  ASSERT_TRUE(started) << started.error().message;
  sidecar_.emplace(*std::move(started));
  ASSERT_TRUE(sidecar_->WaitForLine("serving", seconds(20)));
  ASSERT_TRUE(Await([&] { return Psql("SELECT 1").code == 0; }, seconds(20)));
}

// host:port:*:*:secret
std::string PostgresBed::Port() const {
  const std::string line = Slurp(Directory() + "/pgpass");
  const size_t port_at = line.find(':') + 1;
  return line.substr(port_at, line.find(':', port_at) - port_at);
}

std::vector<std::string> PostgresBed::BySocket() const {
  return {"PGHOST=" + Directory(), "PGPORT=5432", "PGDATABASE=postgres"};
}

// As the guide says: libpq wants a password file of its user's own.
std::vector<std::string> PostgresBed::ByPort() {
  const std::string passfile = bed_->Folder() + "/pgpass";
  EXPECT_TRUE(
      WriteFileAtomically(passfile, Slurp(Directory() + "/pgpass"), 0600));
  return {"PGHOST=127.0.0.1",    "PGPORT=" + Port(),  "PGUSER=whoever",
          "PGDATABASE=postgres", "PGSSLMODE=disable", "PGPASSFILE=" + passfile};
}

std::vector<std::string> PostgresBed::Directly() const {
  return {"PGHOST=" + postgres_->host(),
          "PGPORT=" + std::to_string(postgres_->port()),
          "PGUSER=app",
          std::string("PGPASSWORD=") + kCanary,
          "PGDATABASE=postgres",
          "PGSSLMODE=verify-full",
          "PGSSLROOTCERT=" + postgres_->ca_path()};
}

ProcessOptions PostgresBed::Client(std::vector<std::string> argv) {
  return Client(std::move(argv), BySocket());
}

ProcessOptions PostgresBed::Client(std::vector<std::string> argv,
                                   std::vector<std::string> environment) {
  ProcessOptions options;
  options.argv = std::move(argv);
  options.environment = std::move(environment);
  options.environment.emplace_back("PGCONNECT_TIMEOUT=20");
  const std::string base =
      bed_->Folder() + "/client" + std::to_string(++clients_);
  options.stdout_path = base + ".out";
  options.stderr_path = base + ".err";
  return options;
}

PostgresBed::Ran PostgresBed::Run(const ProcessOptions& options) {
  auto process = Process::Start(options);
  EXPECT_TRUE(process) << process.error().message;
  if (!process) return {};
  return End(*process, options);
}

PostgresBed::Ran PostgresBed::End(Process& process,
                                  const ProcessOptions& options) {
  Ran ran;
  ran.code = process.WaitForExit(seconds(120)).value_or(-1);
  ran.out = Slurp(options.stdout_path);
  ran.errors = Slurp(options.stderr_path);
  EXPECT_THAT(ran.out + ran.errors, Not(HasSubstr("canary-")));
  return ran;
}

std::vector<std::string> PostgresBed::PsqlArguments(const std::string& sql) {
  return {"psql", "--no-psqlrc", "--no-align",           "--tuples-only",
          "-c",   sql,           "--set=ON_ERROR_STOP=1"};
}

std::string PostgresBed::CountOf(const std::string& pattern) const {
  return postgres_
      ->Query(
          "SELECT count(*) FROM pg_stat_activity WHERE pid <> "
          "pg_backend_pid() AND query LIKE '" +
          pattern + "';")
      .value_or("");
}

}  // namespace claviger::testing
