// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/http/placement.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/digest.h"
#include "sidecar/proxy/http/head.h"
#include "sidecar/proxy/http/target.h"

namespace claviger::sidecar::proxy {
namespace {

constexpr size_t kShortestNeedle = 8;

using Made = std::variant<Placement, Problem>;

Problem Unusable(std::string detail, std::string fix) {
  return {"CredentialUnusable", std::move(detail), std::move(fix)};
}

bool IsPlainValue(std::string_view value) {
  return !value.empty() && value.front() != ' ' && value.back() != ' ' &&
         std::none_of(value.begin(), value.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < 0x20 || byte == 0x7f;
         });
}

bool IsFieldName(std::string_view name) {
  constexpr std::string_view kMarks = "-_.!#$%&'*+^`|~";
  return !name.empty() && name.size() <= 128 &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                  (c >= 'A' && c <= 'Z') ||
                  kMarks.find(c) != std::string_view::npos;
         });
}

// Headers that say how the message is to be read, or to whom it goes, are not a
// credential's.
bool IsReserved(std::string_view name) {
  constexpr std::array<std::string_view, 11> kReserved = {
      "host",       "connection", "content-length",  "transfer-encoding",
      "te",         "trailer",    "upgrade",         "expect",
      "keep-alive", "date",       "proxy-connection"};
  return std::any_of(kReserved.begin(), kReserved.end(),
                     [&](std::string_view one) { return SameName(one, name); });
}

void AddNeedle(std::string_view text, Placement& placement) {
  if (text.size() < kShortestNeedle) return;
  placement.needles.emplace_back(std::string(text));
}

std::string ParameterOf(const access::ConnectionFacts& facts,
                        const char* name) {
  const auto found = facts.endpoint.parameters.find(name);
  return found == facts.endpoint.parameters.end() ? "" : found->second;
}

const Secret& At(const Fields& fields, const char* name) {
  static const Secret kNone;
  const auto found = fields.find(name);
  return found == fields.end() ? kNone : found->second;
}

Made PlaceParameter(const std::string& name, const Secret& value) {
  Placement placement;
  placement.parameter = name;
  const std::string encoded = PercentEncode(value.Reveal());
  AddNeedle(value.Reveal(), placement);
  if (encoded != value.Reveal()) AddNeedle(encoded, placement);
  placement.parameter_value = Secret(std::string(encoded));
  return placement;
}

Made PlaceToken(const access::ConnectionFacts& facts, const Secret& token) {
  const std::string parameter = ParameterOf(facts, "query_parameter");
  if (!parameter.empty()) {
    if (!IsPlainValue(token.Reveal())) {
      return Unusable("the token is empty or holds a control character",
                      "correct it in vault");
    }
    return PlaceParameter(parameter, token);
  }
  std::string scheme = ParameterOf(facts, "auth_scheme");
  if (scheme.empty()) {
    scheme = facts.provider == "elasticsearch" ? "ApiKey" : "Bearer";
  }
  return PlaceBearer(scheme, token);
}

Made PlaceHeader(const Secret& name, const Secret& value) {
  if (!IsFieldName(name.Reveal()) || IsReserved(name.Reveal())) {
    return Unusable("the name is no header that a credential can be in",
                    "correct it in vault");
  }
  if (!IsPlainValue(value.Reveal())) {
    return Unusable("the value is empty or holds a control character",
                    "correct it in vault");
  }
  Placement placement;
  placement.header = name.Reveal();
  placement.header_value = value.Clone();
  AddNeedle(value.Reveal(), placement);
  // "Bearer abc": the second half alone is the secret, too.
  const size_t space = value.Reveal().find(' ');
  if (space != std::string_view::npos) {
    AddNeedle(value.Reveal().substr(space + 1), placement);
  }
  const size_t equals = value.Reveal().find('=');
  if (SameName(placement.header, "cookie") &&
      equals != std::string_view::npos) {
    AddNeedle(value.Reveal().substr(equals + 1), placement);
  }
  return placement;
}

