// SPDX-License-Identifier: Apache-2.0
#include "providers/file_formats.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/names.h"

namespace claviger::providers {
namespace {

constexpr size_t kMaxText = 16'384;
constexpr size_t kMaxNoticePath = 200;

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

bool FitsIn(const std::vector<std::string_view>& words, std::string_view word) {
  return words.empty() ||
         std::find(words.begin(), words.end(), word) != words.end();
}

std::string Joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) {
    if (!text.empty()) text += ", ";
    text += word;
  }
  return text;
}

std::string AllIds() {
  std::vector<std::string_view> ids;
  for (const FileFormatInfo& info : AllFileFormats()) ids.push_back(info.id);
  return Joined(ids);
}

tl::unexpected<Error> Invalid(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message));
}

Result<FileWish> ParseWish(std::string_view text) {
  const size_t equals = std::min(text.find('='), text.size());
  const std::string_view name = text.substr(0, equals);
  const std::string_view id = text.substr(std::min(equals + 1, text.size()));
  const size_t slash = std::min(name.find('/'), name.size());
  FileWish wish;
  wish.connection.ns = name.substr(0, slash);
  wish.connection.name = name.substr(std::min(slash + 1, name.size()));
  if (!IsDnsLabel(wish.connection.ns) ||
      !IsDnsSubdomain(wish.connection.name)) {
    return Invalid("name files as namespace/name=format, separated by commas");
  }
  if (DirectoryOf(wish.connection).size() > kMaxDirectoryName) {
    return Invalid(
        "namespace and name of a connection with files have at "
        "most 252 characters together");
  }
  for (const FileFormatInfo& info : AllFileFormats()) {
    if (info.id != id) continue;
    wish.format = info.format;
    return wish;
  }
  return Invalid(std::string(id.substr(0, 40)) +
                 " is not a format of files; use one of " + AllIds());
}

}  // namespace

const std::vector<FileFormatInfo>& AllFileFormats() {
  static const std::vector<std::string_view> logins = {"password", "dyn"};
  static const std::vector<FileFormatInfo> formats = {
      {FileFormat::kEnv, "env", "env"},
      {FileFormat::kJson, "json", "credential.json"},
      {FileFormat::kYaml, "yaml", "credential.yaml"},
      {FileFormat::kDotenv, "dotenv", "dotenv"},
      {FileFormat::kPgpass,
       "pgpass",
       "pgpass",
       {"postgresql", "redshift"},
       logins,
       true},
      {FileFormat::kMyCnf, "my.cnf", "my.cnf", {"mysql"}, logins},
      {FileFormat::kAws, "aws", "aws", {}, {"aws-static"}},
      {FileFormat::kGcp, "gcp", "gcp.json", {}, {"gcp-key"}},
      {FileFormat::kNetrc, "netrc", "netrc", {}, logins},
      {FileFormat::kJdbcProperties,
       "jdbc.properties",
       "jdbc.properties",
       {"postgresql", "redshift", "mysql", "sqlserver", "oracle"},
       logins},
      {FileFormat::kServiceBinding, "service-binding", ""},
  };
  return formats;
}

const FileFormatInfo& InfoOf(FileFormat format) {
  return AllFileFormats()[static_cast<size_t>(format)];
}

std::string ToString(const FileWish& wish) {
  return ToString(wish.connection) + "=" + std::string(InfoOf(wish.format).id);
}

std::string DirectoryOf(const model::ObjectRef& connection) {
  return connection.ns + "." + connection.name;
}

Result<std::vector<FileWish>> ParseFileWishes(std::string_view text) {
  if (text.size() > kMaxText) return Invalid("too long");
  std::vector<FileWish> wishes;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view one = Trim(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (one.empty()) continue;  // as behind a last comma
    auto wish = ParseWish(one);
    if (!wish) return Fail(std::move(wish.error()));
    wishes.push_back(*std::move(wish));
  }
  std::sort(wishes.begin(), wishes.end());
  wishes.erase(std::unique(wishes.begin(), wishes.end()), wishes.end());
  if (wishes.size() > kMaxFileWishes) return Invalid("more than 64 entries");
  return wishes;
}

std::string ToString(std::span<const FileWish> wishes) {
  std::string text;
  for (const FileWish& wish : wishes) {
    if (!text.empty()) text += ",";
    text += ToString(wish);
  }
  return text;
}

std::optional<std::string> FindFileFault(FileFormat format,
                                         std::string_view provider,
                                         std::string_view type) {
  const FileFormatInfo& info = InfoOf(format);
  if (!FitsIn(info.providers, provider)) {
    return "the format " + std::string(info.id) + " is for " +
           Joined(info.providers) + ", and the provider is " +
           std::string(provider);
  }
  if (!FitsIn(info.types, type)) {
    return "the format " + std::string(info.id) +
           " holds credentials of type " + Joined(info.types) +
           ", and this one is " + std::string(type);
  }
  return std::nullopt;
}

Result<FileNotice> ParseFileNotice(std::string_view text) {
  const size_t slash = std::min(text.find('/'), text.size());
  FileNotice notice;
  const char* const end = text.data() + slash;
  const auto [stop, error] = std::from_chars(text.data(), end, notice.port);
  notice.path = text.substr(slash);
  static constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._~-";
  if (error != std::errc() || stop != end || notice.port == 0 ||
      notice.path.empty() || notice.path.size() > kMaxNoticePath ||
      notice.path.find_first_not_of(kLetters) != std::string::npos) {
    return Invalid(
        "write a port and a path of letters, digits, / . _ ~ and -, like "
        "8080/reload");
  }
  return notice;
}

std::string ToString(const FileNotice& notice) {
  return std::to_string(notice.port) + notice.path;
}

Result<unsigned> ParseFileMode(std::string_view text) {
  if (text == "0400") return 0400U;
  if (text == "0440") return 0440U;
  return Invalid(
      "use \"0400\" (the sidecar's uid reads) or \"0440\" (its group too)");
}

std::string VariablePrefix(const model::ObjectRef& connection) {
  std::string prefix = "CLAVIGER_";
  for (const char c : connection.ns + "/" + connection.name) {
    if (c == '/') {
      prefix += "__";
    } else if (c >= 'a' && c <= 'z') {
      prefix += static_cast<char>(c - 'a' + 'A');
    } else {
      prefix += c == '-' || c == '.' ? '_' : c;
    }
  }
  return prefix + "_";
}

}  // namespace claviger::providers
