// SPDX-License-Identifier: Apache-2.0
#include "access/bindings_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "support/builders.h"

namespace claviger::testing {
namespace {

using access::Binding;
using access::BindingsDocument;
using access::ConnectionFacts;
using access::DecodeBindings;
using access::EncodeBindings;
using access::GrantEntry;
using access::Slot;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Every field set to something that is not its default.
std::shared_ptr<ConnectionFacts> FullFacts() {
  auto facts = std::make_shared<ConnectionFacts>();
  facts->ref = Ref("sales/warehouse");
  facts->uid = "0b7c";
  facts->provider = "postgresql";
  facts->endpoint.url = "https://api.corp/x";
  facts->endpoint.host = "dw.corp";
  facts->endpoint.port = 5433;
  facts->endpoint.hosts = {"a.corp", "b.corp:99"};
  facts->endpoint.database = "dw";
  facts->endpoint.insecure = true;
  facts->endpoint.methods = {"GET"};
  facts->endpoint.path_prefixes = {"/v1"};
  facts->endpoint.tls = {"require", "-----BEGIN", "other.corp"};
  facts->endpoint.parameters = {{"application_name", "bi \"x\""}};
  facts->credential_type = "password";
  facts->sharing = model::SharingMode::kViewerCredentials;
  facts->mode = model::CredentialMode::kPerUser;
  facts->personal_allowed = true;
  facts->server_side_only = false;
  facts->secret_readers = model::SecretReaders::kUsers;
  facts->on_secret_failure = model::OnSecretFailure::kNext;
  facts->max_stale = std::chrono::seconds(90);
  facts->injectable = true;
  facts->workloads = {{"reports", std::nullopt},
                      {"sales", std::vector<std::string>{"web", "etl"}}};
  facts->default_slot = Slot{Kv2("secret", "sales/dw"), 0, true};
  facts->default_slot->vault.version = 3;
  facts->default_slot->vault.keys = {{"username", "user"}};
  facts->refused = model::Refusal{"PathClaimed", "detail", "fix"};
  return facts;
}

GrantEntry FullGrant(const std::string& name) {
  GrantEntry grant;
  grant.name = name;
  grant.privileges = {model::Privilege::kUse, model::Privilege::kManage};
  grant.depth = 2;
  grant.window.not_before = Time(std::chrono::milliseconds(1'700'000'000'001));
  grant.window.expires_at = Time(std::chrono::milliseconds(1'900'000'000'999));
  grant.slot = std::make_shared<const Slot>(
      Slot{DatabaseRole("database", "sales.ro"), -5, true});
  return grant;
}

BindingsDocument FullDocument() {
  GrantEntry deny;
  deny.name = "b";
  deny.effect = model::Effect::kDeny;
  deny.privileges = {model::Privilege::kReadSecret};
  BindingsDocument document;
  document.principal = "sa.reports.nightly";
  document.bindings.push_back(
      {FullFacts(), true, true, {FullGrant("a"), deny}});
  document.claim_groups = {{"finance", {"groups", "fin-team"}}};
  return document;
}

constexpr std::string_view kFullText =
    R"({"bindings":[{"credentialType":"password","default":{"serverSideOnly)"
    R"(":true,"vault":{"engine":"kv2","keys":{"username":"user"},"mount":"s)"
    R"(ecret","path":"sales/dw","version":3}},"endpoint":{"database":"dw",")"
    R"(host":"dw.corp","hosts":["a.corp","b.corp:99"],"insecure":true,"meth)"
    R"(ods":["GET"],"parameters":{"application_name":"bi \"x\""},"pathPrefi)"
    R"(xes":["/v1"],"port":5433,"tls":{"caBundle":"-----BEGIN","mode":"requ)"
    R"(ire","serverName":"other.corp"},"url":"https://api.corp/x"},"grants")"
    R"(:[{"depth":2,"expiresAt":1900000000999,"name":"a","notBefore":170000)"
    R"(0000001,"privileges":["use","manage"],"slot":{"priority":-5,"serverS)"
    R"(ideOnly":true,"vault":{"engine":"database","mount":"database","role")"
    R"(:"sales.ro"}}},{"deny":true,"name":"b","privileges":["readSecret"]}])"
    R"(,"injectable":true,"maxStaleSeconds":90,"mode":"PerUser","name":"war)"
    R"(ehouse","namespace":"sales","onSecretFailure":"Next","owner":true,"p)"
    R"(ersonal":true,"provider":"postgresql","refused":{"detail":"detail",")"
    R"(fix":"fix","reason":"PathClaimed"},"secretReaders":"Users","serverSi)"
    R"(deOnly":false,"shared":true,"sharing":"ViewerCredentials","uid":"0b7)"
    R"(c","workloads":[{"namespace":"reports"},{"namespace":"sales","servic)"
    R"(eAccounts":["web","etl"]}]}],"claimGroups":[{"claim":"groups","group)"
    R"(":"finance","value":"fin-team"}],"format":1,"part":0,"parts":1,"prin)"
    R"(cipal":"sa.reports.nightly"})";

