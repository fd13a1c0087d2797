"use strict";
// Everything from the server is set as text, never as HTML.

async function ask(path) {
  const answer = await fetch(path, { credentials: "same-origin" });
  if (answer.status === 401) location.href = "/ui/login.html?" + location.pathname + location.search;
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function figures(target, entries) {
  target.replaceChildren(...entries.map(([label, value]) => {
    const box = element("div");
    box.append(element("dt", label), element("dd", value));
    return box;
  }));
}

function row(cells) {
  const made = element("tr");
  for (const cell of cells) {
    const td = element("td");
    td.append(cell);
    made.append(td);
  }
  return made;
}

async function overview() {
  const [stats, cluster, queries] = await Promise.all([ask("/ui/api/stats"), ask("/ui/api/cluster"), ask("/ui/api/query")]);
  document.getElementById("cluster").textContent =
    `${cluster.environment} · version ${cluster.nodeVersion.version} · up ${cluster.uptime}`;
  figures(document.getElementById("stats"), [
    ["Running", stats.runningQueries], ["Queued", stats.queuedQueries], ["Workers", stats.activeWorkers],
    ["Processors", stats.totalAvailableProcessors], ["Rows read", stats.totalInputRows.toLocaleString()],
    ["CPU seconds", stats.totalCpuTimeSecs],
  ]);
  queries.sort((a, b) => b.queryId.localeCompare(a.queryId));
  document.getElementById("queries").replaceChildren(...queries.map((query) => {
    const link = element("a", query.queryId);
    link.href = "/ui/query.html?" + encodeURIComponent(query.queryId);
    return row([link, element("span", query.state, "state-" + query.state), query.sessionUser,
      query.sessionSource || "", query.queryStats.elapsedTime, query.queryTextPreview]);
  }));
}

async function queryPage() {
  const id = decodeURIComponent(location.search.slice(1));
  const query = await ask("/ui/api/query/" + encodeURIComponent(id) + "?pruned");
  document.getElementById("title").textContent = query.queryId;
  figures(document.getElementById("stats"), [
    ["State", query.state], ["User", query.session.user], ["Elapsed", query.queryStats.elapsedTime],
    ["Queued", query.queryStats.queuedTime], ["CPU", query.queryStats.totalCpuTime],
    ["Rows read", query.queryStats.processedInputPositions.toLocaleString()],
    ["Rows out", query.queryStats.outputPositions.toLocaleString()],
    ["Peak memory", query.queryStats.peakUserMemoryReservation],
  ]);
  document.getElementById("statement").textContent = query.query;
  const error = document.getElementById("error");
  error.hidden = !query.failureInfo;
  if (query.failureInfo) error.textContent = `${query.errorCode.name}: ${query.failureInfo.message}`;
  const shown = ["source", "catalog", "schema", "timeZone", "clientInfo", "traceToken", "remoteUserAddress"];
  document.getElementById("session").replaceChildren(
    ...shown.filter((key) => query.session[key]).map((key) => row([key, query.session[key]])));
  const kill = document.getElementById("kill");
  kill.hidden = query.finalQueryInfo;
  kill.onclick = async () => {
    await fetch("/ui/api/query/" + encodeURIComponent(id) + "/killed",
      { method: "PUT", body: "Killed in the web UI", credentials: "same-origin" });
    queryPage();
  };
  return query.finalQueryInfo;
}

function repeat(show, seconds) {
  show().then((done) => done || setTimeout(() => repeat(show, seconds), seconds * 1000))
    .catch((fault) => { document.querySelector("main").prepend(element("p", fault.message, "state-FAILED")); });
}

const page = document.body.dataset.page;
if (page === "overview") repeat(overview, 2);
if (page === "query") repeat(queryPage, 2);
if (page === "login") document.getElementById("redirect").value = location.search.slice(1);
