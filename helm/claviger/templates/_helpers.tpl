{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* Names are fixed: there is one installation for each cluster, and the guard,
the documentation and Vault's roles name these objects. */}}

{{- define "claviger.labels" -}}
app.kubernetes.io/name: claviger
app.kubernetes.io/part-of: claviger
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* By which Services, the policy and the budget find the operator's pods; it
can never change. */}}
{{- define "claviger.operatorSelector" -}}
app.kubernetes.io/name: claviger-operator
{{- end }}

{{- define "claviger.image" -}}
{{- $tag := .image.tag | default .root.Chart.AppVersion -}}
{{- if .image.digest -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ $tag }}
{{- end -}}
{{- end }}

{{- define "claviger.isOpenShift" -}}
{{- if or (eq (toString .Values.openshift) "true") (and (eq (toString .Values.openshift) "auto") (.Capabilities.APIVersions.Has "security.openshift.io/v1")) -}}
true
{{- end -}}
{{- end }}

{{/* What must be given, with the way to do so. The schema cannot say that. */}}
{{- define "claviger.check" -}}
{{- $_ := required "set installationId to a random text of your own, once and for all, as of: openssl rand -hex 8" .Values.installationId -}}
{{- $_ := required "set cluster to this cluster's name, as it is to stand in Vault" .Values.cluster -}}
{{- $_ := required "set vault.address to Vault's address, as https://vault.corp:8200" .Values.vault.address -}}
{{- if not .Values.vault.mounts -}}
{{- fail "set vault.mounts: what Connections may name in Vault; as [{mount: secret, engine: kv2, allow: [\"{namespace}/+\"]}]" -}}
{{- end -}}
{{- if and .Values.injection.enabled (not (hasPrefix "https://" .Values.vault.address)) -}}
{{- fail "vault.address must begin with https://: the containers of a pod share its network and could read a login without TLS. To try Claviger without sidecars, set injection.enabled to false" -}}
{{- end -}}
{{- if and .Values.vaultReviewer.lastingToken (not .Values.vaultReviewer.create) -}}
{{- fail "vaultReviewer.lastingToken needs vaultReviewer.create" -}}
{{- end -}}
{{- end }}

{{/* The audiences (docs/adr/0013): never looked up, so that rendering twice is
the same, and never guessable, since the id is random. */}}
{{- define "claviger.audience.sidecar" -}}
claviger-{{ .Values.installationId }}
{{- end }}
{{- define "claviger.audience.operator" -}}
claviger-op-{{ .Values.installationId }}
{{- end }}
{{- define "claviger.audience.push" -}}
claviger-push-{{ .Values.installationId }}
{{- end }}

{{/* What a pod of ours may be, as the restricted Pod Security Standard asks. On
OpenShift the user comes from the namespace's range. */}}
{{- define "claviger.podSecurityContext" -}}
runAsNonRoot: true
{{- if not (include "claviger.isOpenShift" .) }}
runAsUser: 65532
runAsGroup: 65532
{{- end }}
seccompProfile: {type: RuntimeDefault}
{{- end }}
{{- define "claviger.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* What injected sidecars are told, to the letter as the operator writes it
(operator/inject/sidecar_text.cc), since the guard pins it; a test compares. */}}
{{- define "claviger.sidecarSettings" -}}
{{- $v := .Values.vault -}}
{{- $vault := dict "address" $v.address "mount" $v.mount "auth" (dict "kind" $v.auth.kind "mount" $v.auth.mount) -}}
{{- if $v.caBundle }}{{ $_ := set $vault "ca" $v.caBundle }}{{ end -}}
{{- if $v.namespace }}{{ $_ := set $vault "namespace" $v.namespace }}{{ end -}}
{{- if $v.userAuth.mount }}{{ $_ := set $vault "userAuth" (dict "mount" $v.userAuth.mount "userClaim" $v.userAuth.userClaim) }}{{ end -}}
{{- $settings := dict "cluster" .Values.cluster "socket" (dict "mode" "0666") "vault" $vault -}}
{{- if .Values.push.enabled }}{{ $_ := set $settings "push" (dict "tokenFile" "/var/run/secrets/claviger/push-token") }}{{ end -}}
{{- $text := $settings | toRawJson -}}
{{- if regexMatch "[$'<>&`]" $text -}}
{{- fail "no value below vault may contain one of $ ' ` < > &: pods are given them as they are" -}}
{{- end -}}
{{- $text -}}
{{- end }}

{{/* The operator's configuration, as docs/reference/operator-config.md. Made of
values and never of text, so that no value can become more than a value. */}}
{{- define "claviger.operatorConfig" -}}
{{- $v := .Values.vault -}}
{{- $auth := dict "kind" $v.auth.kind "mount" $v.auth.mount -}}
{{- if $v.auth.role }}{{ $_ := set $auth "role" $v.auth.role }}{{ end -}}
{{- $vault := dict "address" $v.address "mount" $v.mount "mounts" $v.mounts "auth" $auth -}}
{{- if $v.caBundle }}{{ $_ := set $vault "caFile" "/etc/claviger/vault-ca/ca.crt" }}{{ end -}}
{{- if $v.namespace }}{{ $_ := set $vault "namespace" $v.namespace }}{{ end -}}
{{- if $v.userAuth.mount -}}
{{- $userAuth := dict "mount" $v.userAuth.mount "userClaim" $v.userAuth.userClaim -}}
{{- if $v.userAuth.audiences }}{{ $_ := set $userAuth "audiences" $v.userAuth.audiences }}{{ end -}}
{{- $_ := set $vault "userAuth" $userAuth -}}
{{- end -}}
{{- $webhook := dict "port" 9443 -}}
{{- if .Values.webhook.certManager.enabled -}}
{{- $_ := set $webhook "certFile" "/etc/claviger/webhook-certificate/tls.crt" -}}
{{- $_ := set $webhook "keyFile" "/etc/claviger/webhook-certificate/tls.key" -}}
{{- end -}}
{{- $injection := dict -}}
{{- if .Values.injection.enabled -}}
{{- $injection = dict
  "image" (include "claviger.image" (dict "image" .Values.injection.image "root" .))
  "imagePullPolicy" .Values.injection.image.pullPolicy
  "logLevel" .Values.injection.logLevel
  "resources" .Values.injection.resources
  "runAsUser" (ternary 0 (int .Values.injection.runAsUser) (ne "" (include "claviger.isOpenShift" .))) -}}
{{- end -}}
{{- $config := dict
  "cluster" .Values.cluster
  "kubernetes" (dict "namespace" .Release.Namespace)
  "webhook" $webhook
  "push" (dict "enabled" .Values.push.enabled)
  "vault" $vault
  "audiences" (dict
    "sidecar" (include "claviger.audience.sidecar" .)
    "operator" (include "claviger.audience.operator" .)
    "push" (include "claviger.audience.push" .))
  "admins" .Values.admins
  "sharing" .Values.sharing
  "safety" .Values.safety
  "log" .Values.log
  "intervals" .Values.intervals -}}
{{- if $injection }}{{ $_ := set $config "injection" $injection }}{{ end -}}
{{- $config | toYaml -}}
{{- end }}
