// SPDX-License-Identifier: Apache-2.0
#include "sidecar/files/render.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/json.h"
#include "providers/catalogue.h"
#include "sidecar/api/connection_json.h"
#include "sidecar/files/quoting.h"

namespace claviger::sidecar::files {
namespace {

// So that 64 files, twice while one is replaced, fit onto a small volume.
constexpr size_t kMaxFieldBytes = size_t{64} << 10U;

using access::ConnectionFacts;
using model::Endpoint;
using providers::FileFormat;

// Text that grows by what was quoted; the first text that cannot be written is
// kept as the fault. Wiped when dropped.
class Draft {
 public:
  explicit Draft(FileFormat format) : format_(format) {}
  ~Draft() { WipeString(text_); }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  Draft& operator<<(std::string_view plain) {
    text_ += plain;
    return *this;
  }
  /// `what` ("password") names the text in the fault.
  void Add(std::string_view what, Quoted quoted) {
    if (quoted) {
      text_ += *quoted;
      WipeString(*quoted);
    } else if (fault_.empty()) {
      Refuse(std::string(what) +
             " has letters that such a file cannot hold; use another format, "
             "or another value");
    }
  }
  void Refuse(const std::string& why) {
    if (fault_.empty()) {
      fault_ = "the format " + std::string(InfoOf(format_).id) + ": " + why;
    }
  }
  Result<Contents> Take(std::string_view name) {
    if (!fault_.empty()) {
      return Fail(ErrorCode::kInvalidArgument, std::move(fault_));
    }
    Contents contents;
    contents.emplace(name, Secret(std::move(text_)));
    return contents;
  }
  Result<Contents> Take() { return Take(InfoOf(format_).file); }

