/** Health checkers of a real server. */
import { flag, obsolete, one, optional, optionalBool, section, userAndGroup, weight } from "./settings.ts";
import type { BlockGrammar, Keyword } from "./types.ts";
import {
  address,
  argument,
  bool,
  command,
  decimal,
  escapedText,
  integer,
  interfaceName,
  name,
  oneOf,
  port,
  range,
  text,
  unsigned32,
  valueType,
} from "./values.ts";

const retries = integer(1, 4_294_967_295);
const longTime = decimal(0.000001, 18_446_744_073_709);

/** Of a virtual server, a real server and each checker alike: the inner one counts. */
export const timing: Record<string, Keyword> = {
  alpha: optionalBool,
  retry: one(retries),
  delay_before_retry: one(decimal(0, 4294)),
  warmup: one(decimal(0, 4294)),
  delay_loop: one(longTime),
};

export const connectTimeout = one(decimal(0.000001, 4294));

const connection: Record<string, Keyword> = {
  ...timing,
  log_all_failures: optional(bool),
  connect_ip: one(address),
  connect_port: one(port),
  bindto: one(address),
  bind_if: one(interfaceName),
  bind_port: one(port),
  connect_timeout: connectTimeout,
  fwmark: one(unsigned32),
  nb_get_retry: obsolete("older releases knew nb_get_retry here", "retry"),
};

const digest = valueType("an MD5 sum of 32 hexadecimal digits", (written) =>
  /^[0-9a-f]{32}$/i.test(written) ? written.toLowerCase() : undefined,
);

const url: BlockGrammar = {
  name: "url",
  keywords: {
    path: one(text),
    digest: one(digest),
    status_code: { args: [argument("codes", range(100, 599), { many: true })] },
    virtualhost: one(text),
    regex: one(escapedText),
    regex_no_match: flag,
    regex_options: { args: [argument("options", text, { many: true })] },
    regex_stack: { args: [argument("start", unsigned32), argument("most", unsigned32)] },
    regex_min_offset: one(unsigned32),
    regex_max_offset: one(unsigned32),
  },
};

const http: Record<string, Keyword> = {
  ...connection,
  // 2.2.7 says that it is deprecated, and takes it.
  nb_get_retry: one(retries, { sameAs: "retry" }),
  http_protocol: one(oneOf(["1.0", "1.0C", "1.1"], { ignoreCase: true })),
  fast_recovery: optionalBool,
  url: section(url, { repeatable: true }),
  virtualhost: one(text),
  enable_sni: flag,
};

const dnsTypes = ["A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA"];
const hexadecimal = valueType("hexadecimal digits", (written) => (/^[0-9a-fx\s]+$/i.test(written) ? written : undefined));
const replyLength = one(integer(0, 65535));

const blocks: Record<string, Record<string, Keyword>> = {
  HTTP_GET: http,
  SSL_GET: http,
  TCP_CHECK: connection,
  PING_CHECK: connection,
  SMTP_CHECK: {
    ...connection,
    helo_name: one(text),
    // Of old releases: the connection options in a block of their own.
    host: section({ name: "host", keywords: connection }, { repeatable: true }),
  },
  DNS_CHECK: { ...connection, type: one(oneOf(dnsTypes, { ignoreCase: true })), name: one(text) },
  UDP_CHECK: {
    ...connection,
    payload: { args: [argument("value", hexadecimal, { many: true })] },
    require_reply: { args: [argument("value", hexadecimal, { optional: true, many: true })] },
    min_reply_length: replyLength,
    max_reply_length: replyLength,
  },
  MISC_CHECK: {
    ...timing,
    log_all_failures: optional(bool),
    misc_path: { args: [argument("command", command)] },
    misc_timeout: one(unsigned32),
    misc_dynamic: flag,
    user: userAndGroup,
  },
  FILE_CHECK: {
    track_file: { args: [argument("value", name, { refersTo: ["track_file", "vrrp_track_file"] })] },
    weight: weight(-2_147_483_647, 2_147_483_647),
    dynamic: obsolete("the manual of 2.2.7 describes it, the program does not know it"),
  },
  BFD_CHECK: { name: { args: [argument("value", name, { refersTo: ["bfd_instance"] })] }, alpha: optionalBool },
};

/** A real server may have several of each. */
export const checkers: Record<string, Keyword> = Object.fromEntries(
  Object.entries(blocks).map(([checker, keywords]) => [checker, section({ name: checker, keywords }, { repeatable: true })]),
);
