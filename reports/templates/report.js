"use strict";
// Tables with many rows can be filtered, and sorted by a column. All that is shown is set as text; without scripts the page is whole.
const FEW = 8;
const figure = (text) => Number.parseFloat(text.replaceAll(",", ""));
const compare = (one, other) =>
  Number.isNaN(figure(one)) || Number.isNaN(figure(other)) ? one.localeCompare(other) : figure(one) - figure(other);

function filtered(table, rows) {
  const field = document.createElement("input");
  const count = document.createElement("output");
  const line = document.createElement("label");
  field.type = "search";
  field.placeholder = "Filter these rows";
  field.setAttribute("aria-label", field.placeholder);
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/);
    for (const row of rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
    const left = rows.filter((row) => !row.hidden).length;
    count.textContent = left < rows.length ? `${left} of ${rows.length}` : "";
  });
  line.className = "filter";
  line.append(field, count);
  table.closest(".scroll").before(line);
}

function sorted(table, rows) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => {
      const way = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
      const text = (row) => row.cells[column]?.textContent.trim() ?? "";
      table.tBodies[0].append(...rows.toSorted((one, other) => way * compare(text(one), text(other))));
    });
    head.replaceChildren(button);
  });
}

for (const table of document.querySelectorAll(".scroll > table")) {
  const rows = [...table.tBodies[0].rows];
  if (rows.length >= FEW) {
    filtered(table, rows);
    sorted(table, rows);
  }
}
