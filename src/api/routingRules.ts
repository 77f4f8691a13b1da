/** Routes and policy rules that users write: what their types cannot state. */
import { z } from "zod";
import { interfacePattern } from "./fields.ts";
import { type Family, isIPv4Mapped, parseAddress, parsePrefix } from "./ipAddress.ts";
import { type PolicyRule, type Route, routeSchema, ruleSchema } from "./routing.ts";
import { type Rule, wholeList, withRules } from "./rules.ts";

const isPrefixText = (text: string) => {
  const prefix = parsePrefix(text);
  return prefix !== undefined && !isIPv4Mapped(prefix);
};
const isAddressText = (text: string) => {
  const address = parseAddress(text);
  return address !== undefined && !isIPv4Mapped(address);
};
const isPrefix = (text: string) => `(isIP(${text}) || isCIDR(${text}))`;

const isInterface = (text: string) => `${text}.matches(${JSON.stringify(interfacePattern.source)})`;

const routeRules: Rule<Route>[] = [
  {
    cel: isPrefix("self.destination"),
    holds: ({ destination }) => isPrefixText(destination),
    message: 'destination must be an address with or without prefix length, such as "203.0.113.0/24" or "::/0"',
    field: "destination",
  },
  {
    cel: "!has(self.nextHops) || self.type == 'unicast' || size(self.nextHops) == 0",
    holds: ({ nextHops = [], type }) => type === "unicast" || nextHops.length === 0,
    message: "nextHops must be left out unless type is unicast",
    field: "nextHops",
  },
  {
    cel: "!has(self.nextHops) || self.nextHops.all(h, !has(h.via) || isIP(h.via))",
    holds: ({ nextHops = [] }) => nextHops.every(({ via }) => via === undefined || isAddressText(via)),
    message: "via of a next hop must be an IP address",
    field: "nextHops",
  },
  {
    cel: `!has(self.nextHops) || self.nextHops.all(h, !has(h.interface) || ${isInterface("h.interface")})`,
    holds: ({ nextHops = [] }) => nextHops.every((hop) => hop.interface === undefined || interfacePattern.test(hop.interface)),
    message: "interface of a next hop must be the name of a network interface",
    field: "nextHops",
  },
  {
    cel: "!has(self.source) || isIP(self.source)",
    holds: ({ source }) => source === undefined || isAddressText(source),
    message: "source must be an IP address",
    field: "source",
  },
];

/** CEL: whether a policy rule names the family. */
const names = (family: Family) => {
  const is = family === "IPv6" ? "" : "!";
  const texts = ["from", "to"].map((field) => `(has(self.${field}) && ${is}self.${field}.contains(':'))`);
  return `(${texts.join(" || ")} || (has(self.family) && self.family == '${family}'))`;
};

const ruleRules: Rule<PolicyRule>[] = [
  {
    cel: `(!has(self.from) || ${isPrefix("self.from")}) && (!has(self.to) || ${isPrefix("self.to")})`,
    holds: ({ from, to }) => [from, to].every((text) => text === undefined || isPrefixText(text)),
    message: "from and to must be addresses with or without prefix length",
  },
  {
    cel: `!(${names("IPv6")} && ${names("IPv4")})`,
    holds: ({ from, to, family }) => familiesNamed(from, to, family).size <= 1,
    message: "family, from and to must be of one address family",
  },
  {
    cel: ["self.inputInterface", "self.outputInterface"].map((field) => `(!has(${field}) || ${isInterface(field)})`).join(" && "),
    holds: ({ inputInterface, outputInterface }) =>
      [inputInterface, outputInterface].every((name) => name === undefined || interfacePattern.test(name)),
    message: "inputInterface and outputInterface must be names of network interfaces",
  },
  {
    cel: "(self.action == 'lookup') == has(self.table)",
    holds: ({ action, table }) => (action === "lookup") === (table !== undefined),
    message: "table must be given with the action lookup, and be left out with the others",
    field: "table",
  },
];

function familiesNamed(from: string | undefined, to: string | undefined, family: string | undefined): Set<string> {
  const texts = [from, to].flatMap((text) => (text === undefined ? [] : [text.includes(":") ? "IPv6" : "IPv4"]));
  return new Set([...texts, ...(family === undefined ? [] : [family])]);
}

/** A list has one writer, who writes all of it: routes have no name that could tell them apart. */
export const routeList = (most: number) => wholeList(z.array(withRules(routeSchema, routeRules)).max(most));
export const ruleList = (most: number) => wholeList(z.array(withRules(ruleSchema, ruleRules)).max(most));
