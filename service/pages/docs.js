// Shows /openapi.json, as far as a reader needs it.
"use strict";

function make(name, text, className) {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

function typeOf(schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.type === "array") return `list of ${typeOf(schema.items) || "anything"}`;
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.format) return `${schema.type} (${schema.format})`;
  return schema.type || "anything";
}

function table(rows) {
  const place = make("table");
  for (const cells of rows) {
    const line = make("tr");
    for (const text of cells) line.append(make("td", text));
    place.append(line);
  }
  return place;
}

function section(title, rows) {
  if (!rows.length) return [];
  return [make("h3", title), table(rows)];
}

function operation(path, method, said) {
  const card = make("article");
  const heading = make("div");
  heading.append(make("span", method.toUpperCase(), "method"), make("code", path));
  card.append(heading);
  if (said.summary) card.append(make("p", said.summary));
  const parameters = (said.parameters || []).map((each) => [each.name, each.in, typeOf(each.schema), each.description || ""]);
  const bodies = Object.entries(said.requestBody?.content || {}).map(([type, each]) => [type, typeOf(each.schema)]);
  const answers = Object.entries(said.responses).map(([status, each]) => [status, each.description,
    Object.values(each.content || {}).map((content) => typeOf(content.schema)).join(", ")]);
  card.append(...section("Parameters", parameters), ...section("Body", bodies), ...section("Answers", answers));
  return card;
}

function schema(name, said) {
  const card = make("details");
  card.id = name;
  card.append(make("summary", name));
  if (said.description) card.append(make("p", said.description, "soft"));
  const required = new Set(said.required || []);
  card.append(table(Object.entries(said.properties || {}).map(([field, each]) =>
    [field, typeOf(each), required.has(field) ? "always" : "", each.description || ""])));
  return card;
}

async function show() {
  const document_ = await (await fetch("/openapi.json")).json();
  const operations = document.getElementById("operations");
  for (const [path, methods] of Object.entries(document_.paths)) {
    for (const [method, said] of Object.entries(methods)) operations.append(operation(path, method, said));
  }
  const schemas = document.getElementById("schemas");
  for (const [name, said] of Object.entries(document_.components.schemas)) schemas.append(schema(name, said));
}

show();
