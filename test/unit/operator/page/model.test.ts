import assert from "node:assert/strict";
import { test } from "node:test";
import { assignedCondition } from "../../../../src/api/service.ts";
import type { PageFacts } from "../../../../src/operator/page/facts.ts";
import { drawLanes } from "../../../../src/operator/page/lanes.ts";
import { makeModel } from "../../../../src/operator/page/model.ts";
import { linkTo, linkToPage, parseQuery } from "../../../../src/operator/page/query.ts";
import type { ClusterView } from "../../../../src/operator/plan/cluster.ts";
import { node, timeAt, virtualIP } from "../samples.ts";
import { assigned, condition, everything, healthy, held, large, now, nowSeconds, pool, reporting, service, troubled } from "./samples.ts";

/** The facts with something else in the cluster. */
function withCluster(change: Partial<ClusterView>, facts: PageFacts = healthy()): PageFacts {
  if (!facts.cluster) throw new Error("no cluster");
  return { ...facts, cluster: { ...facts.cluster, ...change } };
}

const told = (facts: PageFacts) =>
  makeModel(facts, everything).problems.map(({ severity, kind, objects, what }) => `${severity} ${kind} ${objects}: ${what}`);
const addressesOf = (facts: PageFacts) => makeModel(facts, everything).addresses.rows;

test("addresses: those without an answer first, then in their order, each with its Services, node and standbys", () => {
  const brief = ({ address, owners, virtualIP: name, pool: of, nodes, standbys, state }: ReturnType<typeof addressesOf>[number]) =>
    [address, owners.join(), name, of, nodes.join(), standbys.join(), state].join(" ");
  assert.deepEqual(addressesOf(healthy()).map(brief), [
    "192.0.2.10  gateway  n1 n2,n3 answered",
    "192.0.2.100 shop/web public-0 public n2 n3,n1 answered",
    "192.0.2.101 shop/api,shop/admin public-1 public n3 n1,n2 answered",
    "2001:db8::100 shop/web public-0 public n2 n3,n1 answered",
  ]);
  const views = healthy().cluster?.virtualIPs ?? [];
  const lost = views.map((view) => (view.name === "public-1" ? { ...view, status: { ...view.status, activeNode: undefined } } : view));
  assert.equal(
    addressesOf(withCluster({ virtualIPs: lost })).map(brief)[0],
    "192.0.2.101 shop/api,shop/admin public-1 public  n1,n2 unanswered",
  );
});

test("addresses: each family has its own node while the families are split", () => {
  const status = {
    nodes: [
      { name: "n1", priority: 254, v4: "MASTER" as const, v6: "BACKUP" as const },
      { name: "n2", priority: 244, v4: "BACKUP" as const, v6: "MASTER" as const },
    ],
    conditions: [condition("Ready", "False", "FamilySplit")],
  };
  const split = virtualIP("dual", { addresses: [{ address: "192.0.2.10" }, { address: "2001:db8::10" }] }, { status });
  const rows = addressesOf(withCluster({ virtualIPs: [split], pools: [] }));
  assert.deepEqual(
    rows.map(({ address, nodes, standbys }) => [address, nodes, standbys]),
    [
      ["192.0.2.10", ["n1"], ["n2"]],
      ["2001:db8::10", ["n2"], ["n1"]],
    ],
  );
});

test("addresses: those that adverts do not name are answered where the elected ones are", () => {
  const spec = { addresses: [{ address: "192.0.2.10" }], excludedAddresses: [{ address: "192.0.2.9" }, { address: "2001:db8::10/64" }] };
  const nodes = [
    { name: "n1", priority: 254, v4: "MASTER" as const },
    { name: "n2", priority: 244, v4: "BACKUP" as const },
  ];
  const view = virtualIP("public-0", spec, { status: { ...held(["n1", "n2"]), nodes } });
  const services = [service("shop/web")];
  const pools = [pool("public", ["192.0.2.0/28"], { assignments: [{ address: "192.0.2.9", services: ["shop/web"] }] })];
  const facts = { ...withCluster({ virtualIPs: [view], pools }), services };
  assert.deepEqual(
    addressesOf(facts).map(({ address, owners, virtualIP: name, standbys, unfit, state }) => [
      address,
      owners,
      name,
      standbys,
      unfit,
      state,
    ]),
    [
      ["192.0.2.9", ["shop/web"], "public-0", ["n2"], [], "answered"],
      ["192.0.2.10", [], "public-0", ["n2"], [], "answered"],
      ["2001:db8::10", [], "public-0", ["n2"], [], "answered"],
    ],
  );
});

