// SPDX-License-Identifier: Apache-2.0
//
// The custom resource definitions as text: every field taught and bounded, the
// bounds those of limits.h, the tables those of the catalogue, and the fields
// those of docs/reference/manifests.md. That the rules in them mean the same as
// validation is for tests/integration/crd_agreement_real_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "model/limits.h"
#include "model/yaml_reader.h"
#include "providers/catalogue.h"

namespace claviger::providers {
namespace {

using model::Node;
using ::testing::Contains;
using ::testing::ElementsAreArray;
using ::testing::IsSubsetOf;

std::string Read(const std::string& path) {
  auto text =
      ReadFile(std::string(CLAVIGER_SOURCE_DIR) + "/" + path, size_t{1} << 20U);
  EXPECT_TRUE(text.has_value()) << path;
  return text.value_or("");
}

const Node& At(const Node& node, const std::vector<std::string>& path) {
  static const Node none;
  const Node* at = &node;
  for (const std::string& key : path) {
    at = at->Find(key);
    if (at == nullptr) return none;
  }
  return *at;
}

/// One file of crds/.
struct Crd {
  Node root;

  const Node& version() const {
    return At(root, {"spec", "versions"}).children.at(0);
  }
  const Node& schema() const {
    return At(version(), {"schema", "openAPIV3Schema"});
  }
};

std::map<std::string, Crd> Load() {
  std::map<std::string, Crd> all;
  for (const char* name : {"connections", "grants", "groups"}) {
    model::Documents documents =
        model::ReadYaml(Read("crds/" + std::string(name) + ".yaml"));
    EXPECT_FALSE(documents.error) << name;
    Crd crd{std::move(documents.roots.at(0))};
    all[At(crd.root, {"spec", "names", "kind"}).text] = std::move(crd);
  }
  return all;
}

const std::map<std::string, Crd>& Crds() {
  static const std::map<std::string, Crd> all = Load();
  return all;
}

/// Calls `visit(path, schema)` for a schema and all below it; lists add "[]",
/// maps "{}".
template <typename Visit>
void Walk(const Node& schema, const std::string& path, const Visit& visit) {
  visit(path, schema);
  for (const Node& property : At(schema, {"properties"}).children) {
    Walk(property, path.empty() ? property.key : path + "." + property.key,
         visit);
  }
  if (const Node* items = schema.Find("items")) {
    Walk(*items, path + "[]", visit);
  }
  if (const Node* values = schema.Find("additionalProperties")) {
    Walk(*values, path + "{}", visit);
  }
}

std::string Text(const Node& node, const char* key) {
  const Node* child = node.Find(key);
  return child == nullptr ? "" : child->text;
}

bool IsEntry(const std::string& path) {
  const std::string end = path.size() < 2 ? "" : path.substr(path.size() - 2);
  return end == "[]" || end == "{}";
}

TEST(CrdsTest, DescribeEveryField) {
  for (const auto& [kind, crd] : Crds()) {
    Walk(crd.schema(), "", [&kind = kind](const auto& path, const Node& node) {
      // The API server has its own words for metadata.
      if (path == "metadata" || IsEntry(path)) return;
      const std::string description = Text(node, "description");
      ASSERT_GE(description.size(), 10U) << kind << " " << path;
      EXPECT_EQ(description.substr(description.size() - 1), ".") << path;
    });
  }
}

TEST(CrdsTest, BoundEveryTextListMapAndNumber) {
  for (const auto& [kind, crd] : Crds()) {
    Walk(crd.schema(), "", [&kind = kind](const auto& path, const Node& node) {
      const std::string type = Text(node, "type");
      SCOPED_TRACE(kind + " " + path);
      EXPECT_FALSE(type.empty());
      if (type == "string" && !node.Find("enum")) {
        EXPECT_TRUE(node.Find("maxLength"));
      }
      if (type == "array") {
        EXPECT_TRUE(node.Find("maxItems"));
      }
      if (node.Find("additionalProperties")) {
        EXPECT_TRUE(node.Find("maxProperties"));
      }
      if (type == "integer") {
        EXPECT_TRUE(node.Find("minimum"));
      }
      EXPECT_FALSE(node.Find("x-kubernetes-preserve-unknown-fields"));
      EXPECT_FALSE(node.Find("nullable"));
    });
  }
}

/// Every bound that the schemas of a kind give at paths of that end.
std::set<std::string> Bounds(const std::string& kind, const std::string& end,
                             const char* bound) {
  std::set<std::string> found;
  Walk(Crds().at(kind).schema(), "", [&](const auto& path, const Node& node) {
    if (path.size() < end.size() ||
        path.compare(path.size() - end.size(), end.size(), end) != 0) {
      return;
    }
    found.insert(Text(node, bound));
  });
  return found;
}

TEST(CrdsTest, HaveTheBoundsOfTheModel) {
  struct Row {
    const char* kind;
    const char* path;
    const char* bound;
    int64_t value;
  };
  using namespace model;  // NOLINT(google-build-using-namespace): its limits
  for (const Row& row : std::vector<Row>{
           {"Connection", "sharing.groups", "maxItems", kMaxSharingGroups},
           {"Connection", "workloads", "maxItems", kMaxWorkloads},
           {"Connection", ".serviceAccounts", "maxItems", kMaxServiceAccounts},
           {"Connection", "endpoint.url", "maxLength", kMaxUrl},
           {"Connection", "endpoint.hosts", "maxItems", kMaxHosts},
           {"Connection", "endpoint.database", "maxLength", kMaxDatabase},
           {"Connection", "endpoint.methods", "maxItems", kMaxMethods},
           {"Connection", ".pathPrefixes", "maxItems", kMaxPathPrefixes},
           {"Connection", ".pathPrefixes[]", "maxLength", kMaxPathPrefix},
           {"Connection", "tls.caBundle", "maxLength", kMaxCaBundle},
           {"Connection", ".parameters", "maxProperties", kMaxParameters},
           {"Connection", ".parameters{}", "maxLength", kMaxParameterValue},
           {"Connection", "vault.mount", "maxLength", kMaxMount},
           {"Connection", "vault.keys", "maxProperties", kMaxKeys},
           {"Connection", "vault.version", "maximum", kMaxVersion},
           {"Grant", "vault.mount", "maxLength", kMaxMount},
           {"Grant", "vault.keys", "maxProperties", kMaxKeys},
           {"Grant", "vault.version", "maximum", kMaxVersion},
           {"Grant", "spec.subjects", "maxItems", kMaxSubjects},
           {"Grant", "spec.privileges", "maxItems", kMaxPrivileges},
           {"Grant", "credential.priority", "minimum", kMinPriority},
           {"Grant", "credential.priority", "maximum", kMaxPriority},
           {"Grant", "spec.reason", "maxLength", kMaxReason},
           {"Group", "spec.members", "maxItems", kMaxMembers},
           {"Group", "spec.admins", "maxItems", kMaxAdmins},
           {"Group", "claim.name", "maxLength", kMaxClaimName}}) {
    EXPECT_THAT(Bounds(row.kind, row.path, row.bound),
                ::testing::ElementsAre(std::to_string(row.value)))
        << row.kind << " " << row.path << " " << row.bound;
  }
}

std::vector<std::string> Words(const Node& list) {
  std::vector<std::string> words;
  for (const Node& child : list.children) words.push_back(child.text);
  return words;
}

template <typename T>
std::vector<std::string> Ids(const std::vector<T>& rows) {
  std::vector<std::string> ids;
  for (const T& row : rows) ids.emplace_back(row.id);
  return ids;
}

std::set<std::string> Rules(const Node& schema) {
  std::set<std::string> rules;
  for (const Node& one : At(schema, {"x-kubernetes-validations"}).children) {
    rules.insert(Text(one, "rule"));
  }
  return rules;
}

/// "['a', 'b']"
std::string List(const std::vector<std::string_view>& words) {
  std::string list = "[";
  for (const std::string_view word : words) {
    if (list.size() > 1) list += ", ";
    list.append("'").append(word).append("'");
  }
  return list + "]";
}

TEST(CrdsTest, HoldTheCatalogueOfProviders) {
  const Node& spec =
      At(Crds().at("Connection").schema(), {"properties", "spec"});
  const Node& credentials = At(spec, {"properties", "credentials"});
  EXPECT_THAT(Words(At(spec, {"properties", "provider", "enum"})),
              ElementsAreArray(Ids(AllProviders())));
  EXPECT_THAT(Words(At(credentials, {"properties", "type", "enum"})),
              ElementsAreArray(Ids(AllCredentialTypes())));
  const std::set<std::string> rules = Rules(spec);
  for (const Provider& provider : AllProviders()) {
    const std::string guard =
        "self.provider != '" + std::string(provider.id) + "' || ";
    EXPECT_THAT(rules, Contains(guard + "self.credentials.type in " +
                                List(provider.types)));
    EXPECT_THAT(rules, Contains(guard +
                                "!has(self.endpoint.parameters) || "
                                "self.endpoint.parameters.all(name, name in " +
                                List(provider.parameters) + ")"));
  }
  const std::set<std::string> key_rules = Rules(credentials);
  for (const CredentialType& type : AllCredentialTypes()) {
    std::vector<std::string_view> keys = type.required;
    keys.insert(keys.end(), type.optional.begin(), type.optional.end());
    EXPECT_THAT(key_rules, Contains("self.type != '" + std::string(type.id) +
                                    "' || !has(self.default) || "
                                    "!has(self.default.vault.keys) || "
                                    "self.default.vault.keys.all(key, key in " +
                                    List(keys) + ")"));
  }
}

TEST(CrdsTest, SayWhatIsWrongAndHowToPutItRight) {
  for (const auto& [kind, crd] : Crds()) {
    Walk(crd.schema(), "", [&kind = kind](const auto& path, const Node& node) {
      for (const Node& rule : At(node, {"x-kubernetes-validations"}).children) {
        const std::string message = Text(rule, "message");
        EXPECT_THAT(message, ::testing::ContainsRegex("[;,] "))
            << kind << " " << path << ": " << Text(rule, "rule");
        EXPECT_NE(message.back(), '.') << message;
      }
    });
  }
}

TEST(CrdsTest, AreOneStoredVersionWithColumnsAndAStatus) {
  const std::map<std::string, std::string> short_names = {
      {"Connection", "clconn"}, {"Grant", "clgrant"}, {"Group", "clgroup"}};
  for (const auto& [kind, crd] : Crds()) {
    SCOPED_TRACE(kind);
    EXPECT_EQ(At(crd.root, {"spec", "group"}).text, "claviger.io");
    EXPECT_EQ(At(crd.root, {"spec", "versions"}).children.size(), 1U);
    EXPECT_EQ(Text(crd.version(), "name"), "v1alpha1");
    EXPECT_FALSE(At(crd.root, {"spec"}).Find("conversion"));
    EXPECT_TRUE(At(crd.version(), {"subresources"}).Find("status"));
    EXPECT_THAT(Words(At(crd.root, {"spec", "names", "shortNames"})),
                ::testing::ElementsAre(short_names.at(kind)));
    EXPECT_THAT(Words(At(crd.root, {"spec", "names", "categories"})),
                ::testing::ElementsAre("claviger"));
    std::vector<std::string> columns;
    for (const Node& one :
         At(crd.version(), {"additionalPrinterColumns"}).children) {
      columns.push_back(Text(one, "name"));
    }
    EXPECT_THAT(columns, Contains("Age"));
    EXPECT_THAT(columns, Contains(kind == "Group" ? "Accepted" : "Ready"));
  }
}

// --- docs/reference/manifests.md

/// The fields in the rows of the tables below "## <heading>" or
/// "**<heading>**".
std::set<std::string> DocumentedFields(const std::string& heading) {
  const std::string page = Read("docs/reference/manifests.md");
  size_t at = page.find("\n## " + heading + "\n");
  if (at == std::string::npos) at = page.find("\n**" + heading + "**\n");
  EXPECT_NE(at, std::string::npos) << heading;
  std::set<std::string> fields;
  bool in_table = false;
  for (at = page.find('\n', at + 1); at != std::string::npos;
       at = page.find('\n', at + 1)) {
    const std::string line =
        page.substr(at + 1, page.find('\n', at + 1) - at - 1);
    if (line.rfind("## ", 0) == 0) break;
    if (in_table && line.rfind('|', 0) != 0) break;
    if (line.rfind("| `", 0) != 0) continue;
    in_table = true;
    fields.insert(line.substr(3, line.find('`', 3) - 3));
  }
  return fields;
}

/// The fields of a schema; those of subjects, Vault references and conditions
/// are documented once for all.
std::set<std::string> Fields(const Node& schema, const std::string& path) {
  std::set<std::string> fields;
  Walk(schema, path, [&fields](const std::string& at, const Node& node) {
    if (IsEntry(at) || at.empty()) return;
    const bool inner = at.find(".vault.") != std::string::npos ||
                       at.find("subjects[].") != std::string::npos ||
                       at.find("members[].") != std::string::npos ||
                       at.find("admins[].") != std::string::npos ||
                       at.find("owner.") != std::string::npos ||
                       at.find("conditions[].") != std::string::npos;
    if (!inner) fields.insert(at);
    (void)node;
  });
  return fields;
}

/// Maps that the page need not name by themselves: their fields are there.
void DropParents(const std::set<std::string>& documented,
                 std::set<std::string>& fields) {
  for (auto it = fields.begin(); it != fields.end();) {
    const auto next = fields.upper_bound(*it);
    const bool parent = next != fields.end() && next->rfind(*it + ".", 0) == 0;
    it = parent && documented.count(*it) == 0 ? fields.erase(it) : ++it;
  }
}

TEST(CrdsTest, HaveTheFieldsOfTheReference) {
  for (const auto& [kind, crd] : Crds()) {
    SCOPED_TRACE(kind);
    const std::set<std::string> documented = DocumentedFields(kind);
    std::set<std::string> fields;
    for (const char* part : {"spec", "status"}) {
      fields.merge(Fields(At(crd.schema(), {"properties", part}), part));
    }
    DropParents(documented, fields);
    EXPECT_EQ(documented, fields);
  }
  EXPECT_EQ(DocumentedFields("Vault reference"),
            Fields(At(Crds().at("Grant").schema(),
                      {"properties", "spec", "properties", "credential",
                       "properties", "vault"}),
                   ""));
}

}  // namespace
}  // namespace claviger::providers
