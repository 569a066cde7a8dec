// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "unit/http/server_fixture.h"

namespace claviger::http::testing {
namespace {

using std::chrono::milliseconds;

const std::string kGet = "GET /x HTTP/1.1\r\nHost: l\r\n\r\n";

/// Hands the responder of one request to the test.
class Held {
 public:
  Handler handler() {
    return [this](const ServerRequest&, std::shared_ptr<Responder> responder) {
      promise_.set_value(std::move(responder));
    };
  }
  std::shared_ptr<Responder> Take() { return promise_.get_future().get(); }

 private:
  std::promise<std::shared_ptr<Responder>> promise_;
};

TEST(ServerAnswerTest, MayComeLaterFromAnotherThread) {
  Held held;
  RunningServer server({}, held.handler());
  RawClient client = server.Connect();
  client.Send(kGet);
  held.Take()->Send(Text("late"));
  EXPECT_EQ(client.Read()->body, "late");
}

TEST(ServerAnswerTest, LateAnswerReachesClientThatShutDownItsSide) {
  Held held;
  RunningServer server({}, held.handler());
  RawClient client = server.Connect();
  client.Send(kGet);
  client.ShutDownWriting();
  held.Take()->Send(Text("late"));
  EXPECT_EQ(client.Read()->body, "late");
}

TEST(ServerAnswerTest, PipelinedRequestWaitsForTheLateAnswerBeforeIt) {
  std::shared_ptr<Responder> first;
  std::promise<void> seen;
  RunningServer server(
      {}, [&](const ServerRequest& request, std::shared_ptr<Responder> out) {
        if (request.target == "/second") return out->Send(Text("second"));
        first = std::move(out);
        seen.set_value();
      });
  RawClient client = server.Connect();
  client.Send(kGet + "GET /second HTTP/1.1\r\nHost: l\r\n\r\n");
  seen.get_future().wait();
  first->Send(Text("first"));
  EXPECT_EQ(client.Read()->body, "first");
  EXPECT_EQ(client.Read()->body, "second");
}

TEST(ServerAnswerTest, IsTakenOnce) {
  RunningServer server({}, [](const ServerRequest&, const auto& responder) {
    responder->Send(Text("one"));
    responder->Send(Text("two"));
    EXPECT_FALSE(responder->StartEvents()->Send("e", "d"));
  });
  RawClient client = server.Connect();
  client.Send(kGet + kGet);
  EXPECT_EQ(client.Read()->body, "one");
  EXPECT_EQ(client.Read()->body, "one");
}

TEST(ServerAnswerTest, DroppedResponderSends500) {
  RunningServer server({}, [](const ServerRequest&, const auto&) {});
  RawClient client = server.Connect();
  client.Send(kGet);
  EXPECT_EQ(client.Read()->status, 500);
}

TEST(ServerAnswerTest, ResponderDroppedElsewhereSends500) {
  Held held;
  RunningServer server({}, held.handler());
  RawClient client = server.Connect();
  client.Send(kGet);
  held.Take().reset();
  const auto response = client.Read();
  EXPECT_EQ(response->status, 500);
  EXPECT_EQ(response->body,
            R"({"status":500,"title":"Internal Server Error"})");
}

TEST(ServerAnswerTest, ThrowingHandlerSends500AndTheServerLives) {
  bool fail = true;
  RunningServer server({}, [&](const ServerRequest&, const auto& responder) {
    if (std::exchange(fail, false)) throw std::runtime_error("no");
    responder->Send(Text("ok"));
  });
  RawClient client = server.Connect();
  client.Send(kGet);
  EXPECT_EQ(client.Read()->status, 500);
  client.Send(kGet);
  EXPECT_EQ(client.Read()->status, 200);
}

TEST(ServerAnswerTest, HeaderThatWouldSplitTheResponseIsA500) {
  RunningServer server({}, [](const ServerRequest&, const auto& responder) {
    ServerResponse response = Text("x");
    response.headers.emplace_back("Location", "/a\r\nSet-Cookie: b");
    responder->Send(std::move(response));
  });
  RawClient client = server.Connect();
  client.Send(kGet);
  const auto response = client.Read();
  EXPECT_EQ(response->status, 500);
  EXPECT_EQ(response->Header("Set-Cookie"), "");
}

TEST(ServerAnswerTest, ForClientThatHasGoneIsDropped) {
  Held held;
  RunningServer server({}, held.handler());
  std::shared_ptr<Responder> responder;
  {
    RawClient client = server.Connect();
    client.Send(kGet);
    responder = held.Take();
  }
  responder->Send(Text("nobody"));
  EXPECT_TRUE(server.Connect().connected());
}

TEST(ServerAnswerTest, ResponderMayOutliveTheServer) {
  Held held;
  std::shared_ptr<Responder> responder;
  {
    RunningServer server({}, held.handler());
    RawClient client = server.Connect();
    client.Send(kGet);
    responder = held.Take();
  }
  responder->Send(Text("nobody"));
}

TEST(ServerAnswerTest, CloseIsHonoured) {
  RunningServer server({}, [](const ServerRequest&, const auto& responder) {
    ServerResponse response = Text("bye");
    response.close = true;
    responder->Send(std::move(response));
  });
  RawClient client = server.Connect();
  client.Send(kGet);
  EXPECT_EQ(client.Read()->Header("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());
}

TEST(ServerStopTest, LetsAnswersUnderWayFinish) {
  Held held;
  RunningServer server({}, held.handler());
  RawClient busy = server.Connect();
  busy.Send(kGet);
  const auto responder = held.Take();
  RawClient idle = server.Connect();
  server.server().Stop(milliseconds(5'000));
  EXPECT_TRUE(idle.IsClosed());
  EXPECT_FALSE(server.Connect().connected());
  responder->Send(Text("done"));
  const auto response = busy.Read();
  EXPECT_EQ(response->body, "done");
  EXPECT_EQ(response->Header("Connection"), "close");
  server.Join();
}

TEST(ServerStopTest, GivesUpWhenTheDrainIsOver) {
  Held held;
  RunningServer server({}, held.handler());
  RawClient busy = server.Connect();
  busy.Send(kGet);
  const auto responder = held.Take();
  server.Stop(milliseconds(20));
  EXPECT_TRUE(busy.IsClosed());
}

TEST(ServerStopTest, BeforeRunEndsRunAtOnce) {
  NullLogger log;
  const auto server = MakeServer({}, log);
  server->Stop(milliseconds(0));
  server->Run();
}

}  // namespace
}  // namespace claviger::http::testing