BindingsDocument ManyConnections(int count) {
  BindingsDocument document;
  document.principal = "sa.reports.nightly";
  for (int i = 0; i < count; ++i) {
    auto facts = FullFacts();
    facts->ref.name = "c" + std::to_string(1000 + i);
    document.bindings.push_back({facts, false, true, {FullGrant("a")}});
  }
  return document;
}

bool SameEndpoint(const model::Endpoint& a, const model::Endpoint& b) {
  return a.url == b.url && a.host == b.host && a.port == b.port &&
         a.hosts == b.hosts && a.database == b.database &&
         a.insecure == b.insecure && a.methods == b.methods &&
         a.path_prefixes == b.path_prefixes && a.tls == b.tls &&
         a.parameters == b.parameters;
}

// A slot of either kind: optional or shared.
template <typename S>
bool SameSlot(const S& a, const S& b) {
  if (!a || !b) return !a && !b;
  return a->vault == b->vault && a->priority == b->priority &&
         a->server_side_only == b->server_side_only;
}

TEST(BindingsDocumentTest, ComesBackAsItWasWritten) {
  const BindingsDocument document = FullDocument();
  const auto read = DecodeBindings(EncodeBindings(document));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->principal, "sa.reports.nightly");
  ASSERT_EQ(read->claim_groups.size(), 1U);
  EXPECT_EQ(read->claim_groups[0].group, "finance");
  EXPECT_TRUE(read->claim_groups[0].claim ==
              (model::Claim{"groups", "fin-team"}));
  ASSERT_EQ(read->bindings.size(), 1U);
  EXPECT_TRUE(read->bindings[0].owner);
  EXPECT_TRUE(read->bindings[0].shared);
}

TEST(BindingsDocumentTest, KeepsEveryFactOfAConnection) {
  const auto read = DecodeBindings(EncodeBindings(FullDocument()));
  ASSERT_TRUE(read);
  const ConnectionFacts& facts = *read->bindings[0].facts;
  const auto original = FullFacts();
  const ConnectionFacts& was = *original;
  EXPECT_TRUE(facts.ref == was.ref);
  EXPECT_EQ(facts.uid, was.uid);
  EXPECT_EQ(facts.provider, was.provider);
  EXPECT_TRUE(SameEndpoint(facts.endpoint, was.endpoint));
  EXPECT_EQ(facts.credential_type, was.credential_type);
  EXPECT_EQ(facts.sharing, was.sharing);
  EXPECT_EQ(facts.mode, was.mode);
  EXPECT_EQ(facts.personal_allowed, was.personal_allowed);
  EXPECT_EQ(facts.server_side_only, was.server_side_only);
  EXPECT_EQ(facts.secret_readers, was.secret_readers);
  EXPECT_EQ(facts.on_secret_failure, was.on_secret_failure);
  EXPECT_EQ(facts.max_stale, was.max_stale);
  EXPECT_EQ(facts.injectable, was.injectable);
  ASSERT_TRUE(facts.workloads);
  EXPECT_EQ((*facts.workloads)[0].service_accounts, std::nullopt);
  EXPECT_EQ((*facts.workloads)[1].service_accounts,
            (*was.workloads)[1].service_accounts);
  EXPECT_TRUE(SameSlot(facts.default_slot, was.default_slot));
  ASSERT_TRUE(facts.refused);
  EXPECT_EQ(facts.refused->reason, "PathClaimed");
}

