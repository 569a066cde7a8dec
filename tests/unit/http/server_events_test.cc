// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "unit/http/server_fixture.h"

namespace claviger::http::testing {
namespace {

using std::chrono::milliseconds;

const std::string kGet = "GET /x HTTP/1.1\r\nHost: l\r\n\r\n";

/// Starts a stream for each request and hands it to the test.
class Streams {
 public:
  Handler handler() {
    return [this](const ServerRequest&, const auto& responder) {
      next_.set_value(responder->StartEvents());
    };
  }
  std::shared_ptr<EventStream> Take() {
    auto stream = next_.get_future().get();
    next_ = {};
    return stream;
  }

 private:
  std::promise<std::shared_ptr<EventStream>> next_;
};

// Sends until the server has noticed that nobody listens.
bool Notices(EventStream& stream, const std::string& data) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (std::chrono::steady_clock::now() < end) {
    if (!stream.Send("e", data)) return true;
    std::this_thread::yield();
  }
  return false;
}

TEST(EventStreamTest, DeliversEventsInOrderWithoutALength) {
  Streams streams;
  RunningServer server({}, streams.handler());
  RawClient client = server.Connect();
  client.Send(kGet);
  const auto stream = streams.Take();
  const std::string head = client.ReadUntil("\r\n\r\n");
  EXPECT_NE(head.find("200 OK"), std::string::npos);
  EXPECT_NE(head.find("text/event-stream"), std::string::npos);
  EXPECT_EQ(head.find("Content-Length"), std::string::npos);
  EXPECT_TRUE(stream->Send("rotated", R"({"generation":1})"));
  EXPECT_TRUE(stream->Send("revoked", "two\nlines"));
  EXPECT_EQ(client.ReadUntil("\n\n"),
            "event: rotated\ndata: {\"generation\":1}\n\n");
  EXPECT_EQ(client.ReadUntil("\n\n"),
            "event: revoked\ndata: two\ndata: lines\n\n");
}

TEST(EventStreamTest, LineBreaksCannotForgeAnEvent) {
  Streams streams;
  RunningServer server({}, streams.handler());
  RawClient client = server.Connect();
  client.Send(kGet);
  const auto stream = streams.Take();
  client.ReadUntil("\r\n\r\n");
  EXPECT_TRUE(stream->Send("a\nevent: b", "c\r\rdata: d"));
  EXPECT_EQ(client.ReadUntil("\n\n"),
            "event: aevent: b\ndata: c\ndata: \ndata: data: d\n\n");
}

TEST(EventStreamTest, EndsWhenTheApplicationDropsIt) {
  Streams streams;
  RunningServer server({}, streams.handler());
  RawClient client = server.Connect();
  client.Send(kGet);
  {
    const auto stream = streams.Take();
    stream->Send("last", "x");
  }
  client.ReadUntil("\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\n\n"), "event: last\ndata: x\n\n");
  EXPECT_TRUE(client.IsClosed());
}

TEST(EventStreamTest, NoticesThatTheClientHasGone) {
  Streams streams;
  RunningServer server({}, streams.handler());
  std::shared_ptr<EventStream> stream;
  {
    RawClient client = server.Connect();
    client.Send(kGet);
    stream = streams.Take();
  }
  EXPECT_TRUE(Notices(*stream, "x"));
}

TEST(EventStreamTest, DropsClientThatDoesNotKeepUp) {
  Streams streams;
  RunningServer server({}, streams.handler());
  RawClient client = server.Connect();
  client.Send(kGet);
  const auto stream = streams.Take();
  EXPECT_TRUE(Notices(*stream, std::string(100'000, 'z')));
}

TEST(EventStreamTest, AreBoundedInNumberAndTheirPlacesReturn) {
  ServerLimits limits;
  limits.max_event_streams = 1;
  Streams streams;
  RunningServer server(limits, streams.handler());
  RawClient first = server.Connect();
  first.Send(kGet);
  auto stream = streams.Take();
  first.ReadUntil("\r\n\r\n");

  RawClient second = server.Connect();
  second.Send(kGet);
  EXPECT_FALSE(streams.Take()->Send("e", "d"));
  EXPECT_EQ(second.Read()->status, 503);

  stream.reset();
  EXPECT_TRUE(first.IsClosed());
  second.Send(kGet);
  const auto again = streams.Take();
  EXPECT_NE(second.ReadUntil("\r\n\r\n").find("200 OK"), std::string::npos);
}

TEST(EventStreamTest, CanBeStartedFromAnotherThread) {
  std::promise<std::shared_ptr<Responder>> held;
  RunningServer server(
      {}, [&](const ServerRequest&, std::shared_ptr<Responder> responder) {
        held.set_value(std::move(responder));
      });
  RawClient client = server.Connect();
  client.Send(kGet);
  const auto stream = held.get_future().get()->StartEvents();
  EXPECT_TRUE(stream->Send("e", "d"));
  client.ReadUntil("\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\n\n"), "event: e\ndata: d\n\n");
}

TEST(EventStreamTest, EndsWhenTheServerStops) {
  Streams streams;
  RunningServer server({}, streams.handler());
  RawClient client = server.Connect();
  client.Send(kGet);
  const auto stream = streams.Take();
  client.ReadUntil("\r\n\r\n");
  server.server().Stop(milliseconds(5'000));
  EXPECT_TRUE(client.IsClosed());
  EXPECT_FALSE(stream->Send("e", "d"));
}

TEST(EventStreamTest, ManyThreadsMaySendAtOnce) {
  Streams streams;
  RunningServer server({}, streams.handler());
  RawClient client = server.Connect();
  client.Send(kGet);
  const auto stream = streams.Take();
  std::vector<std::thread> senders;
  for (int i = 0; i < 4; ++i) {
    senders.emplace_back([&] {
      for (int j = 0; j < 10; ++j) EXPECT_TRUE(stream->Send("e", "d"));
    });
  }
  for (std::thread& sender : senders) sender.join();
  client.ReadUntil("\r\n\r\n");
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(client.ReadUntil("\n\n"), "event: e\ndata: d\n\n");
  }
}

}  // namespace
}  // namespace claviger::http::testing
