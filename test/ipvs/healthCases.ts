/** Checkers of keepalived.conf, and what becomes of a real server that behaves in one way or another: its weight, or "down". */
import type { Behaviour } from "./healthServers.ts";

/** Not there at all: TCP refuses, UDP says so by ICMP. */
interface State {
  behaviour?: Behaviour;
  is: number | "down";
  /** Where keepalived makes something else of it. */
  keepalived?: "down";
}

export interface HealthCase {
  title: string;
  /** The checker's block. */
  checker: string;
  protocol?: "UDP";
  /** One after the other; all cases go on together. */
  states: State[];
}

/** Of the real server. */
export const weight = 10;
const timing = "connect_timeout 1\nretry 1\ndelay_before_retry 1";

const web = (answer: string, pem?: string): Behaviour => ({ kind: "web", answer, ...(pem && { pem }) });
const page = (status: string, body = "well\n", headers = "") =>
  web(`HTTP/1.1 ${status}\r\ncontent-length: ${body.length}\r\n${headers}\r\n${body}`);
const mail = (banner: string, greeting: string, quit = "221 bye\r\n"): Behaviour => ({
  kind: "mail",
  banner,
  replies: { EHLO: greeting, HELO: greeting, QUIT: quit },
});
const silent: Behaviour = { kind: "silent" };
const gone: State = { is: "down" };
const well = (behaviour: Behaviour): State => ({ behaviour, is: weight });
const down = (behaviour: Behaviour): State => ({ behaviour, is: "down" });

/** Of "well\n". */
const digest = "1b42a11f5f647e53d20da8c8f57a9f02";

const httpGet = (url: string, more = "") => `HTTP_GET {\n${more}\nurl {\npath /\n${url}\n}\n${timing}\n}`;

const http: HealthCase[] = [
  {
    title: "HTTP_GET by a status",
    checker: httpGet("status_code 200"),
    states: [well(page("200 OK")), down(page("404 Not Found")), well(page("200 OK")), down(page("201 Created")), gone],
  },
  {
    title: "HTTP_GET by ranges of statuses",
    checker: httpGet("status_code 200-204 301"),
    states: [well(page("204 No Content", "")), down(page("302 Found")), well(page("301 Moved", "", "location: /x\r\n")), down(silent)],
  },
  {
    title: "HTTP_GET without a status",
    checker: httpGet(""),
    states: [well(page("201 Created")), down(page("302 Found")), well(page("200 OK")), down(page("503 Busy"))],
  },
  {
    title: "HTTP_GET by a digest",
    checker: httpGet(`digest ${digest}`),
    states: [well(page("200 OK")), down(page("200 OK", "ill\n")), well(page("200 OK")), gone],
  },
  {
    title: "HTTP_GET by an expression",
    checker: httpGet('status_code 200\nregex "w.l+"'),
    states: [well(page("200 OK")), down(page("200 OK", "ill\n")), well(page("200 OK", "all is well\n")), down(page("503 Busy"))],
  },
  {
    title: "HTTP_GET by an expression that must not match",
    checker: httpGet('status_code 200\nregex_no_match\nregex "ill"'),
    states: [well(page("200 OK")), down(page("200 OK", "ill\n")), well(page("200 OK")), down(silent)],
  },
  {
    title: "HTTP_GET with version 1.1",
    checker: httpGet('status_code 200\nregex "well"', "http_protocol 1.1"),
    states: [well(page("200 OK")), down(page("200 OK", "ill\n")), well(page("200 OK")), gone],
  },
  {
    title: "HTTP_GET of two pages",
    checker: `HTTP_GET {\nurl {\npath /a\nstatus_code 200\n}\nurl {\npath /b\nstatus_code 200\n}\n${timing}\n}`,
    states: [well(page("200 OK")), down(page("500 Broken")), well(page("200 OK")), gone],
  },
  {
    title: "HTTP_GET of a server that is no web server",
    checker: httpGet("status_code 200"),
    states: [down(web("220 mail\r\n")), well(page("200 OK")), down(web("HTTP/1.1 200 OK\r\n")), down(web("\0\0\0\0"))],
  },
];

/** @param pem a file with certificate and key. */
const https = (pem: string): HealthCase[] => [
  {
    title: "SSL_GET, whatever the certificate",
    checker: `SSL_GET {\nurl {\npath /\nstatus_code 200\n}\n${timing}\n}`,
    states: [well(web("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", pem)), down(page("200 OK")), down(silent), gone],
  },
];

