// SPDX-License-Identifier: Apache-2.0
//
// As crd_agreement_real_test, on values: whatever may be written in a field,
// what Vault and a window may be, random text and random worlds.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "crd_bed.h"
#include "support/bad_manifests.h"
#include "support/dice.h"
#include "support/hostile_names.h"
#include "support/object_json.h"
#include "support/world.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

class CrdValuesTest : public CrdTest {};

const std::vector<std::string>& Urls() {
  static const std::vector<std::string> all = {
      "https://a",
      "https://a.corp/",
      "https://a.corp/b/c/",
      "https://a:1",
      "https://a:65535",
      "https://a:65536",
      "https://a:0",
      "https://a:",
      "https://a:01",
      "https://a:x",
      "https://:1",
      "https://",
      "https:///x",
      "http://a",
      "ftp://a",
      "HTTPS://a",
      "a.corp",
      "https:a",
      "https:/a",
      "https://a//b",
      "https://a/b//c",
      "https://a/..",
      "https://a/../b",
      "https://a/./b",
      "https://a/.",
      "https://a/b..c",
      "https://a/.b",
      "https://a?x",
      "https://a/?x",
      "https://a#x",
      "https://a/#",
      "https://u@a",
      "https://u:p@a",
      "https://a/@b",
      "https://a/b@c",
      "https://a/b%20",
      "https://a/b c",
      "https://a b",
      "https://A.corp",
      "https://a_b",
      "https://-a",
      "https://a-",
      "https://a..b",
      "https://.a",
      "https://a.",
      "https://1.2.3.4",
      "https://1.2.3.4:80/x",
      "https://1.2.3",
      "https://1",
      "https://0x7f.1",
      "https://a.0x1",
      "https://0xa.b",
      "https://1.2.3.400",
      "https://01.2.3.4",
      "https://2130706433",
      "https://a.1",
      "https://1.a",
      "https://[::1]",
      "https://[::1]:8443/x",
      "https://[::1",
      "https://::1",
      "https://[1.2.3.4]",
      "https://[::ffff:1.2.3.4]",
      "https://[fe80::1%25e]",
      "https://[a]",
      "https://[]",
      "https://[::1]x",
      "https://[::1]:",
      "https://[2001:DB8::1]/",
      "https://[::1.2.3.4]",
      "https://x[::1]",
      "https://a/~b_c-d:e=f,g",
      "https://a/b;c",
      "https://a/b&c",
      "https://a\\b",
      "https://a/b\\c",
      "https://a\n",
      "https://a/\n",
      " https://a",
      "https://a ",
      "https://" + std::string(253, 'a'),
      "https://" + std::string(254, 'a'),
      "https://" + std::string(253, 'a') + ":80"};
  return all;
}

TEST_F(CrdValuesTest, OnUrlsAndPaths) {
  for (const std::string& url : Urls()) {
    for (const bool insecure : {false, true}) {
      json object = Good(kGoodConnection);
      object["spec"]["provider"] = "http";
      object["spec"]["endpoint"] = {{"url", url}, {"insecure", insecure}};
      Agree(object.dump());
    }
    const size_t slash = url.find('/', 8);
    if (slash == std::string::npos) continue;
    json object = Good(kGoodConnection);
    object["spec"]["provider"] = "http";
    object["spec"]["endpoint"] = {{"url", "https://a"},
                                  {"pathPrefixes", {url.substr(slash)}}};
    Agree(object.dump());
  }
}

TEST_F(CrdValuesTest, OnHosts) {
  for (const std::string& url : Urls()) {
    const size_t start = url.find("//") == std::string::npos ? 0 : 8;
    if (url.size() <= start) continue;
    const std::string host =
        url.substr(start, url.find_first_of("/", start) - start);
    if (host.empty()) continue;
    json object = Good(kGoodConnection);
    json& endpoint = object["spec"]["endpoint"];
    endpoint = {{"host", host}};
    Agree(object.dump());
    endpoint = {{"hosts", {host}}};
    Agree(object.dump());
    endpoint = {{"host", "a"}, {"tls", {{"serverName", host}}}};
    Agree(object.dump());
  }
}

