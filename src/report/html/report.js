"use strict";
(() => {
  for (const event of ["beforeprint", "afterprint"]) {
    addEventListener(event, () => {
      for (const details of document.querySelectorAll("details")) {
        if (event === "beforeprint") {
          details.dataset.open = details.open ? "yes" : "";
          details.open = true;
        } else {
          details.open = details.dataset.open === "yes";
        }
      }
    });
  }
  const filter = document.getElementById("filter");
  if (!filter) return;
  const code = filter.querySelector("select");
  const search = filter.querySelector("input");
  const found = document.getElementById("found");
  const text = (row) => Array.from(row.querySelectorAll("th, .value, .reason"), (part) => part.textContent).join("\n");
  const rows = Array.from(document.querySelectorAll("#table tbody tr"), (row) => ({
    row, codes: row.dataset.codes.split(" "), text: null,
  }));
  const format = new Intl.NumberFormat("en");
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const item of rows) {
      if (words.length && item.text === null) item.text = text(item.row).toLowerCase();
      const shown = (!code.value || item.codes.includes(code.value)) && words.every((word) => item.text.includes(word));
      item.row.hidden = !shown;
      if (shown) count += 1;
    }
    found.textContent = format.format(count) + (count === 1 ? " row" : " rows");
  };
  code.addEventListener("change", apply);
  search.addEventListener("input", apply);
  for (const link of document.querySelectorAll("a[data-filter]")) {
    link.addEventListener("click", () => {
      code.value = link.dataset.filter;
      search.value = "";
      apply();
    });
  }
  filter.hidden = false;
  apply();
})();
