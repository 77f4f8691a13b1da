import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { explain, explanationLines } from "../../../../src/cli/vip/explainView.ts";
import type { Forecaster } from "../../../../src/cli/vip/forecast.ts";
import { detailLines, statusLines, statusRows } from "../../../../src/cli/vip/statusView.ts";
import { timelineLines, timelineOf } from "../../../../src/cli/vip/timelineView.ts";
import { cluster, nodeAgent, now, virtualIP } from "./fixtures.ts";

describe("kubectl vip status", () => {
  it("shows one line per VirtualIP, a node in FAULT being no backup", () => {
    assert.deepEqual(statusLines(statusRows(cluster()), now), [
      "NAME   ADDRESSES       STATE    NODE   BACKUPS   VRID   INTERVAL   TRANSITIONS   LAST-FAILOVER",
      "web    192.0.2.10/24   Active   n1     n2        51     100ms      1             5m ago",
    ]);
  });

  it("says what needs attention, and not what is as it should be", () => {
    const time = "2026-05-01T11:00:00Z";
    const conditions = [
      { type: "Accepted", status: "True" as const, reason: "Accepted", message: "", lastTransitionTime: time },
      { type: "SplitBrain", status: "False" as const, reason: "OneMaster", message: "", lastTransitionTime: time },
      {
        type: "AddressConflict",
        status: "True" as const,
        reason: "Claimed",
        message: "02:00:00:00:00:09 claims 192.0.2.10",
        lastTransitionTime: time,
      },
      { type: "Ready", status: "False" as const, reason: "NoMaster", message: "no node answers", lastTransitionTime: time },
    ];
    const lines = statusLines(statusRows({ virtualIPs: [virtualIP({ conditions })], nodeAgents: [] }), now);
    assert.deepEqual(lines.slice(3), [
      "Attention:",
      "  web: AddressConflict=True (Claimed): 02:00:00:00:00:09 claims 192.0.2.10",
      "  web: Ready=False (NoMaster): no node answers",
    ]);
  });

  it("warns of priorities that the user has given too close to each other", () => {
    const nodes = [254, 250, 250, 241, 240, 230].map((priority, index) => ({ name: `n${index + 1}`, priority }));
    const close = (overrides: object[]) => {
      const state = virtualIP({ nodes });
      const spec = state.spec && { ...state.spec, nodes: { ...state.spec.nodes, overrides } };
      return statusRows({ virtualIPs: [{ ...state, spec } as typeof state], nodeAgents: [] })[0]?.problems.map(
        (text) => text.split(":")[0],
      );
    };
    assert.deepEqual(close([]), [], "the operator knows what it does");
    assert.deepEqual(
      close([
        { name: "n3", priority: 250 },
        { name: "n6", priority: 230 },
        { name: "n1", interface: "eth1" },
      ]),
      ["priorities of n2 (250) and n3 (250) are less than 10 apart", "priorities of n3 (250) and n4 (241) are less than 10 apart"],
    );
  });

  it("shows the nodes of one VirtualIP", () => {
    const [row] = statusRows(cluster());
    assert.ok(row);
    const lines = detailLines(row, now);
    assert.equal(lines[2], "State      Active, answered for by n1");
    assert.equal(lines.at(-1), "n3     FAULT    -      234        eth0        90s     check nginx is down");
  });

  it("says so when there is none", () => {
    assert.deepEqual(statusLines([], now), ["no VirtualIPs"]);
  });
});

describe("kubectl vip timeline", () => {
  it("tells the moves from the oldest to the newest", () => {
    assert.deepEqual(timelineLines(timelineOf(virtualIP()), now), [
      "TIME                   AGE       WHAT HAPPENED",
      "2026-05-01T11:00:00Z   60m ago   n1 answers: no other node was heard (FirstElection)",
      "2026-05-01T11:30:00Z   30m ago   n1 → n2 in 305 ms: n1 fell silent (AdvertTimeout)",
      "2026-05-01T11:55:00Z   5m ago    n2 → n1: n1 has the higher priority (Preempted)",
      "",
      "now: n1",
    ]);
  });

  it("says when the address was nobody's yet", () => {
    assert.deepEqual(timelineLines(timelineOf(virtualIP({ history: [] })), now), ["web has not been held by any node yet"]);
  });
});