TEST(BindingsDocumentTest, KeepsEveryFieldOfAGrant) {
  const auto read = DecodeBindings(EncodeBindings(FullDocument()));
  ASSERT_TRUE(read);
  ASSERT_EQ(read->bindings[0].grants.size(), 2U);
  const GrantEntry& grant = read->bindings[0].grants[0];
  const GrantEntry was = FullGrant("a");
  EXPECT_EQ(grant.name, "a");
  EXPECT_EQ(grant.effect, model::Effect::kAllow);
  EXPECT_TRUE(grant.privileges == was.privileges);
  EXPECT_EQ(grant.depth, 2);
  EXPECT_TRUE(grant.window == was.window);
  EXPECT_TRUE(SameSlot(grant.slot, was.slot));
  const GrantEntry& deny = read->bindings[0].grants[1];
  EXPECT_EQ(deny.effect, model::Effect::kDeny);
  EXPECT_EQ(deny.depth, std::nullopt);
  EXPECT_FALSE(deny.slot);
  EXPECT_TRUE(deny.window == model::Window());
}

// Vault gives objects back with their keys sorted, and what is read is compared
// with this text.
TEST(BindingsDocumentTest, TextIsThatOfATreeWithSortedKeys) {
  BindingsDocument document = FullDocument();
  auto facts = FullFacts();
  facts->ref.name = "zeta";
  facts->refused->detail = "a \"b\" \\ \t \x01 \x7f f\xc3\xbcr \xff <&>";
  facts->endpoint.parameters = {{"k\"\n", ""}, {"\xe2\x80\xa8", "\xc3"}};
  facts->workloads = std::vector<model::Workload>();
  document.principal = "user.\"<&>\\";
  document.bindings.push_back({facts, false, false, {}});
  auto plain = std::make_shared<ConnectionFacts>();
  plain->ref = Ref("zz/plain");
  document.bindings.push_back({plain, false, true, {GrantEntry()}});
  document.claim_groups.push_back({"eu", {"re/gion", "\xc3\xa9\r"}});
  for (const std::string& part : EncodeBindings(document, 1)) {
    EXPECT_EQ(part, DumpJson(json::parse(part)));
  }
  EXPECT_TRUE(DecodeBindings(EncodeBindings(document)));
}

// A release that wrote other bytes would write everyone's bindings anew.
TEST(BindingsDocumentTest, TextStaysWhatItIs) {
  EXPECT_EQ(EncodeBindings(FullDocument()).front(), kFullText);
}

TEST(BindingsDocumentTest, AnEmptyDocumentIsOnePart) {
  BindingsDocument document;
  document.principal = "everyone.sa";
  const auto parts = EncodeBindings(document, 1);
  ASSERT_EQ(parts.size(), 1U);
  const auto read = DecodeBindings(parts);
  ASSERT_TRUE(read);
  EXPECT_THAT(read->bindings, IsEmpty());
}

TEST(BindingsDocumentTest, SplitsAtTheLimitAndOnlyThen) {
  const BindingsDocument document = ManyConnections(50);
  const std::string whole = EncodeBindings(document).front();
  EXPECT_EQ(EncodeBindings(document).size(), 1U);
  for (const size_t limit : {whole.size() / 2, whole.size() / 5}) {
    const auto parts = EncodeBindings(document, limit);
    EXPECT_GT(parts.size(), 1U);
    for (const std::string& part : parts) EXPECT_LE(part.size(), limit);
    EXPECT_EQ(access::CountParts(parts.front()).value_or(0),
              static_cast<int>(parts.size()));
    const auto read = DecodeBindings(parts);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(EncodeBindings(*read).front(), whole);
  }
}

TEST(BindingsDocumentTest, PutsAConnectionThatIsTooLargeIntoAPartOfItsOwn) {
  EXPECT_EQ(EncodeBindings(ManyConnections(3), 1).size(), 3U);
}

