// SPDX-License-Identifier: Apache-2.0
//
// A request signed for AWS in place of however its client signed it. The body
// is streamed, so its hash is the client's own, or it is left unsigned, which
// S3 takes. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "sidecar/api/problem.h"
#include "sidecar/proxy/http/aws_chunks.h"
#include "sidecar/proxy/http/aws_signature.h"
#include "sidecar/proxy/http/head.h"
#include "sidecar/proxy/http/target.h"

namespace claviger::sidecar::proxy {

/// Takes the parameters of a client's own signature out of the query, and
/// writes what is left so that it reads in one way. A problem: the body's hash
/// would have to be known, or what it is copied from is not below what the
/// connection allows.
std::optional<Problem> PrepareAws(const RequestHead& head,
                                  const model::Endpoint& endpoint,
                                  const Origin& origin, const AwsKey& key,
                                  Aimed& aimed);

/// Where the client signs each chunk of its body: makes of the head one whose
/// body is the content alone, unsigned, and sets `chunks` to what takes that
/// out. InvalidRequest where the length of the content is not told.
std::optional<Problem> UnwrapAws(RequestHead& head,
                                 std::optional<AwsChunks>& chunks);

/// Whether a field of the client's is written by AppendAwsFields or by nobody.
bool IsAwsField(std::string_view name);

/// Appends Authorization and the x-amz- fields that it covers; `own` are the
/// client's fields that go on, of which the others are written already.
void AppendAwsFields(const RequestHead& head, const std::vector<Field>& own,
                     const Origin& origin, const Aimed& aimed,
                     const AwsKey& key, Time now, std::string& out);

}  // namespace claviger::sidecar::proxy
