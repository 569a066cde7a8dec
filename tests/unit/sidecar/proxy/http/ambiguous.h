// SPDX-License-Identifier: Apache-2.0
//
// Messages that two HTTP readers could read differently.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace claviger::sidecar::proxy::testing {

struct Ambiguous {
  const char* name;
  std::string bytes;
  int status = 400;  // what it is refused with
};
inline void PrintTo(const Ambiguous& message, std::ostream* out) {
  *out << message.name;
}

#define HEAD "POST /x HTTP/1.1\r\nHost: l\r\n"
#define GET "GET /x HTTP/1.1\r\nHost: l\r\n"

/// Where the body ends.
inline std::vector<Ambiguous> AmbiguousFraming() {
  return {
      Ambiguous{"LengthAndChunked",
                HEAD "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"},
      Ambiguous{"ChunkedAndLength",
                HEAD "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"},
      Ambiguous{"ZeroLengthAndChunked",
                HEAD "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"},
      Ambiguous{"ChunkedTwice", HEAD
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"
                "\r\n0\r\n\r\n"},
      Ambiguous{"ChunkedThenIdentity",
                HEAD "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"},
      Ambiguous{"ChunkedTwiceInOne",
                HEAD "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"},
      Ambiguous{"GzipThenChunked",
                HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
      Ambiguous{"IdentityOnly", HEAD "Transfer-Encoding: identity\r\n\r\n"},
      Ambiguous{"EmptyEncoding", HEAD "Transfer-Encoding:\r\n\r\n"},
      Ambiguous{"ChunkedWithTab", HEAD "Transfer-Encoding: \x0b"
                                       "chunked\r\n\r\n"},
      Ambiguous{"UnderscoreEncoding",
                HEAD "Transfer_Encoding: chunked\r\n\r\n"},
      Ambiguous{"SpaceBeforeColon", HEAD "Transfer-Encoding : chunked\r\n\r\n"},
      Ambiguous{"LengthTwice",
                HEAD "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"},
      Ambiguous{"LengthsListed", HEAD "Content-Length: 3, 3\r\n\r\nabc"},
      Ambiguous{"PlusLength", HEAD "Content-Length: +5\r\n\r\nabcde"},
      Ambiguous{"MinusLength", HEAD "Content-Length: -5\r\n\r\n"},
      Ambiguous{"HexLength", HEAD "Content-Length: 0x5\r\n\r\nabcde"},
      Ambiguous{"SpacedLength", HEAD "Content-Length: 5 5\r\n\r\nabcde"},
      Ambiguous{"EmptyLength", HEAD "Content-Length: \r\n\r\n"},
      Ambiguous{"HugeLength",
                HEAD "Content-Length: 99999999999999999999999\r\n\r\n"},
      Ambiguous{"ChunkedInHttp10",
                "POST /x HTTP/1.0\r\nHost: l\r\nTransfer-Encoding: "
                "chunked\r\n\r\n0\r\n\r\n"}};
}

/// Where lines and fields end.
inline std::vector<Ambiguous> AmbiguousLines() {
  return {Ambiguous{"FoldedLine", GET "X: a\r\n b\r\n\r\n"},
          Ambiguous{"FoldedFirstLine", GET " X: a\r\n\r\n"},
          Ambiguous{"BareLf", "GET /x HTTP/1.1\nHost: l\n\n"},
          Ambiguous{"BareLfInHead", GET "X: a\nY: b\r\n\r\n"},
          Ambiguous{"BareCrInValue", GET "X: a\rY: b\r\n\r\n"},
          Ambiguous{"NulInValue", std::string(GET "X: a") + '\0' + "b\r\n\r\n"},
          Ambiguous{"EmptyName", GET ": a\r\n\r\n"},
          Ambiguous{"NoColon", GET "Xa\r\n\r\n"},
          Ambiguous{"SpaceInName", GET "X Y: a\r\n\r\n"},
          Ambiguous{"EmptyLineFirst", "\r\nGET /x HTTP/1.1\r\nHost: l\r\n\r\n"},
          Ambiguous{"TwoSpaces", "GET  /x HTTP/1.1\r\nHost: l\r\n\r\n"},
          Ambiguous{"SpaceInTarget", "GET /x y HTTP/1.1\r\nHost: l\r\n\r\n"},
          Ambiguous{"TabInTarget", "GET /x\ty HTTP/1.1\r\nHost: l\r\n\r\n"},
          Ambiguous{"NoVersion", "GET /x\r\nHost: l\r\n\r\n"},
          Ambiguous{"Version2", "GET /x HTTP/2.0\r\nHost: l\r\n\r\n"},
          Ambiguous{"Version09", "GET /x HTTP/0.9\r\nHost: l\r\n\r\n"},
          Ambiguous{"LowerCaseVersion", "GET /x http/1.1\r\nHost: l\r\n\r\n"},
          Ambiguous{"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}};
}

/// Whom it is for, and in which protocol.
inline std::vector<Ambiguous> AmbiguousTargets() {
  return {
      Ambiguous{"Connect", "CONNECT l:443 HTTP/1.1\r\nHost: l:443\r\n\r\n"},
      Ambiguous{"Trace", "TRACE /x HTTP/1.1\r\nHost: l\r\n\r\n"},
      Ambiguous{"Track", "TRACK /x HTTP/1.1\r\nHost: l\r\n\r\n"},
      Ambiguous{"NoHost", "GET /x HTTP/1.1\r\n\r\n"},
      Ambiguous{"TwoHosts", GET "Host: m\r\n\r\n"},
      Ambiguous{"EmptyHost", "GET /x HTTP/1.1\r\nHost: \r\n\r\n"},
      Ambiguous{"HostList", "GET /x HTTP/1.1\r\nHost: l, m\r\n\r\n"},
      Ambiguous{"UserInHost", "GET /x HTTP/1.1\r\nHost: a@l\r\n\r\n"},
      Ambiguous{"PathInHost", "GET /x HTTP/1.1\r\nHost: l/x\r\n\r\n"},
      Ambiguous{"AbsoluteOfAnotherHost",
                "GET http://evil/x HTTP/1.1\r\nHost: l\r\n\r\n"},
      Ambiguous{"AbsoluteWithUser",
                "GET http://l@evil/x HTTP/1.1\r\nHost: l\r\n\r\n"},
      Ambiguous{"OtherScheme", "GET ftp://l/x HTTP/1.1\r\nHost: l\r\n\r\n"},
      Ambiguous{"NoSlash", "GET x HTTP/1.1\r\nHost: l\r\n\r\n"},
      Ambiguous{"Asterisk", "GET * HTTP/1.1\r\nHost: l\r\n\r\n"},
      Ambiguous{"Fragment", "GET /x#y HTTP/1.1\r\nHost: l\r\n\r\n"},
      Ambiguous{"Backslash", "GET /x\\..\\y HTTP/1.1\r\nHost: l\r\n\r\n"},
      Ambiguous{"UnknownUpgrade",
                GET "Connection: upgrade\r\nUpgrade: tls\r\n\r\n"},
      Ambiguous{"UpgradeWithoutConnection", GET "Upgrade: websocket\r\n\r\n"},
      Ambiguous{"UpgradeTwice",
                GET "Connection: upgrade\r\nUpgrade: websocket\r\n"
                    "Upgrade: websocket\r\n\r\n"},
      Ambiguous{"UpgradeOfPost", HEAD "Connection: upgrade\r\nUpgrade: "
                                      "websocket\r\n\r\n"},
      Ambiguous{"UpgradeWithBody",
                GET "Connection: upgrade\r\nUpgrade: websocket\r\n"
                    "Content-Length: 3\r\n\r\nabc"},
      Ambiguous{"UpgradeInHttp10",
                "GET /x HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: "
                "websocket\r\n\r\n"},
      Ambiguous{"OtherExpectation", HEAD "Expect: gold\r\n\r\n", 417}};
}

/// Chunks, to be put behind a head that says so.
inline std::vector<Ambiguous> AmbiguousChunks() {
  return {Ambiguous{"Extension", "5;a=b\r\nabcde\r\n0\r\n\r\n"},
          Ambiguous{"ExtensionLf", "5;a\nabcde\r\n0\r\n\r\n"},
          Ambiguous{"BareLfSize", "5\nabcde\r\n0\r\n\r\n"},
          Ambiguous{"PlusSize", "+5\r\nabcde\r\n0\r\n\r\n"},
          Ambiguous{"HexPrefix", "0x5\r\nabcde\r\n0\r\n\r\n"},
          Ambiguous{"SpaceSize", " 5\r\nabcde\r\n0\r\n\r\n"},
          Ambiguous{"TrailingSpace", "5 \r\nabcde\r\n0\r\n\r\n"},
          Ambiguous{"EmptySize", "\r\nabcde\r\n0\r\n\r\n"},
          Ambiguous{"HugeSize", "fffffffffffffffff\r\nabc"},
          Ambiguous{"NoCrAfterData", "5\r\nabcdeX\r\n0\r\n\r\n"},
          Ambiguous{"LfAfterData", "5\r\nabcde\n0\r\n\r\n"},
          Ambiguous{"BareLfTrailer", "0\r\nX: a\n\r\n"},
          Ambiguous{"FoldedTrailer", "0\r\nX: a\r\n b\r\n\r\n"},
          Ambiguous{"NoNameTrailer", "0\r\nabc\r\n\r\n"}};
}

#undef HEAD
#undef GET

}  // namespace claviger::sidecar::proxy::testing
