// Sends photos to the tagger that serves this page, and shows what it answers.
"use strict";

const PATH = "/predictions/tagger";
const titles = {};

function make(name, text, className) {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

async function showModel() {
  const place = document.getElementById("model");
  const answer = await fetch("/labels");
  if (!answer.ok) return;
  const space = await answer.json();
  for (const group of space.groups) titles[group.name] = group.title;
  place.textContent = `${space.labels.length} labels, version ${space.model.version}, ${space.model.bundle.slice(0, 19)}`;
}

function quoted(name) {
  return `'image=@${name.replaceAll("'", "'\\''")}'`;
}

function curl(files) {
  const parts = files.map((file) => `-F ${quoted(file.name)}`).join(" ");
  return `curl -s ${location.origin}${PATH} ${parts}`;
}

function percent(score) {
  return `${(100 * score).toFixed(1)}%`;
}

function bar(score) {
  const meter = make("meter");
  meter.max = 1;
  meter.value = score;
  return meter;
}

function row(...cells) {
  const line = make("tr");
  for (const cell of cells) line.append(cell);
  return line;
}

function cell(content, className) {
  const place = make("td", undefined, className);
  place.append(content);
  return place;
}

function candidates(group) {
  const table = make("table");
  for (const each of group.candidates) {
    table.append(row(cell(each.name), cell(bar(each.score)), cell(percent(each.score), "number"), cell(`id ${each.id}`, "soft")));
  }
  return table;
}

function groupRow(name, group, tags) {
  const held = tags.filter((tag) => tag.group === name).map((tag) => tag.path.join(" › "));
  const details = make("details");
  details.append(make("summary", held.join(", ") || "no tag"), candidates(group));
  const best = group.candidates.length ? group.candidates[0].score : 0;
  return row(cell(titles[name] || name), cell(details), cell(percent(best), "number"), cell(group.decision, group.decision));
}

function showTags(card, answer) {
  const table = make("table");
  table.append(row(make("th", "Attribute"), make("th", "Tags"), make("th", "Score"), make("th", "Decision")));
  for (const [name, group] of Object.entries(answer.groups)) table.append(groupRow(name, group, answer.tags));
  card.append(table);
  const warnings = answer.images.flatMap((image) => image.warnings.map((text) => `photo ${image.index}: ${text.replaceAll("_", " ")}`));
  if (warnings.length) card.append(make("p", warnings.join("; "), "soft"));
}

function showProblem(card, problem) {
  const text = make("p", undefined, "problem");
  text.append(make("strong", `${problem.title}. `), problem.detail);
  card.append(text, make("p", `${problem.status} ${problem.code}`, "soft"));
}

async function ask(files) {
  const form = new FormData();
  for (const file of files) form.append("image", file);
  try {
    const answer = await fetch(PATH, { method: "POST", body: form });
    return [answer.ok, await answer.json()];
  } catch (error) {
    return [false, { title: "No answer", status: 0, code: "unreachable", detail: String(error) }];
  }
}

async function showProduct(files) {
  const card = make("article");
  const photos = make("div", undefined, "photos");
  for (const file of files) {
    const image = make("img");
    image.alt = file.name;
    image.src = URL.createObjectURL(file);
    image.onload = image.onerror = () => URL.revokeObjectURL(image.src);
    photos.append(image);
  }
  const waiting = make("p", "Waiting for the answer …", "soft");
  card.append(photos, waiting);
  document.getElementById("answers").prepend(card);
  const [good, answer] = await ask(files);
  waiting.remove();
  if (good) showTags(card, answer);
  else showProblem(card, answer);
  card.append(make("pre", curl(files)));
}

async function showAll(list) {
  const files = [...list];
  if (!files.length) return;
  const products = document.getElementById("one").checked ? [files] : files.map((file) => [file]);
  for (const product of products) await showProduct(product);
}

const drop = document.getElementById("drop");
const input = document.getElementById("files");
input.addEventListener("change", () => showAll(input.files).then(() => { input.value = ""; }));
for (const name of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
  });
}
drop.addEventListener("drop", (event) => showAll(event.dataTransfer.files));
showModel();
