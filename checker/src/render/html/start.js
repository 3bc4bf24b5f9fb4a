// The page, put together; what changes with the filters is made anew.
const parts = {};

function about() {
  const sheet = data.sheets[state.sheet];
  const object = data.objects[sheet.object];
  const loader = data.loaders.find((it) => it.name === sheet.loader) || { title: sheet.loader };
  return [code(object.path), ` · ${object.contents} · rules of ${loader.title} · ${count(data.kernels.length, "kernel", "kernels")}`];
}

function gate() {
  if (!data.policy) return null;
  const passes = data.policy.passes;
  const blocked = data.policy.blocked.length;
  const why = blocked ? count(blocked, "obstacle", "obstacles") : "required kernels are not stored";
  return el("p", { class: `gate ${passes ? "ok" : "fails"}` }, passes ? "✓ The gate lets it pass" : `✕ The gate is closed: ${why}`,
    data.policy.file && ` (${data.policy.file})`);
}

function select(key, label, values) {
  const choice = el("select", { id: key, onchange: (event) => { state[key] = event.target.value; update(); } },
    el("option", { value: "" }, "all"), values.map((value) => el("option", { value }, value)));
  return values.length > 1 && el("label", { for: key }, label, choice);
}

function check(key, label) {
  const box = el("input", { type: "checkbox", id: key, onchange: (event) => { state[key] = event.target.checked; update(); } });
  return el("label", { class: "check", for: key }, box, label);
}

function sheetChoice() {
  if (data.sheets.length < 2) return null;
  const name = (sheet) => [data.objects.length > 1 && data.objects[sheet.object].path, data.loaders.length > 1 && sheet.loader].filter(Boolean).join(" · ");
  return el("label", { for: "sheet" }, "object, loader", el("select", { id: "sheet", onchange: (event) => { state.sheet = Number(event.target.value); update(); } },
    data.sheets.map((sheet, at) => el("option", { value: at }, name(sheet)))));
}

function filters() {
  const all = (key) => [...new Set(data.kernels.map((kernel) => kernel[key] || "").filter(Boolean))].sort();
  const search = el("input", { type: "search", id: "q", placeholder: "kernel or access", autocomplete: "off", spellcheck: false,
    oninput: (event) => { state.q = event.target.value; update(); } });
  return el("form", { class: "filters", role: "search", "aria-label": "Filters", onsubmit: (event) => event.preventDefault() },
    sheetChoice(), el("label", { for: "q" }, "text ( / )", search), select("distro", "distribution", all("distro")), select("arch", "architecture", all("arch")),
    select("flavour", "flavour", all("flavour")), check("each", "a row for each kernel"), check("differing", "only accesses that differ"),
    el("button", { type: "button", id: "reset", onclick: reset }, "Clear"));
}

function reset() {
  for (const key of TEXTS) state[key] = "";
  state.verdicts.clear();
  state.differing = false;
  update();
}

function legend() {
  return el("ul", { class: "legend" }, Object.entries(CELLS).filter(([kind]) => kind !== "none")
    .map(([, { sign, look, says }]) => el("li", null, el("span", { class: `cell ${look}` }, sign), says)));
}

function chips(byVerdict) {
  parts.chips.classList.toggle("some", state.verdicts.size > 0);
  parts.chips.replaceChildren(...VERDICTS.filter(({ word }) => byVerdict.has(word) || state.verdicts.has(word)).map(({ word, sign, says }) =>
    el("button", { type: "button", class: `chip ${word}`, "data-verdict": word, "aria-pressed": String(state.verdicts.has(word)), title: says, onclick: () => {
      if (!state.verdicts.delete(word)) state.verdicts.add(word);
      update();
      const again = parts.chips.querySelector(`[data-verdict="${word}"]`);
      if (again) again.focus();
    } }, el("span", { class: "sign", "aria-hidden": "true" }, sign), `${byVerdict.get(word) || 0} ${word}`)));
}

let sheetShown = -1;

/// After a choice: address, controls, matrix; the sections below only with another object or loader.
function update(fromAddress) {
  closePanel();
  if (!fromAddress) writeAddress();
  for (const key of TEXTS) { const input = document.getElementById(key); if (input && input.value !== state[key]) input.value = state[key]; }
  for (const key of ["each", "differing"]) document.getElementById(key).checked = state[key];
  chips(renderMatrix().byVerdict);
  if (sheetShown === state.sheet) return;
  sheetShown = state.sheet;
  const choice = document.getElementById("sheet");
  if (choice) choice.value = String(state.sheet);
  parts.about.replaceChildren(...about());
  renderFleet(parts.fleet);
  renderPrograms(parts.programs);
  renderNeeds(parts.needs);
  renderFindings(parts.findings);
  renderDisagreements(parts.disagreements);
}

function start() {
  const main = document.getElementById("main");
  if (!data.sheets.length) { main.append(el("p", null, "The report has no object.")); return; }
  const section = (name) => { parts[name] = el("section", { id: name }); return parts[name]; };
  parts.about = el("p", { class: "about" });
  parts.chips = el("div", { class: "chips", role: "group", "aria-label": "Verdicts" });
  matrix.box = el("div", { class: "grid", id: "grid" });
  document.getElementById("head").append(parts.about, gate() || "");
  main.append(section("fleet"), parts.chips, filters(), el("p", { class: "hint keys" }, "Arrow keys go over the matrix, Enter opens a cell, Escape closes it, + shows each kernel of a row, / goes to the filter."),
    matrix.box, legend());
  const below = el("div", null, section("disagreements"), section("findings"), section("programs"), section("needs"), section("rules"));
  const lives = document.getElementById("lives");
  if (lives) lives.after(below); else main.append(below);
  matrix.box.addEventListener("keydown", onGridKey);
  matrix.box.addEventListener("click", (event) => { const cell = event.target.closest("th, td"); if (cell && cell.opens) openCell(cell); });
  document.addEventListener("keydown", onPageKey);
  addEventListener("hashchange", () => { if (readAddress()) update(true); });
  addEventListener("beforeprint", () => addRows(true));
  renderRules(parts.rules);
  renderFoot(document.getElementById("foot"));
  readAddress();
  update(true);
  if (location.hash.startsWith("#rule-")) { const rule = document.getElementById(location.hash.slice(1)); if (rule) rule.scrollIntoView(); }
}

start();
