// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/http/head.h"

#include <algorithm>
#include <array>

namespace claviger::sidecar::proxy {
namespace {

constexpr size_t kMaxMethod = 32;
constexpr size_t kMaxLengthDigits = 18;
constexpr size_t kMaxHost = 300;

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool IsAlnum(char c) {
  return (c >= '0' && c <= '9') || (Lower(c) >= 'a' && Lower(c) <= 'z');
}

bool IsTokenChar(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return IsAlnum(c) || kMarks.find(c) != std::string_view::npos;
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenChar);
}

bool IsSpace(char c) { return c == ' ' || c == '\t'; }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

// One line off the front, without its CRLF.
std::string_view TakeLine(std::string_view& bytes) {
  const size_t end = bytes.find('\r');
  const std::string_view line = bytes.substr(0, end);
  bytes.remove_prefix(std::min(bytes.size(), line.size() + 2));
  return line;
}

bool IsPlainTarget(std::string_view target) {
  return !target.empty() &&
         std::all_of(target.begin(), target.end(), [](char c) {
           return c > 0x20 && c < 0x7f && c != '#' && c != '\\';
         });
}

// Letters of names, addresses and ports: no path, no user, no list.
bool IsPlainHost(std::string_view host) {
  constexpr std::string_view kMarks = "-._~:[]%";
  return !host.empty() && host.size() <= kMaxHost &&
         std::all_of(host.begin(), host.end(), [&](char c) {
           return IsAlnum(c) || kMarks.find(c) != std::string_view::npos;
         });
}

// "HTTP/1.0" and "HTTP/1.1" only; -1 otherwise.
int MinorOf(std::string_view version) {
  if (version == "HTTP/1.1") return 1;
  return version == "HTTP/1.0" ? 0 : -1;
}

// Digits only: "+5", "0x5", "5, 5" and "5 " are numbers to some readers.
bool ReadLength(std::string_view text, uint64_t& length) {
  if (text.empty() || text.size() > kMaxLengthDigits) return false;
  length = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    length = length * 10 + static_cast<uint64_t>(c - '0');
  }
  return true;
}

// What the fields say about the message itself, each at most once.
struct Signals {
  int hosts = 0;
  int lengths = 0;
  int encodings = 0;
  int upgrades = 0;
  int expectations = 0;
  uint64_t length = 0;
  std::string_view host;
  std::string_view upgrade;
  bool bad = false;
  bool bad_expectation = false;
  bool closes = false;
  bool keeps = false;
  bool wants_upgrade = false;
};

void ReadConnection(std::string_view value, Signals& signals) {
  ForEachToken(value, [&](std::string_view token) {
    if (SameName(token, "close")) signals.closes = true;
    if (SameName(token, "keep-alive")) signals.keeps = true;
    if (SameName(token, "upgrade")) signals.wants_upgrade = true;
  });
}

void ReadSignal(const Field& field, Signals& signals) {
  switch (field.name.size()) {
    case 4:
      if (!SameName(field.name, "host")) return;
      ++signals.hosts;
      signals.host = field.value;
      return;
    case 6:
      if (!SameName(field.name, "expect")) return;
      ++signals.expectations;
      signals.bad_expectation |= !SameName(field.value, "100-continue");
      return;
    case 7:
      if (!SameName(field.name, "upgrade")) return;
      ++signals.upgrades;
      signals.upgrade = field.value;
      return;
    case 10:
      if (SameName(field.name, "connection")) {
        ReadConnection(field.value, signals);
      }
      return;
    case 14:
      // Readers that fold it to the real one exist.
      signals.bad |= SameName(field.name, "content_length");
      if (!SameName(field.name, "content-length")) return;
      ++signals.lengths;
      signals.bad |= !ReadLength(field.value, signals.length);
      return;
    case 17:
      signals.bad |= SameName(field.name, "transfer_encoding");
      if (!SameName(field.name, "transfer-encoding")) return;
      ++signals.encodings;
      signals.bad |= !SameName(field.value, "chunked");
      return;
    default:
      return;
  }
}

Signals ReadSignals(const std::vector<Field>& fields) {
  Signals signals;
  for (const Field& field : fields) ReadSignal(field, signals);
  signals.bad |= signals.lengths > 1 || signals.encodings > 1 ||
                 (signals.lengths > 0 && signals.encodings > 0);
  return signals;
}

// "http://host/path" becomes "/path" where host is what Host says.
bool ReduceTarget(RequestHead& head) {
  std::string_view& target = head.target;
  if (target[0] == '/') return true;
  if (target == "*") return head.method == "OPTIONS";
  const size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) return false;
  if (!SameName(target.substr(0, scheme), "http") &&
      !SameName(target.substr(0, scheme), "https")) {
    return false;
  }
  const size_t begin = scheme + 3;
  const size_t path =
      std::min(target.find_first_of("/?", begin), target.size());
  if (!SameName(target.substr(begin, path - begin), head.host)) return false;
  target = target.substr(path);
  if (target.empty()) target = "/";
  return target[0] == '/';
}

// RFC 9110 section 7.8: who is asked may go on as if it had not been. Only
// WebSocket is known here; h2c, which some clients ask for by themselves, is
// never handed on.
bool ReadUpgrade(const Signals& signals, RequestHead& head) {
  head.websocket = false;
  if (signals.upgrades == 0) return true;
  if (signals.upgrades > 1 || !signals.wants_upgrade || head.minor == 0) {
    return false;
  }
  if (SameName(signals.upgrade, "h2c")) return true;
  head.websocket = SameName(signals.upgrade, "websocket") &&
                   head.method == "GET" &&
                   head.framing.kind == Framing::Kind::kNone;
  return head.websocket;
}

