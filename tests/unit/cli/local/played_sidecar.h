// SPDX-License-Identifier: Apache-2.0
//
// A sidecar's answers by route, for whoever asks it. One thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/local/local_api.h"

namespace claviger::cli {

class PlayedSidecar {
 public:
  static constexpr const char* kCanary = "canary-7c1d";

  /// "sales/dw/credential" and what is answered, with 200 unless said.
  void Put(const std::string& route, std::string body, int status = 200) {
    (*answers_)[route] = {status, std::move(body)};
  }
  void PutLogin(const std::string& name, const std::string& endpoint,
                const std::string& rest = "\"expiresAt\":null") {
    Put(name,
        R"({"provider":"http","type":"password","endpoint":)" + endpoint + "}");
    Put(name + "/credential",
        std::string(R"({"type":"password","data":{"username":"bot",)") +
            R"("password":")" + kCanary + "\"}," + rest + "}");
  }
  void Break() { answers_->clear(); }

  LocalApi Api() const {
    return {std::make_unique<Client>(answers_, asked_), "a played socket"};
  }
  /// "GET sales/dw".
  const std::vector<std::string>& asked() const { return *asked_; }

 private:
  using Answers = std::map<std::string, std::pair<int, std::string>>;

  class Client final : public http::Client {
   public:
    Client(std::shared_ptr<Answers> answers,
           std::shared_ptr<std::vector<std::string>> asked)
        : answers_(std::move(answers)), asked_(std::move(asked)) {}
    Result<http::ClientResponse> Send(
        const http::ClientRequest& request) override {
      const std::string base = "http://claviger/v1/connections/";
      const std::string route = request.url.substr(base.size());
      asked_->push_back(
          (request.method == http::Method::kPost ? "POST " : "GET ") + route);
      const auto found = answers_->find(route);
      if (found == answers_->end()) {
        return Fail(ErrorCode::kUnavailable, "nobody listens");
      }
      http::ClientResponse response;
      response.status = found->second.first;
      response.body = found->second.second;
      return response;
    }

   private:
    std::shared_ptr<Answers> answers_;
    std::shared_ptr<std::vector<std::string>> asked_;
  };

  std::shared_ptr<Answers> answers_ = std::make_shared<Answers>();
  std::shared_ptr<std::vector<std::string>> asked_ =
      std::make_shared<std::vector<std::string>>();
};

}  // namespace claviger::cli
