// SPDX-License-Identifier: Apache-2.0
//
// Worlds as text, for people who look at a failure.
#include <sstream>

#include "support/world.h"

namespace claviger::testing {
namespace {

using model::Subject;

std::string Text(const Subject& subject) {
  std::string text(ToString(subject.kind));
  if (!subject.ns.empty()) text += " " + subject.ns + "/" + subject.name;
  if (subject.ns.empty() && !subject.name.empty()) text += " " + subject.name;
  return text;
}

std::string Text(const std::vector<Subject>& subjects) {
  std::string text = "[";
  for (const Subject& subject : subjects) {
    if (text.size() > 1) text += ", ";
    text += Text(subject);
  }
  return text + "]";
}

std::string Text(const model::VaultRef& ref) {
  std::string text = std::string(ToString(ref.engine)) + ":" + ApiPath(ref);
  if (ref.version) text += " version " + std::to_string(*ref.version);
  for (const auto& [ours, theirs] : ref.keys) text += " " + ours + "=" + theirs;
  return text;
}

std::string Text(const model::PrivilegeSet& set) {
  std::string text = "[";
  for (const model::Privilege one :
       {model::Privilege::kView, model::Privilege::kUse,
        model::Privilege::kReadSecret, model::Privilege::kShare,
        model::Privilege::kManage}) {
    if (!set.Has(one)) continue;
    if (text.size() > 1) text += ", ";
    text += ToString(one);
  }
  return text + "]";
}

std::string Text(const std::optional<model::Refusal>& refused) {
  return refused ? "  refused: " + refused->reason + "\n" : "";
}

void Print(std::ostream& out, const model::Group& group) {
  out << "- Group " << group.metadata.name
      << "\n  members: " << Text(group.members) << "\n";
  if (group.claim) {
    out << "  claim: " << group.claim->name << "=" << group.claim->value
        << "\n";
  }
  out << Text(group.refused);
}

void PrintGate(std::ostream& out, const model::Connection& connection) {
  if (!connection.workloads) return;
  out << "  workloads:";
  for (const model::Workload& entry : *connection.workloads) {
    out << " " << entry.ns << "[";
    if (!entry.service_accounts) out << "*";
    if (entry.service_accounts) {
      for (const std::string& name : *entry.service_accounts)
        out << name << " ";
    }
    out << "]";
  }
  out << "\n";
}

void Print(std::ostream& out, const model::Connection& connection) {
  out << "- Connection " << ToString(connection.ref())
      << "\n  uid: " << connection.metadata.uid;
  if (connection.metadata.created) {
    out << " created " << FormatRfc3339(*connection.metadata.created);
  }
  out << "\n  provider: " << connection.provider << " "
      << connection.credentials.type << "\n";
  if (connection.owner) out << "  owner: " << Text(*connection.owner) << "\n";
  out << "  sharing: " << ToString(connection.sharing.mode);
  for (const std::string& group : connection.sharing.groups) {
    out << " " << group;
  }
  out << "\n  mode: " << ToString(connection.credentials.mode)
      << (connection.credentials.allow_personal ? "" : ", no personal")
      << (connection.server_side_only ? ", serverSideOnly" : "")
      << (connection.secret_readers == model::SecretReaders::kUsers
              ? ", readers Users"
              : ", readers Granted")
      << "\n";
  if (connection.credentials.default_slot) {
    out << "  default: " << Text(connection.credentials.default_slot->vault)
        << (connection.credentials.default_slot->server_side_only
                ? " serverSideOnly"
                : "")
        << "\n";
  }
  PrintGate(out, connection);
  out << Text(connection.refused);
}

void Print(std::ostream& out, const model::Grant& grant) {
  out << "- Grant " << grant.metadata.name << " on "
      << ToString(grant.connection_ref()) << "\n  "
      << (grant.effect == model::Effect::kAllow ? "Allow " : "Deny ")
      << Text(grant.privileges) << " to " << Text(grant.subjects)
      << (grant.suspended ? ", suspended" : "") << "\n";
  if (grant.metadata.created) {
    out << "  created " << FormatRfc3339(*grant.metadata.created) << " uid "
        << grant.metadata.uid << "\n";
  }
  if (grant.stamp) {
    out << "  stamp: " << grant.stamp->connection_uid << " "
        << grant.stamp->endpoint_fingerprint << "\n";
  }
  if (grant.credential) {
    out << "  credential: " << Text(grant.credential->vault) << " priority "
        << grant.credential->priority
        << (grant.credential->server_side_only ? " serverSideOnly" : "")
        << "\n";
  }
  if (grant.window.not_before) {
    out << "  notBefore: " << FormatRfc3339(*grant.window.not_before) << "\n";
  }
  if (grant.window.expires_at) {
    out << "  expiresAt: " << FormatRfc3339(*grant.window.expires_at) << "\n";
  }
  out << Text(grant.refused);
}

}  // namespace

std::string Describe(const model::Objects& objects) {
  std::ostringstream out;
  for (const model::Group& group : objects.groups) Print(out, group);
  for (const model::Connection& one : objects.connections) Print(out, one);
  for (const model::Grant& grant : objects.grants) Print(out, grant);
  for (const model::BrokenDeny& deny : objects.broken_denies) {
    out << "- broken Deny on " << ToString(deny.connection) << "\n";
  }
  return out.str();
}

std::string Describe(const World& world) {
  std::ostringstream out;
  out << "seed: " << world.seed << "\nnow: " << FormatRfc3339(world.now) << "\n"
      << Describe(world.objects);
  for (const access::Caller& caller : world.callers) {
    if (caller.claims.empty()) continue;
    out << "- claims of " << ToString(caller) << ":";
    for (const auto& [name, values] : caller.claims) {
      for (const std::string& value : values)
        out << " " << name << "=" << value;
    }
    out << "\n";
  }
  return out.str();
}

std::string Describe(const access::Question& question) {
  std::string text(ToString(question.delivery));
  if (question.slot) text += ", slot '" + *question.slot + "'";
  if (question.enrolled) text += ", enrolled";
  if (question.carrier) text += ", carried by " + ToString(*question.carrier);
  return text;
}

}  // namespace claviger::testing
