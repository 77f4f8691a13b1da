/** How far announcements are apart, for switches that do not bear a flood of them. Used by AgentConfig and NodeAgent. */
import { z } from "zod";
import { durationPattern, parseDuration } from "./duration.ts";
import { interfaceField } from "./fields.ts";
import { type Rule, wholeList, withRules } from "./rules.ts";

/** Milliseconds. Less is no pace: the agent would do nothing else than wake up for the next frame. */
export const leastPaceMs = 0.1;
/** Milliseconds: what keepalived takes. */
const greatestPaceMs = 4_294_000;

const paceField = withRules(z.string().max(32), [
  {
    cel: `self.matches(${JSON.stringify(durationPattern.source)}) && duration(self) >= duration('100us') && duration(self) <= duration('4294s')`,
    holds: (text) => {
      const milliseconds = durationPattern.test(text) ? (parseDuration(text) ?? Number.NaN) : Number.NaN;
      return milliseconds >= leastPaceMs && milliseconds <= greatestPaceMs;
    },
    message: 'must be a duration from 0.1ms to 4294s, such as "1ms"',
  },
]);

interface Pace {
  interfaces?: string[];
  gratuitousARP?: string;
  unsolicitedNA?: string;
}

const paceRules: Rule<Pace>[] = [
  {
    cel: "has(self.gratuitousARP) || has(self.unsolicitedNA)",
    holds: ({ gratuitousARP, unsolicitedNA }) => (gratuitousARP ?? unsolicitedNA) !== undefined,
    message: "gratuitousARP or unsolicitedNA must be given",
  },
];

const paceListRules: Rule<Pace[]>[] = [
  {
    cel: "self.filter(p, !has(p.interfaces)).size() <= 1",
    holds: (paces) => paces.filter(({ interfaces }) => interfaces === undefined).length <= 1,
    message: "one entry at the most may leave interfaces out: it is for all others",
  },
];

const fields = {
  interfaces: wholeList(z.array(interfaceField).min(1).max(16))
    .optional()
    .describe(
      "Interfaces that keep the distance together, as those of one switch. Default: each one that no other entry names, by itself.",
    ),
  gratuitousARP: paceField.optional().describe("Least time between two gratuitous ARPs; from 0.1ms."),
  unsolicitedNA: paceField.optional().describe("Least time between two unsolicited neighbour advertisements; from 0.1ms."),
};

export const announcementPaceSchema = withRules(z.object(fields), paceRules);
export type AnnouncementPace = z.infer<typeof announcementPaceSchema>;

export const announcementPaceList = withRules(wholeList(z.array(announcementPaceSchema).max(32)), paceListRules);
