// Going over the matrix with keys: one cell can be reached by Tab, arrows move on from there.
let current = null;

function focusable(cell) {
  if (current) current.tabIndex = -1;
  current = cell;
  if (cell) cell.tabIndex = 0;
}

function goTo(cell) {
  if (!cell) return;
  focusable(cell);
  cell.focus();
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/// The rows that can be gone to: headings of groups have no cells.
const isStop = (row) => row && !row.classList.contains("group") && !row.classList.contains("more");

function step(row, by) {
  let next = row;
  do {
    if (by > 0) next = next.nextElementSibling || (next.parentElement.tagName === "THEAD" ? matrix.table.tBodies[0].rows[0] : null);
    else next = next.previousElementSibling || (next.parentElement.tagName === "TBODY" ? matrix.table.tHead.rows[0] : null);
    if (next && next.classList.contains("more")) { const before = next.previousElementSibling; addRows(); next = before.nextElementSibling; }
  } while (next && !isStop(next));
  return next;
}

function onGridKey(event) {
  const cell = event.target.closest("th, td");
  if (!cell || !cell.opens || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = cell.parentElement;
  const at = cell.cellIndex;
  const vertical = (by, times) => {
    let to = row;
    for (let i = 0; i < times; i += 1) to = step(to, by) || to;
    // The corner cannot be gone to.
    goTo(to.cells[at].opens ? to.cells[at] : cell);
  };
  switch (event.key) {
    case "ArrowDown": vertical(1, 1); break;
    case "ArrowUp": vertical(-1, 1); break;
    case "PageDown": vertical(1, 10); break;
    case "PageUp": vertical(-1, 10); break;
    case "ArrowRight": goTo(cell.nextElementSibling); break;
    case "ArrowLeft": if (cell.previousElementSibling && cell.previousElementSibling.opens) goTo(cell.previousElementSibling); break;
    case "Home": goTo([...row.cells].find((it) => it.opens)); break;
    case "End": goTo(row.cells[row.cells.length - 1]); break;
    case "Enter": case " ": openCell(cell); break;
    case "+": case "-": expand(row); break;
    default: return;
  }
  event.preventDefault();
}

function onPageKey(event) {
  const typing = event.target.closest && event.target.closest("input:not([type=checkbox]), select, textarea");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    document.getElementById("q").focus();
  } else if (event.key === "Escape") {
    if (isPanelOpen()) closePanel();
    else if (typing && typing.id === "q" && state.q) { typing.value = ""; state.q = ""; update(); }
  }
}