test("addresses: one that leaves is neither answered nor missed", () => {
  const leaving = virtualIP(
    "old",
    { addresses: [{ address: "192.0.2.10" }] },
    { deleting: true, status: { conditions: [condition("Ready", "False", "Terminating")] } },
  );
  const model = makeModel(withCluster({ virtualIPs: [leaving], pools: [], virtualServers: [] }), everything);
  assert.equal(model.verdict.text, "No addresses yet");
  assert.deepEqual(model.problems, []);
  assert.equal(model.addresses.rows[0]?.state, "leaving");
});

test("a healthy cluster has no problem, a troubled one has each of them once", () => {
  assert.deepEqual(told(healthy()), []);
  assert.deepEqual(told(troubled()), [
    "Error VirtualIP gateway: MultipleMasters: IPv4: n1 and n2 answer at the same time",
    'Error Service shop/late: Pending. NoFreeAddress: AddressPool "public" has no free IPv4 address',
    "Error Node n3: Its agent no longer reports. What it said last is 97s old, and need not be so any more.",
    "Error AddressPool public: NoFreeAddress: 0 of 20 IPv4 addresses free",
    "Error VirtualServer web/cache: QuorumLost: 1 of 3 servers up",
    "Warning VirtualIP public-0,public-1: RouterFault: n2: IPv4 is in FAULT (CheckFailed): check nginx is down",
    "Warning VirtualServer web/cache: ServersDown: 2 servers down: 10.0.0.2:6379 (connection refused); 10.0.0.3:6379 (no answer within 2s)",
  ]);
});

