// Rows and columns of the matrix, as the filters leave them. No elements here.
const outcomesOf = new Map(data.answers.map((answer) => [answer.id, answer.outcomes]));
const needsOf = new Map(data.needs.map((needs) => [needs.id, needs.meetings]));
for (const sheet of data.sheets) {
  for (const one of sheet.classes) one.members = unpack(one.kernels);
}
for (const finding of data.findings) finding.members = unpack(finding.kernels);

const outcomeAt = (one, column) => data.outcomes[(outcomesOf.get(one.answer) || [])[column]];

const haystacks = data.kernels.map((kernel) =>
  Object.values(kernel).join(" ").toLowerCase());
const accessText = (access) =>
  [access.asks, access.kind, access.function, access.source && `${access.source.file} ${access.source.text}`].join(" ").toLowerCase();

/// Words that some kernel has choose rows; other words choose columns.
function words(sheet) {
  const said = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  const ofKernels = said.filter((word) => haystacks.some((text) => text.includes(word)));
  const ofAccesses = said.filter((word) => !ofKernels.includes(word));
  return { ofKernels, ofAccesses, sheet };
}

function fits(number, ofKernels) {
  const kernel = data.kernels[number];
  return (!state.distro || kernel.distro === state.distro) && (!state.arch || kernel.arch === state.arch) &&
    (!state.flavour || (kernel.flavour || "") === state.flavour) && ofKernels.every((word) => haystacks[number].includes(word));
}

/// [{ group, rows: [{ one, kernels }] }] in the report's order, and how many kernels that are.
function rowsOf(sheet) {
  const { ofKernels } = words(sheet);
  const singles = [];
  const byVerdict = new Map();
  for (const one of sheet.classes) {
    for (const number of one.members) {
      if (!fits(number, ofKernels)) continue;
      byVerdict.set(one.verdict, (byVerdict.get(one.verdict) || 0) + 1);
      if (!state.verdicts.size || state.verdicts.has(one.verdict)) singles.push({ one, number });
    }
  }
  singles.sort((a, b) => a.number - b.number);
  const groups = new Map();
  for (const { one, number } of singles) {
    const name = data.kernels[number].group;
    if (!groups.has(name)) groups.set(name, new Map());
    const rows = groups.get(name);
    const key = state.each ? number : one;
    if (!rows.has(key)) rows.set(key, { one, kernels: [] });
    rows.get(key).kernels.push(number);
  }
  const made = [...groups].map(([group, rows]) => ({ group, rows: [...rows.values()] }));
  return { groups: made, kernels: singles.length, byVerdict };
}

/// Columns by root type, in the order in which the types come first; each is the number of an access.
function columnsOf(sheet) {
  const { ofAccesses } = words(sheet);
  const accesses = data.objects[sheet.object].accesses;
  const roots = new Map();
  accesses.forEach((access, column) => {
    if (!ofAccesses.every((word) => accessText(access).includes(word))) return;
    if (state.differing) {
      const looks = new Set(sheet.classes.map((one) => cellOf(outcomeAt(one, column), access)));
      looks.delete("same");
      looks.delete("none");
      if (!looks.size) return;
    }
    if (!roots.has(access.root)) roots.set(access.root, []);
    roots.get(access.root).push(column);
  });
  return [...roots.values()].flatMap((columns) => columns.map((column, at) => ({ column, first: at === 0 })));
}
