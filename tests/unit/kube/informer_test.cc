// SPDX-License-Identifier: Apache-2.0
#include "kube/informer.h"

#include <algorithm>
#include <thread>

#include "support/fake_random.h"
#include "unit/kube/kube_testing.h"

namespace claviger::kube {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using testing::FakeKube;
using testing::KubeObject;
using Lines = std::vector<std::string>;

// Writes down what it is told, and keeps the state that follows from it.
class Recorder final : public InformerSink {
 public:
  void OnObject(const ObjectView& object, Seen seen) override {
    told += seen == Seen::kList ? " list:" : " watch:";
    told += object.name.name;
    state[object.name.name] = json::parse(object.json)["spec"]["number"];
  }
  void OnDeleted(const ObjectName& name, const std::string& /*uid*/,
                 Gone gone) override {
    told += gone == Gone::kEvent ? " gone:" : " absent:";
    told += name.name;
    state.erase(name.name);
  }
  void OnSynced() override { told += " synced"; }

  std::string Take() { return std::exchange(told, ""); }

  std::string told;
  std::map<std::string, int> state;
};

class CountingLogger final : public Logger {
 public:
  void Log(LogLevel level, std::string_view,
           std::initializer_list<LogField>) override {
    if (level >= LogLevel::kWarning) ++warnings;
  }
  int warnings = 0;
};

class InformerTest : public testing::KubeTest {
 protected:
  // Lists and watches until nothing is left to tell.
  void Settle() {
    for (int step = 0; step < 6; ++step) informer_.Step();
  }
  std::map<std::string, int> Truth() const {
    std::map<std::string, int> truth;
    for (const json& object : kube_.PeekAll(kGrants)) {
      truth[object["metadata"]["name"]] = object["spec"]["number"];
    }
    return truth;
  }
  size_t Lists() const {
    const auto log = kube_.log();
    return static_cast<size_t>(std::count_if(
        log.begin(), log.end(),
        [](const std::string& line) { return line.rfind("LIST", 0) == 0; }));
  }