describe("kubectl vip explain", () => {
  const asked: unknown[] = [];
  const forecast: Forecaster = (candidates, active) => {
    asked.push({ active, candidates: candidates.map(({ router, address }) => [router.priority, address]) });
    return { killed: { successor: 1, takeoverMs: 304.6875 }, stopped: { successor: 1, takeoverMs: 4.6875 } };
  };
  const nodes = [
    nodeAgent("n1", 254, { state: "MASTER", reason: "Preempted" }),
    nodeAgent("n2", 244),
    nodeAgent("n3", 234, { state: "FAULT", reason: "CheckFailed", message: "check nginx is down" }),
  ];

  it("tells why, and what a loss would bring", () => {
    assert.deepEqual(explanationLines(explain(virtualIP(), cluster(...nodes), forecast), now), [
      "web (192.0.2.10/24) is on n1",
      "  last move: n2 → n1: n1 has the higher priority (Preempted)",
      "",
      "NODE   STATE    PRIORITY   INTERFACE   SINCE   BECAUSE",
      "n1     MASTER   254        eth0        5m      it has the higher priority",
      "n2     BACKUP   244        eth0        5m      n1 leads with 254",
      "n3     FAULT    234        eth0        5m      a check failed; check nginx is down",
      "",
      "If n1 dies or is cut off: n2 takes over 204.7 ms to 304.7 ms later.",
      "If n1 is stopped or drained: n2 within 4.69 ms.",
    ]);
  });

  it("shows families that agree in one row, with the cause of the one that the other followed", () => {
    const dual = (name: string, priority: number, ...[v4, v6]: Parameters<typeof nodeAgent>[2][]) => {
      const four = nodeAgent(name, priority, v4);
      const six = nodeAgent(name, priority, { ...v6, spec: { family: "IPv6", addresses: [{ address: "fe80::10/64" }] } });
      const address = `fe80::${name.slice(1)}/64`;
      const reports = [
        ...(four.status.virtualRouters ?? []),
        ...(six.status.virtualRouters ?? []).map((r) => ({ ...r, family: "IPv6" as const })),
      ];
      const interfaces = (four.status.interfaces ?? []).map((device) => ({ ...device, addresses: [...(device.addresses ?? []), address] }));
      return { ...four, routers: [...four.routers, ...six.routers], status: { ...four.status, virtualRouters: reports, interfaces } };
    };
    const master = { state: "MASTER", reason: "SyncGroup" } as const;
    const lines = (...agents: ReturnType<typeof dual>[]) => explanationLines(explain(virtualIP(), cluster(...agents), forecast), now);
    assert.deepEqual(lines(dual("n1", 254, master, { ...master, reason: "PeerResigned" }), dual("n2", 244)).slice(3), [
      "NODE   STATE    PRIORITY   INTERFACE   SINCE   BECAUSE",
      "n1     MASTER   254        eth0        5m      the MASTER before it resigned",
      "n2     BACKUP   244        eth0        5m      n1 leads with 254",
      "",
      "If n1 dies or is cut off: n2 takes over 204.7 ms to 304.7 ms later.",
      "If n1 is stopped or drained: n2 within 4.69 ms.",
    ]);
    const split = lines(dual("n1", 254, master, { state: "FAULT", reason: "InterfaceDown" }), dual("n2", 244));
    assert.deepEqual(split.slice(3, 6), [
      "NODE   FAMILY   STATE    PRIORITY   INTERFACE   SINCE   BECAUSE",
      "n1     IPv4     MASTER   254        eth0        5m      its sync group moved together",
      "n2     IPv4     BACKUP   244        eth0        5m      n1 leads with 254",
    ]);
    assert.ok(split.includes("If n1 dies or is cut off (IPv4): n2 takes over 204.7 ms to 304.7 ms later."));
  });

  it("asks the engine about those that take part alone, with the priorities that tracking left", () => {
    asked.length = 0;
    explain(
      virtualIP(),
      cluster(nodeAgent("n1", 254, { state: "MASTER", priority: 234 }), nodeAgent("n2", 244, { priority: 224 }), ...nodes.slice(2)),
      forecast,
    );
    assert.deepEqual(asked, [
      {
        active: 0,
        candidates: [
          [234, "192.0.2.1"],
          [224, "192.0.2.2"],
        ],
      },
    ]);
  });

  it("tells a lowered priority from the one that was given", () => {
    const lines = explanationLines(
      explain(virtualIP(), cluster(nodes[0] ?? nodeAgent("n1", 254), nodeAgent("n2", 244, { priority: 224 })), forecast),
      now,
    );
    assert.match(lines[5] ?? "", /224 \(of 244\).*n1 leads with 254; tracking takes 20 off its priority/);
  });

  it("tells why a better node waits", () => {
    const waiting = nodeAgent("n1", 254, { spec: { preempt: false } });
    const { nodes } = explain(virtualIP(), cluster(waiting, nodeAgent("n2", 244, { state: "MASTER", reason: "AdvertTimeout" })), forecast);
    assert.match(nodes[0]?.because ?? "", /takes nothing from n2 while that lives \(preempt is off\)/);
  });

  it("says so when nobody would follow, and when nobody leads", () => {
    const alone: Forecaster = () => ({ killed: { takeoverMs: 0 }, stopped: { takeoverMs: 0 } });
    const [first = nodeAgent("n1", 254)] = nodes;
    assert.ok(explanationLines(explain(virtualIP(), cluster(first), alone), now).includes("If n1 is lost: nobody takes over."));
    assert.ok(
      explanationLines(explain(virtualIP(), cluster(nodeAgent("n2", 244)), alone), now).includes("No node is MASTER: nothing can be lost."),
    );
  });

  it("shows the rest where the core cannot be loaded", () => {
    const broken: Forecaster = () => {
      throw new Error("cannot load the native core");
    };
    const { nodes: shown, forecastProblem } = explain(virtualIP(), cluster(...nodes), broken);
    assert.deepEqual([shown.length, forecastProblem], [3, "cannot load the native core"]);
  });
});
