// Expected against found: the members around an access, as compiled and as they are there.
const foundBy = new Map();
for (const found of data.layouts.found) {
  for (const group of found.groups) group.members = new Set(unpack(group.kernels));
  found.accesses.forEach((access, at) => foundBy.set(`${found.object} ${access}`, { groups: found.groups, at }));
}

/// [{ view, kernels }], the one of most kernels first.
function foundLayouts(object, access, kernels) {
  const found = foundBy.get(`${object} ${access}`);
  const by = new Map();
  for (const kernel of found ? kernels : []) {
    const group = found.groups.find((it) => it.members.has(kernel));
    if (!group) continue;
    const view = group.views[found.at];
    if (!by.has(view)) by.set(view, []);
    by.get(view).push(kernel);
  }
  return [...by].map(([view, members]) => ({ view: data.layouts.views[view], kernels: members })).sort((a, b) => b.kernels.length - a.kernels.length);
}

const bytes = (bits) => (bits % 8 ? `${Math.floor(bits / 8)}:${bits % 8}` : String(bits / 8));

function layoutTable(view, caption, side) {
  const title = [el("strong", null, caption), " ", code(view.title), view.size !== undefined && `, ${view.size} bytes`];
  if (!view.lines.length) return el("div", { class: `layout ${side}` }, el("p", { class: "what" }, title));
  const signs = ["", "►", "≈"];
  const says = ["", "accessed", "near what is missing"];
  const rows = view.lines.map((line) => {
    const [level, bit, bits, text, mark] = line;
    if (line.length === 2) return el("tr", { class: "left" }, el("td", { colspan: 3 }, `${"  ".repeat(level)}… ${bit} more`));
    return el("tr", { class: ["", "here", "near"][mark] }, el("td", { class: "number" }, bit < 0 ? "" : bytes(bit)), el("td", { class: "number" }, bit < 0 ? "" : bits % 8 ? `${bits} bit` : bits / 8),
      el("td", null, "  ".repeat(level), el("span", { role: mark ? "img" : undefined, "aria-label": says[mark] || undefined }, signs[mark]), mark ? " " : "", data.layouts.texts[text]));
  });
  return el("div", { class: `layout ${side}` }, el("p", { class: "what" }, title), view.lacks && el("p", { class: "lacks" }, "✕ no ", code(view.lacks), " here"),
    el("div", { class: "lines", tabindex: 0, role: "region", "aria-label": `${caption} ${view.title}` },
      el("table", null, el("thead", null, el("tr", null, ["offset", "size", "member"].map((name) => el("th", { scope: "col" }, name)))), el("tbody", null, rows))));
}

function layoutsOf(sheet, column, kernels) {
  const expected = data.layouts.views[(data.layouts.expected[sheet.object] || [])[column]];
  const [first, ...others] = foundLayouts(sheet.object, column, kernels);
  if (!expected && !first) return null;
  const where = first && others.length ? ` (${count(first.kernels.length, "kernel", "kernels")} of these)` : "";
  return [el("h3", null, "Layouts"), el("div", { class: "layouts" }, expected && layoutTable(expected, "Compiled for", "expected"), first && layoutTable(first.view, `There${where}`, "found")),
    others.slice(0, 8).map((other) => el("details", null, el("summary", null, `Other layout: ${kernelName(data.kernels[other.kernels[0]])}${other.kernels.length > 1 ? ` and ${other.kernels.length - 1} more` : ""}`),
      layoutTable(other.view, "There", "found"))),
    others.length > 8 && el("p", { class: "hint" }, `${others.length - 8} more layouts: show each kernel of the row.`)];
}
