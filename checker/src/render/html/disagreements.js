// Where loaders do not come to the same, for the object that is shown.
const DISAGREEMENTS = 40;

function disagreementCard(one) {
  const object = data.objects[one.object];
  const verdicts = one.verdicts.map(({ loader, verdict, reasons }) => el("tr", null, el("th", { scope: "row" }, loader), el("td", null, badge(verdict)),
    el("td", null, reasons.length ? reasons.map((reason) => el("p", null, prose(reason.text))) : "—")));
  const told = ({ outcome, value }) => (value === undefined ? outcome : `${outcome}: ${value}`);
  const accesses = one.accesses.map(({ access, outcomes }) => {
    const asked = object.accesses.find((it) => it.id === access);
    return el("tr", null, el("th", { scope: "row" }, code(asked ? `${asked.kind} ${asked.asks}` : access), asked && asked.source && el("p", { class: "hint" }, place(asked.source))),
      one.verdicts.map(({ loader }) => el("td", null, outcomes.filter((it) => it.loader === loader).map(told).join(", ") || "—")));
  });
  return el("article", { class: "finding note-level disagreement" },
    el("p", { class: "title" }, one.verdicts.map(({ loader, verdict }) => el("span", { class: "side" }, loader, " ", badge(verdict)))),
    kernelList(unpack(one.kernels)),
    countTable(["loader", "verdict", "why"], verdicts),
    accesses.length > 0 && el("details", null, el("summary", null, count(accesses.length, "access differs", "accesses differ")),
      countTable(["access", ...one.verdicts.map(({ loader }) => loader)], accesses)));
}

function renderDisagreements(box) {
  const { object } = data.sheets[state.sheet];
  const all = data.disagreements.filter((one) => one.object === object);
  box.replaceChildren();
  if (data.loaders.length < 2) return;
  box.append(el("h2", { id: "disagreements-title" }, "Where loaders disagree"));
  if (!all.length) box.append(el("p", { class: "note" }, `${data.loaders.map((loader) => loader.name).join(", ")} come to the same on every kernel.`));
  all.slice(0, DISAGREEMENTS).forEach((one) => box.append(disagreementCard(one)));
  if (all.length > DISAGREEMENTS) box.append(el("p", { class: "note" }, `${all.length - DISAGREEMENTS} more are in the report as JSON.`));
}
