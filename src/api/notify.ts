/** What runs on changes of state, and how mail is sent. */
import { z } from "zod";
import { durationField, scriptUserField } from "./fields.ts";
import { wholeList } from "./rules.ts";

/** What runs on a state change. A program is a file in an allowed directory of the node, started without a shell. */
export const notifySchema = z.object({
  programs: wholeList(
    z
      .array(
        z.object({
          events: wholeList(
            z
              .array(z.enum(["MASTER", "BACKUP", "FAULT", "STOP", "DELETED", "MASTER_RX_LOWER_PRI"]))
              .min(1)
              .max(6),
          ).describe("What starts it: the begin of a state, or what else its name says."),
          command: wholeList(z.array(z.string().max(1024)).min(1).max(64)).describe("Program and arguments."),
          user: scriptUserField,
          appendState: z
            .boolean()
            .optional()
            .describe("Append TYPE NAME STATE PRIORITY as keepalived's `notify` gets them. Default: false."),
        }),
      )
      .max(16),
  )
    .optional()
    .describe("Programs."),
  webhook: z.string().max(2048).optional().describe("URL that gets a JSON document by POST at each change."),
  mail: z.boolean().optional().describe("Send mail at each change, by the node's mail settings."),
  priorityChanges: z.boolean().optional().describe("Tell the node's FIFOs of changes of the priority, too. Default: false."),
});
export type Notify = z.infer<typeof notifySchema>;

export const mailSchema = z.object({
  server: z.string().min(1).max(253).describe("Mail relay, HOST or HOST:PORT; default port: 25."),
  from: z.string().min(3).max(320).describe("Sender."),
  to: wholeList(z.array(z.string().min(3).max(320)).min(1).max(32)).describe("Recipients."),
  helo: z.string().max(253).optional().describe("Name to say at EHLO; default: the node's."),
  timeout: durationField.default("30s").describe("How long a delivery may take in all."),
  faults: z.boolean().optional().describe("Whether mail is sent about FAULT. Default: true."),
  subjectName: z.string().max(253).optional().describe("Name in the subject; default: the node's."),
});
export type Mail = z.infer<typeof mailSchema>;
