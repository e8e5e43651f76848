{{- define "obs.labels" -}}
app.kubernetes.io/name: obs-dagster
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "obs.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag }}
{{- end }}

{{- define "obs.home" -}}
{{ .Values.home.existingClaim | default "obs-home" }}
{{- end }}

{{/* Nobody is root, nothing is gained, the file system of the image stays as it is. */}}
{{- define "obs.pod-security" -}}
runAsNonRoot: true
runAsUser: 1000
fsGroup: 1000
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "obs.security" -}}
allowPrivilegeEscalation: false
capabilities: {drop: [ALL]}
{{- end }}

{{/* What a process of ours is told, and where its files are. */}}
{{- define "obs.told" -}}
envFrom:
  - configMapRef: {name: obs-environment}
  - secretRef: {name: {{ .Values.secret }}}
volumeMounts:
  - {name: home, mountPath: /data}
  - {name: monitors, mountPath: /monitors, readOnly: true}
  - {name: tmp, mountPath: /tmp}
{{- end }}

{{- define "obs.volumes" -}}
- {name: home, persistentVolumeClaim: {claimName: {{ include "obs.home" . }}}}
- {name: monitors, configMap: {name: {{ .Values.monitors }}}}
- {name: tmp, emptyDir: {}}
{{- end }}
