// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package tools pins the programs of Kubernetes that the tests start: the API
// server, and what makes a node of this machine.
package tools

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kube-proxy"
	_ "k8s.io/kubernetes/cmd/kube-scheduler"
	_ "k8s.io/kubernetes/cmd/kubelet"
)
