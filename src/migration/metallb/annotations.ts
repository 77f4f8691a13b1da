/** What becomes of MetalLB's annotations of a Service. */
import { addressesAnnotation, poolAnnotation, sharingKeyAnnotation } from "../../api/service.ts";
import type { AnnotationTable } from "../services.ts";

export const metallbAnnotations: AnnotationTable = {
  prefixes: ["metallb.io/", "metallb.universe.tf/"],
  names: {
    loadBalancerIPs: { becomes: addressesAnnotation, as: "addresses" },
    "address-pool": { becomes: poolAnnotation, as: "pool" },
    "allow-shared-ip": { becomes: sharingKeyAnnotation, as: "text" },
    "ip-allocated-from-pool": { says: "what MetalLB did" },
  },
};
