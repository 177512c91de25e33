// The values of a figure's marks, under the pointer. Each mark carries its own in words.
const pointed = document.getElementById("pointed");
for (const svg of document.querySelectorAll("figure svg")) {
  const point = (event) => {
    const mark = event.target.closest('[role="graphics-symbol"][aria-label]');
    pointed.hidden = !mark;
    if (!mark) return;
    pointed.textContent = mark.getAttribute("aria-label");
    const right = innerWidth - pointed.offsetWidth - 8;
    const below = event.clientY + 18 + pointed.offsetHeight < innerHeight;
    pointed.style.left = `${Math.max(8, Math.min(event.clientX + 14, right))}px`;
    pointed.style.top = `${event.clientY + (below ? 18 : -pointed.offsetHeight - 12)}px`;
  };
  svg.addEventListener("pointermove", point);
  svg.addEventListener("pointerdown", point);
  svg.addEventListener("pointerleave", (event) => { pointed.hidden = event.pointerType !== "touch"; });
}

// Tables: rows with some words, sorted by a column, downloaded as shown.
const cells = (row) => Array.from(row.cells, (cell) => cell.textContent);
const asNumber = (text) => parseFloat(text.replaceAll("\u2212", "-").replaceAll(",", "").replace(/^[<=] /, ""));

function compare(one, other) {
  const [a, b] = [asNumber(one), asNumber(other)];
  if (Number.isNaN(a) && Number.isNaN(b)) return one.localeCompare(other);
  return Number.isNaN(a) ? 1 : Number.isNaN(b) ? -1 : a - b;
}

function sortBy(table, column) {
  const head = table.tHead.rows[0].cells;
  const falling = head[column].getAttribute("aria-sort") === "ascending";
  for (const cell of head) cell.removeAttribute("aria-sort");
  head[column].setAttribute("aria-sort", falling ? "descending" : "ascending");
  const rows = Array.from(table.tBodies[0].rows);
  rows.sort((a, b) => compare(cells(a)[column], cells(b)[column]) * (falling ? -1 : 1));
  table.tBodies[0].append(...rows);
}

function download(table) {
  const plain = (text) => text.replaceAll("\u2212", "-").replace(/^\d{1,3}(,\d{3})+$/, (n) => n.replaceAll(",", ""));
  const rows = Array.from(table.rows).filter((row) => !row.hidden).map((row) => cells(row).map(plain));
  const quoted = rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(","));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${quoted.join("\n")}\n`], { type: "text/csv" }));
  link.download = `${table.dataset.name}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}

for (const table of document.querySelectorAll("table.data")) {
  for (const [column, cell] of Array.from(table.tHead.rows[0].cells).entries()) {
    const button = document.createElement("button");
    button.textContent = cell.textContent;
    button.addEventListener("click", () => sortBy(table, column));
    cell.replaceChildren(button);
  }
  const name = table.dataset.name;
  const tools = document.createElement("div");
  const input = document.createElement("input");
  const save = document.createElement("button");
  tools.className = "tools";
  input.type = "search";
  input.placeholder = "Show rows with these words";
  input.setAttribute("aria-label", `Filter the table ${name}`);
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/);
    for (const row of table.tBodies[0].rows) {
      const text = cells(row).join(" ").toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  });
  save.textContent = "Download as CSV";
  save.setAttribute("aria-label", `Download as CSV: ${name}`);
  save.addEventListener("click", () => download(table));
  tools.append(input, save);
  table.parentElement.before(tools);
}