TEST_F(CrdValuesTest, OnCertificates) {
  const std::string begin = "-----BEGIN CERTIFICATE-----";
  const std::string end = "-----END CERTIFICATE-----";
  for (const std::string& pem : std::vector<std::string>{
           begin + "\nQUJD\n" + end, begin + "QUJD" + end + "\n\n",
           begin + "\r\nQUJD\r\n" + end + "\r\n" + begin + "\nQQ==\n" + end,
           " \t\n" + begin + "QQ" + end, begin + "\n" + end, begin + end,
           begin + "\nQU JD\n" + end, begin + "\nQU-D\n" + end, begin + "QQ",
           "QUJD", end + begin, begin + "QQ" + end + "x",
           "-----BEGIN PRIVATE KEY-----\nQQ\n-----END PRIVATE KEY-----",
           begin + "QQ" + end + "\n-----BEGIN PRIVATE KEY-----",
           begin + "QQ" + end + "\v", "\n"}) {
    json object = Good(kGoodConnection);
    object["spec"]["endpoint"]["tls"]["caBundle"] = pem;
    Agree(object.dump());
  }
}

TEST_F(CrdValuesTest, OnTimesAndWindows) {
  for (const char* time : {"2026-12-01T00:00:00Z",
                           "2026-12-01t00:00:00z",
                           "2026-12-01T00:00:00.5Z",
                           "2026-12-01T00:00:00.123456789Z",
                           "2026-12-01T00:00:00.1234567890Z",
                           "2026-12-01T00:00:00+02:00",
                           "2026-12-01T23:59:59-23:59",
                           "2026-12-01T00:00:00+24:00",
                           "2026-12-01T24:00:00Z",
                           "2026-12-01T23:59:60Z",
                           "2026-02-29T00:00:00Z",
                           "2028-02-29T00:00:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-12-32T00:00:00Z",
                           "2026-12-01",
                           "2026-12-01T00:00:00",
                           "2026-12-01 00:00:00Z",
                           "2026-12-01T00:00Z",
                           "2026-12-01T00:00:00.Z",
                           "2026-12-01T00:00:00,5Z",
                           "2026-12-01T00:00:00+0200",
                           "tomorrow",
                           "0001-01-01T00:00:00Z",
                           "9999-12-31T23:59:59Z",
                           "",
                           "2026-1-01T00:00:00Z",
                           " 2026-12-01T00:00:00Z"}) {
    for (const char* field : {"notBefore", "expiresAt"}) {
      json object = Good(kGoodGrant);
      object["spec"][field] = time;
      Agree(object.dump());
    }
  }
  for (const char* begin : {"2026-12-01T00:00:00Z", "2026-12-01T01:00:00+01:00",
                            "2026-12-01T00:00:00.001Z"}) {
    for (const char* end : {"2026-12-01T00:00:00Z", "2026-12-01T00:00:01Z",
                            "2026-11-30T23:59:59-00:01"}) {
      json object = Good(kGoodGrant);
      object["spec"]["notBefore"] = begin;
      object["spec"]["expiresAt"] = end;
      Agree(object.dump());
    }
  }
}

TEST_F(CrdValuesTest, OnReferencesToVault) {
  for (const char* engine :
       {"kv1", "kv2", "database", "database-static", "ldap", "ldap-static",
        "aws", "pki", "ssh", "read", "transit"}) {
    for (const char* path : {"", "a/b"}) {
      for (const char* role : {"", "r"}) {
        for (const int version : {-1, 0, 1, 1'000'000'000, 1'000'000'001}) {
          json object = Good(kGoodGrant);
          json& vault = object["spec"]["credential"]["vault"];
          vault = {{"engine", engine}, {"mount", "m"}};
          if (*path != 0) vault["path"] = path;
          if (*role != 0) vault["role"] = role;
          if (version >= 0) vault["version"] = version;
          Agree(object.dump());
        }
      }
    }
  }
  for (const char* mount :
       {"sys",   "SYS/x", "auth",       "Identity", "cubbyhole/x", "system",
        "a/sys", "auth2", "identity-x", "/a",       "a/",          "a//b",
        "root",  "rOot",  "ROOT/a",     "a/Root",   "a/Rooty",     "a.b",
        "a..b",  ".a",    "a.",         "a/.b",     "_a",          "-a"}) {
    json object = Good(kGoodConnection);
    json& vault = object["spec"]["credentials"]["default"]["vault"];
    vault["mount"] = mount;
    Agree(object.dump());
    vault["mount"] = "secret";
    vault["path"] = mount;
    Agree(object.dump());
    vault = {{"engine", "database"}, {"mount", "d"}, {"role", mount}};
    Agree(object.dump());
  }
  for (const size_t length : {1, 127, 128, 129, 130}) {
    json object = Good(kGoodConnection);
    json& vault = object["spec"]["credentials"]["default"]["vault"];
    vault["path"] = "a/" + std::string(length, 'b') + "/c";
    Agree(object.dump());
    vault["path"] = std::string(128, 'a') + "/" + std::string(128, 'b') + "/" +
                    std::string(128, 'c') + "/" + std::string(length - 1, 'd');
    if (length > 1) Agree(object.dump());
  }
}