const fine = { activeNode: "n1" };
const problems: [what: string, facts: PageFacts, expected: string[]][] = [
  [
    "nobody leads",
    { ...healthy(), replica: { identity: "a", leads: false, leader: "" } },
    [
      "Error Operator aloft-operator: No replica leads, as far as this one has seen: nothing is planned, and statuses are as the last leader left them. Elections go on without it.",
    ],
  ],
  [
    "no node answers",
    withCluster({
      virtualIPs: [
        virtualIP(
          "a",
          { addresses: [{ address: "192.0.2.10" }] },
          { status: { conditions: [condition("Ready", "Unknown", "NoReports")] } },
        ),
      ],
      pools: [],
    }),
    ["Error VirtualIP a: NoReports: because of NoReports"],
  ],
  [
    "not accepted, said once",
    withCluster({
      virtualIPs: [
        virtualIP(
          "a",
          { addresses: [{ address: "192.0.2.10" }] },
          {
            status: {
              conditions: [
                condition("Accepted", "False", "AddressTaken"),
                condition("Ready", "False", "NotAccepted"),
                condition("Degraded", "Unknown", "NotRunning"),
              ],
            },
          },
        ),
      ],
      pools: [],
    }),
    ["Error VirtualIP a: AddressTaken: because of AddressTaken"],
  ],
  [
    "a conflict and a foreign router",
    withCluster({
      virtualIPs: [
        virtualIP(
          "a",
          { addresses: [{ address: "192.0.2.10" }] },
          {
            status: {
              ...held(["n1"]),
              conditions: [condition("AddressConflict", "True", "ForeignClaim"), condition("ForeignRouter", "True", "VRIDInUse")],
            },
          },
        ),
      ],
      pools: [],
    }),
    ["Error VirtualIP a: ForeignClaim: because of ForeignClaim", "Warning VirtualIP a: VRIDInUse: because of VRIDInUse"],
  ],
  [
    "an agent that was stopped, one that never came, one that lacks something, one with a finding",
    withCluster({
      agents: [
        { ...reporting("n1"), status: { state: "Stopped", lastReportTime: timeAt(nowSeconds - 9) } },
        { ...reporting("n2"), silent: true, status: {} },
        reporting("n3", {
          conditions: [condition("Preflight", "False", "Missing"), condition("ConfigurationApplied", "False", "Waiting")],
          findings: [
            { severity: "Error", what: "It is so.", why: "Thus.", fix: "x" },
            { severity: "Warning", what: "w", why: "w", fix: "w" },
          ],
        }),
      ],
    }),
    [
      "Error Node n1: Its agent was stopped. What it said last is 9s old, and need not be so any more.",
      "Error Node n3: Missing: because of Missing",
      "Error Node n3: It is so. Thus.",
      "Warning Node n2: It has no agent that reports: it can hold no address.",
    ],
  ],
  [
    "pools: nearly full, shrunk, refused",
    withCluster({
      pools: [
        pool("a", ["192.0.2.1"], {
          conditions: [
            condition("Accepted", "True", "Accepted"),
            condition("Exhausted", "False", "NearlyExhausted"),
            condition("OutOfRange", "True", "PoolShrunk"),
          ],
        }),
        pool("b", ["192.0.2.2"], { conditions: [condition("Accepted", "False", "PoolOverlap")] }),
      ],
    }),
    [
      "Error AddressPool b: PoolOverlap: because of PoolOverlap",
      "Warning AddressPool a: NearlyExhausted: because of NearlyExhausted",
      "Warning AddressPool a: PoolShrunk: because of PoolShrunk",
    ],
  ],
  [
    "a Service that no operator has looked at, one that keeps its address but is refused, others' and those that go",
    {
      ...healthy(),
      services: [
        service("a/unseen"),
        service("a/new", { createdAt: timeAt(nowSeconds - 2) }),
        assigned("a/kept", "192.0.2.100", { conditions: [condition(assignedCondition, "True", "NotAllowed")] }),
        service("a/others", { loadBalancerClass: "example.com/other" }),
        service("a/unclassed", { loadBalancerClass: undefined }),
        service("a/going", { deleting: true }),
      ],
    },
    ["Error Service a/unseen: Pending. no operator has looked at it yet", "Warning Service a/kept: NotAllowed: because of NotAllowed"],
  ],
  [
    "Services whose addresses no VirtualIP holds",
    {
      ...withCluster({
        virtualIPs: [],
        pools: [
          pool("public", ["192.0.2.0/24"], {
            assignments: [
              { address: "192.0.2.7", services: ["a/local"] },
              { address: "192.0.2.8", services: ["a/waits"] },
              { address: "192.0.2.9", services: ["a/young"] },
            ],
          }),
        ],
      }),
      services: [
        assigned("a/local", "192.0.2.7", { isLocal: true }),
        assigned("a/waits", "192.0.2.8"),
        assigned("a/young", "192.0.2.9", {
          conditions: [{ ...condition(assignedCondition, "True", "Assigned"), lastTransitionTime: timeAt(nowSeconds - 1) }],
        }),
      ],
    },
    [
      "Error Service a/local: Nobody answers for 192.0.2.7: externalTrafficPolicy is Local, and no node has a ready endpoint, or no VirtualIP is left for those that have.",
      "Error Service a/waits: Nobody answers for 192.0.2.8: no VirtualIP holds it yet.",
    ],
  ],
  [
    "an unclassed Service, where Aloft is the default",
    { ...healthy(), isDefault: true, services: [service("a/unclassed", { loadBalancerClass: undefined })] },
    ["Error Service a/unclassed: Pending. no operator has looked at it yet"],
  ],
  [
    "an address outside the subnets is none",
    withCluster({
      virtualIPs: [
        virtualIP(
          "a",
          { addresses: [{ address: "192.0.2.10" }] },
          { status: { ...fine, conditions: [condition("Ready", "True", "Active"), condition("OutsideSubnet", "True", "NoSubnet")] } },
        ),
      ],
      pools: [],
    }),
    [],
  ],
];
for (const [what, facts, expected] of problems) test(`problems: ${what}`, () => assert.deepEqual(told(facts), expected));

