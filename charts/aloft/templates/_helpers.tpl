{{/* Names are fixed: nodes and kinds belong to the whole cluster, so there is one installation in it. */}}
{{- define "aloft.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{ include "aloft.podLabels" . }}
{{- end }}

{{- define "aloft.podLabels" -}}
{{ include "aloft.selector" . }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "aloft.selector" -}}
app.kubernetes.io/name: aloft
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- define "aloft.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{/* What every pod says of its image. */}}
{{- define "aloft.imageFields" -}}
image: {{ include "aloft.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- end }}

{{/* The head of every pod's spec. */}}
{{- define "aloft.account" -}}
serviceAccountName: {{ .account }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Which nodes a pod may be on. */}}
{{- define "aloft.placement" -}}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Of pods that need nothing of the node. */}}
{{- define "aloft.unprivilegedPod" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "aloft.unprivilegedContainer" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "aloft.agentMonitored" -}}
{{- if or .Values.monitoring.serviceMonitor.enabled .Values.monitoring.podMonitor.enabled }}true{{ end }}
{{- end }}

{{- define "aloft.agentListenAddress" -}}
{{- if .Values.agent.listenAddress }}{{ .Values.agent.listenAddress }}
{{- else if not (include "aloft.agentMonitored" .) }}127.0.0.1
{{- end }}
{{- end }}

{{/* The names of the agent's features that are enabled, "always" first. */}}
{{- define "aloft.agentCapabilities" -}}
{{- $agent := .Values.agent }}
{{- $wanted := $agent.capabilities.always }}
{{- range $feature := list "realTime" "gate" "ipvs" "processes" }}
{{- if index $agent.features $feature }}{{ $wanted = concat $wanted (index $agent.capabilities $feature) }}{{ end }}
{{- end }}
{{- if $agent.features.programs.enabled }}{{ $wanted = concat $wanted $agent.capabilities.programs }}{{ end }}
{{- $wanted | uniq | toJson }}
{{- end }}
