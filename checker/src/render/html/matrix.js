// The matrix: a row for each kernel, or for kernels of which the same is said; a column for each access.
const CHUNK = 120;
/// With no more columns than these there is room for the numbers.
const WIDE = 12;
const matrix = { box: null, table: null, columns: [], pending: [], shown: 0, watcher: null, isWide: false };

function renderMatrix() {
  const sheet = data.sheets[state.sheet];
  const accesses = data.objects[sheet.object].accesses;
  const { groups, kernels, byVerdict } = rowsOf(sheet);
  matrix.columns = columnsOf(sheet);
  matrix.pending = groups.flatMap(({ group, rows }) => [{ group }, ...rows]);
  matrix.shown = 0;
  const heads = matrix.columns.map(({ column, first }) => columnHead(accesses[column], column, first));
  const corner = el("th", { class: "corner", scope: "col" }, cornerText(sheet, kernels, accesses.length));
  const body = el("tbody");
  matrix.isWide = matrix.columns.length <= WIDE;
  matrix.table = el("table", { class: matrix.isWide ? "wide" : "", role: "grid", "aria-rowcount": matrix.pending.length + 1, "aria-colcount": matrix.columns.length + 1,
    "aria-label": "Kernels and accesses" }, el("thead", null, el("tr", { role: "row" }, corner, heads)), body);
  matrix.box.replaceChildren(matrix.table);
  if (!kernels) matrix.box.append(el("p", { class: "nothing" }, "No kernel is left by these filters."));
  else if (accesses.length && !matrix.columns.length) matrix.box.append(el("p", { class: "nothing" },
    state.differing ? "Every access resolves as it was compiled, on every kernel." : "No access is left by these filters."));
  addRows();
  focusable(matrix.table.querySelector("tbody th[scope=row]"));
  return { kernels, byVerdict };
}

function cornerText(sheet, kernels, accesses) {
  const total = sheet.classes.reduce((sum, one) => sum + one.members.length, 0);
  const rows = kernels === total ? count(total, "kernel", "kernels") : `${kernels} of ${total} kernels`;
  const shown = matrix.columns.length;
  const columns = shown === accesses ? count(accesses, "access", "accesses") : `${shown} of ${accesses} accesses`;
  return [el("div", { id: "shown" }, rows), el("div", null, columns)];
}

function columnHead(access, column, first) {
  const label = accessName(access);
  const title = `${access.kind} ${access.asks}${access.source ? `\n${place(access.source)}` : ""}`;
  const asks = ASKS[access.kind] ?? `${access.kind} `;
  // Where there is room the whole path, broken behind its dots.
  const steps = access.path ? access.path.split(/(?<=\.)/).flatMap((step) => [step, el("wbr")]) : [label];
  const inner = el("span", { title }, asks, matrix.isWide ? steps : label);
  const head = el("th", { class: first ? "access first" : "access", scope: "col", tabindex: -1, "aria-label": `${access.kind} ${access.asks}` }, inner);
  head.opens = { column };
  return head;
}

/// Adds the next rows. There are never more in the page than somebody scrolled to, or prints.
function addRows(all) {
  const body = matrix.table.tBodies[0];
  const more = body.querySelector(".more");
  if (more) more.remove();
  const end = all ? matrix.pending.length : Math.min(matrix.pending.length, matrix.shown + CHUNK);
  const rows = document.createDocumentFragment();
  for (const pending of matrix.pending.slice(matrix.shown, end)) {
    rows.append(pending.group === undefined ? matrixRow(pending.one, pending.kernels, false) : groupRow(pending.group));
  }
  body.append(rows);
  matrix.shown = end;
  const left = matrix.pending.length - end;
  if (!left) return;
  const button = el("button", { type: "button", onclick: () => addRows() }, `${count(left, "more row", "more rows")}`);
  const row = el("tr", { class: "more" }, el("td", { colspan: matrix.columns.length + 1 }, button));
  body.append(row);
  if (matrix.watcher) matrix.watcher.disconnect();
  matrix.watcher = new IntersectionObserver((seen) => { if (seen.some((it) => it.isIntersecting)) addRows(); }, { root: matrix.box, rootMargin: "600px" });
  matrix.watcher.observe(row);
}

function groupRow(group) {
  return el("tr", { class: "group", role: "row" }, el("th", { scope: "rowgroup", role: "rowheader" }, groupName(group)),
    matrix.columns.length ? el("td", { colspan: matrix.columns.length }) : null);
}

function matrixRow(one, kernels, inner) {
  const sheet = data.sheets[state.sheet];
  const accesses = data.objects[sheet.object].accesses;
  const first = data.kernels[kernels[0]];
  const last = data.kernels[kernels[kernels.length - 1]];
  const name = kernels.length === 1 ? kernelName(first) : `${kernelName(first)} … ${kernelName(last)}`;
  const verdict = verdictOf(one.verdict);
  const many = kernels.length > 1 && el("button", { type: "button", class: "many", tabindex: -1, "aria-expanded": "false",
    title: "Show each" }, `× ${kernels.length}`);
  const head = el("th", { scope: "row", role: "rowheader", tabindex: -1, class: inner ? "inner" : "",
    "aria-label": `${name}, ${count(kernels.length, "kernel", "kernels")}, ${one.verdict}` },
  el("div", { class: "name" }, el("span", { title: name }, name), many,
    el("span", { class: `verdict ${one.verdict}` }, `${verdict.sign} ${one.verdict}`)));
  head.opens = { one, kernels };
  const cells = matrix.columns.map(({ column, first: isFirst }) => {
    const outcome = outcomeAt(one, column);
    const kind = cellOf(outcome, accesses[column]);
    const number = matrix.isWide && outcome && outcome.value !== undefined ? ` ${outcome.value}` : "";
    const { sign, look, says } = CELLS[kind];
    const cell = el("td", { class: `cell ${look}${isFirst ? " first" : ""}`, role: "gridcell", tabindex: -1,
      "aria-label": `${accessName(accesses[column])}: ${says}${number}` }, sign, number);
    cell.opens = { one, kernels, column };
    return cell;
  });
  const row = el("tr", { role: "row" }, head, cells);
  row.kernels = kernels;
  row.one = one;
  if (many) many.addEventListener("click", (event) => { event.stopPropagation(); expand(row); });
  return row;
}

/// Shows each kernel of a row, or hides them again.
function expand(row) {
  const many = row.querySelector(".many");
  if (!many) return;
  if (row.parts) {
    for (const part of row.parts) part.remove();
    row.parts = null;
  } else {
    row.parts = row.kernels.map((number) => matrixRow(row.one, [number], true));
    row.after(...row.parts);
  }
  many.setAttribute("aria-expanded", row.parts ? "true" : "false");
}