test("nobody leads: the command asks for the lease where it stands", () => {
  const facts = { ...healthy(), replica: { identity: "a", leads: false, leader: "" } };
  assert.equal(makeModel(facts, everything).problems[0]?.command, "kubectl -n balancers get lease aloft-operator");
});

test("the same of many objects is one problem, which names all", () => {
  const waiting = Array.from({ length: 300 }, (_, index) =>
    service(`a/s${index}`, { conditions: [condition(assignedCondition, "False", "NoPool", "no pool")] }),
  );
  const [problem, ...others] = makeModel({ ...healthy(), services: waiting }, everything).problems;
  assert.deepEqual(others, []);
  assert.equal(problem?.objects.length, 300);
});

test("nodes: what each holds, those that are not well first", () => {
  const { rows } = makeModel(troubled(), everything).nodes;
  assert.deepEqual(
    rows.map(({ name, node: state, agent, isWell, virtualIPs, addresses, faults, lacks }) => [
      name,
      state,
      agent,
      isWell,
      virtualIPs.join(),
      addresses,
      faults,
      lacks.join(),
    ]),
    [
      ["n2", "Ready, draining", "Degraded", false, "gateway", 1, 1, ""],
      ["n3", "NotReady", "Silent", false, "", 0, undefined, ""],
      ["n1", "Ready", "Running", true, "gateway,public-0,public-1", 4, 0, "RealTime"],
    ],
  );
  const odd = withCluster({
    nodes: [
      node("n10"),
      node("n2"),
      node("n1", { deleting: true, labels: { "node.kubernetes.io/exclude-from-external-load-balancers": "" } }),
    ],
    agents: [reporting("n2"), reporting("n10"), reporting("gone")],
  });
  assert.deepEqual(
    makeModel(odd, everything).nodes.rows.map(({ name, node: state, agent }) => `${name}: ${state}, ${agent}`),
    [
      "gone: No such node, Running",
      "n1: Ready, being deleted, excluded from load balancers, None",
      "n2: Ready, Running",
      "n10: Ready, Running",
    ],
  );
});

test("moves: newest first, those of one cause together", () => {
  const { rows } = makeModel(troubled(), everything).moves;
  assert.deepEqual(
    rows.map(({ virtualIPs, from, to, reason, durationsMs, why }) => [
      virtualIPs.join(),
      `${from}>${to}`,
      reason,
      durationsMs.join("-"),
      why,
    ]),
    [
      ["public-0,public-1", "n3>n1", "AdvertTimeout", "305.1-311.8", "n3 fell silent"],
      ["gateway", ">n1", "FirstElection", "", "no other node was heard"],
      ["public-0,public-1", "n2>n3", "Preempted", "", "n3 has the higher priority"],
      ["public-0,public-1", "n3>n2", "HandOver", "3.4-3.4", "n3 handed over"],
      ["public-0,public-1", ">n3", "FirstElection", "", "no other node was heard"],
    ],
  );
});

test("moves: to and fro within a moment is not one move, nor is what is further apart", () => {
  const move = (seconds: number, from: string, to: string) => ({ time: timeAt(seconds), from, to, reason: "Preempted" });
  const flapping = {
    ...held(["n1"]),
    history: [move(104, "n2", "n1"), move(103, "n1", "n2"), move(102.5, "n2", "n1"), move(99, "n1", "n2")],
  };
  const views = [virtualIP("a", { addresses: [{ address: "192.0.2.10" }] }, { status: flapping })];
  assert.equal(makeModel(withCluster({ virtualIPs: views, pools: [] }), everything).moves.rows.length, 4);
});

test("the picture of the moves: who held what, as far back as is known", () => {
  const picture = makeModel(troubled(), everything).picture;
  const minutes = (part: number) => Math.round(part * 180);
  assert.deepEqual(picture?.from, new Date(now.getTime() - 180 * 60_000));
  const spans = [
    ["n3", 13, 58],
    ["n2", 58, 87],
    ["n3", 87, 178],
    ["n1", 178, 180],
  ];
  assert.deepEqual(
    picture?.lanes.map(({ virtualIP: name, spans: all }) => [name, all.map(({ node: by, from, to }) => [by, minutes(from), minutes(to)])]),
    [
      ["public-0", spans],
      ["public-1", spans],
    ],
  );
  assert.deepEqual(picture?.nodes, ["n1", "n2", "n3"]);
});

