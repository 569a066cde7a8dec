// SPDX-License-Identifier: Apache-2.0
//
// HTTP/1.1 as the fault proxy reads it off a channel and writes it on (parsed
// by Boost.Beast behind it). One thread at a time.
#pragma once

#include <memory>
#include <string>

#include "support/proxy_channel.h"

namespace claviger::testing {

/// A request on its way to the server.
struct ProxiedCall {
  std::string method;
  std::string target;   // path and query
  std::string headers;  // lines that end in CRLF, without those on length
  std::string body;

  bool IsWatch() const { return target.find("watch=true") != target.npos; }
  bool IsWrite() const;
  /// Whether the path has this in it.
  bool Names(std::string_view part) const {
    return target.find(part) != target.npos;
  }
};

/// Its answer on the way back.
struct ProxiedAnswer {
  int status = 200;
  std::string body = {};
  std::string headers = {};  // as above
};

std::string TextOf(const ProxiedCall& call);
std::string TextOf(const ProxiedAnswer& answer);
/// The head of an answer whose body follows in chunks, and one of these; an
/// empty chunk is the end.
std::string ChunkedHeadOf(const ProxiedAnswer& answer);
std::string ChunkOf(std::string_view bytes);

/// Reads requests, one after the other. False: there is none any more.
class CallReader {
 public:
  explicit CallReader(ProxyChannel& channel) : channel_(channel) {}
  bool Read(ProxiedCall& call);

 private:
  ProxyChannel& channel_;
  std::string ahead_;  // read, and not parsed yet
};

/// Reads one answer: its head, then its body in pieces or as a whole.
class AnswerReader {
 public:
  explicit AnswerReader(ProxyChannel& channel);
  ~AnswerReader();
  AnswerReader(const AnswerReader&) = delete;
  AnswerReader& operator=(const AnswerReader&) = delete;

  bool ReadHead(ProxiedAnswer& answer);
  bool ReadBody(ProxiedAnswer& answer);
  /// Appends the next piece; false when that was all. Blocks only if there is
  /// nothing in HasPiece.
  bool ReadPiece(std::string& bytes);
  bool HasPiece() const;
  bool done() const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  ProxyChannel& channel_;
  std::string ahead_;
};

}  // namespace claviger::testing
