// SPDX-License-Identifier: Apache-2.0
#include "cli/question.h"

#include "base/names.h"

namespace claviger::cli {
namespace {

Result<access::Claims> ReadClaims(const std::vector<std::string>& typed) {
  access::Claims claims;
  for (const std::string& claim : typed) {
    const size_t equals = claim.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Fail(ErrorCode::kInvalidArgument,
                  "--claim: \"" + claim + "\" is not NAME=VALUE[,VALUE...]");
    }
    std::vector<std::string>& values = claims[claim.substr(0, equals)];
    for (size_t start = equals + 1; start < claim.size();) {
      const size_t comma = std::min(claim.find(',', start), claim.size());
      if (comma > start) values.push_back(claim.substr(start, comma - start));
      start = comma + 1;
    }
  }
  return claims;
}

/// A service account carries its own question; a user may come in a pod.
Status ReadCarrier(const QuestionOptions& options, AskedQuestion& asked) {
  const bool is_user = asked.caller.kind == access::Caller::Kind::kUser;
  if (!is_user) {
    asked.question.carrier =
        model::ObjectRef{asked.caller.ns, asked.caller.name};
  }
  if (options.carrier.empty()) return {};
  auto carrier = ReadServiceAccount("--carrier", options.carrier);
  if (!carrier) return Fail(carrier.error());
  if (!is_user && *carrier != *asked.question.carrier) {
    return Fail(ErrorCode::kInvalidArgument,
                "--carrier: a service account carries its own question; leave "
                "--carrier out, or ask --as user/NAME");
  }
  asked.question.carrier = std::move(*carrier);
  return {};
}

}  // namespace

Result<AskedQuestion> ReadQuestion(const QuestionOptions& options,
                                   const Clock& clock) {
  AskedQuestion asked;
  auto caller = access::ParseCaller(options.as);
  if (!caller) return Fail(caller.error(), "--as");
  asked.caller = std::move(*caller);
  auto claims = ReadClaims(options.claims);
  if (!claims) return Fail(claims.error());
  if (asked.caller.kind == access::Caller::Kind::kUser) {
    asked.caller.claims = std::move(*claims);
  } else if (!claims->empty()) {
    asked.note = "--claim means nothing for a service account: ignored";
  }
  if (auto status = ReadCarrier(options, asked); !status) {
    return Fail(status.error());
  }
  auto connection = ReadConnectionRef(options.connection);
  if (!connection) return Fail(connection.error());
  asked.connection = std::move(*connection);
  auto now = ReadTime(options.at, clock);
  if (!now) return Fail(now.error());
  asked.now = *now;
  asked.question.delivery = ReadDelivery(options.deliver);
  asked.question.slot = options.slot;
  asked.question.enrolled = options.enrolled;
  return asked;
}

Result<model::ObjectRef> ReadConnectionRef(const std::string& text) {
  const size_t slash = text.find('/');
  if (slash != std::string::npos) {
    model::ObjectRef ref{text.substr(0, slash), text.substr(slash + 1)};
    if (IsDnsLabel(ref.ns) && IsDnsSubdomain(ref.name)) return ref;
  }
  return Fail(ErrorCode::kInvalidArgument,
              "\"" + text + "\" is not a connection: write NAMESPACE/NAME");
}

Result<Time> ReadTime(const std::string& at, const Clock& clock) {
  if (at.empty()) return clock.Now();
  auto time = ParseRfc3339(at);
  if (!time) return Fail(time.error(), "--at");
  return *time;
}

access::Delivery ReadDelivery(const std::string& text) {
  return text == "disclose" ? access::Delivery::kDisclose
                            : access::Delivery::kInject;
}

Result<model::ObjectRef> ReadServiceAccount(const std::string& option,
                                            const std::string& text) {
  auto caller = access::ParseCaller(text);
  if (!caller) return Fail(caller.error(), option);
  if (caller->kind != access::Caller::Kind::kServiceAccount) {
    return Fail(ErrorCode::kInvalidArgument,
                option + ": \"" + text + "\" is not sa/NAMESPACE/NAME");
  }
  return model::ObjectRef{caller->ns, caller->name};
}

}  // namespace claviger::cli