TEST(BindingsDocumentTest, RefusesPartsThatDoNotBelongTogether) {
  const auto parts = EncodeBindings(ManyConnections(3), 1);
  BindingsDocument other = ManyConnections(3);
  other.principal = "sa.reports.other";
  const auto others = EncodeBindings(other, 1);
  using Parts = std::vector<std::string>;
  for (const Parts& wrong :
       {Parts{}, Parts{parts[0]}, Parts{parts[0], parts[1]},
        Parts{parts[0], parts[2], parts[1]},
        Parts{parts[0], parts[0], parts[1]},
        Parts{parts[0], parts[1], parts[2], parts[2]},
        Parts{parts[0], others[1], parts[2]}}) {
    const auto read = DecodeBindings(wrong);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::kMalformed);
  }
}

TEST(BindingsDocumentTest, RefusesMoreThanSixtyFourParts) {
  const auto parts = EncodeBindings(ManyConnections(65), 1);
  ASSERT_EQ(parts.size(), 65U);
  EXPECT_FALSE(DecodeBindings(parts));
  EXPECT_FALSE(access::CountParts(parts.front()));
  EXPECT_TRUE(DecodeBindings(EncodeBindings(ManyConnections(64), 1)));
}

// The full document with one change: `path` is a JSON pointer.
bool AcceptsWith(const std::string& path, const json& value) {
  json text = json::parse(EncodeBindings(FullDocument()).front());
  text[json::json_pointer(path)] = value;
  return DecodeBindings({text.dump()}).has_value();
}

bool AcceptsWithout(const std::string& path) {
  json text = json::parse(EncodeBindings(FullDocument()).front());
  const size_t slash = path.rfind('/');
  text[json::json_pointer(path.substr(0, slash))].erase(path.substr(slash + 1));
  return DecodeBindings({text.dump()}).has_value();
}

TEST(BindingsDocumentTest, RefusesWhatIsNotSuchADocument) {
  for (const char* text :
       {"", "{}", "[]", "null", "{\"format\":1}", "not json",
        "{\"format\":1,\"principal\":\"x\",\"part\":0,\"parts\":1,"
        "\"bindings\":{}}",
        "{\"format\":1,\"principal\":\"x\",\"part\":0,\"parts\":1,"
        "\"bindings\":[1]}"}) {
    EXPECT_FALSE(DecodeBindings({text})) << text;
  }
}

TEST(BindingsDocumentTest, RefusesUnknownValues) {
  const std::string first = "/bindings/0";
  ASSERT_TRUE(AcceptsWith(first + "/uid", "other"));
  const std::vector<std::pair<std::string, json>> wrong = {
      {"/format", 2},
      {first + "/sharing", "Public"},
      {first + "/mode", "Any"},
      {first + "/mode", 1},
      {first + "/default/vault/engine", "kv3"},
      {first + "/grants/0/privileges", {"root"}},
      {first + "/grants/0/privileges", "use"},
      {first + "/grants/0/deny", "yes"},
      {first + "/owner", 1},
      {first + "/workloads", "reports"},
      {first + "/endpoint", nullptr}};
  for (const auto& [path, value] : wrong) {
    EXPECT_FALSE(AcceptsWith(path, value)) << path << " " << value;
  }
}

