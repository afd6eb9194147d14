"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const [query, fate, order, found, list, more] = ["query", "fate", "order", "found", "rows", "more"].map((id) => document.getElementById(id));
const STEP = 40; // cards that are built at once
const kept = (row) => row.fate === "train" || row.fate === "validation";
let shown = [], built = 0;

for (const row of data.rows) {
  const parts = [...row.text, ...(row.source || [])].map((part) => data.texts[part.text]);
  row.search = [...parts, ...Object.values(row.about), row.why || ""].join("\n").toLowerCase();
}
const names = [...new Set(data.rows.flatMap((row) => Object.keys(row.scores || {})))].sort();
for (const [sign, word] of [["+", "lowest first"], ["-", "highest first"]]) {
  const group = document.createElement("optgroup");
  group.label = "by score, " + word;
  for (const name of names) group.append(new Option(name, sign + name));
  order.append(group);
}

function el(tag, kind, ...inside) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  made.append(...inside);
  return made;
}

// Text nodes and <mark>s only: nothing that a corpus holds is ever parsed as markup.
function marked(text, spans, words) {
  const edges = (spans || []).map(([a, b]) => [a, b, ""]);
  const low = text.toLowerCase();
  if (low.length === text.length) {
    for (const word of words) for (let at = low.indexOf(word); at >= 0; at = low.indexOf(word, at + word.length)) edges.push([at, at + word.length, "hit"]);
  }
  edges.sort((x, y) => x[0] - y[0] || y[1] - x[1]);
  const out = [];
  let at = 0;
  for (const [a, b, kind] of edges) {
    if (a < at) continue;
    out.push(text.slice(at, a), el("mark", kind, text.slice(a, b)));
    at = b;
  }
  return [...out, text.slice(at)];
}

function side(parts, title, words, lang) {
  const box = el("section", "side");
  if (lang) box.lang = lang;
  if (title) box.append(el("h2", "", title));
  for (const part of parts) {
    const kind = part.label ? "label" : part.right ? "right" : "";
    box.append(el("p", kind, el("i", "", part.name + (part.right ? " (right)" : "")), ...marked(data.texts[part.text], part.spans, words)));
  }
  return box;
}

function scores(row) {
  const items = Object.entries(row.scores || {}).map(([name, value]) => {
    const [low, high] = data.filters[name] || [null, null];
    const out = (low !== null && value < low) || (high !== null && value > high);
    const bounds = low === null && high === null ? "" : ` (${low === null ? "" : low + " ≤ "}x${high === null ? "" : " ≤ " + high})`;
    return el("li", out ? "out" : "", el("span", "", name + bounds), el("span", "", String(value)));
  });
  return items.length ? [el("details", "", el("summary", "", `${items.length} filter scores`), el("ul", "scores", ...items))] : [];
}

function card(row, words) {
  const { id, ...about } = row.about;
  const head = el("div", "head", el("b", "", row.why ? `${row.fate} (${row.why})` : row.fate), el("code", "", id));
  for (const name of ["title", "corpus", "genre", "year", "subtype"]) if (about[name]) head.append(el("span", "", `${name} ${about[name]}`));
  const body = el("div", row.source ? "two" : "");
  if (row.source) body.append(side(row.source, "English source", words, "en"));
  body.append(side(row.text, row.source ? "translation" : "", words));
  const made = el("article", kept(row) ? "" : row.fate === "budget" ? "spare" : "dropped", head, body, ...scores(row));
  made.dataset.id = id;
  return made;
}

const words = () => query.value.toLowerCase().split(/\s+/).filter(Boolean);

function grow() {
  const some = shown.slice(built, built + STEP);
  list.append(...some.map((row) => card(row, words())));
  built += some.length;
  more.hidden = built >= shown.length;
}

function update() {
  const all = words(), want = fate.value, [sign, name] = [order.value[0], order.value.slice(1)];
  const fits = (row) => !want || (want === "kept" ? kept(row) : want === "dropped" ? !kept(row) : row.fate === want.slice(2));
  shown = data.rows.filter((row) => fits(row) && all.every((word) => row.search.includes(word)));
  if (name) {
    const score = (row) => (row.scores || {})[name];
    shown = shown.filter((row) => score(row) !== undefined).sort((a, b) => (sign === "+" ? 1 : -1) * (score(a) - score(b)));
  }
  found.textContent = `${shown.length.toLocaleString("en")} ${shown.length === 1 ? "row" : "rows"}`;
  list.replaceChildren();
  built = 0;
  grow();
  const state = new URLSearchParams(Object.entries({ q: query.value, fate: want, order: order.value }).filter(([, value]) => value));
  try { history.replaceState(null, "", state.size ? "#" + state : location.pathname); } catch { /* some browsers refuse it for pages from disk */ }
}

let timer;
query.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(update, 120); });
fate.addEventListener("change", update);
order.addEventListener("change", update);
document.getElementById("tools").addEventListener("submit", (event) => { event.preventDefault(); update(); });
more.addEventListener("click", grow);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== query) { event.preventDefault(); query.focus(); }
});
if ("IntersectionObserver" in window) new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) grow(); }, { rootMargin: "800px" }).observe(more);
const state = new URLSearchParams(location.hash.slice(1));
query.value = state.get("q") || "";
fate.value = state.get("fate") || "";
order.value = state.get("order") || "";
update();
