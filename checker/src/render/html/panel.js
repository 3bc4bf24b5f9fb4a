// What a cell opens: what the program expects against what was found, and what to do.
let openedBy = null;
const isPanelOpen = () => Boolean(document.getElementById("panel"));

function closePanel() {
  const panel = document.getElementById("panel");
  if (!panel) return;
  panel.remove();
  openedBy.classList.remove("open");
  if (openedBy.isConnected) goTo(openedBy);
  openedBy = null;
}

function openCell(cell) {
  const { one, kernels, column } = cell.opens;
  if (openedBy) openedBy.classList.remove("open");
  if (isPanelOpen()) document.getElementById("panel").remove();
  openedBy = cell;
  cell.classList.add("open");
  focusable(cell);
  const parts = one === undefined ? ofAccess(column) : column === undefined ? ofKernels(one, kernels) : ofOutcome(one, kernels, column);
  const close = el("button", { type: "button", onclick: closePanel, "aria-label": "Close", title: "Close (Escape)" }, "✕");
  const title = el("h2", { id: "panel-title", tabindex: -1 }, parts.title);
  document.body.append(el("aside", { id: "panel", class: "panel", role: "dialog", "aria-labelledby": "panel-title" },
    el("div", { class: "top" }, title, close), parts.body));
  title.focus({ preventScroll: true });
}

/// Kernels by name, the first ones and how many more.
function kernelList(numbers, shown = 12) {
  const names = numbers.map((number) => kernelName(data.kernels[number]));
  if (names.length <= shown + 2) return el("p", { class: "kernels" }, names.join(", "));
  return el("details", { class: "kernels" }, el("summary", null, `${names.slice(0, 3).join(", ")} … ${names[names.length - 1]} (${names.length} kernels)`),
    el("p", null, names.join(", ")));
}

function ofOutcome(one, kernels, column) {
  const sheet = data.sheets[state.sheet];
  const access = data.objects[sheet.object].accesses[column];
  const outcome = outcomeAt(one, column);
  const kind = CELLS[cellOf(outcome, access)];
  const body = [el("p", { class: `says ${kind.look}` }, `${kind.sign} ${kind.says}`), kernelList(kernels), comparison(access, outcome)];
  if (outcome && outcome.reason) body.push(el("p", null, prose(outcome.reason.text)));
  body.push(layoutsOf(sheet, column, kernels));
  if (outcome && outcome.reach) body.push(el("p", null, `Reach: ${outcome.reach}.`));
  body.push(source(access));
  const about = findingsOf(sheet, (finding) => finding.accesses.includes(access.id) && kernels.some((number) => finding.members.includes(number)));
  return { title: [code(access.asks)], body: [...body, ...about.map((finding) => findingCard(finding, true))] };
}

function comparison(access, outcome) {
  const rows = [];
  const row = (what, expected, found) => rows.push(el("tr", null, el("th", { scope: "row" }, what), el("td", null, expected),
    el("td", { class: expected === found ? "" : "differs" }, found)));
  const show = (value) => (value === undefined || value === null ? "—" : value);
  row(KINDS[access.kind] || access.kind, show(access.local_value), show(outcome && outcome.value));
  if (outcome && (outcome.target || outcome.outcome === "resolved")) row("place", access.asks, show(outcome.target));
  for (const change of (outcome && outcome.changes) || []) row(change.code, change.was, change.is);
  if (outcome && outcome.unit) rows.push(el("tr", null, el("th", { scope: "row" }, "found in"), el("td", null, "—"), el("td", null, outcome.unit)));
  return el("table", { class: "pairs" }, el("thead", null, el("tr", null, el("td"), el("th", { scope: "col" }, "expected (as compiled)"),
    el("th", { scope: "col" }, "found there"))), el("tbody", null, rows));
}

