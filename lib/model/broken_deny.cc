// SPDX-License-Identifier: Apache-2.0
#include "model/broken_deny.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "model/text.h"

namespace claviger::model {
namespace {

// Calls `visit` for `node` and everything below it.
template <typename Visit>
void Walk(const Node& node, Visit visit) {
  visit(node);
  for (const Node& child : node.children) Walk(child, visit);
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

// Written exactly so, or so that it was probably meant.
bool Means(const std::string& key, std::string_view word) {
  return key == word || (!key.empty() && Nearest(key, {word}).has_value());
}

// The broken groups, and those that they are nested in.
std::set<std::string> WithParents(const Objects& objects) {
  std::multimap<std::string_view, std::string_view> parents;
  for (const Group& group : objects.groups) {
    for (const Subject& member : group.members) {
      if (member.kind != SubjectKind::kGroup) continue;
      parents.emplace(member.name, group.metadata.name);
    }
  }
  std::vector<std::string> queue = objects.broken_groups;
  std::set<std::string> broken(queue.begin(), queue.end());
  while (!queue.empty()) {
    const std::string name = std::move(queue.back());
    queue.pop_back();
    const auto [first, last] = parents.equal_range(name);
    for (auto it = first; it != last; ++it) {
      const std::string parent(it->second);
      if (broken.insert(parent).second) queue.push_back(parent);
    }
  }
  return broken;
}

}  // namespace

bool MayDeny(const Node& root, bool truncated) {
  bool allows = false;
  bool denies = false;
  Walk(root, [&](const Node& node) {
    if (Means(node.key, "effect")) {
      const bool allow = node.kind == Node::Kind::kScalar &&
                         node.flaw == Flaw::kNone && node.text == "Allow";
      (allow ? allows : denies) = true;
    }
    if (EqualsIgnoringCase(node.text, "deny")) denies = true;
  });
  return denies || (truncated && !allows);
}

std::vector<std::string> NamedConnections(const Node& root) {
  std::vector<std::string> names;
  Walk(root, [&names](const Node& node) {
    if (node.kind != Node::Kind::kScalar || !Means(node.key, "connection")) {
      return;
    }
    // With the indentation wrong, the next line becomes a part of the name.
    const std::string name =
        node.text.substr(0, node.text.find_first_of(" \n"));
    if (!name.empty() &&
        std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(name);
    }
  });
  return names;
}

std::vector<std::string> MetadataValues(const Node& root,
                                        std::string_view field) {
  std::vector<std::string> values;
  for (const Node& metadata : root.children) {
    if (metadata.key != "metadata") continue;
    for (const Node& child : metadata.children) {
      if (child.key == field && child.kind == Node::Kind::kScalar) {
        values.push_back(child.text);
      }
    }
  }
  return values;
}

void AddDeniesOfBrokenGroups(Objects& objects) {
  if (objects.broken_groups.empty()) return;
  const std::set<std::string> broken = WithParents(objects);
  for (const Grant& grant : objects.grants) {
    const bool affected =
        grant.effect == Effect::kDeny && !grant.suspended &&
        std::any_of(grant.subjects.begin(), grant.subjects.end(),
                    [&broken](const Subject& subject) {
                      return subject.kind == SubjectKind::kGroup &&
                             broken.count(subject.name) > 0;
                    });
    if (!affected) continue;
    objects.broken_denies.push_back(
        {grant.metadata.name, grant.connection_ref(), grant.metadata.location});
  }
}

}  // namespace claviger::model
