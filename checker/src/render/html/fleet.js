// The fleet, if one was asked about: which share of its machines comes to which verdict, and what of it is not stored.
function renderFleet(box) {
  const fleet = data.inventory;
  box.replaceChildren();
  if (!fleet) return;
  const sheet = data.sheets[state.sheet];
  const number = (machines) => machines.toLocaleString("en");
  const share = (machines) => {
    const tenths = Math.floor((machines * 1000) / Math.max(fleet.machines, 1));
    return machines > 0 && tenths === 0 ? "<0.1%" : `${(tenths / 10).toFixed(1)}%`;
  };
  const named = (releases) => {
    const shown = 4;
    if (releases.length <= shown) return releases.join(", ");
    return el("details", null, el("summary", null, `${releases.slice(0, shown).join(", ")} and ${releases.length - shown} more`), el("p", { class: "kernels" }, releases.slice(shown).join(", ")));
  };
  const title = (entry) => (entry.arch ? `${entry.release} ${entry.arch}` : entry.release);
  const sum = (entries) => entries.reduce((all, entry) => all + entry.machines, 0);
  const row = (verdict, machines, releases) => el("tr", null, el("td", null, verdict), el("td", null, number(machines)), el("td", null, share(machines)), el("td", null, named(releases)));
  const rows = fleet.shares.filter((of) => of.object === sheet.object && of.loader === sheet.loader).map((of) => row(badge(of.verdict, of.verdict), of.machines, of.releases));
  const missing = [...fleet.missing].sort((one, other) => other.machines - one.machines);
  if (missing.length) rows.push(row("not stored", sum(missing), missing.map(title)));
  if (fleet.ignored.length) rows.push(row("ignored", sum(fleet.ignored), fleet.ignored.map(title)));
  box.append(el("h2", null, `The fleet: ${number(fleet.machines)} machines`), countTable(["verdict", "machines", "share", "kernels"], rows));
  if (!missing.length) return;
  const shown = 40;
  box.append(el("details", null, el("summary", null, `Not stored: how to add ${count(missing.length, "kernel", "kernels")}`),
    el("ul", null, missing.slice(0, shown).map((entry) => el("li", null, `${title(entry)} (${count(entry.machines, "machine", "machines")})`, entry.near && `; near it is ${entry.near}`, el("pre", null, code(entry.add))))),
    missing.length > shown && el("p", { class: "hint" }, `and ${missing.length - shown} more`)));
}