TEST_F(CrdValuesTest, OnDeniesAndPrivileges) {
  for (const char* effect : {"", "Allow", "Deny"}) {
    for (const bool credential : {false, true}) {
      for (const json& privileges :
           std::vector<json>{nullptr,
                             json::array(),
                             {"use"},
                             {"view"},
                             {"use", "view"},
                             {"use", "use"},
                             {"view", "use", "readSecret", "share", "manage"},
                             {"use", "use", "use", "use", "use", "use"}}) {
        json object = Good(kGoodGrant);
        json& spec = object["spec"];
        spec.erase("privileges");
        spec.erase("effect");
        if (*effect != 0) spec["effect"] = effect;
        if (!privileges.is_null()) spec["privileges"] = privileges;
        if (credential) {
          spec["credential"]["vault"] = {
              {"engine", "kv1"}, {"mount", "a"}, {"path", "b"}};
        }
        Agree(object.dump());
      }
    }
  }
}

// Where the two differ on subjects and texts, random ones find it: letters
// that mean something to either, in any order.
std::string RandomText(Dice& dice) {
  static const std::vector<std::string> pieces = {
      "a",    "b",    "Z",        "0",      "9",       ".",    "..",
      "-",    "_",    "/",        ":",      "@",       " ",    "\"",
      "'",    "\\",   "{",        "}",      "*",       "+",    "%",
      "~",    "|",    "[",        "]",      "^",       "`",    "=",
      "root", "ROOT", "rOOt",     "system", "SHA256:", "\x7f", "\t",
      "\n",   "\x01", "\xc3\xa9", "?",      "#",       ",",    ";",
      "&",    "!",    "$",        "(",      ")",       "<",    ">"};
  std::string text;
  const int length = dice.Between(1, 5);
  for (int i = 0; i < length; ++i) text += dice.Pick(pieces);
  return text;
}

TEST_F(CrdValuesTest, OnRandomTextInEveryField) {
  Dice dice(20261122);
  int accepted = 0;
  for (const auto& fields :
       {ConnectionNames(), EndpointNames(), GrantAndGroupNames()}) {
    for (const NameField& field : fields) {
      if (field.path.rfind("metadata", 0) == 0) continue;
      for (int i = 0; i < 12; ++i) {
        accepted += Agree(WithName(field, RandomText(dice))) ? 1 : 0;
      }
    }
  }
  EXPECT_GT(accepted, 10);
  for (int i = 0; i < 60; ++i) {
    json object = Good(kGoodGrant);
    object["spec"]["reason"] = RandomText(dice);
    Agree(object.dump());
  }
}

TEST_F(CrdValuesTest, OnSubjectsOfEveryKind) {
  for (const char* kind : {"User", "ServiceAccount", "Group", "Namespace",
                           "Everyone", "everyone"}) {
    for (const char* ns : {"", "a", "a.b", "A"}) {
      for (const char* name : {"", "a", "a.b", "a b", "A", "a..b", "."}) {
        json subject{{"kind", kind}};
        if (*ns != 0) subject["namespace"] = ns;
        if (*name != 0) subject["name"] = name;
        json grant = Good(kGoodGrant);
        grant["spec"]["subjects"] = json::array({subject});
        Agree(grant.dump());
        json group = Good(kGoodGroup);
        group["spec"]["members"] = json::array({subject});
        Agree(group.dump());
        group["spec"] = {{"admins", json::array({subject})}};
        Agree(group.dump());
        json connection = Good(kGoodConnection);
        connection["spec"]["owner"] = subject;
        Agree(connection.dump());
      }
    }
  }
}

TEST_F(CrdValuesTest, OnRandomWorlds) {
  int accepted = 0;
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    const World world = RandomWorld(seed);
    for (const auto& one : world.objects.connections) {
      ASSERT_TRUE(kube_->CreateNamespace(one.metadata.ns));
    }
    for (const auto& one : world.objects.grants) {
      ASSERT_TRUE(kube_->CreateNamespace(one.metadata.ns));
    }
    for (const auto& one : world.objects.connections) {
      accepted += Agree(ObjectJson(one)) ? 1 : 0;
    }
    for (const auto& one : world.objects.grants) {
      accepted += Agree(ObjectJson(one)) ? 1 : 0;
    }
    for (const auto& one : world.objects.groups) {
      accepted += Agree(ObjectJson(one)) ? 1 : 0;
    }
  }
  EXPECT_GT(accepted, 60);
}

}  // namespace
}  // namespace claviger::testing
