// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package tools pins the API server that the integration tests start.
package tools

import _ "k8s.io/kubernetes/cmd/kube-apiserver"
