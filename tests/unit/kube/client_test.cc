// SPDX-License-Identifier: Apache-2.0
#include "kube/client.h"

#include "unit/kube/kube_testing.h"

namespace claviger::kube {
namespace {

using nlohmann::json;
using testing::CodeOf;
using testing::FakeKube;
using testing::KubeObject;
using When = FakeKube::When;

class ClientTest : public testing::KubeTest {
 protected:
  static Response Ok(std::string body) { return {200, std::move(body), {}}; }

  // All answers from now on.
  void AnswerAlways(int status, const std::string& body) {
    kube_.SetHook([=](const Request&, When) -> std::optional<Result<Response>> {
      return Response{status, body, std::nullopt};
    });
  }

  std::string CodeOfGet(int status, const std::string& body) {
    AnswerAlways(status, body);
    return CodeOf(client_.Get(kGrants, {"sales", "a"}));
  }

  static std::string StatusText(const std::string& reason) {
    return R"({"kind":"Status","apiVersion":"v1","reason":")" + reason +
           R"(","message":"hunter2"})";
  }
};

TEST_F(ClientTest, ListsAllPagesInOrder) {
  for (const char* name : {"c", "a", "b"}) AddGrant(name);
  int pages = 0;
  PageRequest request;
  request.limit = 2;
  std::string names;
  do {
    const auto page = client_.ListPage(
        kGrants, request,
        [&](const ObjectView& object) { names += object.name.name; });
    ASSERT_TRUE(page);
    request.continue_token = page->continue_token;
    ++pages;
  } while (!request.continue_token.empty());
  EXPECT_EQ(names, "abc");
  EXPECT_EQ(pages, 2);
}

TEST_F(ClientTest, HandsOutTheWholeTextOfAnObject) {
  const json stored = AddGrant("a", 7);
  std::string text;
  ASSERT_TRUE(client_.ListPage(kGrants, {}, [&](const ObjectView& object) {
    text = object.json;
    EXPECT_EQ(object.kind, "Grant");
    EXPECT_EQ(object.uid, stored["metadata"]["uid"]);
    EXPECT_EQ(object.resource_version, stored["metadata"]["resourceVersion"]);
  }));
  EXPECT_EQ(json::parse(text), stored);
}

TEST_F(ClientTest, BeginsAListAnewThatGrewTooOld) {
  for (int i = 0; i < 501; ++i) AddGrant("g" + std::to_string(i));
  int expiries = 1;
  kube_.SetHook([&](const Request& request,
                    When when) -> std::optional<Result<Response>> {
    const bool continues = request.query.back().first == "continue";
    if (when == When::kBefore && continues && expiries-- > 0) {
      kube_.ExpireContinue();
    }
    return std::nullopt;
  });
  int objects = 0;
  int restarts = 0;
  const auto version = client_.List(kGrants, {},
                                    {[&] {
                                       objects = 0;
                                       ++restarts;
                                     },
                                     [&](const ObjectView&) { ++objects; }});
  ASSERT_TRUE(version) << version.error().message;
  EXPECT_EQ(objects, 501);
  EXPECT_EQ(restarts, 2);
}

TEST_F(ClientTest, GivesAListUpThatIsAlwaysTooOld) {
  AnswerAlways(410, StatusText("Expired"));
  EXPECT_EQ(ListNames(kGrants), "unavailable");
  EXPECT_EQ(kube_.log().size(), 4U);
}

TEST_F(ClientTest, AsksForSmallerPagesWhenOneIsTooLarge) {
  AddGrant("a");
  std::vector<std::string> limits;
  kube_.SetHook([&](const Request& request,
                    When when) -> std::optional<Result<Response>> {
    if (when == When::kAfter) return std::nullopt;
    limits.push_back(request.query.at(0).second);
    if (limits.size() > 2) return std::nullopt;
    return Fail(ErrorCode::kTooLarge, "too large");
  });
  EXPECT_EQ(ListNames(kGrants), "sales/a");
  EXPECT_EQ(limits, (std::vector<std::string>{"500", "50", "5"}));
}

TEST_F(ClientTest, TakesAnEmptyListOnlyFromTheServerOfThatKind) {
  for (const char* body :
       {"", "{}", "[]", "null", R"({"items":[]})",
        R"({"kind":"Status","metadata":{"resourceVersion":"1"},"items":[]})",
        R"({"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[]})",
        R"({"kind":"GrantList","metadata":{},"items":[]})",
        R"({"kind":"GrantList","metadata":{"resourceVersion":"1"}})",
        R"({"kind":"GrantList","metadata":{"resourceVersion":"1"},"items":[)",
        "<html>ok</html>"}) {
    AnswerAlways(200, body);
    EXPECT_EQ(ListNames(kGrants), "malformed") << body;
  }
  AnswerAlways(
      200,
      R"({"kind":"GrantList","metadata":{"resourceVersion":"1"},"items":[]})");
  EXPECT_EQ(ListNames(kGrants), "");
}