  testing::FakeRandom random_;
  CountingLogger log_;
  Recorder told_;
  Informer informer_{
      {client_, clock_, random_, log_}, kGrants, InformerSettings{}, told_};
};

TEST_F(InformerTest, ListsThenWatches) {
  AddGrant("a");
  EXPECT_FALSE(informer_.synced());
  EXPECT_EQ(informer_.Step(), milliseconds(0));
  EXPECT_EQ(told_.Take(), " list:a synced");
  EXPECT_TRUE(informer_.synced());
  AddGrant("b");
  AddGrant("a", 2);
  kube_.Delete(kGrants, {"sales", "b"});
  EXPECT_EQ(informer_.Step(), milliseconds(0));
  EXPECT_EQ(told_.Take(), " watch:b watch:a gone:b");
}

TEST_F(InformerTest, GoesOnWhereAStreamEnded) {
  AddGrant("a");
  Settle();
  told_.Take();
  AddGrant("b");
  Settle();
  EXPECT_EQ(told_.Take(), " watch:b");
  EXPECT_EQ(Lists(), 1U);
}

TEST_F(InformerTest, ListsSoonWhereItWasAskedTo) {
  AddGrant("a");
  Settle();
  informer_.ListSoon();
  kube_.ResetLog();
  informer_.Step();
  EXPECT_EQ(Lists(), 1U);
  Settle();
  EXPECT_EQ(Lists(), 1U);
}

TEST_F(InformerTest, AsksForBookmarksAndARandomEnd) {
  std::map<std::string, std::string> query;
  kube_.SetHook([&](const Request& request,
                    FakeKube::When) -> std::optional<Result<Response>> {
    query = {request.query.begin(), request.query.end()};
    return std::nullopt;
  });
  informer_.Step();
  informer_.Step();
  EXPECT_EQ(query["allowWatchBookmarks"], "true");
  EXPECT_EQ(query["timeoutSeconds"], "450");  // half of the way to 600
}

TEST_F(InformerTest, FollowsBookmarksSoThatItNeedNotListAnew) {
  AddGrant("a");
  Settle();
  kube_.Apply(kPods, KubeObject("sales", "p", json::object()));
  kube_.Compact();
  AddGrant("b");
  // The version of the bookmark is past what was thrown away.
  kube_.ResetLog();
  Settle();
  EXPECT_EQ(Lists(), 1U);  // the compaction was ahead of the last bookmark
  kube_.ResetLog();
  kube_.Apply(kPods, KubeObject("sales", "q", json::object()));
  Settle();
  EXPECT_EQ(Lists(), 0U);
}

TEST_F(InformerTest, KeepsWhatItKnowsWhileItListsAnew) {
  AddGrant("a");
  AddGrant("b");
  Settle();
  told_.Take();
  kube_.Delete(kGrants, {"sales", "b"});
  kube_.Compact();
  kube_.Answer("LIST", 500, 2);
  informer_.Step();  // 410
  informer_.Step();  // the list fails
  informer_.Step();
  EXPECT_EQ(told_.Take(), "");
  informer_.Step();
  EXPECT_EQ(told_.Take(), " absent:b synced");
}

TEST_F(InformerTest, TellsAnAbsenceOnlyAfterTheLastPage) {
  for (int i = 0; i < 700; ++i) AddGrant("g" + std::to_string(i));
  Settle();
  told_.Take();
  kube_.Compact();
  informer_.Step();
  kube_.SetListFilter([](std::vector<json> items) {
    items.pop_back();
    return items;
  });
  kube_.SetHook([&](const Request& request,
                    FakeKube::When) -> std::optional<Result<Response>> {
    if (request.query.back().first != "continue") return std::nullopt;
    return Response{503, "", std::nullopt};
  });
  informer_.Step();
  EXPECT_EQ(told_.Take(), "");
  kube_.SetHook(nullptr);
  informer_.Step();
  EXPECT_EQ(told_.Take(), " absent:g99 synced");
}

TEST_F(InformerTest, SaysOfAnEmptyListThatItIsOnlyAnAbsence) {
  AddGrant("a");
  Settle();
  told_.Take();
  kube_.SetListFilter(
      [](const std::vector<json>&) { return std::vector<json>(); });
  kube_.Compact();
  informer_.Step();
  informer_.Step();
  EXPECT_EQ(told_.Take(), " absent:a synced");
}

TEST_F(InformerTest, TellsTheEndOfTheOldObjectBeforeTheNewOne) {
  AddGrant("a");
  Settle();
  told_.Take();
  kube_.Delete(kGrants, {"sales", "a"});
  AddGrant("a");
  kube_.Compact();
  Settle();
  EXPECT_EQ(told_.Take(), " gone:a list:a synced");
}

TEST_F(InformerTest, BacksOffWithACapAndResetsOnProgress) {
  kube_.GoAway(true);
  std::vector<int64_t> waits;
  for (int i = 0; i < 8; ++i) waits.push_back(informer_.Step().count());
  EXPECT_EQ(waits, (std::vector<int64_t>{400, 800, 1'600, 3'200, 6'400, 12'800,
                                         15'000, 15'000}));
  kube_.GoAway(false);
  AddGrant("a");
  EXPECT_EQ(informer_.Step(), milliseconds(0));
  AddGrant("b");
  EXPECT_EQ(informer_.Step(), milliseconds(0));
  kube_.GoAway(true);
  EXPECT_EQ(informer_.Step(), milliseconds(400));
  EXPECT_EQ(informer_.stats().failures, 9U);
}

TEST_F(InformerTest, WaitsAsLongAsTheServerAsks) {
  kube_.Answer("LIST", 429, 1, std::chrono::seconds(9));
  EXPECT_EQ(informer_.Step(), milliseconds(9'400));
}

TEST_F(InformerTest, DoesNotSpinWhenStreamsEndAtOnce) {
  informer_.Step();
  milliseconds waited(0);
  for (int i = 0; i < 10; ++i) waited += informer_.Step();
  EXPECT_GT(waited, std::chrono::seconds(30));
}

TEST_F(InformerTest, DoesNotSpinWhenEveryVersionIsTooOld) {
  milliseconds waited(0);
  for (int i = 0; i < 10; ++i) {
    informer_.Step();
    kube_.Compact();
    waited += informer_.Step();
  }
  EXPECT_GT(waited, std::chrono::seconds(30));
}

TEST_F(InformerTest, PassesOverEventsThatComeTwice) {
  Settle();
  told_.Take();
  kube_.SetWatchFilter([](const Lines& lines) {
    std::string bytes;
    for (const std::string& line : lines) bytes += line + line;
    return bytes;
  });
  AddGrant("a");
  AddGrant("a", 2);
  kube_.Delete(kGrants, {"sales", "a"});
  Settle();
  EXPECT_EQ(told_.Take(), " watch:a watch:a gone:a");
  EXPECT_EQ(Lists(), 1U);
}

TEST_F(InformerTest, ListsAnewWhenEventsComeOutOfOrder) {
  AddGrant("a");
  Settle();
  kube_.SetWatchFilter([&](Lines lines) {
    std::reverse(lines.begin(), lines.end() - 1);
    std::string bytes;
    for (const std::string& line : lines) bytes += line;
    return bytes;
  });
  AddGrant("a", 2);
  AddGrant("b", 1);
  kube_.Delete(kGrants, {"sales", "b"});
  AddGrant("a", 3);
  Settle();
  EXPECT_EQ(told_.state, Truth());
  EXPECT_EQ(Lists(), 2U);
}

TEST_F(InformerTest, FindsByALaterListWhatAStreamDropped) {
  AddGrant("a");
  Settle();
  kube_.SetWatchFilter([](const Lines& lines) { return lines.back(); });
  AddGrant("b");
  kube_.Delete(kGrants, {"sales", "a"});
  Settle();
  EXPECT_NE(told_.state, Truth());
  clock_.Advance(std::chrono::minutes(60));
  told_.Take();
  Settle();
  EXPECT_EQ(told_.Take(), " list:b absent:a synced");
}

TEST_F(InformerTest, TellsNothingTwiceWhenItListsAnew) {
  AddGrant("a");
  Settle();
  told_.Take();
  clock_.Advance(std::chrono::minutes(60));
  Settle();
  EXPECT_EQ(told_.Take(), " synced");
}

TEST_F(InformerTest, ConvergesHoweverTheStreamIsCut) {
  AddGrant("a");
  informer_.Step();
  AddGrant("b");
  AddGrant("a", 2);
  kube_.Delete(kGrants, {"sales", "b"});
  // Each watch is cut one byte later than the one before.
  for (size_t bytes = 0; bytes < 1'200; ++bytes) {
    kube_.CutWatchAfter(bytes);
    Recorder told;
    Informer informer({client_, clock_, random_, log_}, kGrants, {}, told);
    kube_.SetListFilter([](std::vector<json> items) { return items; });
    informer.Step();
    AddGrant("c", static_cast<int>(bytes));
    AddGrant("d", static_cast<int>(bytes));
    kube_.Delete(kGrants, {"sales", "c"});
    informer.Step();
    informer.Step();
    ASSERT_EQ(told.state, Truth()) << bytes;
    ASSERT_EQ(told.told.find("absent"), std::string::npos) << bytes;
  }
}

TEST_F(InformerTest, ConvergesWhenBytesComeOneByOne) {
  kube_.SetPieceSize(1);
  informer_.Step();
  AddGrant("a");
  AddGrant("b", 5);
  Settle();
  EXPECT_EQ(told_.state, Truth());
}

TEST_F(InformerTest, SurvivesGarbageAndListsAnew) {
  AddGrant("a");
  Settle();
  for (const char* garbage :
       {"garbage\n", "{}\n", "{\"type\":\"ADDED\"}\n", "[1,2]\n",
        "{\"type\":\"ADDED\",\"object\":{}}\n",
        "{\"type\":\"NEWS\",\"object\":{}}\n",
        "{\"type\":\"ERROR\",\"object\":{}}\n",
        "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{}}}\n",
        "HTTP/1.1 200 OK\n", "\xff\xfe\n"}) {
    kube_.SetWatchFilter([=](const Lines&) { return std::string(garbage); });
    AddGrant("a", 9);
    informer_.Step();
    kube_.SetWatchFilter(nullptr);
    Settle();
    EXPECT_EQ(told_.state, Truth()) << garbage;
  }
}

TEST_F(InformerTest, StaysBoundedWhenALineNeverEnds) {
  informer_.Step();
  kube_.SetWatchFilter(
      [](const Lines&) { return std::string(size_t{100} << 20U, 'x'); });
  kube_.SetPieceSize(size_t{1} << 16U);
  EXPECT_GT(informer_.Step(), milliseconds(0));
  kube_.SetWatchFilter(nullptr);
  AddGrant("a");
  Settle();
  EXPECT_EQ(told_.state, Truth());
}

TEST_F(InformerTest, TakesUpAnIdleStreamAnewWithoutAWait) {
  informer_.Step();
  kube_.SetHook(
      [&](const Request&, FakeKube::When) -> std::optional<Result<Response>> {
        clock_.Advance(std::chrono::seconds(45));
        return Fail(ErrorCode::kDeadlineExceeded, "silence");
      });
  for (int i = 0; i < 20; ++i) EXPECT_EQ(informer_.Step(), milliseconds(0));
  EXPECT_EQ(informer_.stats().failures, 0U);
  EXPECT_EQ(informer_.stats().lists, 1U);
}

TEST_F(InformerTest, ComplainsOfALostServerButNotOfItsOwnEnd) {
  Settle();
  kube_.GoAway(true);
  informer_.Step();
  EXPECT_EQ(log_.warnings, 1);
  informer_.Stop();
  kube_.Close();
  informer_.Step();
  EXPECT_EQ(log_.warnings, 1);
}

TEST_F(InformerTest, RunsOnAThreadUntilItIsStopped) {
  kube_.BlockWatches(true);
  std::thread thread([&] { informer_.Run(); });
  kube_.WaitForWatches(1);
  AddGrant("a");
  while (informer_.stats().events == 0) std::this_thread::yield();
  informer_.Stop();
  kube_.Close();
  thread.join();
  EXPECT_EQ(told_.told, " synced watch:a");
}

}  // namespace
}  // namespace claviger::kube
