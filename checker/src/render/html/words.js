// Signs and words: a verdict and an outcome are told by both, never by colour alone.
const VERDICTS = [
  { word: "ok", sign: "✓", says: "loads" },
  { word: "degraded", sign: "◑", says: "loads; takes a fallback" },
  { word: "risky", sign: "!", says: "loads, but reads something else" },
  { word: "fails", sign: "✕", says: "does not load" },
  { word: "unknown", sign: "?", says: "cannot be told" },
];

const CELLS = {
  same: { sign: "·", look: "plain", says: "resolved as compiled" },
  moved: { sign: "→", look: "moved", says: "resolved to another number" },
  changed: { sign: "!", look: "risky", says: "resolved, but it is something else there" },
  absent: { sign: "0", look: "plain", says: "asked about; the answer is 0" },
  guarded: { sign: "◌", look: "degraded", says: "missing, behind a guard" },
  reached: { sign: "✕", look: "fails", says: "missing, and the verifier comes to it" },
  maybe: { sign: "¿", look: "unknown", says: "missing, and the verifier may come to it" },
  error: { sign: "✖", look: "fails", says: "the loader gives up here" },
  skipped: { sign: "–", look: "plain", says: "its program is not loaded" },
  unknown: { sign: "?", look: "unknown", says: "cannot be told" },
  none: { sign: "", look: "plain", says: "not asked" },
};

const verdictOf = (word) => VERDICTS.find((verdict) => verdict.word === word) || VERDICTS[4];

function cellOf(outcome, access) {
  if (!outcome) return "none";
  switch (outcome.outcome) {
    case "resolved":
      if (outcome.changes) return "changed";
      return outcome.value === undefined || outcome.value === access.local_value ? "same" : "moved";
    case "poisoned":
      return { reached: "reached", guarded: "guarded" }[outcome.reach] || "maybe";
    case "absent": case "error": case "skipped":
      return outcome.outcome;
    default:
      return "unknown";
  }
}

function badge(word, text) {
  return el("span", { class: `badge ${word}` }, `${verdictOf(word).sign} ${text || word}`);
}

const KINDS = {
  byte_off: "offset in bytes", byte_sz: "size in bytes", field_exists: "exists (1 or 0)", signed: "signed (1 or 0)",
  lshift_u64: "left shift in bits", rshift_u64: "right shift in bits", local_type_id: "type id", target_type_id: "type id",
  type_exists: "exists (1 or 0)", type_size: "size in bytes", enumval_exists: "exists (1 or 0)", enumval_value: "value",
  type_matches: "matches (1 or 0)",
};

/// What the head of a column says before the name.
const ASKS = { byte_off: "", byte_sz: "size ", field_exists: "has ", type_exists: "has ", enumval_exists: "has ", type_size: "size ", enumval_value: "value ",
  type_matches: "like ", lshift_u64: "<< ", rshift_u64: ">> ", signed: "sign " };

const kernelName = (kernel) => kernel.short || kernel.name;
const groupName = (group) => ({ regular: "Regular", arch: "Architecture", flavour: "Flavour" }[group] || group);
/// What the head of a column says of an access: the end of its path, or its type.
function accessName(access) {
  if (!access.path) return access.root.split(" ").pop();
  const steps = access.path.split(".");
  let name = steps.pop();
  // As many steps as there is room for.
  while (steps.length && name.length + steps[steps.length - 1].length < 20) name = `${steps.pop()}.${name}`;
  return steps.length ? `…${name}` : name;
}
const place = (source) => `${source.file}:${source.line}${source.column ? `:${source.column}` : ""}`;