 private:
  const FileFormat format_;
  std::string text_;
  std::string fault_;
};

std::string_view FieldOf(const Fields& fields, const std::string& name) {
  const auto field = fields.find(name);
  return field == fields.end() ? std::string_view() : field->second.Reveal();
}

// What is not secret, as names and texts: host, port, database, url.
std::vector<std::pair<std::string, std::string>> PlacesOf(
    const Endpoint& endpoint) {
  std::vector<std::pair<std::string, std::string>> places;
  const auto add = [&places](const char* name, const std::string& value) {
    if (!value.empty()) places.emplace_back(name, value);
  };
  add("host", endpoint.host);
  if (endpoint.port) add("port", std::to_string(*endpoint.port));
  std::string hosts;
  for (const std::string& host : endpoint.hosts) {
    hosts += (hosts.empty() ? "" : ",") + host;
  }
  add("hosts", hosts);
  add("database", endpoint.database);
  add("url", endpoint.url);
  return places;
}

std::string Upper(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return name;
}

// NAME=VALUE a line, for shells and for dotenv libraries.
Result<Contents> Assignments(FileFormat format, const ConnectionFacts& facts,
                             const Fields& fields,
                             Quoted (*quote)(std::string_view)) {
  Draft draft(format);
  const std::string prefix = providers::VariablePrefix(facts.ref);
  const auto add = [&](const std::string& name, std::string_view value) {
    draft << prefix << Upper(name) << "=";
    draft.Add(name, quote(value));
    draft << "\n";
  };
  for (const auto& [name, value] : PlacesOf(facts.endpoint)) add(name, value);
  for (const auto& [name, value] : fields) add(name, value.Reveal());
  return draft.Take();
}

Result<Contents> Json(const ConnectionFacts& facts, const Fields& fields) {
  Draft draft(FileFormat::kJson);
  nlohmann::ordered_json head;
  head["connection"] = model::ToString(facts.ref);
  head["provider"] = facts.provider;
  head["type"] = facts.credential_type;
  head["endpoint"] = EndpointJson(facts.endpoint);
  const std::string before = DumpJson(head);
  nlohmann::json data = nlohmann::json::object();
  for (const auto& [name, value] : fields) {
    data[name] = value.Reveal();
    // What is not UTF-8 would be replaced, not refused.
    Quoted text = ForYaml(value.Reveal());
    if (!text) draft.Add(name, std::nullopt);
    if (text) WipeString(*text);
  }
  draft << std::string_view(before).substr(0, before.size() - 1)
        << ",\"data\":";
  draft.Add("data", DumpJson(data));
  draft << "}\n";
  for (auto& value : data) WipeString(value.get_ref<std::string&>());
  return draft.Take();
}

Result<Contents> Yaml(const ConnectionFacts& facts, const Fields& fields) {
  Draft draft(FileFormat::kYaml);
  const auto add = [&draft](std::string_view indent, const std::string& name,
                            std::string_view value) {
    draft << indent << name << ": ";
    draft.Add(name, ForYaml(value));
    draft << "\n";
  };
  add("", "connection", model::ToString(facts.ref));
  add("", "provider", facts.provider);
  add("", "type", facts.credential_type);
  draft << "endpoint:\n";
  for (const auto& [name, value] : PlacesOf(facts.endpoint)) {
    add("  ", name, value);
  }
  draft << "data:\n";
  for (const auto& [name, value] : fields) add("  ", name, value.Reveal());
  return draft.Take();
}

// "host:port" or "host" taken apart; an IPv6 address with a port is in
// brackets.
std::pair<std::string, std::string> SplitHost(const std::string& text) {
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    return {text.substr(1, end - 1),
            text.substr(std::min(end + 2, text.size()))};
  }
  const size_t colon = text.find(':');
  if (colon == std::string::npos ||
      text.find(':', colon + 1) != std::string::npos) {
    return {text, ""};
  }
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::string PortOf(const ConnectionFacts& facts) {
  if (facts.endpoint.port) return std::to_string(*facts.endpoint.port);
  const providers::Provider* provider = providers::Find(facts.provider);
  return std::to_string(provider == nullptr ? 0 : provider->default_port);
}

Result<Contents> Pgpass(const ConnectionFacts& facts, const Fields& fields) {
  Draft draft(FileFormat::kPgpass);
  std::vector<std::pair<std::string, std::string>> servers;
  if (!facts.endpoint.host.empty()) {
    servers.emplace_back(facts.endpoint.host, PortOf(facts));
  }
  for (const std::string& host : facts.endpoint.hosts) {
    auto [name, port] = SplitHost(host);
    servers.emplace_back(name, port.empty() ? PortOf(facts) : port);
  }
  for (const auto& [host, port] : servers) {
    draft.Add("host", ForPgpass(host));
    draft << ":" << port << ":";
    if (facts.endpoint.database.empty()) {
      draft << "*";
    } else {
      draft.Add("database", ForPgpass(facts.endpoint.database));
    }
    for (const char* name : {"username", "password"}) {
      draft << ":";
      draft.Add(name, ForPgpass(FieldOf(fields, name)));
    }
    draft << "\n";
  }
  return draft.Take();
}

Result<Contents> MyCnf(const ConnectionFacts& facts, const Fields& fields) {
  Draft draft(FileFormat::kMyCnf);
  const auto add = [&draft](std::string_view option, const char* what,
                            std::string_view value) {
    draft << option << "=";
    draft.Add(what, ForMyCnf(value));
    draft << "\n";
  };
  draft << "[client]\n";
  if (facts.endpoint.host.empty()) draft.Refuse("endpoint.host is not given");
  add("host", "host", facts.endpoint.host);
  draft << "port=" << PortOf(facts) << "\n";
  add("user", "username", FieldOf(fields, "username"));
  add("password", "password", FieldOf(fields, "password"));
  // Not every program that reads [client] knows a database.
  if (!facts.endpoint.database.empty()) {
    draft << "[mysql]\n";
    add("database", "database", facts.endpoint.database);
  }
  return draft.Take();
}

Result<Contents> Aws(const ConnectionFacts& facts, const Fields& fields) {
  Draft draft(FileFormat::kAws);
  const auto add = [&draft](std::string_view key, const char* what,
                            std::string_view value) {
    draft << key << " = ";
    draft.Add(what, ForAws(value));
    draft << "\n";
  };
  draft << "[default]\n";
  add("aws_access_key_id", "access_key_id", FieldOf(fields, "access_key_id"));
  add("aws_secret_access_key", "secret_access_key",
      FieldOf(fields, "secret_access_key"));
  if (fields.contains("session_token")) {
    add("aws_session_token", "session_token", FieldOf(fields, "session_token"));
  }
  const auto region = facts.endpoint.parameters.find("region");
  if (region != facts.endpoint.parameters.end()) {
    add("region", "region", region->second);
  }
  return draft.Take();
}

// The key as Google made it.
Result<Contents> Gcp(const Fields& fields) {
  Draft draft(FileFormat::kGcp);
  const std::string_view key = FieldOf(fields, "service_account_json");
  const auto parsed = ParseJson(key, {.max_bytes = size_t{64} << 10U});
  if (!parsed || !parsed->is_object()) {
    draft.Refuse("service_account_json is not a JSON object");
  }
  draft << key;
  return draft.Take();
}

// The host of a URL that was validated.
std::string HostOfUrl(const std::string& url) {
  const size_t begin = url.find("://") + 3;
  const size_t end = std::min(url.find('/', begin), url.size());
  return SplitHost(url.substr(begin, end - begin)).first;
}

Result<Contents> Netrc(const ConnectionFacts& facts, const Fields& fields) {
  Draft draft(FileFormat::kNetrc);
  const Endpoint& endpoint = facts.endpoint;
  draft << "machine ";
  draft.Add("host", ForNetrc(endpoint.url.empty() ? endpoint.host
                                                  : HostOfUrl(endpoint.url)));
  draft << "\nlogin ";
  draft.Add("username", ForNetrc(FieldOf(fields, "username")));
  draft << "\npassword ";
  draft.Add("password", ForNetrc(FieldOf(fields, "password")));
  draft << "\n";
  return draft.Take();
}

// Absent: a name that is not sure to mean the same to every driver.
std::optional<std::string> JdbcUrl(const ConnectionFacts& facts) {
  static constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.$-";
  const Endpoint& endpoint = facts.endpoint;
  std::string database = endpoint.database;
  if (facts.provider == "oracle" && database.empty()) {
    const auto service = endpoint.parameters.find("service_name");
    if (service != endpoint.parameters.end()) database = service->second;
  }
  if (endpoint.host.empty() ||
      database.find_first_not_of(kLetters) != std::string::npos) {
    return std::nullopt;
  }
  const bool ipv6 = endpoint.host.find(':') != std::string::npos;
  const std::string server =
      (ipv6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + PortOf(facts);
  if (facts.provider == "sqlserver") {
    return "jdbc:sqlserver://" + server +
           (database.empty() ? "" : ";databaseName=" + database);
  }
  if (facts.provider == "oracle") {
    return "jdbc:oracle:thin:@//" + server + "/" + database;
  }
  return "jdbc:" + facts.provider + "://" + server + "/" + database;
}

Result<Contents> JdbcProperties(const ConnectionFacts& facts,
                                const Fields& fields) {
  Draft draft(FileFormat::kJdbcProperties);
  const auto url = JdbcUrl(facts);
  if (!url) {
    draft.Refuse("endpoint.host and database do not make a plain JDBC URL");
  }
  draft << "url=";
  draft.Add("url", ForProperties(url.value_or("")));
  draft << "\nuser=";
  draft.Add("username", ForProperties(FieldOf(fields, "username")));
  draft << "\npassword=";
  draft.Add("password", ForProperties(FieldOf(fields, "password")));
  draft << "\n";
  return draft.Take();
}

// Names of entries have dashes; the specification knows "certificates".
std::string EntryName(std::string field) {
  if (field == "certificate") return "certificates";
  std::replace(field.begin(), field.end(), '_', '-');
  return field;
}

Result<Contents> ServiceBinding(const ConnectionFacts& facts,
                                const Fields& fields) {
  Contents contents;
  const auto add = [&contents](const std::string& name,
                               std::string_view value) {
    contents.insert_or_assign(name, Secret(std::string(value)));
  };
  for (const auto& [name, value] : PlacesOf(facts.endpoint)) {
    // As the Kafka clients' bindings call them.
    const bool kafka = name == "hosts" && facts.provider == "kafka";
    add(kafka ? "bootstrap-servers" : name == "url" ? "uri" : name, value);
  }
  for (const auto& [name, value] : fields) {
    add(EntryName(name), value.Reveal());
  }
  add("type", facts.provider);
  add("provider", "claviger");
  return contents;
}

}  // namespace

Result<Contents> Render(FileFormat format, const ConnectionFacts& facts,
                        const Fields& fields) {
  size_t bytes = 0;
  for (const auto& [name, value] : fields) bytes += value.Reveal().size();
  if (bytes > kMaxFieldBytes) {
    return Fail(ErrorCode::kInvalidArgument,
                "the credential has more than 64 KiB, which no file holds");
  }
  if (auto fault = providers::FindFileFault(format, facts.provider,
                                            facts.credential_type)) {
    return Fail(ErrorCode::kInvalidArgument, *std::move(fault));
  }
  switch (format) {
    case FileFormat::kEnv:
      return Assignments(format, facts, fields, ForShell);
    case FileFormat::kJson:
      return Json(facts, fields);
    case FileFormat::kYaml:
      return Yaml(facts, fields);
    case FileFormat::kDotenv:
      return Assignments(format, facts, fields, ForDotenv);
    case FileFormat::kPgpass:
      return Pgpass(facts, fields);
    case FileFormat::kMyCnf:
      return MyCnf(facts, fields);
    case FileFormat::kAws:
      return Aws(facts, fields);
    case FileFormat::kGcp:
      return Gcp(fields);
    case FileFormat::kNetrc:
      return Netrc(facts, fields);
    case FileFormat::kJdbcProperties:
      return JdbcProperties(facts, fields);
    case FileFormat::kServiceBinding:
      break;
  }
  return ServiceBinding(facts, fields);
}

}  // namespace claviger::sidecar::files
