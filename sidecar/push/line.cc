// SPDX-License-Identifier: Apache-2.0
#include "sidecar/push/line.h"

#include <string>
#include <thread>
#include <utility>

#include "http/event_source.h"

namespace claviger::sidecar::push {
namespace {

constexpr std::string_view kPath = "/v1/changes";

std::string UrlOf(const access::PushDocument& where) {
  const std::string port = where.address.substr(where.address.rfind(':'));
  return "https://" + where.server_name + port + std::string(kPath);
}

class ThreadedLine final : public Line {
 public:
  ~ThreadedLine() override { Close(); }

  void Open(const access::PushDocument& where, Secret token, OnChange on_change,
            OnEnd on_end) override {
    Close();
    source_ = http::MakeCurlEventSource();
    thread_ = std::thread([source = source_.get(), where,
                           held = std::make_shared<Secret>(std::move(token)),
                           on_change = std::move(on_change),
                           on_end = std::move(on_end)] {
      http::EventRequest request;
      request.url = UrlOf(where);
      request.connect_to = where.address;
      request.authorities = where.authorities;
      request.bearer = held.get();
      on_end(source->Run(request,
                         [&](std::string_view event, std::string_view data) {
                           if (event == "changed") on_change(data);
                         }));
    });
  }

  void Close() override {
    if (!thread_.joinable()) return;
    source_->Stop();
    thread_.join();
  }

 private:
  std::unique_ptr<http::EventSource> source_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Line> MakeLine() { return std::make_unique<ThreadedLine>(); }

}  // namespace claviger::sidecar::push
