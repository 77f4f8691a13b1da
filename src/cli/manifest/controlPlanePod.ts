/**
 * The static Pod that holds the address of a control plane: the kubelet runs it before there is an API server. Such a Pod can use nothing
 * that the API server keeps; its configuration is an annotation of its own, which a downwardAPI volume makes a file. Pure.
 */
import { stringify } from "yaml";
import { type ControlPlaneAddress, controlPlaneVirtualIP } from "../../plan/controlPlane.ts";

export interface ControlPlane extends ControlPlaneAddress {
  virtualRouterID: number;
  image: string;
}

const name = "aloft-control-plane";
const annotation = "aloft.dev/configuration";
const configuration = { folder: "/etc/aloft", file: "control-plane.yaml" };
const stateDirectory = `/var/lib/${name}`;
/** Not those of the DaemonSet's agent, which may run beside it. */
const http = { host: "127.0.0.1", port: 9107 };

export function controlPlanePod(plane: ControlPlane): object {
  const probe = (path: string) => ({ httpGet: { ...http, path } });
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "kube-system",
      labels: { "app.kubernetes.io/name": "aloft", "app.kubernetes.io/component": "control-plane" },
      annotations: { [annotation]: stringify(controlPlaneVirtualIP(plane), { lineWidth: 120 }) },
    },
    spec: {
      hostNetwork: true,
      // As kubeadm's own: nobody has resolved the class of a Pod that no API server has seen.
      priorityClassName: "system-node-critical",
      priority: 2_000_001_000,
      terminationGracePeriodSeconds: 30,
      tolerations: [{ operator: "Exists" }],
      securityContext: { seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "agent",
          image: plane.image,
          imagePullPolicy: "IfNotPresent",
          args: [
            "agent",
            "--standalone",
            `--config=${configuration.folder}/${configuration.file}`,
            `--state-dir=${stateDirectory}`,
            `--http=${http.host}:${http.port}`,
          ],
          env: [
            { name: "NODE_OPTIONS", value: "--max-semi-space-size=1 --v8-pool-size=1" },
            { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
          ],
          livenessProbe: { ...probe("/healthz"), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
          readinessProbe: { ...probe("/readyz"), periodSeconds: 5, timeoutSeconds: 3 },
          resources: { requests: { cpu: "20m", memory: "96Mi" }, limits: { memory: "192Mi" } },
          securityContext: {
            runAsUser: 0,
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"], add: ["NET_ADMIN", "NET_RAW", "SYS_NICE", "BPF"] },
          },
          volumeMounts: [
            { name: "configuration", mountPath: configuration.folder, readOnly: true },
            { name: "state", mountPath: stateDirectory },
          ],
        },
      ],
      volumes: [
        {
          name: "configuration",
          downwardAPI: { items: [{ path: configuration.file, fieldRef: { fieldPath: `metadata.annotations['${annotation}']` } }] },
        },
        { name: "state", hostPath: { path: stateDirectory, type: "DirectoryOrCreate" } },
      ],
    },
  };
}
