// npm's bitbucket on node: no paging of its own beyond getNextPage, so the loop is its users'. It speaks protocol.py.
"use strict";

const { createRequire } = require("node:module");
const path = require("node:path");
const readline = require("node:readline");

const installed = createRequire(path.join(__dirname, "..", ".peers", "bitbucket", "index.js"));
const { Bitbucket } = installed("bitbucket");

// `baseUrl` is an option of its own; `notice` is the greeting that it prints otherwise.
const open = (base) => new Bitbucket({ baseUrl: `${base}/2.0`, auth: { token: "secret" }, notice: false });
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

async function spread(work, atOnce, one) {
  const left = work[Symbol.iterator]();
  const worker = async () => {
    let sum = 0;
    for (let next = left.next(); !next.done; next = left.next()) sum += await one(next.value);
    return sum;
  };
  const sums = await Promise.all(Array.from({ length: atOnce }, worker));
  return sums.reduce((total, sum) => total + sum, 0);
}

const jobs = {
  repositories({ base, workspaces, at_once: atOnce }) {
    const bitbucket = open(base);
    return spread(workspaces, atOnce, async (workspace) => {
      let items = 0;
      let { data } = await bitbucket.repositories.list({ workspace, pagelen: 100 });
      for (;;) {
        for (const _ of data.values) items += 1;
        if (!bitbucket.hasNextPage(data)) return items;
        ({ data } = await bitbucket.getNextPage(data));
      }
    });
  },
  single({ base, calls, at_once: atOnce }) {
    const bitbucket = open(base);
    return spread(Array(calls).keys(), atOnce, async () => {
      await bitbucket.repositories.get({ workspace: "acme", repo_slug: "repo-0" });
      return 1;
    });
  },
};

async function main() {
  say({ version: installed("bitbucket/package.json").version, runtime: `node ${process.versions.node}` });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const job = JSON.parse(line);
    const started = performance.now();
    try {
      const items = await jobs[job.job](job);
      say({ seconds: (performance.now() - started) / 1000, items });
    } catch (error) {
      say({ error: String(error) });
    }
  }
}

main();
