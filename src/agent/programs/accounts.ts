/** Under whom a program runs: users and groups of /etc/passwd and /etc/group. Directory services are not asked: they may not answer. */
import { readFile } from "node:fs/promises";

export interface Account {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

/** Tells what is wrong, instead of throwing: a missing user is a mistake of a configuration, not of the program. */
export type AccountResult = { ok: true; account: Account } | { ok: false; problem: string };

/** Who runs programs when nobody is named: keepalived's own default, then the user who owns nothing. */
const defaultAccounts = ["keepalived_script", "nobody"];

const id = /^[0-9]{1,10}$/;

/** Users of a passwd(5) file by name; the first entry of a name counts, lines that are none are passed over. */
export function parsePasswd(text: string): Map<string, Account> {
  const accounts = new Map<string, Account>();
  for (const line of text.split("\n")) {
    const [name, , uid, gid, , home] = line.split(":");
    if (!name || !id.test(uid ?? "") || !id.test(gid ?? "") || accounts.has(name)) continue;
    accounts.set(name, { name, uid: Number(uid), gid: Number(gid), home: home || "/" });
  }
  return accounts;
}

/** Group numbers of a group(5) file by name. */
export function parseGroups(text: string): Map<string, number> {
  const groups = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [name, , gid] = line.split(":");
    if (name && id.test(gid ?? "") && !groups.has(name)) groups.set(name, Number(gid));
  }
  return groups;
}

/** The account of "USER" or "USER:GROUP"; without a name the first of the defaults that exists. Pure. */
export function chooseAccount(wanted: string | undefined, passwd: string, group: string): AccountResult {
  const accounts = parsePasswd(passwd);
  if (wanted === undefined) {
    const name = defaultAccounts.find((candidate) => accounts.has(candidate));
    const account = name === undefined ? undefined : accounts.get(name);
    return account ? { ok: true, account } : { ok: false, problem: `there is no user ${defaultAccounts.join(" or ")} to run it as` };
  }
  const [user = "", groupName] = wanted.split(":");
  const account = accounts.get(user);
  if (!account) return { ok: false, problem: `there is no user ${user}` };
  if (groupName === undefined) return { ok: true, account };
  const gid = parseGroups(group).get(groupName);
  return gid === undefined ? { ok: false, problem: `there is no group ${groupName}` } : { ok: true, account: { ...account, gid } };
}

/**
 * The account that a program gets. Only root can become somebody else; an agent that is not root runs programs as itself.
 * The files are read anew each time: users come and go while an agent runs.
 */
export async function findAccount(wanted: string | undefined): Promise<AccountResult> {
  const [passwd, group] = await Promise.all([readFile("/etc/passwd", "utf8"), wanted?.includes(":") ? readFile("/etc/group", "utf8") : ""]);
  const uid = process.getuid?.() ?? 0;
  if (uid === 0) return chooseAccount(wanted, passwd, group);
  const gid = process.getgid?.() ?? 0;
  const own = [...parsePasswd(passwd).values()].find((account) => account.uid === uid) ?? { name: String(uid), uid, gid, home: "/" };
  if (wanted === undefined || wanted === own.name) return { ok: true, account: { ...own, gid } };
  return { ok: false, problem: `only root can run it as ${wanted}, and the agent runs as ${own.name}` };
}
