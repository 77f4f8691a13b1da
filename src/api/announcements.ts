/** When gratuitous ARP and unsolicited NA are sent. Used by VirtualIP and NodeAgent. */
import { z } from "zod";
import { durationField } from "./fields.ts";
import { wholeList } from "./rules.ts";

export const announcementsSchema = z.object({
  at: wholeList(z.array(durationField).min(1).max(6)).describe("When, counted from the moment the addresses stand, ascending."),
  copies: z.int().min(1).max(100).default(1).describe("Frames per address each time."),
  refresh: durationField.default("0s").describe("Again this often while MASTER; 0s: never."),
  refreshCopies: z.int().min(1).max(100).default(1).describe("Frames per address at a refresh."),
});
export type Announcements = z.infer<typeof announcementsSchema>;
