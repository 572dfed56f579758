// npm's bitbucket spends a budget, and gathers repositories, pull requests and comments. It speaks protocol.py.
"use strict";

const { createRequire } = require("node:module");
const path = require("node:path");
const readline = require("node:readline");

const installed = createRequire(path.join(__dirname, "..", ".peers", "bitbucket", "index.js"));
const { Bitbucket } = installed("bitbucket");
const STATES = ["OPEN", "MERGED", "DECLINED", "SUPERSEDED"];

const open = ({ base, email, token }) =>
  new Bitbucket({ baseUrl: `${base}/2.0`, auth: { username: email, password: token }, notice: false });
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

async function* all(bitbucket, first) {
  let { data } = await first;
  for (;;) {
    yield* data.values;
    if (!bitbucket.hasNextPage(data)) return;
    ({ data } = await bitbucket.getNextPage(data));
  }
}

const jobs = {
  async spend(job) {
    const bitbucket = open(job);
    const until = performance.now() + job.seconds * 1000;
    let errors = 0;
    const task = async () => {
      while (performance.now() < until) {
        try {
          await bitbucket.repositories.get({ workspace: "acme", repo_slug: "api" });
        } catch {
          errors += 1;
        }
      }
    };
    await Promise.all(Array.from({ length: job.tasks }, task));
    return errors;
  },
  async gather(job) {
    const bitbucket = open(job);
    const { pullrequests } = bitbucket;
    const workspace = "acme";
    const left = all(bitbucket, bitbucket.repositories.list({ workspace, pagelen: 100 }));
    let items = 0;
    const worker = async () => {
      for (let next = await left.next(); !next.done; next = await left.next()) {
        const repo = { workspace, repo_slug: next.value.slug };
        items += 1;
        for (const state of STATES) {
          for await (const { id } of all(bitbucket, pullrequests.list({ ...repo, state, pagelen: 50 }))) {
            items += 1;
            const comments = pullrequests.listComments({ ...repo, pull_request_id: id, pagelen: 100 });
            for await (const _ of all(bitbucket, comments)) items += 1;
          }
        }
      }
    };
    await Promise.all(Array.from({ length: job.at_once }, worker));
    return items;
  },
};

async function main() {
  say({ version: installed("bitbucket/package.json").version, runtime: `node ${process.versions.node}` });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { job, ...rest } = JSON.parse(line);
    const started = performance.now();
    try {
      const items = await jobs[job](rest);
      say({ seconds: (performance.now() - started) / 1000, items });
    } catch (error) {
      say({ error: String(error) });
    }
  }
}

main();
