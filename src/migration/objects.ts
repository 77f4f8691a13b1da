/** What comes out of an import. */
import type { z } from "zod";
import type { addressPoolSpecSchema } from "../api/addressPool.ts";
import type { AddressRange } from "../api/addressRange.ts";
import { apiVersion } from "../api/group.ts";
import type { Manifest } from "./manifest.ts";

export interface MigratedObject {
  object: { apiVersion: string; kind: string; metadata: { name: string }; spec: object };
  /** What it was made from; what is told of these stands as comments above it. */
  from: readonly Manifest[];
}

export type PoolSpec = z.input<typeof addressPoolSpecSchema>;

export interface MigratedPool extends MigratedObject {
  ranges: readonly AddressRange[];
  /** As it was called. */
  origin: string;
}

export interface MigratedService {
  manifest: Manifest;
  annotations: Readonly<Record<string, string>>;
}

export function makePool(name: string, spec: PoolSpec): MigratedObject["object"] {
  return { apiVersion, kind: "AddressPool", metadata: { name }, spec };
}
