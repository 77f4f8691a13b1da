import { z } from "zod";

/** The part of metav1.ObjectMeta that Aloft reads. Unknown keys are dropped: never write a parsed object back. */
export const objectMetaSchema = z.object({
  name: z.string(),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  generation: z.int().optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  finalizers: z.array(z.string()).optional(),
});
export type ObjectMeta = z.infer<typeof objectMetaSchema>;

/** Versions of one resource are decimal numbers that grow. https://kep.k8s.io/5504 */
export function isOlderVersion(a: string | undefined, b: string | undefined): boolean {
  const [left, right] = [a, b].map((version) => (/^[0-9]+$/.test(version ?? "") ? BigInt(version ?? "") : undefined));
  return left !== undefined && right !== undefined && left < right;
}
