// What is chosen. It is in the address behind `#?`, so that a link shows what its sender saw; other fragments are places in the page.
const TEXTS = ["distro", "arch", "flavour", "q"];
const MANY = 60;

const state = {
  sheet: 0, distro: "", arch: "", flavour: "", q: "", verdicts: new Set(),
  each: data.kernels.length <= MANY, differing: false,
};

function readAddress() {
  if (!location.hash.startsWith("#?")) return false;
  const said = new URLSearchParams(location.hash.slice(2));
  for (const key of TEXTS) state[key] = said.get(key) || "";
  const known = new Set(VERDICTS.map((verdict) => verdict.word));
  state.verdicts = new Set((said.get("verdict") || "").split(",").filter((word) => known.has(word)));
  const sheet = Number(said.get("sheet") || 0);
  state.sheet = Number.isInteger(sheet) && data.sheets[sheet] ? sheet : 0;
  state.each = said.has("each") ? said.get("each") === "1" : data.kernels.length <= MANY;
  state.differing = said.get("differing") === "1";
  return true;
}

function writeAddress() {
  const say = new URLSearchParams();
  for (const key of TEXTS) if (state[key]) say.set(key, state[key]);
  if (state.verdicts.size) say.set("verdict", [...state.verdicts].join(","));
  if (state.sheet) say.set("sheet", state.sheet);
  if (state.each !== data.kernels.length <= MANY) say.set("each", state.each ? "1" : "0");
  if (state.differing) say.set("differing", "1");
  const text = say.toString();
  history.replaceState(null, "", text ? `#?${text}` : location.href.split("#")[0]);
}