const connections: HealthCase[] = [
  { title: "TCP_CHECK", checker: `TCP_CHECK {\n${timing}\n}`, states: [well(silent), gone, well(page("503 Busy")), gone] },
  {
    title: "SMTP_CHECK",
    checker: `SMTP_CHECK {\nhelo_name test.example.com\n${timing}\n}`,
    // keepalived 2.2.7 reads one line and takes "220-" and "250-" for no answer; it says HELO, to which servers say no more.
    states: [
      well(mail("220 ready\r\n", "250 hello\r\n")),
      down(mail("554 no service\r\n", "250 hello\r\n")),
      { ...well(mail("220-mail\r\n220 ready\r\n", "250 hello\r\n")), keepalived: "down" },
      down(mail("220 ready\r\n", "550 no\r\n")),
      { ...well(mail("220 ready\r\n", "250-hello\r\n250 SIZE\r\n")), keepalived: "down" },
    ],
  },
];

const query = "00 01 02 03";
const datagrams: HealthCase[] = [
  {
    title: "DNS_CHECK",
    protocol: "UDP",
    checker: `DNS_CHECK {\ntype A\nname www.example.com\n${timing}\n}`,
    states: [
      well({ kind: "name", flags: 0x8180 }),
      down({ kind: "name", flags: 0x8182 }),
      well({ kind: "name", flags: 0x8580 }),
      down({ kind: "name", flags: 0x8183 }),
      down({ kind: "name", flags: 0x8180, xor: 1 }),
    ],
  },
  {
    title: "UDP_CHECK, for which silence is well",
    protocol: "UDP",
    checker: `UDP_CHECK {\npayload ${query}\n${timing}\n}`,
    states: [well({ kind: "datagram" }), gone, well({ kind: "datagram", reply: "ff" }), gone],
  },
  {
    title: "UDP_CHECK that wants a reply",
    protocol: "UDP",
    checker: `UDP_CHECK {\npayload ${query}\nrequire_reply AA XX\nmin_reply_length 2\nmax_reply_length 3\n${timing}\n}`,
    states: [
      well({ kind: "datagram", reply: "aa00" }),
      down({ kind: "datagram", reply: "ab00" }),
      well({ kind: "datagram", reply: "aaffff" }),
      down({ kind: "datagram" }),
      down({ kind: "datagram", reply: "aa000000" }),
    ],
  },
];

/** @param script a program that ends with the status that stands in the file of its argument; @param file of that, by name. */
const programs = (script: string, file: (name: string) => string): (HealthCase & { texts: string[]; name: string })[] =>
  (["misc", "dynamic"] as const).map((name) => ({
    title: name === "misc" ? "MISC_CHECK" : "MISC_CHECK with a dynamic weight",
    checker: `MISC_CHECK {\nmisc_path "${script} ${file(name)}"\nmisc_timeout 1\n${name === "dynamic" ? "misc_dynamic\n" : ""}user root\n}`,
    name,
    texts: ["0", "1", "22", "255", "slow"],
    states:
      name === "misc"
        ? [{ is: weight }, { is: "down" }, { is: "down" }, { is: "down" }, { is: "down" }]
        : [{ is: weight }, { is: "down" }, { is: 20 }, { is: 253 }, { is: "down" }],
  }));

/** The number in it times 2 is added to the weight. */
const numberFile = (file: (name: string) => string): HealthCase & { texts: string[]; name: string; tracks: string } => ({
  title: "FILE_CHECK",
  checker: "FILE_CHECK {\ntrack_file number\nweight 2\n}",
  name: "number",
  tracks: `track_file number {\nfile ${file("number")}\nweight 1\n}`,
  texts: ["0", "5", "-3", "-2147483648", "7"],
  states: [{ is: weight }, { is: weight + 10 }, { is: weight - 6 }, { is: "down" }, { is: weight + 14 }],
});

export interface CaseFiles {
  pem: string;
  script: string;
  /** Path of a file whose text changes from state to state. */
  file(name: string): string;
}

export type AnyCase = HealthCase & { name?: string; texts?: string[]; tracks?: string };

export function healthCases({ pem, script, file }: CaseFiles): AnyCase[] {
  return [...http, ...https(pem), ...connections, ...datagrams, ...programs(script, file), numberFile(file)];
}
