"use strict";
// Everything shown goes through textContent: no text of a dialogue or a review is ever read as markup.
const SHOWN = 200; // rows of the list that are drawn at once; scrolling to the end draws more
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;
const index = JSON.parse(document.getElementById("index").textContent);
const $ = (id) => document.getElementById(id);
const state = { rows: index.dialogues, drawn: 0, at: -1, open: null, flag: -1 };

function make(tag, options, ...children) {
  const node = document.createElement(tag);
  const { data, ...rest } = options || {};
  Object.assign(node, rest);
  Object.assign(node.dataset, data || {});
  node.append(...children);
  return node;
}

// Characters that do not show, or that turn the reading direction, are drawn as their code point.
function show(text) {
  if (!HIDDEN.test(text)) return [document.createTextNode(text)];
  return Array.from(text).map((character) => HIDDEN.test(character)
    ? make("span", { className: "char" }, "U+" + character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0"))
    : document.createTextNode(character));
}

// Offsets are code points; JavaScript counts UTF-16 units.
function cutter(text) {
  if (!/[\ud800-\udfff]/.test(text)) return (start, end) => text.slice(start, end);
  const points = Array.from(text);
  return (start, end) => points.slice(start, end).join("");
}

// Draw a text with marks [{start, end, ...}] that may overlap; each stretch carries all marks over it.
function drawMarked(text, marks, decorate) {
  const cut = cutter(text);
  const length = Array.from(text).length;
  const edges = [...new Set([0, length, ...marks.flatMap((mark) => [mark.start, mark.end])])]
    .filter((edge) => edge >= 0 && edge <= length).sort((one, other) => one - other);
  const nodes = [];
  for (let position = 0; position + 1 < edges.length; position += 1) {
    const [start, end] = [edges[position], edges[position + 1]];
    const over = marks.filter((mark) => mark.start <= start && end <= mark.end);
    const pieces = show(cut(start, end));
    if (over.length) nodes.push(decorate(make("mark", { tabIndex: 0 }, ...pieces), over));
    else nodes.push(...pieces);
  }
  return nodes;
}

async function unpack(name) {
  const bytes = Uint8Array.from(atob($(name).textContent.trim()), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

// The list

function matches(row, query, severity, rule) {
  if (severity === "none" ? row.worst : severity && !row.severities.includes(severity)) return false;
  if (rule && !row.rules.includes(rule)) return false;
  return !query || row.search.includes(query);
}

function filter() {
  const query = $("query").value.trim().toLowerCase();
  state.rows = index.dialogues.filter((row) => matches(row, query, $("severity").value, $("rule").value));
  state.drawn = 0;
  state.at = -1;
  $("list").replaceChildren();
  $("count").textContent = `${state.rows.length} of ${index.dialogues.length} dialogues`;
  drawMore();
}

function drawMore() {
  const rows = state.rows.slice(state.drawn, state.drawn + SHOWN);
  $("list").append(...rows.map((row, offset) => {
    const position = state.drawn + offset;
    const words = [row.venue, row.decision, row.findings ? `${row.findings} findings` : "no finding"].filter(Boolean);
    const button = make("button", { type: "button", data: { position } }, ...show(row.title || row.id),
      make("small", {}, row.id + " · " + words.join(" · "), row.worst ? " " : "",
        row.worst ? make("span", { className: `severity ${row.worst}` }, row.worst) : ""));
    button.addEventListener("click", () => openAt(position));
    return make("li", {}, button);
  }));
  state.drawn += rows.length;
}

function moveTo(position) {
  if (!state.rows.length) return;
  state.at = Math.max(0, Math.min(position, state.rows.length - 1));
  while (state.at >= state.drawn) drawMore();
  const button = $("list").children[state.at].firstChild;
  for (const other of $("list").querySelectorAll('[aria-current="true"]')) other.removeAttribute("aria-current");
  button.setAttribute("aria-current", "true");
  button.scrollIntoView({ block: "nearest" });
}

async function openAt(position) {
  moveTo(position);
  const row = state.rows[state.at];
  const dialogue = await unpack(row.payload);
  const record = row.record ? await unpack(row.record) : null;
  state.open = row.id;
  state.flag = -1;
  drawRecord(record, dialogue);
  drawDialogue(dialogue, record);
  $("dialogue").scrollTop = 0;
  $("dialogue").focus({ preventScroll: true });
}

// The dialogue

const fieldId = (note, field) => `f-${note}-${field}`;

function goToRecord(note, field, key) {
  for (const node of document.querySelectorAll(".here")) node.classList.remove("here");
  const marked = key ? $("record").querySelectorAll(`[data-keys~="${CSS.escape(key)}"]`) : [];
  const targets = marked.length ? [...marked] : [document.getElementById(fieldId(note, field))].filter(Boolean);
  for (const node of targets) node.classList.add("here");
  if (targets.length) targets[0].scrollIntoView({ block: "center" });
}

function goToTurn(key) {
  for (const node of document.querySelectorAll(".here")) node.classList.remove("here");
  const marked = $("dialogue").querySelectorAll(`[data-keys~="${CSS.escape(key)}"]`);
  for (const node of marked) node.classList.add("here");
  if (marked.length) marked[0].scrollIntoView({ block: "center" });
}

function onActivate(node, action) {
  node.addEventListener("click", action);
  node.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.stopPropagation(); action(); } });
  return node;
}

