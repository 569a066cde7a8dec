// SPDX-License-Identifier: Apache-2.0
//
// Responses as bytes. Pure.
#pragma once

#include <string>
#include <string_view>

#include "http/server.h"

namespace claviger::http {

/// "Not Found"; "Status" for codes without a phrase here.
std::string_view ReasonPhrase(int status);

/// Whether a response of that status may have a body and a Content-Length.
bool HasBody(int status);

/// True where every header can be sent as it is: token names, no control
/// characters in values.
bool HasPlainHeaders(const ServerResponse& response);

/// Appends status line and headers, Content-Length and the empty line
/// included. `close` adds "Connection: close".
void AppendHead(const ServerResponse& response, bool close, std::string& out);

/// What the server itself answers: an RFC 9457 problem with title and status.
ServerResponse MakeProblem(int status);

/// The head of a response without an end.
std::string_view EventStreamHead();

}  // namespace claviger::http
