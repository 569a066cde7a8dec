// SPDX-License-Identifier: Apache-2.0
//
// The handler's way to answer one request. Thread-safe; holds the connection
// weakly, so that an answer to a client that has gone is dropped.
#pragma once

#include <memory>

#include "http/server.h"
#include "http/server_mailbox.h"

namespace claviger::http {

class Connection;

std::shared_ptr<Responder> MakeResponder(std::shared_ptr<Mailbox> mailbox,
                                         std::weak_ptr<Connection> connection);

}  // namespace claviger::http
