// SPDX-License-Identifier: Apache-2.0
#include "http/server_responder.h"

#include <atomic>
#include <utility>

#include "http/server_connection.h"
#include "http/server_events.h"
#include "http/server_response.h"

namespace claviger::http {
namespace {

class OneResponder final : public Responder {
 public:
  OneResponder(std::shared_ptr<Mailbox> mailbox,
               std::weak_ptr<Connection> connection)
      : mailbox_(std::move(mailbox)), connection_(std::move(connection)) {}
  ~OneResponder() override {
    if (!answered_) Deliver(MakeProblem(500));
  }
  OneResponder(const OneResponder&) = delete;
  OneResponder& operator=(const OneResponder&) = delete;

  void Send(ServerResponse response) override {
    if (!answered_.exchange(true)) Deliver(std::move(response));
  }

  std::shared_ptr<EventStream> StartEvents() override {
    const bool fresh = !answered_.exchange(true);
    const bool slot = fresh && mailbox_->TakeEventSlot();
    auto queue = std::make_shared<EventQueue>(
        [mailbox = mailbox_, connection = connection_] {
          mailbox->Post([connection] {
            if (const auto live = connection.lock()) live->FlushEvents();
          });
        },
        [mailbox = mailbox_, slot] {
          if (slot) mailbox->ReturnEventSlot();
        });
    auto stream = MakeEventStream(queue);
    if (!slot) {
      queue->Close();
      if (fresh) Deliver(MakeProblem(503));
      return stream;
    }
    mailbox_->RunOrPost([connection = connection_, queue = std::move(queue)] {
      const auto live = connection.lock();
      return live ? live->StartEvents(queue) : queue->Close();
    });
    return stream;
  }

 private:
  void Deliver(ServerResponse response) {
    mailbox_->RunOrPost(
        [connection = connection_, response = std::move(response)]() mutable {
          if (const auto live = connection.lock()) {
            live->Answer(std::move(response));
          } else if (response.secret) {
            WipeString(response.body);
          }
        });
  }

  const std::shared_ptr<Mailbox> mailbox_;
  const std::weak_ptr<Connection> connection_;
  std::atomic<bool> answered_ = false;
};

}  // namespace

std::shared_ptr<Responder> MakeResponder(std::shared_ptr<Mailbox> mailbox,
                                         std::weak_ptr<Connection> connection) {
  return std::make_shared<OneResponder>(std::move(mailbox),
                                        std::move(connection));
}

}  // namespace claviger::http