function source(access) {
  const where = `${access.function || access.section}, instruction ${access.insn}`;
  if (!access.source) return el("p", { class: "hint" }, where);
  return [el("p", { class: "hint" }, `${place(access.source)} · ${where}`),
    access.source.text && el("div", { class: "source mono" }, el("span", { class: "line" }, access.source.line), access.source.text)];
}

function ofKernels(one, kernels) {
  const sheet = data.sheets[state.sheet];
  const body = [el("p", { class: `says ${one.verdict}` }, `${verdictOf(one.verdict).sign} ${one.verdict}: ${verdictOf(one.verdict).says}`)];
  if (one.blocks) body.push(el("p", null, "The policy does not let this through."));
  if (kernels.length === 1) body.push(facts(data.kernels[kernels[0]]));
  else body.push(kernelList(kernels));
  const list = (title, items) => items.length && [el("h3", null, title), el("ul", null, items.map((item) => el("li", null, item)))];
  body.push(list("Why", one.reasons.map((reason) => prose(reason.text))));
  body.push(list("It holds if", one.conditions.map((it) => [prose(it.text), it.without && [" — otherwise ", badge(it.without.verdict)]])));
  body.push(list("Not judged", one.unchecked.map((reason) => prose(reason.text))));
  if (one.chosen) body.push(list("Loaded of the alternatives", one.chosen.map(code)));
  body.push(list("Programs", one.programs.map((program) => [badge(program.verdict), code(program.name), program.phase && ` (${program.phase})`])));
  const lacking = (needsOf.get(one.needs) || []).map(([requirement, meeting]) => [data.objects[sheet.object].requirements[requirement], data.meetings[meeting]])
    .filter(([requirement, meeting]) => requirement && meeting.outcome === "missing");
  body.push(list("Missing", lacking.map(([requirement, meeting]) => [`${requirement.kind} `, code(requirement.name), meeting.reason && [": ", prose(meeting.reason.text)]])));
  const about = findingsOf(sheet, (finding) => kernels.some((number) => finding.members.includes(number)));
  if (about.length) body.push(el("h3", null, "Findings"), about.map((finding) => findingCard(finding, true)));
  return { title: kernels.length === 1 ? data.kernels[kernels[0]].name : `${kernels.length} kernels`, body };
}

function facts(kernel) {
  const rows = [["distribution", kernel.distro], ["release", kernel.release], ["upstream version", kernel.version], ["flavour", kernel.flavour],
    ["architecture", kernel.arch], ["BTF it ships", kernel.btf], ["the policy", kernel.standing]];
  return el("table", { class: "pairs" }, el("tbody", null, rows.filter(([, value]) => value)
    .map(([name, value]) => el("tr", null, el("th", { scope: "row" }, name), el("td", null, value)))));
}

function ofAccess(column) {
  const sheet = data.sheets[state.sheet];
  const access = data.objects[sheet.object].accesses[column];
  const counts = new Map();
  for (const one of sheet.classes) {
    const kind = cellOf(outcomeAt(one, column), access);
    const outcome = outcomeAt(one, column);
    const key = `${kind} ${outcome && outcome.value !== undefined ? outcome.value : ""}`;
    if (!counts.has(key)) counts.set(key, { kind, outcome, kernels: [] });
    counts.get(key).kernels.push(...one.members);
  }
  const body = [el("p", null, code(access.kind), ` — ${KINDS[access.kind] || ""}, compiled as ${access.local_value === null ? "—" : access.local_value}`), source(access)];
  for (const { kind, outcome, kernels } of counts.values()) {
    const value = outcome && outcome.value !== undefined ? `: ${outcome.value}` : "";
    body.push(el("p", { class: `says ${CELLS[kind].look}` }, `${CELLS[kind].sign} ${CELLS[kind].says}${value}`), kernelList(kernels.sort((a, b) => a - b)));
  }
  const about = findingsOf(sheet, (finding) => finding.accesses.includes(access.id));
  return { title: [code(access.asks)], body: [...body, ...about.map((finding) => findingCard(finding, true))] };
}