TEST_F(ClientTest, AsksForMetadataOnlyWhereThatIsEnough) {
  kube_.Apply(kServiceAccounts, [] {
    json account = KubeObject("sales", "bot");
    account["secrets"] = json::array({{{"name", "token"}}});
    return account;
  }());
  std::string text;
  ASSERT_TRUE(
      client_.ListPage(kServiceAccounts, {}, [&](const ObjectView& object) {
        text = object.json;
        EXPECT_EQ(object.kind, "ServiceAccount");
      }));
  EXPECT_EQ(json::parse(text)["kind"], "PartialObjectMetadata");
  EXPECT_FALSE(json::parse(text).contains("secrets"));
  EXPECT_EQ(WatchAll(kServiceAccounts, "1"), "ADDED bot BOOKMARK");
}

TEST_F(ClientTest, SelectsByLabelAndNamespace) {
  json pod = KubeObject("sales", "p1", json::object());
  pod["metadata"]["labels"] = {{"claviger.io/inject", "true"}};
  kube_.Apply(kPods, pod);
  kube_.Apply(kPods, KubeObject("sales", "p2", json::object()));
  pod["metadata"]["namespace"] = "other";
  kube_.Apply(kPods, pod);
  EXPECT_EQ(ListNames(kPods, {"", "claviger.io/inject=true"}),
            "other/p1 sales/p1");
  EXPECT_EQ(ListNames(kPods, {"sales", "claviger.io/inject=true"}), "sales/p1");
  EXPECT_EQ(ListNames(kPods, {"sales", ""}), "sales/p1 sales/p2");
}

TEST_F(ClientTest, WatchesFromAVersion) {
  const json first = AddGrant("a");
  AddGrant("b");
  AddGrant("a", 2);
  kube_.Delete(kGrants, {"sales", "b"});
  EXPECT_EQ(WatchAll(kGrants, first["metadata"]["resourceVersion"]),
            "ADDED b MODIFIED a DELETED b BOOKMARK");
}

TEST_F(ClientTest, TellsAVersionThatIsTooOldFromAFailure) {
  const json first = AddGrant("a");
  kube_.Compact();
  EXPECT_EQ(WatchAll(kGrants, first["metadata"]["resourceVersion"]),
            " EXPIRED");
  kube_.Answer("WATCH", 410);
  EXPECT_EQ(WatchAll(kGrants, "1"), " EXPIRED");
  AnswerAlways(504, R"({"kind":"Status","code":504,"details":{"causes":[
      {"reason":"ResourceVersionTooLarge"}]}})");
  EXPECT_EQ(WatchAll(kGrants, "999999"), " EXPIRED");
}

TEST_F(ClientTest, SaysHowAWatchFailed) {
  AddGrant("a");
  kube_.CutWatchAfter(40);
  EXPECT_EQ(WatchAll(kGrants, "1"), "unavailable");
  kube_.Answer("WATCH", 403);
  EXPECT_EQ(WatchAll(kGrants, "1"), "permission_denied");
  kube_.Answer("WATCH", 429, 1, std::chrono::seconds(7));
  WatchRequest request;
  request.resource_version = "1";
  const auto limited =
      client_.Watch(kGrants, request, [](const WatchEvent&) { return true; });
  ASSERT_FALSE(limited);
  EXPECT_EQ(limited.error().code, ErrorCode::kRateLimited);
  EXPECT_EQ(limited.error().retry_after, std::chrono::seconds(7));
}

TEST_F(ClientTest, CreatesOnlyWhatIsNotThere) {
  kube_.Apply(kGrants, KubeObject("sales", "other", json::object()));
  const std::string text = R"({"metadata":{"name":"a"},"spec":{}})";
  EXPECT_TRUE(client_.Create(kGrants, "sales", text));
  EXPECT_EQ(CodeOf(client_.Create(kGrants, "sales", text)), "conflict");
}

TEST_F(ClientTest, PatchesFinalizersOnlyOfTheVersionItSaw) {
  const json stored = AddGrant("a");
  const std::string version = stored["metadata"]["resourceVersion"];
  ASSERT_TRUE(client_.PatchFinalizers(kGrants, {"sales", "a"},
                                      {"claviger.io/vault"}, version));
  EXPECT_EQ(kube_.Peek(kGrants, {"sales", "a"})["metadata"]["finalizers"],
            json::array({"claviger.io/vault"}));
  EXPECT_EQ(
      CodeOf(client_.PatchFinalizers(kGrants, {"sales", "a"}, {}, version)),
      "conflict");
}

