// Below the matrix: findings, programs, what else is needed, the rules' pages.
function findingsOf(sheet, which) {
  return data.findings.filter((finding) => finding.object === sheet.object && finding.loader === sheet.loader && which(finding));
}

const SIGNS = { error: ["✕", "fails"], warning: ["!", "degraded"], note: ["i", "unknown"] };

function ruleLink(rule) {
  return data.rules[rule] ? el("a", { href: `#rule-${rule}` }, rule) : rule;
}

function findingCard(finding, short) {
  const sheet = data.sheets[state.sheet];
  const [sign, look] = SIGNS[finding.level] || SIGNS.note;
  const access = data.objects[finding.object].accesses.find((it) => it.id === finding.access);
  const suggested = finding.suggested || {};
  const lines = [...(suggested.history || []).map((it) => ["history: ", prose(it.text)]), suggested.renamed && prose(suggested.renamed.text)].filter(Boolean);
  return el("article", { class: `finding ${finding.level === "note" ? "note-level" : finding.level}` },
    el("p", { class: "title" }, el("span", { class: `level ${look}` }, `${sign} ${finding.level}`), ruleLink(finding.rule), " — ", prose(finding.message)),
    !short && access && [el("p", { class: "hint" }, code(`${access.kind} ${access.asks}`), finding.accesses.length > 1 && ` and ${finding.accesses.length - 1} more`), source(access)],
    !short && finding.members.length > 0 && kernelList(finding.members),
    (finding.excused || []).map((it) => el("p", { class: "note" }, `excused by ${it.by}`, it.reason && `: ${it.reason}`, it.expires && ` (until ${it.expires})`)),
    finding.details.length > 0 && el("details", null, el("summary", null, "how it is there"), el("ul", null, finding.details.map((line) => el("li", null, line)))),
    lines.length > 0 && el("ul", null, lines.slice(0, 6).map((line) => el("li", null, line))),
    finding.help && el("p", null, el("strong", null, "Help: "), prose(finding.help)),
    suggested.guard && el("details", { open: short }, el("summary", null, "a guard that reads it where it is"), el("pre", null, code(suggested.guard.code))),
    sheet.loader !== finding.loader && el("p", { class: "hint" }, finding.loader));
}

function renderFindings(box) {
  const sheet = data.sheets[state.sheet];
  const all = findingsOf(sheet, () => true);
  const policy = (data.policy && data.policy.findings) || [];
  box.replaceChildren(el("h2", null, "Findings"));
  if (!all.length && !policy.length) box.append(el("p", { class: "note" }, "Nothing was found."));
  for (const finding of policy) {
    const [sign, look] = SIGNS[finding.level] || SIGNS.note;
    box.append(el("article", { class: `finding ${finding.level === "note" ? "note-level" : finding.level}` },
      el("p", { class: "title" }, el("span", { class: `level ${look}` }, `${sign} ${finding.level}`), ruleLink(finding.rule), " — ", prose(finding.message)),
      finding.help && el("p", null, prose(finding.help))));
  }
  const shown = 40;
  all.slice(0, shown).forEach((finding) => box.append(findingCard(finding, false)));
  if (all.length > shown) {
    box.append(el("details", { ontoggle: (event) => {
      const details = event.currentTarget;
      if (details.open && details.children.length === 1) all.slice(shown).forEach((finding) => details.append(findingCard(finding, false)));
    } }, el("summary", null, `${all.length - shown} more findings`)));
  }
}

/// A table in which each line counts kernels by what becomes of it there.
function countTable(titles, rows) {
  return el("div", { class: "table" }, el("table", { class: "list" }, el("thead", null, el("tr", null, titles.map((title) => el("th", { scope: "col" }, title)))),
    el("tbody", null, rows)));
}

function renderPrograms(box) {
  const sheet = data.sheets[state.sheet];
  const programs = data.objects[sheet.object].programs;
  box.replaceChildren(el("h2", null, "Programs"));
  const rows = programs.map((program) => {
    const counts = new Map();
    for (const one of sheet.classes) {
      const result = one.programs.find((it) => it.name === program.name);
      if (result) counts.set(result.verdict, [...(counts.get(result.verdict) || []), ...one.members]);
    }
    const told = [...VERDICTS.map(({ word }) => word), "skipped"].filter((word) => counts.has(word))
      .map((word) => el("details", null, el("summary", null, word === "skipped" ? `– skipped on ${counts.get(word).length}` : badge(word, `${word} on ${counts.get(word).length}`)),
        el("p", { class: "kernels" }, counts.get(word).sort((a, b) => a - b).map((number) => kernelName(data.kernels[number])).join(", "))));
    return el("tr", null, el("td", null, code(program.name)), el("td", null, code(program.section)),
      el("td", null, told.length ? told : "not told apart", !program.autoload && el("p", { class: "hint" }, "not loaded automatically")));
  });
  box.append(programs.length ? countTable(["program", "section", "verdict"], rows) : el("p", { class: "note" }, "The object has no program."));
}

function renderNeeds(box) {
  const sheet = data.sheets[state.sheet];
  const requirements = data.objects[sheet.object].requirements;
  box.replaceChildren();
  if (!requirements.length) return;
  const looks = { met: "ok", missing: "fails", unknown: "unknown", "not-judged": "unknown" };
  const tallies = requirements.map(() => new Map());
  for (const one of sheet.classes) {
    for (const [requirement, meeting] of needsOf.get(one.needs) || []) {
      const outcome = data.meetings[meeting].outcome;
      const tally = tallies[requirement];
      if (tally) tally.set(outcome, (tally.get(outcome) || 0) + one.members.length);
    }
  }
  const rows = requirements.map((requirement, at) => el("tr", null, el("td", null, requirement.kind), el("td", null, code(requirement.name || "—")),
    el("td", null, code(requirement.program || requirement.symbol || requirement.map || (requirement.functions || []).join(", ") || "—"), requirement.optional && " (optional)"),
    el("td", null, [...tallies[at]].map(([outcome, number]) => badge(looks[outcome] || "unknown", `${outcome} on ${number}`)))));
  box.append(el("h2", null, "What else it needs"), countTable(["what", "name", "for", "kernels"], rows));
}

function renderRules(box) {
  const rules = Object.entries(data.rules);
  if (!rules.length) return;
  box.append(el("h2", null, "The rules"), ...rules.map(([id, rule]) => el("article", { class: "rule", id: `rule-${id}`, tabindex: -1 },
    el("h3", null, `${id} `, el("span", { class: "hint" }, rule.level)), el("p", null, el("em", null, prose(rule.summary))), paragraphs(rule.meaning),
    el("h4", null, "Why it happens"), paragraphs(rule.cause), el("h4", null, "Example"), el("pre", null, code(rule.example)), el("h4", null, "What to do"), paragraphs(rule.remedy))));
}

function renderFoot(box) {
  for (const { text, kernels } of data.left_out) {
    box.append(el("details", null, el("summary", null, `Left out: ${count(kernels.length, "kernel", "kernels")}, ${text}`), el("p", null, kernels.join(", "))));
  }
  box.append(el("p", null, `Made by ${data.tool.name} ${data.tool.version}. “ok” says that every relocation that is reached resolves, and that what else BTF tells of is there; ` +
    "it does not say that the verifier accepts the programs' logic."));
}
