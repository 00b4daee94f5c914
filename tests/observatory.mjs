// The headers of the guide before two judges that run without a network: Mozilla's HTTP Observatory and Google's CSP
// Evaluator. Neither is a dependency of the guide. To have them, in a folder of its own:
//     npm install --ignore-scripts @mdn/mdn-http-observatory csp_evaluator
// then: NODE_FOLDER=that/folder python -m tests.promises E1 E2
//
// In, on standard input: [{asked, headers: {name: value}, cookies: [...], body}]. Out: one line of JSON.

import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const modules = path.resolve(process.argv[2], "node_modules");
const observatory = path.join(modules, "@mdn/mdn-http-observatory");
const load = (file) => import(pathToFileURL(path.join(observatory, "src", file)));

// The list of sites that browsers know beforehand is a download of its own; the guide stands on none.
const preloaded = path.join(observatory, "conf/hsts-preload.json");
if (!fs.existsSync(preloaded)) fs.writeFileSync(preloaded, "{}");

const { ALL_TESTS, ALGORITHM_VERSION } = await load("constants.js");
const { Requests } = await load("types.js");
const { parseHttpEquivHeaders } = await load("retriever/utils.js");
const { getGradeForScore, getScoreModifier } = await load("grader/grader.js");
const { MINIMUM_SCORE_FOR_EXTRA_CREDIT } = await load("grader/charts.js");
const require = createRequire(path.join(modules, "x.js"));
const { AxiosHeaders } = require("axios");
const { CookieJar } = createRequire(path.join(observatory, "x.js"))("tough-cookie");
const { CspEvaluator } = require("csp_evaluator/dist/evaluator.js");
const { CspParser } = require("csp_evaluator/dist/parser.js");

const HOST = "guide.test";
const response = (visit, verified = true) => {
  const headers = new AxiosHeaders(visit.headers);
  if (visit.cookies.length) headers.set("set-cookie", visit.cookies);
  const html = (visit.headers["Content-Type"] || "").startsWith("text/html");
  const httpEquiv = html ? parseHttpEquivHeaders(visit.body, `https://${HOST}/`) : new Map();
  return { status: 200, headers, data: visit.body, request: {}, config: {}, verified, httpEquiv };
};

function grade(visit) {
  const requests = new Requests(HOST);
  const auto = response(visit);
  Object.assign(requests.responses, { auto, https: auto, cors: auto, http: auto });
  requests.responses.httpRedirects = [
    { url: new URL(`http://${HOST}/`), status: 308 },
    { url: new URL(`https://${HOST}/`), status: 200 },
  ];
  requests.responses.httpsRedirects = [{ url: new URL(`https://${HOST}/`), status: 200 }];
  requests.resources.path = visit.body;
  const jar = new CookieJar();
  for (const cookie of visit.cookies) jar.setCookieSync(cookie, `https://${HOST}${cookie.match(/path=([^;]+)/i)[1]}`);
  requests.session = { url: new URL(`https://${HOST}/`), redirectHistory: requests.responses.httpsRedirects, jar };
  let score = 100;
  let least = 100;
  const failed = [];
  for (const test of ALL_TESTS) {
    const output = test(requests);
    const change = output.result ? getScoreModifier(output.result) : 0;
    score += change;
    least += Math.min(0, change);
    if (!output.pass) failed.push(output.result);
  }
  const final = getGradeForScore(least >= MINIMUM_SCORE_FOR_EXTRA_CREDIT ? score : least);
  return { asked: visit.asked, grade: final.grade, score: final.score, failed };
}

const visits = JSON.parse(fs.readFileSync(0, "utf8"));
const policies = {};
for (const visit of visits) (policies[visit.headers["Content-Security-Policy"]] ??= []).push(visit.asked);
const findings = Object.entries(policies).map(([policy, asked]) => ({
  asked,
  policy,
  findings: new CspEvaluator(new CspParser(policy).csp).evaluate().map(({ severity, directive, description }) => ({
    severity,
    directive,
    description,
  })),
}));
console.log(JSON.stringify({ algorithm: ALGORITHM_VERSION, grades: visits.map(grade), policies: findings }));
