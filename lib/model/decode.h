// SPDX-License-Identifier: Apache-2.0
//
// Documents into objects, field by field: types, unknown fields, unknown words
// and what is required. Values are judged by validate.h. Problems go to the
// report; what could be read is in the object either way. Pure.
#pragma once

#include "model/connection.h"
#include "model/decoder.h"
#include "model/grant.h"
#include "model/group.h"

namespace claviger::model {

inline constexpr std::string_view kGroupName = "claviger.io";
inline constexpr std::string_view kApiVersion = "claviger.io/v1alpha1";

/// Each takes the whole object: apiVersion, kind, metadata, spec, status.
void DecodeConnection(const Value& root, Connection& out);
void DecodeGrant(const Value& root, Grant& out);
void DecodeGroup(const Value& root, Group& out);

/// Metadata of an object that is cluster-scoped or not. Kubernetes' own fields
/// are passed over.
void DecodeMetadata(const Value& value, bool namespaced, Metadata& out);

/// What only the API server says: resourceVersion, deletionTimestamp, whether
/// our finalizer is there.
void DecodeApiMetadata(const Value& value, Metadata& out);
/// The consent stamp among an API object's annotations.
void DecodeStamp(const Value& metadata, std::optional<Stamp>& out);

/// One who is meant, of the kinds that make sense in that place.
void DecodeSubject(const Value& value, const std::vector<SubjectKind>& kinds,
                   Subject& out);
void DecodeSubjects(const Value& value, const std::vector<SubjectKind>& kinds,
                    std::vector<Subject>& out);

void Read(const Value& value, VaultRef& out);
void Read(const Value& value, Endpoint& out);

}  // namespace claviger::model
