// Writes workbooks with the libraries of Node: one task a line on standard input, {"by", "path", "rows"}.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// Libraries are those of the folder it is started from.
const require = createRequire(process.cwd() + "/");

for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const { by, path, rows } = JSON.parse(line);
  if (by === "exceljs") {
    const ExcelJS = require("exceljs");
    const workbook = new ExcelJS.Workbook();
    workbook.addWorksheet("Contacts").addRows(rows);
    await workbook.xlsx.writeFile(path);
  } else {
    const XLSX = require("xlsx");
    const workbook = XLSX.utils.book_new();
    XLSX.utils.book_append_sheet(workbook, XLSX.utils.aoa_to_sheet(rows), "Contacts");
    XLSX.writeFile(workbook, path, { bookType: by });
  }
}
