// SPDX-License-Identifier: Apache-2.0
#include "cli/local/server_name.h"

#include <algorithm>

namespace claviger::cli {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

bool IsNumber(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::optional<ServerName> ParseServerName(std::string_view text) {
  ServerName server{"https", "", ""};
  const size_t colons = text.find("://");
  if (colons != std::string_view::npos) {
    server.scheme = Lower(text.substr(0, colons));
    text.remove_prefix(colons + 3);
  }
  text = text.substr(0, text.find_first_of("/?#"));
  // A user name before the host could make it look like another one.
  if (text.empty() || text.find('@') != std::string_view::npos) {
    return std::nullopt;
  }
  const size_t bracket = text.rfind(']');
  const size_t colon = text.rfind(':');
  const bool with_port = colon != std::string_view::npos &&
                         (bracket == std::string_view::npos || colon > bracket);
  if (with_port && !IsNumber(text.substr(colon + 1))) return std::nullopt;
  server.host = Lower(text.substr(0, with_port ? colon : text.size()));
  server.port = with_port ? std::string(text.substr(colon + 1))
                          : (server.scheme == "http" ? "80" : "443");
  if (server.host.empty()) return std::nullopt;
  return server;
}

std::optional<ServerName> ServerOf(const LocalConnection& connection) {
  if (const std::string url = connection.Place("url"); !url.empty()) {
    return ParseServerName(url);
  }
  std::string text = connection.Place("host");
  if (text.empty()) return std::nullopt;
  if (text.find(':') != std::string::npos) text = "[" + text + "]";
  const std::string port = connection.Place("port");
  return ParseServerName(port.empty() ? text : text + ":" + port);
}

}  // namespace claviger::cli