TEST_F(ClientTest, PatchesStatusAndNothingElse) {
  const json stored = AddGrant("a");
  const std::string version = stored["metadata"]["resourceVersion"];
  ASSERT_TRUE(client_.PatchStatus(kGrants, {"sales", "a"}, R"({"n":1})"));
  const json now = kube_.Peek(kGrants, {"sales", "a"});
  EXPECT_EQ(now["status"], json({{"n", 1}}));
  EXPECT_EQ(now["spec"], stored["spec"]);
  EXPECT_EQ(now["metadata"]["generation"], 1);
  EXPECT_EQ(CodeOf(client_.PatchStatus(kGrants, {"sales", "a"}, "{}", version)),
            "conflict");
}

TEST_F(ClientTest, DeletesOnlyTheObjectItMeans) {
  const std::string uid = AddGrant("a")["metadata"]["uid"];
  kube_.Delete(kGrants, {"sales", "a"});
  AddGrant("a");
  EXPECT_EQ(CodeOf(client_.Delete(kGrants, {"sales", "a"}, uid)), "conflict");
  const std::string now =
      kube_.Peek(kGrants, {"sales", "a"})["metadata"]["uid"];
  EXPECT_EQ(CodeOf(client_.Delete(kGrants, {"sales", "a"}, now)), "ok");
  EXPECT_EQ(CodeOf(client_.Delete(kGrants, {"sales", "a"}, now)), "not_found");
}

TEST_F(ClientTest, TurnsEveryStatusIntoOneError) {
  EXPECT_EQ(CodeOfGet(302, ""), "redirected");
  EXPECT_EQ(CodeOfGet(400, StatusText("BadRequest")), "invalid_argument");
  EXPECT_EQ(CodeOfGet(401, StatusText("Unauthorized")), "unauthenticated");
  EXPECT_EQ(CodeOfGet(403, StatusText("Forbidden")), "permission_denied");
  EXPECT_EQ(CodeOfGet(404, StatusText("NotFound")), "not_found");
  EXPECT_EQ(CodeOfGet(405, ""), "unsupported");
  EXPECT_EQ(CodeOfGet(409, StatusText("Conflict")), "conflict");
  EXPECT_EQ(CodeOfGet(413, ""), "too_large");
  EXPECT_EQ(CodeOfGet(415, ""), "unsupported");
  EXPECT_EQ(CodeOfGet(422, StatusText("Invalid")), "invalid_argument");
  EXPECT_EQ(CodeOfGet(429, ""), "rate_limited");
  EXPECT_EQ(CodeOfGet(500, StatusText("InternalError")), "unavailable");
  EXPECT_EQ(CodeOfGet(503, ""), "unavailable");
  EXPECT_EQ(CodeOfGet(504, StatusText("Timeout")), "deadline_exceeded");
  EXPECT_EQ(CodeOfGet(99, ""), "malformed");
}

TEST_F(ClientTest, DoesNotTakeAProxysPageForAnAbsence) {
  EXPECT_EQ(CodeOfGet(404, "404 page not found"), "unsupported");
  EXPECT_EQ(CodeOfGet(404, "<html>"), "unsupported");
}

TEST_F(ClientTest, NamesCallAndReasonButNeverTheServersWords) {
  AnswerAlways(403, StatusText("Forbidden"));
  const auto got = client_.Get(kGrants, {"sales", "a"});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().message,
            "get grants sales/a: forbidden (status 403, Forbidden)");
}

TEST_F(ClientTest, BoundsWhatTheServerAsksItToWait) {
  kube_.Answer("GET", 503, 1, std::chrono::seconds(999'999));
  const auto got = client_.Get(kGrants, {"sales", "a"});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().retry_after, std::chrono::seconds(300));
}

TEST_F(ClientTest, SendsNoNameThatCannotExist) {
  for (const char* name : {"", "..", "a/b", "A", "a?x=1", "a b"}) {
    EXPECT_EQ(CodeOf(client_.Get(kGrants, {"sales", name})), "invalid_argument")
        << name;
    EXPECT_EQ(CodeOf(client_.Get(kGrants, {name, "a"})), "invalid_argument")
        << name;
  }
  EXPECT_EQ(CodeOf(client_.Get(kGroups, {"sales", "a"})), "invalid_argument");
  EXPECT_TRUE(kube_.log().empty());
}

}  // namespace
}  // namespace claviger::kube