function describe(finding) {
  const item = make("li", { className: "finding", data: { rule: finding.rule, keys: finding.key } },
    make("span", { className: `severity ${finding.severity}` }, finding.severity), " ", finding.rule, ": ",
    ...show(finding.message));
  if (finding.recorded) item.append(" · record: ", ...show(finding.recorded));
  if (finding.note_id) {
    const jump = make("button", { type: "button", className: "link" }, "show it");
    jump.addEventListener("click", () => goToRecord(finding.note_id, finding.field, finding.key));
    item.append(" ", jump);
  }
  return item;
}

function drawTurn(turn, dialogue) {
  const evidence = turn.evidence.map((item) => ({ ...item, start: item.turn_start, end: item.turn_end, kind: "evidence" }));
  const findings = dialogue.findings.filter((item) => item.turn === turn.index);
  const flags = findings.filter((item) => item.start !== null).map((item) => ({ ...item, kind: "flag" }));
  const body = drawMarked(turn.text, [...evidence, ...flags], (node, over) => {
    const cited = over.filter((mark) => mark.kind === "evidence");
    const flagged = over.filter((mark) => mark.kind === "flag");
    if (flagged.length) node.classList.add("flag", flagged[0].severity);
    node.dataset.keys = cited.map((mark) => mark.key).join(" ");
    const names = cited.map((mark) => mark.name).join(", ");
    const supposed = cited.length > 0 && cited.every((mark) => mark.supposed);
    if (supposed) node.classList.add("supposed");
    node.title = flagged.map((mark) => mark.message).join("; ") || (supposed ? `closest on record: ${names}` : `rests on ${names}`);
    if (cited.length) onActivate(node, () => goToRecord(cited[0].note_id, cited[0].field, cited[0].key));
    else if (flagged[0].note_id) onActivate(node, () => goToRecord(flagged[0].note_id, flagged[0].field, flagged[0].key));
    return node;
  });
  const who = turn.speaker === "meta_reviewer" ? "Meta-reviewer" : "Agent";
  const node = make("div", { className: `turn ${turn.speaker}`, id: `t-${turn.index}` },
    make("span", { className: "who" }, `${turn.index} ${who}${turn.act ? " · " + turn.act : ""}`), ...body);
  if (findings.length) node.append(make("ul", {}, ...findings.map(describe)));
  return node;
}

function drawDialogue(dialogue, record) {
  const whole = dialogue.findings.filter((item) => item.turn === null);
  const title = make("h2", {}, ...show(dialogue.title || dialogue.id));
  const parts = [title, make("p", { className: "hint" }, dialogue.id)];
  if (whole.length) parts.push(make("ul", { className: "whole" }, ...whole.map(describe)));
  parts.push(...dialogue.turns.map((turn) => drawTurn(turn, dialogue)));
  if (!record) parts.push(make("p", { className: "hint" }, "The record of this paper is not at hand."));
  $("dialogue").replaceChildren(...parts);
}

function drawRecord(record, dialogue) {
  if (!record) { $("record").replaceChildren(); return; }
  const cited = dialogue.turns.flatMap((turn) => turn.evidence);
  $("record").replaceChildren(...record.notes.map((note) => make("div", { className: "note" },
    make("h3", {}, note.name),
    ...note.fields.map((field) => {
      const here = (item) => item.note_id === note.id && item.field === field.field;
      const whole = { start: 0, end: Array.from(field.text).length };
      const marks = [...cited.filter(here), ...dialogue.findings.filter(here).map((item) => ({ ...item, ...whole }))];
      const body = drawMarked(field.text, marks, (node, over) => {
        node.dataset.keys = over.map((mark) => mark.key).join(" ");
        node.title = "what the dialogue says of it";
        return onActivate(node, () => goToTurn(over[0].key));
      });
      return make("div", { className: "field", id: fieldId(note.id, field.field) }, make("b", {}, field.field), ...body);
    }))));
}

function goToNextFinding() {
  const found = [...$("dialogue").querySelectorAll(".finding")];
  if (!found.length) return;
  state.flag = (state.flag + 1) % found.length;
  for (const node of document.querySelectorAll(".here")) node.classList.remove("here");
  found[state.flag].classList.add("here");
  found[state.flag].scrollIntoView({ block: "center" });
}

// Views and keys

function view(name) {
  $("overview").hidden = name !== "overview";
  $("browser").hidden = name !== "browser";
}

function switchTheme() {
  document.documentElement.classList.toggle("dark");
}

$("show-overview").addEventListener("click", () => view("overview"));
$("show-dialogues").addEventListener("click", () => view("browser"));
$("theme").addEventListener("click", switchTheme);
$("query").addEventListener("input", filter);
for (const name of ["severity", "rule"]) $(name).addEventListener("change", filter);
$("filters").addEventListener("submit", (event) => event.preventDefault());
$("list").addEventListener("scroll", () => {
  if ($("list").scrollTop + $("list").clientHeight > $("list").scrollHeight - 300) drawMore();
});
for (const button of document.querySelectorAll("[data-rule]")) {
  button.addEventListener("click", () => { $("rule").value = button.dataset.rule; view("browser"); filter(); });
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, select")) { if (event.key === "Escape") $("list").focus(); return; }
  const keys = {
    j: () => moveTo(state.at + 1),
    k: () => moveTo(state.at - 1),
    Enter: () => { if (state.at >= 0 && !event.target.matches("button")) openAt(state.at); },
    n: goToNextFinding,
    "/": () => { view("browser"); $("query").focus(); event.preventDefault(); },
    Escape: () => ($("browser").hidden ? null : (state.open ? ((state.open = null), $("list").focus()) : view("overview"))),
  };
  if (keys[event.key]) { if ("jk".includes(event.key)) view("browser"); keys[event.key](); }
});
if (window.matchMedia("(prefers-color-scheme: dark)").matches) switchTheme();
filter();
