// SPDX-License-Identifier: Apache-2.0
#include "kube/watch_decoder.h"

#include <gtest/gtest.h>

namespace claviger::kube {
namespace {

std::string Event(const std::string& type, const std::string& name) {
  return R"({"type":")" + type +
         R"(","object":{"apiVersion":"claviger.io/v1alpha1","kind":"Grant",)"
         R"("metadata":{"name":")" +
         name + R"(","namespace":"sales","uid":"u-)" + name +
         R"(","resourceVersion":"7"},"spec":{"text":"a\n\"}{"}}})" + "\n";
}

const char kBookmark[] =
    R"({"type":"BOOKMARK","object":{"kind":"Grant","metadata":)"
    R"({"resourceVersion":"9","creationTimestamp":null}}})"
    "\n";

struct Decoded {
  std::string events;
  std::string error;
  bool expired = false;
};

// Feeds the pieces one by one.
Decoded Decode(const std::vector<std::string_view>& pieces) {
  Decoded decoded;
  WatchDecoder decoder(kGrants, [&](const WatchEvent& event) {
    static const char kTypes[] = "AMDB";
    decoded.events += kTypes[static_cast<size_t>(event.type)];
    decoded.events +=
        event.object.name.name + "@" + event.object.resource_version + " ";
    return true;
  });
  for (const std::string_view piece : pieces) {
    if (!decoder.Feed(piece)) break;
  }
  if (const auto error = decoder.Finish()) {
    decoded.error = ToString(error->code);
  }
  decoded.expired = decoder.expired();
  return decoded;
}

TEST(WatchDecoderTest, ReadsEveryTypeOfEvent) {
  const std::string bytes = Event("ADDED", "a") + Event("MODIFIED", "b") +
                            Event("DELETED", "c") + kBookmark;
  EXPECT_EQ(Decode({bytes}).events, "Aa@7 Mb@7 Dc@7 B@9 ");
}

TEST(WatchDecoderTest, ReadsTheSameWhereverTheBytesAreCut) {
  const std::string bytes =
      Event("ADDED", "a") + kBookmark + Event("DELETED", "a");
  const std::string whole = Decode({bytes}).events;
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    const std::string_view all = bytes;
    const Decoded decoded = Decode({all.substr(0, cut), all.substr(cut)});
    EXPECT_EQ(decoded.events, whole) << cut;
    EXPECT_EQ(decoded.error, "") << cut;
  }
}

TEST(WatchDecoderTest, TellsAStreamThatWasCutInsideOfAnEvent) {
  const std::string bytes = Event("ADDED", "a");
  EXPECT_EQ(Decode({bytes}).error, "");
  for (size_t cut = 1; cut < bytes.size(); ++cut) {
    const Decoded decoded = Decode({std::string_view(bytes).substr(0, cut)});
    EXPECT_EQ(decoded.error, "unavailable") << cut;
    EXPECT_EQ(decoded.events, "") << cut;
  }
}

TEST(WatchDecoderTest, GivesTheObjectsTextUnchanged) {
  std::string text;
  WatchDecoder decoder(kGrants, [&](const WatchEvent& event) {
    text = event.object.json;
    return true;
  });
  const std::string line = Event("ADDED", "a");
  decoder.Feed(line);
  const size_t start = line.find(R"({"apiVersion")");
  EXPECT_EQ(text, line.substr(start, line.size() - start - 2));
}

TEST(WatchDecoderTest, EndsAtAnErrorEventAndSaysWhetherItIsTooOld) {
  const std::string gone =
      R"({"type":"ERROR","object":{"kind":"Status","code":410,)"
      R"("reason":"Expired"}})"
      "\n";
  Decoded decoded = Decode({Event("ADDED", "a") + gone + Event("ADDED", "b")});
  EXPECT_EQ(decoded.events, "Aa@7 ");
  EXPECT_TRUE(decoded.expired);
  decoded = Decode(
      {"{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":500}}\n"});
  EXPECT_EQ(decoded.error, "unavailable");
  EXPECT_FALSE(decoded.expired);
}

TEST(WatchDecoderTest, TakesTheErrorsRetryAfter) {
  WatchDecoder decoder(kGrants, [](const WatchEvent&) { return true; });
  EXPECT_FALSE(
      decoder.Feed(R"({"type":"ERROR","object":{"kind":"Status","code":429,)"
                   R"("details":{"retryAfterSeconds":3}}})"
                   "\n"));
  EXPECT_EQ(decoder.Finish()->code, ErrorCode::kRateLimited);
  EXPECT_EQ(decoder.Finish()->retry_after, std::chrono::seconds(3));
}

TEST(WatchDecoderTest, EndsWhenTheTakerHasEnough) {
  int events = 0;
  WatchDecoder decoder(kGrants, [&](const WatchEvent&) {
    ++events;
    return false;
  });
  EXPECT_FALSE(decoder.Feed(Event("ADDED", "a") + Event("ADDED", "b")));
  EXPECT_FALSE(decoder.Feed(Event("ADDED", "c")));
  EXPECT_EQ(events, 1);
  EXPECT_FALSE(decoder.Finish());
}

TEST(WatchDecoderTest, RefusesALineThatIsTooLong) {
  WatchDecoder decoder(kGrants, [](const WatchEvent&) { return true; });
  const std::string piece(size_t{1} << 20U, ' ');
  EXPECT_TRUE(decoder.Feed(piece));
  EXPECT_TRUE(decoder.Feed(piece));
  EXPECT_FALSE(decoder.Feed(" "));
  EXPECT_EQ(decoder.Finish()->code, ErrorCode::kTooLarge);
}

TEST(WatchDecoderTest, RefusesAnObjectThatCannotBeStored) {
  const std::string bytes = Event("ADDED", std::string(kMaxObjectBytes, 'a'));
  EXPECT_EQ(Decode({bytes}).error, "too_large");
}

TEST(WatchDecoderTest, RefusesDeepNestingWithoutFollowingIt) {
  const std::string deep =
      std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_EQ(Decode({"{\"type\":\"ADDED\",\"object\":" + deep + "}\n"}).error,
            "malformed");
}

TEST(WatchDecoderTest, RefusesWhatIsNoEvent) {
  for (
      const char* line :
      {"x", "{", "{}", "[]", "null", R"({"type":"ADDED"})",
       R"({"type":"ADDED","object":{}})", R"({"type":"added","object":{}})",
       R"({"type":"ADDED","type":"DELETED","object":{}})",
       R"({"type":"ADDED","object":{"metadata":{"name":"a"}}})",
       R"({"type":"ADDED","object":{"metadata":{"name":1}}})",
       R"({"type":"BOOKMARK","object":{}})",
       R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":""}}})"}) {
    const Decoded decoded = Decode({line, "\n"});
    EXPECT_EQ(decoded.error, "malformed") << line;
    EXPECT_EQ(decoded.events, "") << line;
  }
}

}  // namespace
}  // namespace claviger::kube