const moveAt = (minutesAgo: number, from: string, to: string) => ({
  time: timeAt(nowSeconds - 60 * minutesAgo),
  from,
  to,
  reason: "Preempted",
});
const drawn = (...history: ReturnType<typeof moveAt>[]) =>
  drawLanes([virtualIP("a", { addresses: [{ address: "192.0.2.10" }] }, { status: { ...held(["n1"]), history } })], now)?.lanes[0]?.spans;

test("the picture of the moves: none without a move, none of days ago; what nobody held; what came before a history that is full is not known", () => {
  assert.equal(drawn(moveAt(3, "", "n1")), undefined);
  assert.equal(drawn(moveAt(2000, "n1", "n2")), undefined);
  assert.deepEqual(drawn(moveAt(3, "", "n2"), moveAt(6, "n1", "")), [
    { node: "n1", from: 0, to: 0.6 },
    { node: "", from: 0.6, to: 0.8 },
    { node: "n2", from: 0.8, to: 1 },
  ]);
  const full = Array.from({ length: 20 }, (_, index) =>
    index % 2 === 0 ? moveAt(index * 0.75, "n1", "n2") : moveAt(index * 0.75, "n2", "n1"),
  );
  const [first] = drawn(...full) ?? [];
  assert.deepEqual(first, { node: "n1", from: 0.05, to: 0.1 });
});

test("a filter finds rows by all of its words, and what belongs to the addresses that it finds", () => {
  const model = makeModel(healthy(), { ...everything, filter: "SHOP web" });
  assert.deepEqual(
    model.addresses.rows.map(({ address }) => address),
    ["192.0.2.100", "2001:db8::100"],
  );
  assert.deepEqual([model.addresses.found, model.addresses.total], [2, 4]);
  assert.deepEqual(
    model.nodes.rows.map(({ name }) => name),
    ["n2"],
  );
  assert.deepEqual(
    model.pools?.rows.map(({ name }) => name),
    ["public"],
  );
  assert.deepEqual(
    model.moves.rows.map(({ virtualIPs }) => virtualIPs.join()),
    ["public-0"],
  );
  assert.deepEqual(makeModel(troubled(), { ...everything, filter: "no such thing" }).problems.length, 7);
});

test("tables have pages, and one that there is not is the last one", () => {
  const { addresses } = makeModel(large(400, 3), { ...everything, pages: new Map([["addresses", 9]]) });
  assert.deepEqual([addresses.page, addresses.pages, addresses.rows.length, addresses.found], [3, 3, 100, 400]);
});

test("notices: who stands by, what cannot be read", () => {
  const replica = { identity: "b", leads: false, leader: "a" };
  assert.deepEqual(makeModel({ ...healthy(), replica, services: undefined, missing: ["Service"] }, everything).notices, [
    "Could not be read, and is missing below: Service.",
    "This replica stands by; a leads. What is shown is read from the API server all the same.",
  ]);
});

test("the address of the page says what to show, and the links keep it", () => {
  const query = parseQuery(new URLSearchParams("q=+a%26b&addresses=2&nodes=0&other=3&refresh=1"));
  assert.deepEqual(query, { filter: "a&b", pages: new Map([["addresses", 2]]), refreshSeconds: 5 });
  assert.equal(linkToPage(query, "nodes", 2), "/?q=a%26b&addresses=2&nodes=2&refresh=5#nodes");
  assert.equal(linkTo(query, { filter: "", pages: new Map(), refreshSeconds: undefined }), "/");
  assert.deepEqual(parseQuery(new URLSearchParams("refresh=x&moves=-1&q=%20")), everythingAsked);
});
const everythingAsked = { ...everything, refreshSeconds: undefined };
