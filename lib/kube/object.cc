// SPDX-License-Identifier: Apache-2.0
#include "kube/object.h"

#include <utility>

#include "kube/json_slice.h"

namespace claviger::kube {
namespace {

struct Wanted {
  std::string_view key;
  std::string* out;
};

// The named text members of an object; others are passed over.
Status ReadTexts(std::string_view json, std::initializer_list<Wanted> wanted) {
  return ForEachMember(
      json, [&](std::string_view key, std::string_view value) -> Status {
        for (const Wanted& want : wanted) {
          if (key != want.key) continue;
          auto text = StringOf(value);
          if (!text) return Fail(std::move(text).error());
          *want.out = *std::move(text);
        }
        return {};
      });
}

tl::unexpected<Error> About(const Resource& resource, Error error) {
  return Fail(std::move(error), "read a " + std::string(resource.kind) +
                                    " of the API server's answer");
}

}  // namespace

Result<ObjectView> ReadObject(const Resource& resource, std::string_view json) {
  if (json.size() > kMaxObjectBytes) {
    return About(resource, {ErrorCode::kTooLarge, "larger than 1.5 MiB"});
  }
  ObjectView object;
  object.kind = resource.kind;
  object.json = json;
  const Status read = ForEachMember(
      json, [&](std::string_view key, std::string_view value) -> Status {
        if (key != "metadata") return {};
        return ReadTexts(value,
                         {{"namespace", &object.name.ns},
                          {"name", &object.name.name},
                          {"uid", &object.uid},
                          {"resourceVersion", &object.resource_version}});
      });
  if (!read) return About(resource, read.error());
  const bool whole = !object.name.name.empty() && !object.uid.empty() &&
                     object.name.ns.empty() != resource.namespaced;
  if (!whole) {
    return About(resource, {ErrorCode::kMalformed, "incomplete metadata"});
  }
  return object;
}

Result<Page> ReadList(const Resource& resource, std::string_view json,
                      const std::function<void(const ObjectView&)>& take) {
  Page page;
  std::string kind;
  std::string_view items;
  const Status read = ForEachMember(
      json, [&](std::string_view key, std::string_view value) -> Status {
        if (key == "items") items = value;
        if (key == "kind") {
          auto text = StringOf(value);
          if (!text) return Fail(std::move(text).error());
          kind = *std::move(text);
        }
        if (key != "metadata") return {};
        return ReadTexts(value, {{"continue", &page.continue_token},
                                 {"resourceVersion", &page.resource_version}});
      });
  if (!read) return About(resource, read.error());
  const std::string expected = resource.metadata_only
                                   ? "PartialObjectMetadataList"
                                   : std::string(resource.kind) + "List";
  // An absence must be the server's word, not a proxy's page that fits.
  if (kind != expected || page.resource_version.empty() || items.empty()) {
    return About(resource, {ErrorCode::kMalformed, "not a list of that kind"});
  }
  // No items at all is written as null by some servers.
  if (items == "null") return page;
  const Status done =
      ForEachElement(items, [&](std::string_view item) -> Status {
        auto object = ReadObject(resource, item);
        if (!object) return Fail(std::move(object).error());
        take(*object);
        return {};
      });
  if (!done) return Fail(done.error());
  return page;
}

}  // namespace claviger::kube
