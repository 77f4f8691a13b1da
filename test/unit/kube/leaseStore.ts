/** The Leases of an API server as leader election sees them: optimistic locking on resourceVersion, and faults on demand. */
import { KubeError } from "../../../src/kube/kubeError.ts";
import type { LeaderElectionOptions } from "../../../src/kube/leaderElection.ts";
import type { Lease } from "../../../src/kube/lease.ts";
import type { KubeObject } from "../../../src/kube/object.ts";

type LeaseClient = LeaderElectionOptions["client"];

export class LeaseStore {
  lease: Lease | undefined;
  #version = 0;

  /** A client; while `fault` gives a promise, that is its answer. */
  client(fault: (signal: AbortSignal | undefined) => Promise<never> | undefined = () => undefined): LeaseClient {
    const answer = async <T>(signal: AbortSignal | undefined, value: () => Lease | undefined): Promise<T> => {
      await fault(signal);
      return structuredClone(value()) as T;
    };
    return {
      find: <T extends KubeObject>(_: unknown, __: unknown, options?: { signal?: AbortSignal }) =>
        answer<T | undefined>(options?.signal, () => this.lease),
      create: <T extends KubeObject>(_: unknown, object: object, options: { signal?: AbortSignal }) =>
        answer<T>(options.signal, () => this.#create(object as Lease)),
      replace: <T extends KubeObject>(_: unknown, object: object, options: { signal?: AbortSignal }) =>
        answer<T>(options.signal, () => this.#replace(object as Lease)),
    };
  }

  #create(lease: Lease): Lease {
    if (this.lease) throw new KubeError("AlreadyExists", "lease exists", { status: 409 });
    return this.#store(lease);
  }

  #replace(lease: Lease): Lease {
    if (!this.lease) throw new KubeError("NotFound", "no lease", { status: 404 });
    if (lease.metadata.resourceVersion !== this.lease.metadata.resourceVersion)
      throw new KubeError("Conflict", "old version", { status: 409 });
    return this.#store(lease);
  }

  #store(lease: Lease): Lease {
    this.#version += 1;
    this.lease = structuredClone({ ...lease, metadata: { ...lease.metadata, resourceVersion: String(this.#version) } });
    return this.lease;
  }
}

/** Never answers; rejects when the request is aborted, as the client does. */
export function silence(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new KubeError("Aborted", "aborted"))));
}

export function refusal(): Promise<never> {
  return Promise.reject(new KubeError("Network", "connection refused"));
}
