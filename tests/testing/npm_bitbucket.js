// Calls methods of npm's bitbucket for test_third_party_npm.py: a line of JSON a call, a line a result.
"use strict";

const { createRequire } = require("node:module");
const readline = require("node:readline");

const [home, origin, username, password] = process.argv.slice(2);
const { Bitbucket } = createRequire(`${home}/index.js`)("bitbucket");
const options = { baseUrl: `${origin}/2.0`, auth: { username, password }, notice: false };
const bitbucket = new Bitbucket(options);
// Its own fetch, node-fetch 2, does not know the FormData of Node; it takes any other fetch as an option.
const modern = new Bitbucket({ ...options, request: { fetch } });

const methodOf = (client, name) => {
  const [namespace, method] = name.split(".");
  return client[namespace][method];
};

const verbs = {
  async call({ name, parameters }) {
    return (await methodOf(bitbucket, name)(parameters)).data;
  },
  async all({ name, parameters }) {
    let { data } = await methodOf(bitbucket, name)(parameters);
    const values = data.values;
    while (bitbucket.hasNextPage(data)) {
      ({ data } = await bitbucket.getNextPage(data));
      values.push(...data.values);
    }
    return values;
  },
  async upload({ name, parameters, files }) {
    const form = new FormData();
    for (const [field, filename, text] of files) form.append(field, new Blob([text]), filename);
    return (await methodOf(modern, name)({ ...parameters, _body: form })).data;
  },
};

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    let result;
    try {
      const data = await verbs[request.verb](request);
      result = { data: data instanceof ArrayBuffer ? Buffer.from(data).toString() : data };
    } catch (error) {
      result = { failure: `${error.status}: ${error.message}: ${JSON.stringify(error.error)}` };
    }
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
}

main();
