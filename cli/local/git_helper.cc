// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <map>

#include "cli/local/helpers.h"
#include "cli/local/server_name.h"

namespace claviger::cli {
namespace {

// "key=value" a line, up to an empty one.
std::map<std::string, std::string> ReadAttributes(std::string_view input) {
  std::map<std::string, std::string> attributes;
  while (!input.empty()) {
    const size_t end = std::min(input.find('\n'), input.size());
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    if (line.empty()) break;
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    attributes[std::string(line.substr(0, equals))] = line.substr(equals + 1);
  }
  return attributes;
}

bool FitsOnALine(std::string_view text) {
  return text.find_first_of(std::string_view("\n\r\0", 3)) ==
         std::string_view::npos;
}

bool IsMeant(const LocalConnection& connection,
             const std::map<std::string, std::string>& attributes) {
  const auto protocol = attributes.find("protocol");
  const auto host = attributes.find("host");
  if (protocol == attributes.end() || host == attributes.end()) return false;
  const auto asked = ParseServerName(protocol->second + "://" + host->second);
  return asked && asked == ServerOf(connection);
}

// A token stands for a password; servers take any name beside it.
Result<Secret> Answer(const LocalCredential& credential,
                      const std::string& asked_user) {
  const auto field = [&](const char* name) {
    const auto found = credential.fields.find(name);
    return found == credential.fields.end() ? std::string_view()
                                            : found->second.Reveal();
  };
  const bool token = credential.type == "token";
  const std::string_view password = field(token ? "token" : "password");
  std::string_view user = field("username");
  if (token) user = "x-access-token";
  if (token && !asked_user.empty()) user = asked_user;
  if (user.empty() || password.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "git takes a user name and a password, or a token, and this "
                "credential is of type " +
                    credential.type);
  }
  if (!FitsOnALine(user) || !FitsOnALine(password)) {
    return Fail(ErrorCode::kInvalidArgument,
                "the credential has a line end, which git cannot be told");
  }
  // Another account than the one that was asked for is none.
  if (!token && !asked_user.empty() && asked_user != user) return Secret();
  std::string text = "username=" + std::string(user) + "\npassword=";
  text.append(password).append("\n");
  if (credential.expires_at) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(
        credential.expires_at->time_since_epoch());
    text += "password_expiry_utc=" + std::to_string(seconds.count()) + "\n";
  }
  return Secret(std::move(text));
}

}  // namespace

Result<Secret> GitHelper(const LocalApi& api, const model::ObjectRef& ref,
                         std::string_view action, std::string_view input) {
  // Git may ask for more in later versions, and wants such to be passed over.
  if (action != "get" && action != "erase") return Secret();
  const auto attributes = ReadAttributes(input);
  const auto connection = api.Connection(ref);
  if (!connection) return Fail(connection.error());
  if (!IsMeant(*connection, attributes)) return Secret();
  if (action == "erase") {
    if (Status told = api.ReportFailed(ref); !told) return Fail(told.error());
    return Secret();
  }
  const auto credential = api.Credential(ref);
  if (!credential) return Fail(credential.error());
  const auto user = attributes.find("username");
  return Answer(*credential, user == attributes.end() ? "" : user->second);
}

}  // namespace claviger::cli