// What would be taken for something else, or for something nearer.
TEST(BindingsDocumentTest, RefusesNumbersOutOfRange) {
  const std::string grant = "/bindings/0/grants/0";
  for (const char* field : {"/depth", "/slot/priority"}) {
    for (const json& value : {json(int64_t{1} << 32), json(1.5), json("1"),
                              json(-2'000), json(UINT64_MAX)}) {
      EXPECT_FALSE(AcceptsWith(grant + field, value)) << field << value;
    }
  }
  EXPECT_FALSE(AcceptsWith(grant + "/depth", -1));
  EXPECT_FALSE(AcceptsWith(grant + "/notBefore", UINT64_MAX));
  EXPECT_FALSE(AcceptsWith("/bindings/0/endpoint/port", 65'536));
  EXPECT_FALSE(AcceptsWith("/bindings/0/endpoint/port", 0));
  EXPECT_FALSE(AcceptsWith("/bindings/0/default/vault/version", 0));
}

TEST(BindingsDocumentTest, RefusesWhatIsMissingWhereADefaultCouldBeWider) {
  const std::string first = "/bindings/0";
  for (const std::string& path :
       {first + "/name", first + "/namespace", first + "/uid", first + "/mode",
        first + "/sharing", first + "/grants/0/name",
        first + "/grants/1/privileges", first + "/default/vault",
        first + "/default/vault/mount", first + "/default/vault/path",
        std::string("/principal"), std::string("/parts"),
        std::string("/format")}) {
    EXPECT_FALSE(AcceptsWithout(path)) << path;
  }
}

// Merging and finding go by order.
TEST(BindingsDocumentTest, RefusesGrantsOrConnectionsOutOfOrderOrTwice) {
  json text = json::parse(EncodeBindings(FullDocument()).front());
  std::swap(text["bindings"][0]["grants"][0], text["bindings"][0]["grants"][1]);
  EXPECT_FALSE(DecodeBindings({text.dump()}));
  text = json::parse(EncodeBindings(FullDocument()).front());
  text["bindings"].push_back(text["bindings"][0]);
  EXPECT_FALSE(DecodeBindings({text.dump()}));
  text = json::parse(EncodeBindings(ManyConnections(2)).front());
  std::swap(text["bindings"][0], text["bindings"][1]);
  EXPECT_FALSE(DecodeBindings({text.dump()}));
}

TEST(MergeDocumentsTest, KeepsTheNearestDepthAndAnyOwnershipSharingOrDeny) {
  auto facts = FullFacts();
  const auto grant = [](const std::string& name, std::optional<int> depth) {
    GrantEntry entry = FullGrant(name);
    entry.depth = depth;
    return entry;
  };
  BindingsDocument own;
  own.bindings.push_back(
      {facts, true, false, {grant("a", 3), grant("c", std::nullopt)}});
  BindingsDocument claim;
  claim.bindings.push_back(
      {facts, false, true, {grant("a", 1), grant("b", 2), grant("c", 16)}});
  BindingsDocument everyone;
  everyone.bindings.push_back({facts, false, false, {grant("a", {})}});

  const auto merged = access::MergeDocuments({&own, &claim, &everyone});
  ASSERT_EQ(merged.size(), 1U);
  EXPECT_TRUE(merged[0].owner);
  EXPECT_TRUE(merged[0].shared);
  std::vector<std::string> grants;
  for (const GrantEntry& one : merged[0].grants) {
    grants.push_back(one.name + std::to_string(one.depth.value_or(-1)));
  }
  EXPECT_THAT(grants, ElementsAre("a1", "b2", "c16"));
}

TEST(MergeDocumentsTest, SortsConnectionsSoThatTheyAreFound) {
  BindingsDocument one;
  BindingsDocument two;
  for (const char* ref : {"b/x", "a/y"}) {
    auto facts = FullFacts();
    facts->ref = Ref(ref);
    (std::string(ref) == "b/x" ? one : two)
        .bindings.push_back({facts, false, false, {}});
  }
  const auto merged = access::MergeDocuments({&one, &two});
  ASSERT_NE(access::FindBinding(merged, Ref("a/y")), nullptr);
  ASSERT_NE(access::FindBinding(merged, Ref("b/x")), nullptr);
  EXPECT_EQ(access::FindBinding(merged, Ref("a/x")), nullptr);
  EXPECT_EQ(access::FindBinding({}, Ref("a/x")), nullptr);
}

TEST(SatisfiedClaimGroupsTest, WantsTheClaimWithThatValue) {
  BindingsDocument document;
  document.claim_groups = {{"fin", {"groups", "fin-team"}},
                           {"hr", {"groups", "hr-team"}},
                           {"eu", {"region", "eu"}}};
  EXPECT_THAT(
      access::SatisfiedClaimGroups(
          document, {{"groups", {"x", "fin-team"}}, {"region", {"us"}}}),
      ElementsAre("fin"));
  EXPECT_THAT(access::SatisfiedClaimGroups(document, {}), IsEmpty());
}

}  // namespace
}  // namespace claviger::testing
