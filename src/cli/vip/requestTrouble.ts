/** What the API server's refusal of a request means to somebody who has typed a command. Pure. */
import { isKubeError, type KubeError } from "../../kube/kubeError.ts";

const sentences: Partial<Record<KubeError["code"], (error: KubeError) => string>> = {
  NotFound: ({ subject }) =>
    subject
      ? `there is no "${subject.name}" among the ${subject.resource} of this cluster: "kubectl get ${subject.resource}" lists them`
      : 'the API server does not serve what Aloft needs: is it installed in this cluster, with its CRDs ("kubectl get crds")?',
  Forbidden: ({ text }) => `the API server does not allow that: ${text}`,
  Unauthorized: () => "the API server does not accept the credentials of the kubeconfig (401)",
};

/** One sentence. */
export function describeTrouble(error: unknown): string {
  const sentence = isKubeError(error) ? sentences[error.code]?.(error) : undefined;
  return sentence ?? (error instanceof Error ? error.message : String(error));
}