Made PlaceBasic(const Secret& username, const Secret& password) {
  // RFC 7617: a colon ends the user's name.
  if (username.Reveal().find(':') != std::string_view::npos) {
    return Unusable("the username holds a colon",
                    "basic authentication cannot carry it");
  }
  std::string pair;
  pair.reserve(username.Reveal().size() + password.Reveal().size() + 1);
  pair.append(username.Reveal()).append(":").append(password.Reveal());
  std::string encoded = Base64Encode(pair);
  WipeString(pair);
  Placement placement;
  placement.header = "Authorization";
  AddNeedle(encoded, placement);
  AddNeedle(password.Reveal(), placement);
  placement.header_value = Secret("Basic " + encoded);
  WipeString(encoded);
  return placement;
}

Made PlaceAws(const access::ConnectionFacts& facts, const Fields& fields) {
  AwsKey key;
  key.access_key_id = At(fields, "access_key_id").Reveal();
  key.secret_access_key = At(fields, "secret_access_key").Clone();
  key.session_token = At(fields, "session_token").Clone();
  key.region = ParameterOf(facts, "region");
  key.service = ParameterOf(facts, "service");
  if (facts.provider == "s3" || facts.provider == "gcs") {
    key.service = "s3";
    if (key.region.empty()) {
      key.region = facts.provider == "gcs" ? "auto" : "us-east-1";
    }
  }
  if (!IsFieldName(key.region) || !IsFieldName(key.service)) {
    return Unusable("the connection names no region and service to sign for",
                    "have parameters.region and parameters.service set");
  }
  const Secret& token = key.session_token;
  const bool plain = IsFieldName(key.access_key_id) &&
                     !key.secret_access_key.empty() &&
                     (token.empty() || IsPlainValue(token.Reveal()));
  if (!plain) {
    return Unusable("the key is empty or holds what no header can carry",
                    "correct it in vault");
  }
  Placement placement;
  AddNeedle(key.secret_access_key.Reveal(), placement);
  AddNeedle(token.Reveal(), placement);
  placement.aws = std::move(key);
  return placement;
}

Made PlaceCertificate(const Fields& fields) {
  Placement placement;
  std::string chain(At(fields, "certificate").Reveal());
  if (const Secret& ca = At(fields, "ca"); !ca.empty()) {
    chain.append("\n").append(ca.Reveal());
  }
  placement.certificate.chain = Secret(std::move(chain));
  placement.certificate.key = At(fields, "private_key").Clone();
  return placement;
}

}  // namespace

Made PlaceBearer(std::string_view scheme, const Secret& token) {
  if (!IsPlainValue(token.Reveal()) || !IsFieldName(scheme)) {
    return Unusable(
        "the token is empty, or begins, ends or goes on with what no header "
        "can carry",
        "correct it in vault; a line's end at its end is a usual mistake");
  }
  Placement placement;
  placement.header = "Authorization";
  std::string value;
  value.reserve(scheme.size() + token.Reveal().size() + 1);
  value.append(scheme).append(" ").append(token.Reveal());
  placement.header_value = Secret(std::move(value));
  AddNeedle(token.Reveal(), placement);
  return placement;
}

Made MakePlacement(const access::ConnectionFacts& facts, const Fields& fields) {
  const std::string& type = facts.credential_type;
  if (type == "token") return PlaceToken(facts, At(fields, "token"));
  if (type == "header") {
    return PlaceHeader(At(fields, "name"), At(fields, "value"));
  }
  if (type == "password" || type == "dyn") {
    return PlaceBasic(At(fields, "username"), At(fields, "password"));
  }
  if (type == "aws-static") return PlaceAws(facts, fields);
  if (type == "client-cert") return PlaceCertificate(fields);
  return Unusable("credentials of the type " + type +
                      " cannot be put into requests by this sidecar yet",
                  "use a token, header, password, client-cert, aws-static or "
                  "oauth2-client");
}

}  // namespace claviger::sidecar::proxy