bool ReadRequestLine(std::string_view line, RequestHead& head) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return false;
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  head.minor = MinorOf(line.substr(last + 1));
  // A second request line, and what would show its own headers to whoever
  // asks.
  return head.minor >= 0 && IsToken(head.method) &&
         head.method.size() <= kMaxMethod && head.method != "CONNECT" &&
         head.method != "TRACE" && head.method != "TRACK";
}

int Apply(const Signals& signals, RequestHead& head) {
  const bool host_ok =
      head.minor == 0 ? signals.hosts <= 1 : signals.hosts == 1;
  if (signals.bad || !host_ok) return 400;
  if (signals.hosts == 1 && !IsPlainHost(signals.host)) return 400;
  if (head.minor == 0 && signals.encodings > 0) return 400;
  if (signals.bad_expectation) return 417;
  if (signals.expectations > 1) return 400;
  head.host = signals.host;
  head.framing = {};
  if (signals.encodings > 0) head.framing.kind = Framing::Kind::kChunked;
  if (signals.lengths > 0 && signals.length > 0) {
    head.framing = {Framing::Kind::kLength, signals.length};
  }
  head.expects_continue = signals.expectations > 0 && head.minor == 1 &&
                          head.framing.kind != Framing::Kind::kNone;
  head.keep_alive = !signals.closes && (head.minor == 1 || signals.keeps);
  return ReduceTarget(head) && ReadUpgrade(signals, head) ? 0 : 400;
}

bool ReadStatusLine(std::string_view line, ResponseHead& head) {
  // "HTTP/1.1 200 OK"; the phrase may be missing, with or without its space.
  if (line.size() < 12 || line[8] != ' ') return false;
  head.minor = MinorOf(line.substr(0, 8));
  head.status = 0;
  for (const char c : line.substr(9, 3)) {
    if (c < '0' || c > '9') return false;
    head.status = head.status * 10 + (c - '0');
  }
  head.reason = line.substr(std::min<size_t>(line.size(), 13));
  const bool spaced = line.size() == 12 || line[12] == ' ';
  return head.minor >= 0 && spaced && head.status >= 100 && head.status < 600;
}

}  // namespace

bool SameName(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

const Field* FindField(const std::vector<Field>& fields,
                       std::string_view name) {
  const auto found = std::find_if(
      fields.begin(), fields.end(),
      [&](const Field& field) { return SameName(field.name, name); });
  return found == fields.end() ? nullptr : &*found;
}

size_t FindHeadEnd(std::string_view bytes, size_t& from, bool& malformed) {
  malformed = false;
  while (true) {
    const size_t end = bytes.find('\n', from);
    if (end == std::string_view::npos) return 0;
    malformed = end == from || bytes[end - 1] != '\r';
    if (malformed) return 0;
    const std::string_view line = bytes.substr(from, end - 1 - from);
    malformed = (from == 0 && line.empty()) ||
                (!line.empty() && IsSpace(line[0])) ||
                std::any_of(line.begin(), line.end(), IsControl);
    if (malformed) return 0;
    from = end + 1;
    if (line.empty()) return from;
  }
}

bool ParseFields(std::string_view lines, std::vector<Field>& fields) {
  fields.clear();
  while (true) {
    const std::string_view line = TakeLine(lines);
    if (line.empty()) return true;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || fields.size() >= kMaxFields) {
      return false;
    }
    // No space before the colon: that is another name to some readers.
    const std::string_view name = line.substr(0, colon);
    if (!IsToken(name)) return false;
    fields.push_back({name, Trim(line.substr(colon + 1))});
  }
}

int ParseRequestHead(std::string_view bytes, RequestHead& head) {
  if (!ReadRequestLine(TakeLine(bytes), head)) return 400;
  if (head.target.size() > kMaxTarget) return 414;
  if (!IsPlainTarget(head.target)) return 400;
  if (!ParseFields(bytes, head.fields)) {
    return head.fields.size() >= kMaxFields ? 431 : 400;
  }
  return Apply(ReadSignals(head.fields), head);
}

bool ParseResponseHead(std::string_view bytes, std::string_view method,
                       ResponseHead& head) {
  if (!ReadStatusLine(TakeLine(bytes), head) ||
      !ParseFields(bytes, head.fields)) {
    return false;
  }
  const Signals signals = ReadSignals(head.fields);
  if (signals.bad || (head.minor == 0 && signals.encodings > 0)) return false;
  head.keep_alive = !signals.closes && (head.minor == 1 || signals.keeps);
  head.framing = {};
  const bool bodiless = head.status < 200 || head.status == 204 ||
                        head.status == 304 || method == "HEAD";
  if (bodiless) return true;
  if (signals.encodings > 0) {
    head.framing.kind = Framing::Kind::kChunked;
  } else if (signals.lengths > 0) {
    if (signals.length > 0) {
      head.framing = {Framing::Kind::kLength, signals.length};
    }
  } else {
    head.framing.kind = Framing::Kind::kUntilClose;
    head.keep_alive = false;
  }
  return true;
}

}  // namespace claviger::sidecar::proxy
