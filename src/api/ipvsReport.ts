/** What an agent tells of the kernel's table at /ipvs, for `aloft ipvs` and `kubectl vip ipvs`. */
import { z } from "zod";

/** Since the kernel has the service or the server; or, between two reports, per second. */
const statisticsSchema = z.object({
  connections: z.number(),
  inPackets: z.number(),
  outPackets: z.number(),
  inBytes: z.number(),
  outBytes: z.number(),
});
export type ReportedStatistics = z.infer<typeof statisticsSchema>;

const reportedServerSchema = z.object({
  /** "192.0.2.1:80" */
  server: z.string(),
  forwarding: z.string(),
  weight: z.int(),
  activeConnections: z.int(),
  inactiveConnections: z.int(),
  /** Clients that persistence holds at it. */
  persistentConnections: z.int(),
  draining: z.boolean(),
  statistics: statisticsSchema,
});

const reportedServiceSchema = z.object({
  /** "TCP 192.0.2.10:80", "IPv4 mark 7" */
  service: z.string(),
  /** NAMESPACE/NAME; absent: it is somebody else's. */
  virtualServer: z.string().optional(),
  scheduler: z.string(),
  servers: z.array(reportedServerSchema),
  statistics: statisticsSchema,
  /** Why it is not as it should be. */
  message: z.string().optional(),
});
export type ReportedService = z.infer<typeof reportedServiceSchema>;

export const ipvsReportSchema = z.object({
  node: z.string(),
  /** When the kernel was asked. */
  time: z.iso.datetime(),
  services: z.array(reportedServiceSchema),
  /** Why IPVS cannot be used. */
  message: z.string().optional(),
});
export type IpvsReport = z.infer<typeof ipvsReportSchema>;
