import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./support.ts";

const text = `vrrp_script s {
  script "/bin/s"
}
static_routes {
  10.8.0.0/24 dev eth1
  10.7.0.0/24 dev eth1
}
vrrp_sync_group G {
  group {
    V
    W
  }
  notify /bin/g
}
vrrp_instance W {
  interface eth1
  virtual_router_id 2
  virtual_ipaddress {
    10.0.1.1
  }
}
vrrp_instance V {
  interface eth0
  virtual_router_id 1
  priority 7
  virtual_ipaddress {
    10.0.0.1
    10.0.0.1/24
    10.0.0.2
  }
  virtual_ipaddress_excluded {
    10.0.0.3
  }
  track_script {
    s
  }
  virtual_rules {
    from 10.9.0.0/24 table 5 preference 1
    from 10.8.0.0/24 table 5 preference 2
  }
  notify /bin/n
  notify_master /bin/m
}
virtual_server_group WEB {
  10.0.0.1 80
}
virtual_server group WEB {
  lb_algo rr
  lb_kind DR
  protocol TCP
  quorum_down /bin/q
  real_server 10.0.9.1 80 {
  }
  real_server 10.0.9.2 80 {
    notify_up /bin/u
    TCP_CHECK {
    }
    MISC_CHECK {
      misc_path /bin/c
    }
  }
}
`;

const places: [path: string, place: string | undefined][] = [
  ["virtualRouters[0]", "15:1"],
  ["virtualRouters[0].addresses[0]", "19:5"],
  ["virtualRouters[1]", "22:1"],
  ["virtualRouters[1].priority", "25:3"],
  ["virtualRouters[1].interface", "23:3"],
  ["virtualRouters[1].addresses[0]", "27:5"],
  ["virtualRouters[1].addresses[1]", "29:5"],
  ["virtualRouters[1].addresses[2]", "32:5"],
  ["virtualRouters[1].track", "34:3"],
  ["virtualRouters[1].rules[1]", "39:5"],
  ["virtualRouters[1].notify.programs[0]", "42:3"],
  ["virtualRouters[1].notify.programs[1]", "41:3"],
  ["virtualRouters[1].passwordRef", undefined],
  ["groups[0].notify.programs[0]", "13:3"],
  ["checks[0]", "1:1"],
  ["checks[0].exec", "2:3"],
  ["static.routes[1]", "6:3"],
  ["virtualServers[0]", "47:1"],
  ["virtualServers[0].addresses", "44:1"],
  ["virtualServers[0].notify.quorumDown", "51:3"],
  ["virtualServers[0].notify.quorumUp", undefined],
  ["virtualServers[0].realServers[1]", "54:3"],
  ["virtualServers[0].realServers[1].notify.up", "55:5"],
  ["virtualServers[0].realServers[1].healthChecks[0]", "56:5"],
  ["virtualServers[0].realServers[1].healthChecks[0].exec", undefined],
  ["virtualServers[0].realServers[1].healthChecks[1].exec", "59:7"],
];

test("every part of a plan has its place in the file", () => {
  const loaded = load(text);
  assert.equal(loaded.hasErrors, false);
  assert.deepEqual(
    loaded.spec.virtualRouters[1]?.notify?.programs?.map(({ command }) => command),
    [["/bin/m"], ["/bin/n"]],
  );
  for (const [path, place] of places) {
    const found = loaded.places().get(path);
    assert.equal(found && `${found.line}:${found.column}`, place, path);
  }
});
