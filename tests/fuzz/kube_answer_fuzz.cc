// SPDX-License-Identifier: Apache-2.0
//
// Whatever an API server sends: lists, watches and errors end in objects or an
// error, never in a crash; a stream says the same however it is cut; and what
// is handed on is inside of what came. The first byte says where to cut, the
// rest is the text.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "kube/object.h"
#include "kube/status.h"
#include "kube/watch_decoder.h"

namespace claviger::kube {
namespace {

void Need(bool fine) {
  if (!fine) std::abort();
}

bool IsInside(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() &&
         part.data() + part.size() <= whole.data() + whole.size();
}

std::string Decode(std::string_view first, std::string_view second) {
  std::string seen;
  WatchDecoder decoder(kGrants, [&](const WatchEvent& event) {
    seen += std::to_string(static_cast<int>(event.type)) + event.object.uid +
            event.object.resource_version;
    seen.append(event.object.json).append("\n");
    return true;
  });
  if (decoder.Feed(first)) decoder.Feed(second);
  const auto error = decoder.Finish();
  Need(!error || error->message.size() < 300);
  return seen + (error ? error->message : "");
}

void Try(std::string_view text, size_t cut) {
  const auto list = ReadList(kGrants, text, [&](const ObjectView& object) {
    Need(IsInside(object.json, text));
    Need(!object.name.name.empty() && !object.uid.empty());
  });
  Need(list || list.error().message.size() < 300);
  cut = text.empty() ? 0 : cut % text.size();
  Need(Decode(text, "") == Decode(text.substr(0, cut), text.substr(cut)));
  const ApiStatus status = ReadApiStatus(text);
  Need(ErrorOf("try", status.code, status).message.size() < 300);
}

}  // namespace
}  // namespace claviger::kube

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  claviger::kube::Try({reinterpret_cast<const char*>(data) + 1, size - 1},
                      data[0]);
  return 0;
}
